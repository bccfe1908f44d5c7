//! Keeps what arrives: a WAV file and an IVF file.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use zentalk_call::Picture;
use zentalk_codec::AudioFrame;

use crate::files::{FileError, IvfWriter, SAMPLE_RATE, WavWriter};

/// Records one call into `NAME.wav` and `NAME.ivf`.
///
/// Sound is placed by its timestamps, so that a gap in the network is a gap of silence in the file and
/// what follows keeps its place. Pictures are kept as they came, without encoding them again.
pub struct Recorder {
    path: PathBuf,
    sound: Option<Sound>,
    film: Option<Film>,
}

struct Sound {
    file: WavWriter,
    channels: usize,
    next_timestamp: u32,
}

struct Film {
    file: IvfWriter,
    first_timestamp: u32,
    last_millis: u64,
}

/// The RTP clock of video, in ticks a millisecond.
const VIDEO_TICKS: u64 = 90;
/// A longer gap is a new beginning, not silence to be written out.
const MAX_GAP: u32 = 10 * SAMPLE_RATE;

impl Recorder {
    /// Records into files that begin with `path`; they are made when the first sound or picture comes.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), sound: None, film: None }
    }

    /// Whether such files can be made; leaves none.
    ///
    /// # Errors
    /// [`FileError::NoRecording`], if not.
    pub fn check(path: &Path) -> Result<(), FileError> {
        let path = with_suffix(path, ".wav");
        let made = match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(_) => std::fs::remove_file(&path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                OpenOptions::new().write(true).open(&path).map(drop)
            }
            Err(error) => Err(error),
        };
        made.map_err(|source| FileError::NoRecording { path, source })
    }

    /// Appends 20 ms of sound.
    ///
    /// # Errors
    /// [`FileError`], if the file cannot be written.
    pub fn sound(&mut self, frame: &AudioFrame) -> Result<(), FileError> {
        let channels = frame.channels().count();
        let sound = match &mut self.sound {
            Some(sound) if sound.channels == channels => sound,
            // One file has one channel count; a peer that changes it in mid-call goes unrecorded from there.
            Some(_) => return Ok(()),
            None => {
                let file = WavWriter::create(&with_suffix(&self.path, ".wav"), channels as u16)?;
                self.sound.insert(Sound { file, channels, next_timestamp: frame.timestamp() })
            }
        };
        sound.append(frame)
    }

    /// Appends a picture, from the first one that can be decoded by itself.
    ///
    /// # Errors
    /// [`FileError`], if the file cannot be written.
    pub fn picture(&mut self, picture: &Picture) -> Result<(), FileError> {
        let timestamp = picture.frame.timestamp();
        let film = match &mut self.film {
            Some(film) => film,
            None if !picture.keyframe => return Ok(()),
            None => {
                let side = |pixels| u16::try_from(pixels).unwrap_or(u16::MAX);
                let size = (side(picture.frame.width()), side(picture.frame.height()));
                let file = IvfWriter::create(&with_suffix(&self.path, ".ivf"), size)?;
                self.film.insert(Film { file, first_timestamp: timestamp, last_millis: 0 })
            }
        };
        let ticks = timestamp.wrapping_sub(film.first_timestamp);
        film.last_millis = film.last_millis.max(u64::from(ticks) / VIDEO_TICKS);
        film.file.write(film.last_millis, &picture.encoded)
    }

    /// Completes the files.
    ///
    /// # Errors
    /// [`FileError`], if they cannot be written.
    pub fn finish(self) -> Result<(), FileError> {
        self.sound.map_or(Ok(()), |sound| sound.file.finish())?;
        self.film.map_or(Ok(()), |film| film.file.finish())
    }
}

impl Sound {
    fn append(&mut self, frame: &AudioFrame) -> Result<(), FileError> {
        let gap = frame.timestamp().wrapping_sub(self.next_timestamp);
        if (1..=MAX_GAP).contains(&gap) {
            self.file.write(&vec![0; gap as usize * self.channels])?;
        }
        self.file.write(frame.samples())?;
        self.next_timestamp = frame.timestamp().wrapping_add(frame.samples_per_channel() as u32);
        Ok(())
    }
}

/// Appends to the file's name; what looks like an extension in it stays.
fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_cannot_be_written_is_named_and_one_that_can_is_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("call");
        Recorder::check(&path).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

        let earlier = folder.path().join("call.wav");
        std::fs::write(&earlier, b"earlier").unwrap();
        Recorder::check(&path).unwrap();
        assert_eq!(std::fs::read(earlier).unwrap(), b"earlier");

        let nowhere = folder.path().join("no-such-folder/call");
        let said = Recorder::check(&nowhere).unwrap_err().to_string();
        assert!(said.contains("no-such-folder") && said.contains("--record"), "{said}");
    }
}
