/// What goes wrong here, grouped by who is to blame.
///
/// Errors up to [`Error::Rewound`] concern one frame: drop it, count it, go on. A lost video frame
/// usually means asking for a keyframe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // Malformed wire data.
    /// Shorter than clear bytes, header and tag, or a header that is not in its shortest form.
    #[error("the sealed frame is malformed")]
    Malformed,

    // Misbehaving peer, or a server between.
    /// The key id names another epoch than the opener's.
    #[error("the frame is of another epoch")]
    WrongEpoch,

    /// The key id names another sender than the opener's.
    #[error("the frame is another sender's")]
    WrongSender,

    /// The key id names another stream of the opener's sender.
    #[error("the frame is of another stream")]
    WrongStream,

    /// The key id sets bits that are zero in this format.
    #[error("the frame's key id is not of this format")]
    UnknownKeyId,

    /// The tag does not fit: forged, damaged, swapped, or sealed under another key or for another call.
    #[error("the frame is not authentic")]
    AuthenticationFailed,

    /// The frame with this counter was opened before.
    #[error("the frame was opened before")]
    Replayed,

    /// The counter is so far behind that it cannot be told whether the frame was opened before.
    #[error("the frame's counter lies behind the replay window")]
    Rewound,

    // Unsupported.
    /// The codec has no clear bytes that a forwarder could work with; sending it in clear instead is
    /// refused.
    #[error("the codec cannot be sent end-to-end encrypted")]
    UnsupportedCodec,

    // Limits.
    /// All of this key's counters are used ([`MAX_FRAMES_PER_KEY`](crate::MAX_FRAMES_PER_KEY)); only a
    /// new epoch helps.
    #[error("the frame counter is used up; a new epoch is needed")]
    CounterExhausted,

    /// A frame beyond [`MAX_FRAME_LEN`](crate::MAX_FRAME_LEN).
    #[error("the frame is too long")]
    FrameTooLong,

    // The caller's misuse.
    /// More clear bytes than the frame has, or than [`MAX_CLEAR_BYTES`](crate::MAX_CLEAR_BYTES).
    #[error("more clear bytes than the frame has or the format allows")]
    ClearLength,

    /// Associated data beyond [`MAX_METADATA_LEN`](crate::MAX_METADATA_LEN).
    #[error("the metadata is too long")]
    MetadataTooLong,

    /// An identity that is empty or beyond [`MAX_IDENTITY_LEN`](crate::MAX_IDENTITY_LEN), or the same
    /// for both sides.
    #[error("an identity is empty, too long, or the same on both sides")]
    Identity,

    /// This key id was given out before; a second sealer would repeat nonces, a second opener would
    /// open frames twice.
    #[error("the key id is in use")]
    KeyIdInUse,

    /// An opener for one's own frames: it would let them be played back to their sender.
    #[error("frames sent are not to be opened")]
    OwnFrames,

    /// An AEAD key that is not as long as its suite says. Derived keys always are.
    #[error("the key is not as long as the suite says")]
    KeyLength,

    // Internal.
    /// The cryptographic library refused an operation whose inputs were checked before: a bug.
    #[error("internal error: an operation on checked input failed")]
    Internal,
}
