use super::ladder::{Rung, Share, split};
use super::{SimulcastConfig, SimulcastLayer};
use crate::{EncodedVideo, Error, VideoFrame, Vp8Encoder};

/// What one picture became in one layer.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerFrame {
    /// The layer.
    pub layer: SimulcastLayer,
    /// The frame. It stands alone or refers to frames of the same layer.
    pub frame: EncodedVideo,
}

/// Encodes each picture in up to three sizes, each a VP8 stream of its own.
///
/// The bit rate is one for all: the lower layers get what they need to look right, the highest that still
/// fits gets the rest, those above it are off. A layer that comes back begins with a keyframe.
///
/// ```
/// use zentalk_codec::{SimulcastConfig, SimulcastEncoder, SimulcastLayer, VideoFrame};
///
/// let config = SimulcastConfig::new(640, 360)?.bit_rate(720_000)?;
/// let mut encoder = SimulcastEncoder::new(&config)?;
/// let frames = encoder.encode(&VideoFrame::black((640, 360), 0)?)?;
/// let layers: Vec<_> = frames.iter().map(|frame| frame.layer.rid()).collect();
/// assert_eq!(layers, ["l", "m", "h"]);
///
/// encoder.set_bit_rate(100_000)?;
/// assert!(!encoder.is_on(SimulcastLayer::High));
/// # Ok::<(), zentalk_codec::Error>(())
/// ```
#[derive(Debug)]
pub struct SimulcastEncoder {
    config: SimulcastConfig,
    /// From low to high.
    layers: Vec<Layer>,
    /// What each layer gets, in the same order.
    shares: Vec<Share>,
    highest: SimulcastLayer,
}

#[derive(Debug)]
struct Layer {
    name: SimulcastLayer,
    encoder: Vp8Encoder,
    /// The picture in this size; none in the full size, which is the given one.
    scaled: Option<VideoFrame>,
}

impl SimulcastEncoder {
    /// An encoder with these settings; every layer's first frame is a keyframe.
    ///
    /// # Errors
    /// [`Error::SetUp`] if libvpx refuses them or has no memory.
    pub fn new(config: &SimulcastConfig) -> Result<Self, Error> {
        let rung = |name: SimulcastLayer| Rung::of_size(name.scale(config.size()));
        let share = |name| Share { rung: rung(name), on: false, bit_rate: 0 };
        let mut shares: Vec<_> = config.present().map(share).collect();
        split(config.total(), shares.len(), &mut shares);
        let layers = config.present().zip(&shares).map(|(name, share)| {
            let bit_rate = if share.on { share.bit_rate } else { share.rung.target };
            Layer::new(config, name, bit_rate)
        });
        let layers = layers.collect::<Result<_, _>>()?;
        Ok(Self { config: *config, layers, shares, highest: SimulcastLayer::High })
    }

    /// The settings now.
    pub fn config(&self) -> &SimulcastConfig {
        &self.config
    }

    /// Whether the layer is sent: it is there, allowed, and the bit rate suffices for it.
    pub fn is_on(&self, layer: SimulcastLayer) -> bool {
        self.layer_bit_rate(layer).is_some()
    }

    /// What the layer gets of the bit rate, in bit/s, if it is sent.
    pub fn layer_bit_rate(&self, layer: SimulcastLayer) -> Option<u32> {
        let mut layers = self.layers.iter().zip(&self.shares);
        let (_, share) = layers.find(|(found, _)| found.name == layer)?;
        share.on.then_some(share.bit_rate)
    }

    /// Changes the bit rate of all layers together, in bit/s, from the next picture on.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside [`crate::Vp8Config::BIT_RATES`]; [`Error::EncoderFailed`].
    pub fn set_bit_rate(&mut self, bit_rate: u32) -> Result<(), Error> {
        self.config = self.config.bit_rate(bit_rate)?;
        self.share_out()
    }

    /// Sends no layer above this one, if nobody watches those. The lowest there is goes on.
    ///
    /// # Errors
    /// [`Error::EncoderFailed`].
    pub fn set_highest(&mut self, layer: SimulcastLayer) -> Result<(), Error> {
        self.highest = layer;
        self.share_out()
    }

    /// Makes the layer's next frame a keyframe.
    pub fn request_keyframe(&mut self, layer: SimulcastLayer) {
        self.layers
            .iter_mut()
            .filter(|found| found.name == layer)
            .for_each(|found| found.encoder.request_keyframe());
    }

    /// Makes the next frame of every layer a keyframe.
    pub fn request_keyframes(&mut self) {
        self.layers.iter_mut().for_each(|layer| layer.encoder.request_keyframe());
    }

    /// Starts again with other settings, another size for example; the next frames are keyframes.
    ///
    /// # Errors
    /// [`Error::SetUp`], with the encoder unchanged.
    pub fn reconfigure(&mut self, config: &SimulcastConfig) -> Result<(), Error> {
        let mut encoder = Self::new(config)?;
        encoder.set_highest(self.highest)?;
        *self = encoder;
        Ok(())
    }

    /// Encodes one picture in every layer that is on, from low to high.
    ///
    /// # Errors
    /// [`Error::DimensionsOutOfRange`] for a picture of another size than the settings' (see
    /// [`Self::reconfigure`]); [`Error::EncoderFailed`].
    pub fn encode(&mut self, picture: &VideoFrame) -> Result<Vec<LayerFrame>, Error> {
        let (width, height) = (picture.width(), picture.height());
        if (width, height) != self.config.size() {
            return Err(Error::DimensionsOutOfRange { width, height });
        }
        self.scale(picture);
        let mut frames = Vec::with_capacity(self.layers.len());
        for (layer, _) in self.layers.iter_mut().zip(&self.shares).filter(|(_, share)| share.on) {
            let encoded = layer.encoder.encode(layer.scaled.as_ref().unwrap_or(picture))?;
            frames.extend(encoded.map(|frame| LayerFrame { layer: layer.name, frame }));
        }
        Ok(frames)
    }

    /// Draws the picture in every smaller size, each from the next larger one.
    fn scale(&mut self, picture: &VideoFrame) {
        let mut larger = picture;
        for layer in self.layers.iter_mut().rev() {
            if let Some(scaled) = &mut layer.scaled {
                larger.halve_into(scaled);
                larger = scaled;
            }
        }
    }

    fn share_out(&mut self) -> Result<(), Error> {
        let allowed = self.layers.iter().filter(|layer| layer.name <= self.highest).count();
        let mut shares = self.shares.clone();
        split(self.config.total(), allowed, &mut shares);
        for ((layer, old), new) in self.layers.iter_mut().zip(&mut self.shares).zip(shares) {
            if new.on && new.bit_rate != old.bit_rate {
                layer.encoder.set_bit_rate(new.bit_rate)?;
            }
            if new.on && !old.on {
                // Nobody has the frames that its next one would refer to.
                layer.encoder.request_keyframe();
            }
            *old = new;
        }
        Ok(())
    }
}

impl Layer {
    fn new(config: &SimulcastConfig, name: SimulcastLayer, bit_rate: u32) -> Result<Self, Error> {
        let encoder = Vp8Encoder::new(&config.of_layer(name, bit_rate)?)?;
        let scaled = match name {
            SimulcastLayer::High => None,
            smaller => Some(VideoFrame::black(smaller.scale(config.size()), 0)?),
        };
        Ok(Self { name, encoder, scaled })
    }
}
