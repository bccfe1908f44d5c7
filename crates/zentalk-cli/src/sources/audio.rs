use std::path::Path;

use zentalk_codec::{AudioFrame, Channels, FRAME_SAMPLES};

use crate::files::{FileError, Wav};

/// A WAV file, handed out in frames of 20 ms; silence after its end.
pub struct AudioSource {
    channels: Channels,
    samples: Vec<i16>,
    position: usize,
    timestamp: u32,
}

impl AudioSource {
    /// Reads a file.
    ///
    /// # Errors
    /// [`FileError`], if it is not a WAV file that a call can send.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let wav = Wav::read(path)?;
        let channels = if wav.channels == 2 { Channels::Stereo } else { Channels::Mono };
        Ok(Self { channels, samples: wav.samples, position: 0, timestamp: 0 })
    }

    /// Silence only.
    pub const fn silence() -> Self {
        Self { channels: Channels::Mono, samples: Vec::new(), position: 0, timestamp: 0 }
    }

    /// Mono or stereo.
    pub const fn channels(&self) -> Channels {
        self.channels
    }

    /// The next 20 ms.
    pub fn next_frame(&mut self) -> AudioFrame {
        let len = FRAME_SAMPLES * self.channels.count();
        let rest = self.samples.get(self.position..).unwrap_or_default();
        let mut frame: Vec<i16> = rest.iter().take(len).copied().collect();
        frame.resize(len, 0);
        self.position += len;
        let timestamp = self.timestamp;
        self.timestamp = self.timestamp.wrapping_add(FRAME_SAMPLES as u32);
        AudioFrame::new(frame, self.channels, timestamp)
            .unwrap_or_else(|_| AudioFrame::silence(self.channels, timestamp))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::WavWriter;

    #[test]
    fn the_file_comes_in_frames_and_then_silence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let mut writer = WavWriter::create(&path, 1).unwrap();
        writer.write(&[7; FRAME_SAMPLES + 10]).unwrap();
        writer.finish().unwrap();
        let mut source = AudioSource::open(&path).unwrap();
        assert_eq!(source.next_frame().samples(), [7; FRAME_SAMPLES]);
        let second = source.next_frame();
        assert_eq!(second.timestamp(), FRAME_SAMPLES as u32);
        assert_eq!((second.samples()[9], second.samples()[10]), (7, 0));
        assert!(source.next_frame().samples().iter().all(|sample| *sample == 0));
    }
}
