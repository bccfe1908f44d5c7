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
    /// The key id names another epoch than the opener's, or one that its sender has left behind.
    #[error("the frame is of another epoch")]
    WrongEpoch,

    /// The key of the epoch that the key id names is not there: not yet, or not any more.
    #[error("the key of the frame's epoch is not there")]
    UnknownEpoch,

    /// In the epoch that the key id names its sender is no member, or was removed since.
    #[error("the frame's sender is no member of its epoch")]
    NotMember,

    /// Members hold different keys of this epoch, so a frame would mean something else to each.
    #[error("members hold different keys of the epoch; a new epoch is needed")]
    Disputed,

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

    // Malformed messages between members; drop them.
    /// A key message that no member of this version sends.
    #[error("the key message is malformed")]
    KeyMessage,

    /// A message of the verification that no member of this version sends.
    #[error("the verification message is malformed")]
    SasMessage,

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

    /// The numbers of epochs are used up ([`Epoch::MAX_NUMBER`](crate::Epoch::MAX_NUMBER)).
    #[error("the epochs of this call are used up; call again")]
    EpochsExhausted,

    // The caller's misuse.
    /// There is no key yet to seal with: it is on its way.
    #[error("no epoch's key is there yet")]
    NoKey,

    /// A member index from [`MAX_MEMBERS`](crate::MAX_MEMBERS) on, or one's own index that is not in the roster.
    #[error("the member index is out of range or not in the roster")]
    Index,

    /// Information about a member that is empty or beyond [`MAX_MEMBER_INFO`](crate::MAX_MEMBER_INFO).
    #[error("a member's information is empty or too long")]
    MemberInfo,

    /// Information about all members beyond [`MAX_ROSTER_LEN`](crate::MAX_ROSTER_LEN).
    #[error("the members' information is too long together")]
    RosterTooLong,

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
