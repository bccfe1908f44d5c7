//! Six voices out of two speeches: as they are, backwards, and faster.

use std::path::Path;

use crate::files::{FileError, Wav};

/// How many there are.
pub(crate) const COUNT: usize = 6;
/// The two speeches.
const SPEECHES: [&str; 2] = ["speech-a-48k-mono.wav", "speech-b-48k-mono.wav"];
/// The third voice of each speech is faster by this.
const FASTER: f64 = 1.2;

/// All voices, out of the media folder. Whoever hears one cannot take it for another: see [`judge_voice`](crate::verify::judge_voice).
///
/// # Errors
/// [`FileError`], if a speech cannot be read.
pub(crate) fn all(media: &Path) -> Result<Vec<Vec<i16>>, FileError> {
    let speech = |name: &&str| Ok(Wav::read(&media.join(name))?.to_mono());
    let speeches: Vec<Vec<i16>> = SPEECHES.iter().map(speech).collect::<Result<_, FileError>>()?;
    let voices = (0..COUNT).filter_map(|person| {
        let speech = speeches.get(person % SPEECHES.len())?;
        Some(match person / SPEECHES.len() {
            0 => speech.clone(),
            1 => speech.iter().rev().copied().collect(),
            _ => faster(speech),
        })
    });
    Ok(voices.collect())
}

/// The speech at another speed, and so at another pitch: between two samples lies a straight line.
fn faster(speech: &[i16]) -> Vec<i16> {
    let len = (speech.len() as f64 / FASTER) as usize;
    let sample = |n: usize| {
        let position = n as f64 * FASTER;
        let at = position as usize;
        let (a, b) = (speech.get(at)?, speech.get(at + 1)?);
        let part = position - at as f64;
        Some((f64::from(*a) * (1.0 - part) + f64::from(*b) * part) as i16)
    };
    (0..len).map_while(sample).collect()
}
