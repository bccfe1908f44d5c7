/// Why a frame, a proof or a request was not taken.
///
/// Only [`Error::ProofRefused`] and a rate that is far too high end a connection; every other error
/// concerns one request, and the connection goes on. See [`Refusal`](crate::Refusal).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // Malformed wire data.
    /// The message is not a frame of this protocol.
    #[error("not a frame of the relay protocol")]
    Malformed,
    /// The message is longer than [`MAX_FRAME`](crate::limits::MAX_FRAME).
    #[error("the frame is larger than this protocol allows")]
    FrameTooLarge,
    /// The frame has a version that this crate does not know.
    #[error("the frame has protocol version {0}, which is not supported")]
    UnsupportedVersion(u32),
    /// A field is missing, or is not what it must be.
    #[error("the frame's {0} is missing or malformed")]
    BadField(&'static str),

    // A peer or client that asks for what it may not have.
    /// The signature does not prove the mailbox key for this connection's challenge.
    #[error("the proof of the mailbox key was refused")]
    ProofRefused,
    /// The request needs a mailbox that this connection has proven to own.
    #[error("this needs a subscription: prove a mailbox first")]
    NotSubscribed,
    /// The connection has already proven a mailbox.
    #[error("this connection is already subscribed to a mailbox")]
    AlreadySubscribed,
    /// TURN credentials or an SFU token and a mailbox on one connection would tell whose call it is.
    #[error(
        "TURN credentials and SFU tokens are asked for on a connection of their own, without a mailbox"
    )]
    NotAnonymous,
    /// A frame that only the other side sends.
    #[error("this frame goes the other way")]
    WrongDirection,
    /// The connection sends faster than its allowance.
    #[error("too many requests: wait a little")]
    RateLimited,

    // Bounds.
    /// The blob is empty or longer than [`MAX_BLOB`](crate::limits::MAX_BLOB).
    #[error("the blob is empty or larger than the relay takes")]
    BlobTooLarge,
    /// The time to live is outside
    /// [`MIN_TIME_TO_LIVE`](crate::limits::MIN_TIME_TO_LIVE)`..=`[`MAX_TIME_TO_LIVE`](crate::limits::MAX_TIME_TO_LIVE).
    #[error("the time to live is out of bounds")]
    TimeToLive,
    /// The mailbox has reached its quota, and nothing in it may make room.
    #[error("the mailbox is full")]
    MailboxFull,
    /// The relay has reached the size that its operator allows.
    #[error("the relay is full")]
    RelayFull,
    /// The bundle or a one-time prekey is larger than the relay takes, or there are too many of them.
    #[error("the prekeys are too many or too large")]
    PrekeysTooLarge,
    /// Nobody has published prekeys for this mailbox.
    #[error("no prekeys are published for this mailbox")]
    NoPrekeys,

    // Internal.
    /// The store could not do its work; nothing was changed.
    #[error("the relay's store failed")]
    StoreFailed,
    /// Ed25519 signing failed in the cryptographic library.
    #[error("signing failed")]
    Signing,
}

/// The store could not do its work. The store itself knows (and logs) why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the store failed")]
pub struct StoreFailed;

impl From<StoreFailed> for Error {
    fn from(_: StoreFailed) -> Self {
        Self::StoreFailed
    }
}
