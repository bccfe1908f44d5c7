use ::opus::{Application, Bitrate, Channels as RawChannels, Encoder};

use super::config::{check_bit_rate, check_expected_loss};
use super::{MAX_OPUS_FRAME_BYTES, OpusApplication, OpusConfig};
use crate::{AudioFrame, Channels, Error, FRAME_SAMPLES, SAMPLE_RATE};

/// One encoded frame of 20 ms.
#[derive(Clone, PartialEq, Eq)]
pub struct EncodedAudio {
    payload: Vec<u8>,
    timestamp: u32,
}

impl EncodedAudio {
    /// The Opus packet: at most 1,276 bytes.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The Opus packet by value.
    pub fn into_payload(self) -> Vec<u8> {
        self.payload
    }

    /// RTP timestamp of its first sample: 48 kHz, wraps.
    pub fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// Whether DTX found nothing to send: the packet need not be transmitted (at most two bytes say
    /// so, by libopus's convention).
    pub fn is_silence(&self) -> bool {
        self.payload.len() <= 2
    }
}

/// Prints the size and time only.
impl core::fmt::Debug for EncodedAudio {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "EncodedAudio({} bytes at {})", self.payload.len(), self.timestamp)
    }
}

/// Encodes 20 ms frames at 48 kHz with variable bit rate.
#[derive(Debug)]
pub struct OpusEncoder {
    inner: Encoder,
    channels: Channels,
}

impl OpusEncoder {
    /// An encoder with these settings.
    ///
    /// # Errors
    /// [`Error::SetUp`] if libopus has no memory.
    pub fn new(config: &OpusConfig) -> Result<Self, Error> {
        let application = match config.application {
            OpusApplication::Voice => Application::Voip,
            OpusApplication::Audio => Application::Audio,
        };
        let inner = Encoder::new(SAMPLE_RATE, raw_channels(config.channels), application);
        let inner = inner.map_err(|_| Error::SetUp)?;
        let mut encoder = Self { inner, channels: config.channels };
        encoder.configure(config).map_err(|_| Error::SetUp)?;
        encoder.set_bit_rate(config.bit_rate)?;
        encoder.set_expected_loss(config.expected_loss)?;
        Ok(encoder)
    }

    fn configure(&mut self, config: &OpusConfig) -> ::opus::Result<()> {
        self.inner.set_vbr(true)?;
        self.inner.set_complexity(i32::from(config.complexity))?;
        self.inner.set_inband_fec(config.fec)?;
        self.inner.set_dtx(config.dtx)
    }

    /// One channel or two.
    pub fn channels(&self) -> Channels {
        self.channels
    }

    /// Changes the average bit rate, in bit/s, from the next frame on.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside [`OpusConfig::BIT_RATES`]; [`Error::EncoderFailed`].
    pub fn set_bit_rate(&mut self, bit_rate: u32) -> Result<(), Error> {
        check_bit_rate(bit_rate)?;
        let bit_rate = i32::try_from(bit_rate).map_err(|_| Error::EncoderFailed)?;
        self.inner.set_bitrate(Bitrate::Bits(bit_rate)).map_err(|_| Error::EncoderFailed)
    }

    /// Changes the packet loss to prepare for, in percent.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside [`OpusConfig::LOSSES`]; [`Error::EncoderFailed`].
    pub fn set_expected_loss(&mut self, percent: u8) -> Result<(), Error> {
        check_expected_loss(percent)?;
        self.inner.set_packet_loss_perc(i32::from(percent)).map_err(|_| Error::EncoderFailed)
    }

    /// Switches in-band FEC on or off.
    ///
    /// # Errors
    /// [`Error::EncoderFailed`].
    pub fn set_fec(&mut self, fec: bool) -> Result<(), Error> {
        self.inner.set_inband_fec(fec).map_err(|_| Error::EncoderFailed)
    }

    /// Samples (at 48 kHz) by which decoded sound lags behind the input.
    ///
    /// # Errors
    /// [`Error::EncoderFailed`].
    pub fn lookahead(&mut self) -> Result<usize, Error> {
        let samples = self.inner.get_lookahead().map_err(|_| Error::EncoderFailed)?;
        usize::try_from(samples).map_err(|_| Error::EncoderFailed)
    }

    /// Encodes one frame of 20 ms.
    ///
    /// # Errors
    /// [`Error::WrongChannels`] or [`Error::WrongFrameLength`] for another kind of frame;
    /// [`Error::EncoderFailed`].
    pub fn encode(&mut self, frame: &AudioFrame) -> Result<EncodedAudio, Error> {
        if frame.channels() != self.channels {
            return Err(Error::WrongChannels);
        }
        if frame.samples_per_channel() != FRAME_SAMPLES {
            return Err(Error::WrongFrameLength { given: frame.samples_per_channel() });
        }
        // One frame and its TOC byte.
        let payload = self.inner.encode_vec(frame.samples(), MAX_OPUS_FRAME_BYTES + 1);
        let payload = payload.map_err(|_| Error::EncoderFailed)?;
        Ok(EncodedAudio { payload, timestamp: frame.timestamp() })
    }
}

pub(super) fn raw_channels(channels: Channels) -> RawChannels {
    match channels {
        Channels::Mono => RawChannels::Mono,
        Channels::Stereo => RawChannels::Stereo,
    }
}
