use thiserror::Error;

/// Why bytes are not an RTP or RTCP packet, or why one cannot be written.
///
/// Every variant concerns one datagram only: the caller drops it, counts it and goes on.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WireError {
    // Malformed wire data.
    /// The bytes end before the structure that they announce does.
    #[error("truncated")]
    Truncated,
    /// The version field is not 2 (RFC 3550 §5.1, §6.4.1).
    #[error("unsupported version")]
    Version,
    /// The padding count is zero, exceeds what it may cover, or (RTCP) is no multiple of four.
    #[error("invalid padding")]
    Padding,
    /// An RTCP length or count field contradicts the packet's contents.
    #[error("contradicting length or count")]
    Length,
    /// A field holds a value that the format forbids.
    #[error("invalid value")]
    Value,
    // The caller's misuse, when writing.
    /// A payload type above 127 (RFC 3550 §5.1).
    #[error("payload type out of range")]
    PayloadTypeOutOfRange,
    /// A header extension id or value that neither form of RFC 8285 can carry, or too many of them.
    #[error("header extension cannot be encoded")]
    ExtensionOutOfRange,
    /// More entries than the packet's count field can express, or a text over 255 bytes.
    #[error("too many entries")]
    TooMany,
}
