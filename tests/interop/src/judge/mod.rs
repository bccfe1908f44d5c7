//! Whether what arrived is what was sent.
//!
//! Every limit is one that silence, noise or other content does not reach; `tests` in each file show it.

mod bars;
mod counts;
mod pictures;
mod speech;
mod tone;

use std::path::{Path, PathBuf};

use zentalk_cli::files::Wav;

use crate::cli::{Media, Sends};
use crate::door::Stats;
use crate::error::Error;
use crate::material::Side;

/// What one direction of one connection is worth.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Verdict {
    /// The measured figures, in words.
    pub(crate) figure: String,
    /// Why it is not good enough; nothing if it is.
    pub(crate) cause: Option<String>,
}

impl Verdict {
    /// Good if every condition holds; else the first that does not is the cause.
    pub(crate) fn of(figure: String, conditions: &[(bool, &str)]) -> Self {
        let cause = conditions.iter().find(|(holds, _)| !holds);
        Self { figure, cause: cause.map(|(_, wanted)| format!("wanted: {wanted}")) }
    }

    pub(crate) fn failed(figure: &str, cause: impl Into<String>) -> Self {
        Self { figure: figure.to_owned(), cause: Some(cause.into()) }
    }
}

/// One direction: what was sent, and everything that the receiver has to say.
pub(crate) struct Received<'a> {
    pub(crate) media: Media,
    pub(crate) sent: &'a Side,
    pub(crate) sends: Sends,
    /// The receiver's folder of recordings.
    pub(crate) folder: &'a Path,
    pub(crate) stats: &'a Stats,
    /// How long media flowed.
    pub(crate) seconds: u64,
}

/// Judges by the recording, or by the receiver's own counts where it makes none.
pub(crate) fn judge(received: &Received<'_>) -> Result<Verdict, Error> {
    match received.media {
        Media::Audio => {
            let Some(path) = files(received.folder, &["wav"])?.into_iter().next() else {
                return Ok(counts::sound(received));
            };
            let sound = Wav::read(&path)?.to_mono();
            Ok(match received.sends {
                Sends::Files => speech::judge(&received.sent.speech, &sound, received.seconds),
                Sends::Tone => tone::judge(&sound, received.seconds),
            })
        }
        Media::Video => {
            let films = files(received.folder, &["y4m", "ivf"])?;
            if films.is_empty() {
                return Ok(counts::pictures(received));
            }
            match received.sends {
                Sends::Files => pictures::judge(&received.sent.film, &films, received.seconds),
                Sends::Tone => bars::judge(&films, received.seconds),
            }
        }
    }
}

/// The files in `folder` with one of these extensions, by name.
fn files(folder: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, Error> {
    let entries = std::fs::read_dir(folder).map_err(Error::io(folder))?;
    let is_wanted = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| extensions.contains(&extension))
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(is_wanted).collect();
    paths.sort();
    Ok(paths)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// Connections need a moment before the first sound; the first keyframe takes longer.
const START_UP: u64 = 2;

/// The seconds in which media must really have come.
const fn expected_seconds(seconds: u64) -> f64 {
    seconds.saturating_sub(START_UP) as f64
}
