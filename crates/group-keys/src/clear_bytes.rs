use crate::Error;

/// What a frame is encoded with, as far as frame encryption cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FrameCodec {
    /// Opus: the whole frame is encrypted.
    Opus,
    /// VP8: what a packetizer, a forwarder and a browser's decoder queue look at stays clear.
    Vp8,
    /// VP9: the whole frame is encrypted; forwarders read the payload descriptor instead.
    Vp9,
    /// H.264: refused.
    H264,
}

impl FrameCodec {
    /// How many bytes at the start of `frame` stay in clear. The same for a frame and for its sealed form,
    /// since it depends on clear bytes alone; those are authenticated, so a frame whose first byte was
    /// changed on the way does not open.
    ///
    /// The numbers are what Chromium's encoded transforms leave usable: none for Opus and VP9; for VP8
    /// the frame tag, start code and dimensions of a keyframe (RFC 6386 §9.1), and the first byte of
    /// other frames.
    ///
    /// # Errors
    /// [`Error::UnsupportedCodec`] for H.264, whose packetizers need NAL unit headers throughout the
    /// frame; [`Error::Malformed`] for an empty VP8 frame.
    pub fn clear_len(self, frame: &[u8]) -> Result<usize, Error> {
        match self {
            Self::Opus | Self::Vp9 => Ok(0),
            Self::Vp8 => match frame.first() {
                // RFC 6386 §9.1: the lowest bit of the frame tag is 0 in a keyframe.
                Some(first) if first & 1 == 0 => Ok(VP8_KEYFRAME),
                Some(_) => Ok(VP8_INTERFRAME),
                None => Err(Error::Malformed),
            },
            Self::H264 => Err(Error::UnsupportedCodec),
        }
    }
}

const VP8_KEYFRAME: usize = 10;
const VP8_INTERFRAME: usize = 1;

/// The most bytes of a frame that can stay in clear.
pub const MAX_CLEAR_BYTES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clear_bytes_are_those_measured_with_chromium() {
        for (codec, first, expected) in [
            (FrameCodec::Opus, 0x78, 0),
            (FrameCodec::Vp9, 0x82, 0),
            (FrameCodec::Vp8, 0x10, 10),
            (FrameCodec::Vp8, 0x11, 1),
        ] {
            assert_eq!(codec.clear_len(&[first, 0x9d]), Ok(expected));
        }
    }

    #[test]
    fn h264_is_refused_rather_than_sent_in_clear() {
        assert_eq!(FrameCodec::H264.clear_len(&[0; 100]), Err(Error::UnsupportedCodec));
    }

    #[test]
    fn an_empty_frame_of_vp8_has_no_kind() {
        assert_eq!(FrameCodec::Vp8.clear_len(&[]), Err(Error::Malformed));
        assert_eq!(FrameCodec::Opus.clear_len(&[]), Ok(0));
    }

    #[test]
    fn no_codec_needs_more_than_the_maximum() {
        const { assert!(VP8_KEYFRAME <= MAX_CLEAR_BYTES) };
    }
}
