//! What is said, and whether it was heard.

use std::path::{Path, PathBuf};

use zentalk_cli::files::{SAMPLE_RATE, Wav, WavWriter};
use zentalk_cli::verify::align;

use crate::error::Error;

/// What A and B say. The two differ, so that nobody is heard by an echo.
pub(crate) struct Speech {
    pub(crate) files: [PathBuf; 2],
}

/// What is compared: the first seconds of what was said.
const COMPARED: usize = 4 * SAMPLE_RATE as usize;
/// Where in a recording they may begin, either way.
const REACH: usize = SAMPLE_RATE as usize;
/// What a recording correlates with the speech at least, if it was heard.
pub(crate) const HEARD: f64 = 0.9;
const NAMES: [&str; 2] = ["speech-a-48k-mono.wav", "speech-b-48k-mono.wav"];

impl Speech {
    /// The test media in `media`, said again and again for `seconds`, in files in `work`.
    pub(crate) fn prepare(media: &Path, work: &Path, seconds: usize) -> Result<Self, Error> {
        let prepare = |name: &str| {
            let speech = Wav::read(&media.join(name))?.to_mono();
            let path = work.join(name);
            let mut file = WavWriter::create(&path, 1)?;
            let wanted = seconds * SAMPLE_RATE as usize;
            let long: Vec<i16> = speech.iter().copied().cycle().take(wanted).collect();
            file.write(&long)?;
            file.finish()?;
            Ok::<_, Error>(path)
        };
        let [a, b] = NAMES;
        Ok(Self { files: [prepare(a)?, prepare(b)?] })
    }

    /// How alike the recording is to what that side said: 0.0 for silence, 1.0 for the very same.
    pub(crate) fn likeness(said: &Path, recording: &Path) -> Result<f64, Error> {
        if !recording.exists() {
            return Ok(0.0);
        }
        let said = Wav::read(said)?.to_mono();
        let heard = Wav::read(recording)?.to_mono();
        let said = said.get(..COMPARED).unwrap_or(&said);
        Ok(align(said, &heard, REACH).map_or(0.0, |found| found.correlation))
    }
}
