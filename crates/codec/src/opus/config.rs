use core::ops::RangeInclusive;

use crate::{Channels, Error};

/// What the encoder is tuned for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OpusApplication {
    /// Faithful to the input, speech or music.
    #[default]
    Audio,
    /// Speech that is hard to understand: libopus cuts low frequencies and stresses formants, so that
    /// the waveform no longer is the input's.
    Voice,
}

/// Settings of an [`crate::OpusEncoder`]: 48 kHz, 20 ms frames, variable bit rate.
///
/// The default is mono at 32 kbit/s, in-band FEC for 10 % loss, no DTX.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpusConfig {
    pub(crate) channels: Channels,
    pub(crate) application: OpusApplication,
    pub(crate) bit_rate: u32,
    pub(crate) fec: bool,
    pub(crate) expected_loss: u8,
    pub(crate) complexity: u8,
    pub(crate) dtx: bool,
}

impl OpusConfig {
    /// Bit rates taken, in bit/s.
    pub const BIT_RATES: RangeInclusive<u32> = 6_000..=510_000;

    /// Expected losses taken, in percent.
    pub const LOSSES: RangeInclusive<u8> = 0..=100;

    /// Complexities taken, from cheap to good.
    pub const COMPLEXITIES: RangeInclusive<u8> = 0..=10;

    /// Mono or stereo.
    #[must_use]
    pub fn channels(mut self, channels: Channels) -> Self {
        self.channels = channels;
        self
    }

    /// What to tune for.
    #[must_use]
    pub fn application(mut self, application: OpusApplication) -> Self {
        self.application = application;
        self
    }

    /// The average bit rate in bit/s; single frames vary.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside [`Self::BIT_RATES`].
    pub fn bit_rate(mut self, bit_rate: u32) -> Result<Self, Error> {
        check_bit_rate(bit_rate)?;
        self.bit_rate = bit_rate;
        Ok(self)
    }

    /// Whether packets carry a coarse copy of the frame before (RFC 6716 §2.1.7). libopus adds it only
    /// where speech is encoded and [`Self::expected_loss`] makes it worthwhile.
    #[must_use]
    pub fn fec(mut self, fec: bool) -> Self {
        self.fec = fec;
        self
    }

    /// The packet loss to prepare for, in percent.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside [`Self::LOSSES`].
    pub fn expected_loss(mut self, percent: u8) -> Result<Self, Error> {
        check_expected_loss(percent)?;
        self.expected_loss = percent;
        Ok(self)
    }

    /// How much work the encoder may put in.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside [`Self::COMPLEXITIES`].
    pub fn complexity(mut self, complexity: u8) -> Result<Self, Error> {
        let range = u64::from(*Self::COMPLEXITIES.start())..=u64::from(*Self::COMPLEXITIES.end());
        Error::check_range("Opus complexity", complexity, range)?;
        self.complexity = complexity;
        Ok(self)
    }

    /// Whether silence is left out (RFC 6716 §2.1.9). Off by default: pauses in the packet stream tell
    /// an observer who speaks when.
    #[must_use]
    pub fn dtx(mut self, dtx: bool) -> Self {
        self.dtx = dtx;
        self
    }
}

impl Default for OpusConfig {
    fn default() -> Self {
        Self {
            channels: Channels::Mono,
            application: OpusApplication::Audio,
            bit_rate: 32_000,
            fec: true,
            expected_loss: 10,
            complexity: 9,
            dtx: false,
        }
    }
}

pub(crate) fn check_bit_rate(bit_rate: u32) -> Result<(), Error> {
    let range = OpusConfig::BIT_RATES;
    let range = u64::from(*range.start())..=u64::from(*range.end());
    Error::check_range("Opus bit rate (bit/s)", bit_rate, range)
}

pub(crate) fn check_expected_loss(percent: u8) -> Result<(), Error> {
    let range = OpusConfig::LOSSES;
    let range = u64::from(*range.start())..=u64::from(*range.end());
    Error::check_range("expected packet loss (percent)", percent, range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_outside_their_range_are_refused() {
        for bit_rate in [0, 5_999, 510_001, u32::MAX] {
            assert!(OpusConfig::default().bit_rate(bit_rate).is_err());
        }
        assert!(OpusConfig::default().bit_rate(6_000).is_ok());
        assert!(OpusConfig::default().bit_rate(510_000).is_ok());
        assert!(OpusConfig::default().expected_loss(101).is_err());
        assert!(OpusConfig::default().complexity(11).is_err());
    }
}
