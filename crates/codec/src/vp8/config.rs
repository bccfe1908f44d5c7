use core::ops::RangeInclusive;

use super::temporal::TemporalPattern;
use crate::Error;
use crate::video_frame::check_dimensions;

/// Settings of a [`crate::Vp8Encoder`]: real time, constant bit rate, one thread, no look-ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vp8Config {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) bit_rate: u32,
    pub(crate) frame_rate: u32,
    pub(crate) speed: u8,
    pub(crate) frame_dropping: bool,
    pub(crate) temporal_layers: u8,
}

impl Vp8Config {
    /// Bit rates taken, in bit/s.
    pub const BIT_RATES: RangeInclusive<u32> = 10_000..=100_000_000;

    /// Frame rates taken, in frames per second.
    pub const FRAME_RATES: RangeInclusive<u32> = 1..=120;

    /// Speeds taken, from good to cheap.
    pub const SPEEDS: RangeInclusive<u8> = 1..=16;

    /// Temporal layers taken.
    pub const TEMPORAL_LAYERS: RangeInclusive<u8> = 1..=TemporalPattern::MAX_LAYERS;

    /// Pictures of this size at 1 Mbit/s, 30 frames per second and speed 6; no frame is dropped,
    /// and there is one temporal layer.
    ///
    /// # Errors
    /// [`Error::DimensionsOutOfRange`].
    pub fn new(width: u32, height: u32) -> Result<Self, Error> {
        check_dimensions(width, height)?;
        let (bit_rate, frame_rate, speed, temporal_layers) = (1_000_000, 30, 6, 1);
        let frame_dropping = false;
        Ok(Self { width, height, bit_rate, frame_rate, speed, frame_dropping, temporal_layers })
    }

    /// Width and height of the pictures, in pixels.
    pub const fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// The bit rate to hold, in bit/s; cut to whole kbit/s.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside [`Self::BIT_RATES`].
    pub fn bit_rate(mut self, bit_rate: u32) -> Result<Self, Error> {
        let range = u64::from(*Self::BIT_RATES.start())..=u64::from(*Self::BIT_RATES.end());
        Error::check_range("VP8 bit rate (bit/s)", bit_rate, range)?;
        self.bit_rate = bit_rate;
        Ok(self)
    }

    /// How many frames a second will be given to the encoder.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside [`Self::FRAME_RATES`].
    pub fn frame_rate(mut self, frame_rate: u32) -> Result<Self, Error> {
        let range = u64::from(*Self::FRAME_RATES.start())..=u64::from(*Self::FRAME_RATES.end());
        Error::check_range("VP8 frame rate (frames/s)", frame_rate, range)?;
        self.frame_rate = frame_rate;
        Ok(self)
    }

    /// Quality given up for speed (libvpx's `cpu-used`, negated).
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside [`Self::SPEEDS`].
    pub fn speed(mut self, speed: u8) -> Result<Self, Error> {
        let range = u64::from(*Self::SPEEDS.start())..=u64::from(*Self::SPEEDS.end());
        Error::check_range("VP8 speed", speed, range)?;
        self.speed = speed;
        Ok(self)
    }

    /// How many temporal layers: with two every second frame, with three three of four may be left out on
    /// their way by whoever forwards them ([`crate::EncodedVideo::temporal`]).
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside [`Self::TEMPORAL_LAYERS`].
    pub fn temporal_layers(mut self, layers: u8) -> Result<Self, Error> {
        let range = Self::TEMPORAL_LAYERS;
        let range = u64::from(*range.start())..=u64::from(*range.end());
        Error::check_range("VP8 temporal layers", layers, range)?;
        self.temporal_layers = layers;
        Ok(self)
    }

    /// Whether the encoder may leave frames out to hold a bit rate that is too low for the pictures.
    #[must_use]
    pub fn frame_dropping(mut self, frame_dropping: bool) -> Self {
        self.frame_dropping = frame_dropping;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_outside_their_range_are_refused() {
        assert!(Vp8Config::new(0, 360).is_err());
        assert!(Vp8Config::new(16_256, 13_557).is_err());
        let config = Vp8Config::new(640, 360).unwrap();
        assert!(config.bit_rate(9_999).is_err());
        assert!(config.bit_rate(100_000_001).is_err());
        assert!(config.frame_rate(0).is_err());
        assert!(config.frame_rate(121).is_err());
        assert!(config.speed(0).is_err());
        assert!(config.speed(17).is_err());
        assert!(config.temporal_layers(0).is_err());
        assert!(config.temporal_layers(4).is_err());
    }
}
