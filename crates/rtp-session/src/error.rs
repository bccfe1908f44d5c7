use thiserror::Error;

/// What went wrong. No error ends the session.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Error {
    // Malformed wire data: the datagram is dropped and counted.
    /// The datagram is no RTP packet, or its retransmission payload lacks the original sequence number.
    #[error("malformed RTP packet")]
    MalformedRtp,
    /// One packet of the RTCP datagram is malformed; none of them was looked at.
    #[error("malformed RTCP datagram")]
    MalformedRtcp,

    // A peer that misbehaves or is not set up: the datagram is dropped and counted.
    /// The packet belongs to no receive stream, and none may adopt its source.
    #[error("RTP packet of an unknown source")]
    UnknownSource,
    /// The payload type was not given for the stream that the packet's source belongs to.
    #[error("unexpected payload type")]
    UnexpectedPayloadType,
    /// The sequence number is too far from the last one, and no second packet confirms it yet
    /// (RFC 3550 appendix A.1), or it is too old.
    #[error("implausible sequence number")]
    ImplausibleSequence,

    // The caller's misuse: nothing changed.
    /// The stream id is not of this session.
    #[error("no such stream")]
    NoSuchStream,
    /// The bound on streams is reached: [`limits::MAX_SEND_STREAMS`](crate::limits::MAX_SEND_STREAMS),
    /// [`limits::MAX_RECEIVE_STREAMS`](crate::limits::MAX_RECEIVE_STREAMS).
    #[error("too many streams")]
    TooManyStreams,
    /// The source is in use in this session already.
    #[error("source in use")]
    SourceInUse,
    /// A configuration holds a value out of its documented range.
    #[error("invalid configuration")]
    InvalidConfig,
    /// The payload is larger than [`RtpSession::max_payload_len`](crate::RtpSession::max_payload_len).
    #[error("payload too large")]
    PayloadTooLarge,
    /// The session was closed.
    #[error("session closed")]
    Closed,
}
