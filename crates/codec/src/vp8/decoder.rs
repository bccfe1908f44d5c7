use super::Vp8FrameHeader;
use crate::sys::DecoderContext;
use crate::{Error, VideoFrame};

/// Decodes whole VP8 frames that come from anyone.
///
/// The header is checked before libvpx sees a frame; after damage everything is refused until the next
/// keyframe, for which a fresh libvpx context is made. So no picture is ever built on a broken one.
#[derive(Debug, Default)]
pub struct Vp8Decoder {
    context: Option<DecoderContext>,
}

impl Vp8Decoder {
    /// A decoder that waits for its first keyframe. Memory is taken when it comes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether only a keyframe can be decoded now: at the start and after an error.
    pub fn needs_keyframe(&self) -> bool {
        self.context.is_none()
    }

    /// Decodes one frame whose picture has the RTP timestamp `timestamp` (90 kHz). `None` if the frame
    /// is not meant to be seen.
    ///
    /// # Errors
    /// [`Error::KeyframeNeeded`] for an inter frame that has nothing to refer to;
    /// [`Error::MalformedFrameHeader`], [`Error::DimensionsOutOfRange`], [`Error::FrameTooLarge`] and
    /// [`Error::DamagedFrame`], after each of which a keyframe is needed; [`Error::SetUp`] if libvpx
    /// has no memory.
    pub fn decode(&mut self, frame: &[u8], timestamp: u32) -> Result<Option<VideoFrame>, Error> {
        // Taken out first: every way out by an error leaves none behind.
        let context = self.context.take();
        if frame.len() > crate::MAX_FRAME_BYTES {
            return Err(Error::FrameTooLarge);
        }
        let header = Vp8FrameHeader::parse(frame)?;
        let mut context = match context {
            Some(context) => context,
            None if header.keyframe => DecoderContext::open()?,
            None => return Err(Error::KeyframeNeeded),
        };
        let picture = context.decode(frame, timestamp)?;
        self.context = Some(context);
        Ok(picture)
    }
}
