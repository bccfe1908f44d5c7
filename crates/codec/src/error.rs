use crate::opus::OpusRule;

/// What went wrong.
///
/// Malformed data and a misbehaving peer cost one packet or one frame, never the session: drop it,
/// count it, go on. An internal error ends the encoder or decoder that reports it.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    // Malformed wire data: the packet or frame is dropped, nothing else changed.
    /// An Opus packet that a receiver must not process (RFC 6716 §3.4).
    #[error("malformed Opus packet: {0}")]
    MalformedOpusPacket(OpusRule),
    /// libopus found a well-formed packet undecodable.
    #[error("undecodable Opus packet")]
    UndecodableAudio,
    /// A VP8 payload descriptor that ends before its last field (RFC 7741 §4.2).
    #[error("truncated VP8 payload descriptor")]
    TruncatedDescriptor,
    /// A VP8 payload descriptor with nothing behind it.
    #[error("VP8 packet without payload")]
    EmptyFragment,
    /// A VP8 packet that contradicts the packets around it: two starts or two ends of one frame, or
    /// frames that overlap.
    #[error("VP8 packet contradicts its neighbours")]
    InconsistentFragment,
    /// A VP8 frame whose header is incomplete or wrong (RFC 6386 §9.1).
    #[error("malformed VP8 frame header")]
    MalformedFrameHeader,
    /// libvpx found a frame damaged. The decoder now needs a keyframe.
    #[error("damaged VP8 frame")]
    DamagedFrame,

    // A misbehaving or unlucky peer: the same consequence.
    /// More pixels than [`crate::MAX_PIXELS`], or a side of 0 or beyond [`crate::MAX_DIMENSION`].
    #[error("{width}x{height} pixels are outside 1x1 to 4096x2304 or its equivalent")]
    DimensionsOutOfRange {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// An inter frame that has nothing to refer to: request a keyframe.
    #[error("an inter frame cannot be decoded before a keyframe")]
    KeyframeNeeded,
    /// A payload beyond the bound that `max` names.
    #[error("payload of {given} bytes, at most {max} are taken")]
    PayloadTooLarge {
        /// Its length in bytes.
        given: usize,
        /// The bound in bytes.
        max: usize,
    },
    /// A VP8 frame beyond [`crate::MAX_FRAME_BYTES`] or [`crate::MAX_FRAME_PACKETS`].
    #[error("video frame beyond the limit of bytes or packets")]
    FrameTooLarge,

    // The caller's misuse: nothing changed.
    /// A setting outside its range.
    #[error("{setting} {given} is outside {min} to {max}")]
    OutOfRange {
        /// Which setting, with its unit.
        setting: &'static str,
        /// What was asked for.
        given: u64,
        /// The smallest value taken.
        min: u64,
        /// The largest value taken.
        max: u64,
    },
    /// Samples that are not a whole Opus frame of 2.5 to 120 ms, or not the 20 ms an encoder takes.
    #[error("{given} samples per channel are not a frame")]
    WrongFrameLength {
        /// Samples per channel.
        given: usize,
    },
    /// A frame with another number of channels than the encoder's.
    #[error("frame with the wrong number of channels")]
    WrongChannels,
    /// A plane that is shorter than its stride and height need, or a stride below its width.
    #[error("plane too short for its dimensions")]
    PlaneTooShort,
    /// An empty frame cannot be packetized.
    #[error("empty video frame")]
    EmptyFrame,

    // Internal: the encoder or decoder is of no further use.
    /// libopus or libvpx could not be set up.
    #[error("codec could not be set up")]
    SetUp,
    /// The encoder failed on a frame that it should have taken.
    #[error("encoder failed")]
    EncoderFailed,
}

impl Error {
    /// Checks a setting against its range.
    pub(crate) fn check_range(
        setting: &'static str,
        given: impl Into<u64>,
        range: core::ops::RangeInclusive<u64>,
    ) -> Result<(), Self> {
        let given = given.into();
        if range.contains(&given) {
            return Ok(());
        }
        Err(Self::OutOfRange { setting, given, min: *range.start(), max: *range.end() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn range_error_names_the_range() {
        let error = Error::check_range("bit rate (bit/s)", 5_999_u32, 6_000..=510_000);
        assert_eq!(
            error.unwrap_err().to_string(),
            "bit rate (bit/s) 5999 is outside 6000 to 510000"
        );
    }
}
