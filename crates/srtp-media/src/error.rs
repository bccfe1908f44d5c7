/// What goes wrong here, grouped by who is to blame.
///
/// Every error drops the one packet at hand and leaves the context usable as it was; none ends the
/// session by itself. A caller counts [`Error::Malformed`] to [`Error::HeaderExtension`] and goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // Malformed wire data.
    /// Too short, of another version than 2, or with a length field that points past its end.
    #[error("the packet is malformed")]
    Malformed,

    /// Longer than [`MAX_PACKET_LEN`](crate::MAX_PACKET_LEN).
    #[error("the packet is longer than any datagram")]
    PacketTooLong,

    // Misbehaving peer, or someone between.
    /// The tag does not fit the packet: forged, damaged, or protected with another key, rollover
    /// counter or profile.
    #[error("the packet is not authentic")]
    AuthenticationFailed,

    /// Received before, or too old to tell ([`REPLAY_WINDOW`](crate::REPLAY_WINDOW)).
    #[error("the packet was received before, or is too old to tell")]
    Replayed,

    /// The packet names another master key than the context's: its key identifier (MKI) is another.
    #[error("the packet names another master key")]
    UnknownKey,

    // Unsupported.
    /// A header extension in another form than RFC 8285's, where header extensions are encrypted: no
    /// rule says how.
    #[error("the header extension cannot be encrypted")]
    HeaderExtension,

    // Limits.
    /// The stream's 2^48 RTP or 2^31 RTCP packets are used up (RFC 3711 §9.2); it needs new keys.
    #[error("the packet index is used up; new keys are needed")]
    IndexExhausted,

    /// One SSRC more than the context was built for
    /// ([`DEFAULT_MAX_STREAMS`](crate::DEFAULT_MAX_STREAMS)).
    #[error("too many streams under one key")]
    TooManyStreams,

    // The caller's misuse.
    /// A key, a salt or keying material of another length than the profile's, no key at all for header
    /// extensions, or a key identifier longer than [`MAX_MKI_LEN`](crate::MAX_MKI_LEN).
    #[error("key or salt is of the wrong length for the profile")]
    KeyLength,

    /// The buffer has no room for the trailer ([`MAX_TRAILER`](crate::MAX_TRAILER)), or is shorter
    /// than the length given with it.
    #[error("no room for the trailer in the buffer")]
    BufferTooSmall,

    /// This sequence number was sent before under this key, or is too old to tell. Sending it again
    /// would repeat a nonce and give the authentication key away.
    #[error("the sequence number was used before under this key")]
    SequenceReused,

    /// A counter can be set only before the stream's first packet.
    #[error("the stream has started; its counter can no longer be set")]
    StreamStarted,

    // Internal.
    /// The cryptographic library refused an operation whose inputs were checked before, or an
    /// invariant of this crate does not hold: in either case a bug, not the peer's doing.
    #[error("internal error: an operation on checked input failed")]
    Internal,
}
