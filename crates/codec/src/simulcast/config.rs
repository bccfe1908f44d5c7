use core::ops::RangeInclusive;

use super::SimulcastLayer;
use crate::video_frame::check_dimensions;
use crate::{Error, Vp8Config};

/// Settings of a [`crate::SimulcastEncoder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimulcastConfig {
    size: (u32, u32),
    bit_rate: u32,
    frame_rate: u32,
    layers: u8,
    temporal_layers: u8,
    speed: u8,
}

impl SimulcastConfig {
    /// How many sizes: 1 to 3.
    pub const LAYERS: RangeInclusive<u8> = 1..=3;

    /// Pictures of this size in three layers of two temporal layers each, at 1 Mbit/s in all, 30 frames per
    /// second and speed 6.
    ///
    /// # Errors
    /// [`Error::DimensionsOutOfRange`].
    pub fn new(width: u32, height: u32) -> Result<Self, Error> {
        check_dimensions(width, height)?;
        let (bit_rate, frame_rate, layers, temporal_layers, speed) = (1_000_000, 30, 3, 2, 6);
        Ok(Self { size: (width, height), bit_rate, frame_rate, layers, temporal_layers, speed })
    }

    /// Width and height of the pictures given to the encoder, in pixels.
    pub const fn size(&self) -> (u32, u32) {
        self.size
    }

    /// The bit rate of all layers together, in bit/s.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside [`Vp8Config::BIT_RATES`].
    pub fn bit_rate(mut self, bit_rate: u32) -> Result<Self, Error> {
        self.single()?.bit_rate(bit_rate)?;
        self.bit_rate = bit_rate;
        Ok(self)
    }

    /// How many frames a second will be given to the encoder.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside [`Vp8Config::FRAME_RATES`].
    pub fn frame_rate(mut self, frame_rate: u32) -> Result<Self, Error> {
        self.single()?.frame_rate(frame_rate)?;
        self.frame_rate = frame_rate;
        Ok(self)
    }

    /// In how many sizes pictures are encoded: the full size, then half, then a quarter of the sides.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside [`Self::LAYERS`].
    pub fn layers(mut self, layers: u8) -> Result<Self, Error> {
        let range = u64::from(*Self::LAYERS.start())..=u64::from(*Self::LAYERS.end());
        Error::check_range("simulcast layers", layers, range)?;
        self.layers = layers;
        Ok(self)
    }

    /// How many temporal layers each of them has (see [`Vp8Config::temporal_layers`]).
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside [`Vp8Config::TEMPORAL_LAYERS`].
    pub fn temporal_layers(mut self, temporal_layers: u8) -> Result<Self, Error> {
        self.single()?.temporal_layers(temporal_layers)?;
        self.temporal_layers = temporal_layers;
        Ok(self)
    }

    /// Quality given up for speed.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside [`Vp8Config::SPEEDS`].
    pub fn speed(mut self, speed: u8) -> Result<Self, Error> {
        self.single()?.speed(speed)?;
        self.speed = speed;
        Ok(self)
    }

    pub(super) fn total(&self) -> u32 {
        self.bit_rate
    }

    /// The layers that there are, from low to high.
    pub(super) fn present(&self) -> impl Iterator<Item = SimulcastLayer> {
        let skipped = SimulcastLayer::ALL.len().saturating_sub(usize::from(self.layers));
        SimulcastLayer::ALL.into_iter().skip(skipped)
    }

    /// The settings of one layer's encoder.
    pub(super) fn of_layer(
        &self,
        layer: SimulcastLayer,
        bit_rate: u32,
    ) -> Result<Vp8Config, Error> {
        let (width, height) = layer.scale(self.size);
        Vp8Config::new(width, height)?
            .bit_rate(bit_rate)?
            .frame_rate(self.frame_rate)?
            .speed(self.speed)?
            .temporal_layers(self.temporal_layers)
    }

    /// Settings to check a value against.
    fn single(&self) -> Result<Vp8Config, Error> {
        Vp8Config::new(self.size.0, self.size.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_outside_their_range_are_refused() {
        assert!(SimulcastConfig::new(0, 1).is_err());
        let config = SimulcastConfig::new(640, 360).unwrap();
        assert!(config.bit_rate(1).is_err());
        assert!(config.frame_rate(0).is_err());
        assert!(config.layers(0).is_err());
        assert!(config.layers(4).is_err());
        assert!(config.temporal_layers(0).is_err());
        assert!(config.temporal_layers(4).is_err());
        assert!(config.speed(0).is_err());
    }

    #[test]
    fn the_full_size_is_always_there() {
        let present = |layers| {
            let config = SimulcastConfig::new(640, 360).unwrap().layers(layers).unwrap();
            config.present().map(SimulcastLayer::rid).collect::<String>()
        };
        assert_eq!([present(1), present(2), present(3)], ["h", "mh", "lmh"]);
    }
}
