use super::temporal::{Role, TemporalPattern};
use super::{TemporalLayer, Vp8Config};
use crate::sys::EncoderContext;
use crate::{Error, VideoFrame};

/// One encoded frame.
#[derive(Clone, PartialEq, Eq)]
pub struct EncodedVideo {
    pub(crate) data: Vec<u8>,
    pub(crate) keyframe: bool,
    pub(crate) timestamp: u32,
    pub(crate) temporal: Option<TemporalLayer>,
    pub(crate) reference: bool,
}

impl EncodedVideo {
    /// The VP8 frame.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The VP8 frame by value.
    pub fn into_data(self) -> Vec<u8> {
        self.data
    }

    /// Whether it stands alone.
    pub fn is_keyframe(&self) -> bool {
        self.keyframe
    }

    /// The temporal layer, if the encoder has several ([`Vp8Config::temporal_layers`]).
    pub fn temporal(&self) -> Option<TemporalLayer> {
        self.temporal
    }

    /// Whether other frames may refer to it. One to which none does can be left out.
    pub fn is_reference(&self) -> bool {
        self.reference
    }

    /// RTP timestamp of the picture: 90 kHz, wraps.
    pub fn timestamp(&self) -> u32 {
        self.timestamp
    }
}

/// Prints the size and time only.
impl core::fmt::Debug for EncodedVideo {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let kind = if self.keyframe { "keyframe" } else { "inter" };
        write!(f, "EncodedVideo({kind}, {} bytes at {})", self.data.len(), self.timestamp)
    }
}

/// Encodes pictures as they come, with what they are to cost changed at any time.
#[derive(Debug)]
pub struct Vp8Encoder {
    context: EncoderContext,
    config: Vp8Config,
    keyframe_wanted: bool,
    pattern: TemporalPattern,
    clock: i64,
}

impl Vp8Encoder {
    /// An encoder with these settings; its first frame is a keyframe.
    ///
    /// # Errors
    /// [`Error::SetUp`] if libvpx refuses them or has no memory.
    pub fn new(config: &Vp8Config) -> Result<Self, Error> {
        let context = EncoderContext::open(config)?;
        let pattern = TemporalPattern::new(config.temporal_layers);
        Ok(Self { context, config: *config, keyframe_wanted: true, pattern, clock: 0 })
    }

    /// The settings now.
    pub fn config(&self) -> &Vp8Config {
        &self.config
    }

    /// Makes the next frame a keyframe.
    pub fn request_keyframe(&mut self) {
        self.keyframe_wanted = true;
    }

    /// Changes the bit rate, in bit/s, from the next frame on.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside [`Vp8Config::BIT_RATES`]; [`Error::EncoderFailed`].
    pub fn set_bit_rate(&mut self, bit_rate: u32) -> Result<(), Error> {
        let config = self.config.bit_rate(bit_rate)?;
        self.context.set_bit_rate(bit_rate)?;
        self.config = config;
        Ok(())
    }

    /// Changes the frame rate, in frames per second, from the next frame on.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside [`Vp8Config::FRAME_RATES`].
    pub fn set_frame_rate(&mut self, frame_rate: u32) -> Result<(), Error> {
        self.config = self.config.frame_rate(frame_rate)?;
        Ok(())
    }

    /// Starts again with other settings, another size for example; the next frame is a keyframe.
    ///
    /// # Errors
    /// [`Error::SetUp`], with the encoder unchanged.
    pub fn reconfigure(&mut self, config: &Vp8Config) -> Result<(), Error> {
        *self = Self::new(config)?;
        Ok(())
    }

    /// Encodes one picture. `None` if rate control left it out, which happens with
    /// [`Vp8Config::frame_dropping`] only.
    ///
    /// # Errors
    /// [`Error::DimensionsOutOfRange`] for a picture of another size than the settings' (see
    /// [`Self::reconfigure`]); [`Error::EncoderFailed`].
    pub fn encode(&mut self, picture: &VideoFrame) -> Result<Option<EncodedVideo>, Error> {
        let (width, height) = (picture.width(), picture.height());
        if (width, height) != (self.config.width, self.config.height) {
            return Err(Error::DimensionsOutOfRange { width, height });
        }
        // Rate control believes an even clock of its own, so that a jump or a wrap of the media
        // timestamps cannot disturb it.
        let duration = RTP_CLOCK / self.config.frame_rate;
        let wanted = self.keyframe_wanted;
        let role = self.pattern.next(wanted);
        let encoded = self.context.encode(picture, self.clock, duration, wanted, role)?;
        self.clock += i64::from(duration);
        // A dropped picture leaves the wish open.
        self.keyframe_wanted &= encoded.is_none();
        Ok(encoded.map(|encoded| self.place(encoded, role)))
    }

    /// Says which layer the frame is of.
    fn place(&mut self, encoded: EncodedVideo, role: Role) -> EncodedVideo {
        let unasked = encoded.keyframe && role != Role::Base;
        let role = if unasked { self.pattern.keyframe_made() } else { role };
        let layers = self.pattern.layers();
        let temporal = (layers > 1).then(|| role.layer(layers));
        EncodedVideo { temporal, reference: role.is_reference(), ..encoded }
    }
}

/// RTP clock rate of video in hertz (RFC 7741 §4.1).
pub(crate) const RTP_CLOCK: u32 = 90_000;
