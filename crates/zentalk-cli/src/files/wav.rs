use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use hound::{SampleFormat, WavReader, WavSpec};

use super::{FileError, FileKind, SAMPLE_RATE};

/// A WAV file in memory: 48 kHz, 16 bit, interleaved.
pub struct Wav {
    /// 1 or 2.
    pub channels: u16,
    /// Interleaved samples.
    pub samples: Vec<i16>,
}

impl Wav {
    /// Reads a whole file.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let found = FileKind::of(path).map_err(FileError::io(path))?;
        if found != FileKind::Wav {
            return Err(FileError::NotWav { path: path.to_owned(), found });
        }
        let mut reader = WavReader::open(path).map_err(|error| broken(path, error))?;
        let spec = reader.spec();
        if !is_wanted(&spec) {
            return Err(wrong(path, &spec));
        }
        let samples: Result<Vec<i16>, _> = reader.samples().collect();
        Ok(Self { channels: spec.channels, samples: samples.map_err(|error| broken(path, error))? })
    }

    /// The samples of all channels averaged into one.
    pub fn to_mono(&self) -> Vec<i16> {
        let channels = usize::from(self.channels.max(1));
        let average = |frame: &[i16]| {
            let sum: i32 = frame.iter().copied().map(i32::from).sum();
            i16::try_from(sum / i32::from(self.channels.max(1))).unwrap_or(0)
        };
        self.samples.chunks_exact(channels).map(average).collect()
    }
}

/// Writes a WAV file of 48 kHz, 16 bit.
pub struct WavWriter {
    path: PathBuf,
    writer: hound::WavWriter<BufWriter<File>>,
    /// Samples since the header was right.
    unaccounted: usize,
}

/// A second or half a second: what a program that is killed loses of its recording.
const ACCOUNTED_EVERY: usize = SAMPLE_RATE as usize;

impl WavWriter {
    /// Creates the file, replacing one that is there.
    pub fn create(path: &Path, channels: u16) -> Result<Self, FileError> {
        let spec = WavSpec {
            channels,
            sample_rate: SAMPLE_RATE,
            bits_per_sample: 16,
            sample_format: SampleFormat::Int,
        };
        let writer = hound::WavWriter::create(path, spec).map_err(|error| broken(path, error))?;
        Ok(Self { path: path.to_owned(), writer, unaccounted: 0 })
    }

    /// Appends interleaved samples.
    pub fn write(&mut self, samples: &[i16]) -> Result<(), FileError> {
        samples
            .iter()
            .try_for_each(|sample| self.writer.write_sample(*sample))
            .map_err(|error| broken(&self.path, error))?;
        self.unaccounted += samples.len();
        if self.unaccounted >= ACCOUNTED_EVERY {
            self.unaccounted = 0;
            self.writer.flush().map_err(|error| broken(&self.path, error))?;
        }
        Ok(())
    }

    /// Writes the header's lengths; without it the file is not complete.
    pub fn finish(self) -> Result<(), FileError> {
        self.writer.finalize().map_err(|error| broken(&self.path, error))
    }
}

fn is_wanted(spec: &WavSpec) -> bool {
    spec.sample_rate == SAMPLE_RATE
        && spec.bits_per_sample == 16
        && spec.sample_format == SampleFormat::Int
        && (1..=2).contains(&spec.channels)
}

fn wrong(path: &Path, spec: &WavSpec) -> FileError {
    FileError::WrongWav {
        path: path.to_owned(),
        rate: spec.sample_rate,
        bits: spec.bits_per_sample,
        encoding: match spec.sample_format {
            SampleFormat::Int => "integer",
            SampleFormat::Float => "floating point",
        },
        channels: spec.channels,
    }
}

fn broken(path: &Path, error: hound::Error) -> FileError {
    match error {
        hound::Error::IoError(source) => FileError::Io { path: path.to_owned(), source },
        hound::Error::Unsupported => FileError::damaged(path, "its sample format is not known"),
        _ => FileError::damaged(path, "its WAV header or data is not well formed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let mut writer = WavWriter::create(&path, 2).unwrap();
        writer.write(&[100, 200, -300, -100]).unwrap();
        writer.finish().unwrap();
        let wav = Wav::read(&path).unwrap();
        assert_eq!(wav.channels, 2);
        assert_eq!(wav.to_mono(), [150, -200]);
    }

    #[test]
    fn what_a_killed_program_has_written_is_read_but_for_the_last_second() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let mut writer = WavWriter::create(&path, 1).unwrap();
        (0..70).for_each(|_| writer.write(&[7; 960]).unwrap());
        // Neither finished nor dropped, which would finish it.
        core::mem::forget(writer);
        assert_eq!(Wav::read(&path).unwrap().samples, vec![7; 48_000]);
    }

    #[test]
    fn a_wrong_rate_is_named_with_what_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cd.wav");
        let spec = WavSpec {
            channels: 2,
            sample_rate: 44_100,
            bits_per_sample: 16,
            sample_format: SampleFormat::Int,
        };
        hound::WavWriter::create(&path, spec).unwrap().finalize().unwrap();
        let message = Wav::read(&path).err().unwrap().to_string();
        assert!(message.contains("44100 Hz") && message.contains("48,000 Hz"), "{message}");
    }

    #[test]
    fn another_kind_of_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("song.wav");
        std::fs::write(&path, b"ID3\x03song").unwrap();
        let message = Wav::read(&path).err().unwrap().to_string();
        assert!(message.contains("an MP3 file") && message.contains("WAV"), "{message}");
    }
}
