use crate::Error;

/// The one sample rate, in hertz. Also the RTP clock rate of Opus (RFC 7587 §4.1).
pub const SAMPLE_RATE: u32 = 48_000;

/// Samples per channel in the 20 ms frame that is encoded and played.
pub const FRAME_SAMPLES: usize = 960;

/// Samples per channel in 2.5 ms: every Opus duration is a multiple of it (RFC 6716 §2).
const SHORTEST: usize = 120;

/// Samples per channel in 120 ms, the longest Opus packet (RFC 6716 §3.2.5, requirement R5).
pub(crate) const LONGEST: usize = 5_760;

/// One channel or two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Channels {
    /// One.
    #[default]
    Mono,
    /// Two: left, right.
    Stereo,
}

impl Channels {
    /// How many: 1 or 2.
    pub const fn count(self) -> usize {
        match self {
            Self::Mono => 1,
            Self::Stereo => 2,
        }
    }
}

/// A stretch of sound: 48 kHz, 16 bit, channels interleaved, 20 ms unless a foreign packet held more
/// or less.
#[derive(Clone, PartialEq, Eq)]
pub struct AudioFrame {
    samples: Vec<i16>,
    channels: Channels,
    timestamp: u32,
}

impl AudioFrame {
    /// A frame of `samples` (interleaved) whose first sample has the RTP timestamp `timestamp`
    /// (48 kHz, wraps).
    ///
    /// # Errors
    /// [`Error::WrongFrameLength`] unless there are 2.5 to 120 ms in steps of 2.5 ms.
    pub fn new(samples: Vec<i16>, channels: Channels, timestamp: u32) -> Result<Self, Error> {
        let given = samples.len() / channels.count();
        let whole = samples.len().is_multiple_of(channels.count() * SHORTEST);
        if !whole || !(SHORTEST..=LONGEST).contains(&given) {
            return Err(Error::WrongFrameLength { given });
        }
        Ok(Self { samples, channels, timestamp })
    }

    /// 20 ms of silence.
    pub fn silence(channels: Channels, timestamp: u32) -> Self {
        Self { samples: vec![0; FRAME_SAMPLES * channels.count()], channels, timestamp }
    }

    /// The samples, channels interleaved.
    pub fn samples(&self) -> &[i16] {
        &self.samples
    }

    /// The samples by value, channels interleaved.
    pub fn into_samples(self) -> Vec<i16> {
        self.samples
    }

    /// Samples per channel: 960 for 20 ms.
    pub fn samples_per_channel(&self) -> usize {
        self.samples.len() / self.channels.count()
    }

    /// One channel or two.
    pub fn channels(&self) -> Channels {
        self.channels
    }

    /// RTP timestamp of the first sample: 48 kHz, wraps.
    pub fn timestamp(&self) -> u32 {
        self.timestamp
    }
}

/// Prints the length and time only: sound does not belong in logs.
impl core::fmt::Debug for AudioFrame {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (samples, channels) = (self.samples_per_channel(), self.channels);
        write!(f, "AudioFrame({samples} samples, {channels:?}, at {})", self.timestamp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_frames_are_taken() {
        assert!(AudioFrame::new(vec![0; 960], Channels::Mono, 0).is_ok());
        assert!(AudioFrame::new(vec![0; 1_920], Channels::Stereo, 0).is_ok());
        assert!(AudioFrame::new(vec![0; 5_760], Channels::Mono, 0).is_ok());
        for length in [0, 119, 961, 5_880] {
            assert_eq!(
                AudioFrame::new(vec![0; length], Channels::Mono, 0),
                Err(Error::WrongFrameLength { given: length })
            );
        }
        assert!(AudioFrame::new(vec![0; 961], Channels::Stereo, 0).is_err());
    }
}
