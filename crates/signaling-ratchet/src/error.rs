/// Why something was refused.
///
/// No error ends a session: a message that is refused is dropped (and counted by the caller), and the
/// state is byte for byte what it was before the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // Malformed wire data.
    /// The bytes do not have the form that the named part must have.
    #[error("malformed {0}")]
    Malformed(&'static str),
    /// The named part is longer than `limit` (bytes, or elements of a list).
    #[error("{part} is over its limit of {limit}")]
    TooLong {
        /// What is too long.
        part: &'static str,
        /// The bound that it breaks.
        limit: usize,
    },
    /// The named part was written by a newer version of this software.
    #[error("{part} has version {version}, which is not known here: an update is needed")]
    UnsupportedVersion {
        /// What carries the version.
        part: &'static str,
        /// The version found.
        version: u32,
    },
    /// Stored bytes end before they should.
    #[error("stored state is truncated")]
    Truncated,

    // Misbehaving peer, relay or network.
    /// Decryption, its tag or the padding inside failed: damaged, forged, or sealed for somebody else.
    #[error("authentication failed")]
    AuthenticationFailed,
    /// A signature does not verify under the key that it must verify under.
    #[error("signature of the {0} does not verify")]
    BadSignature(&'static str),
    /// A public key that no honest peer sends: not canonical, or of small order (RFC 7748 §6.1).
    #[error("public key is not canonical or of small order")]
    WeakKey,
    /// The message was opened before, or its key was dropped as too old.
    #[error("message was opened before, or is too old")]
    Replayed,
    /// The message would skip more than [`limits::SKIPPED_PER_STEP`](crate::limits::SKIPPED_PER_STEP) others.
    #[error("message would skip too many others")]
    TooManySkipped,
    /// A new chain under a ratchet key that was already used.
    #[error("ratchet key repeated by the peer")]
    RepeatedRatchetKey,
    /// ML-KEM material that is not the peer's to send, or answers nothing that was offered.
    #[error("unexpected ML-KEM material in a ratchet header")]
    UnexpectedKem,
    /// A set-up message names a prekey that is not held here: used, rotated away or never made.
    #[error("set-up uses a prekey that is not held")]
    UnknownPrekey,
    /// A set-up without one-time prekey that was accepted before.
    #[error("set-up was accepted before")]
    SetupReplayed,
    /// So many set-ups without one-time prekey came in that their replay could not be noticed any more;
    /// they are refused until the signed prekey is replaced ([`Postbox::maintain`](crate::Postbox::maintain)).
    #[error("memory of set-ups without one-time prekey is full")]
    ReplayMemoryFull,
    /// The prekey bundle is past its expiry.
    #[error("prekey bundle has expired")]
    BundleExpired,

    // Caller's misuse, or what the caller must do next.
    /// There is no session with this peer: fetch its prekey bundle and begin one.
    #[error("no session with this peer: fetch its prekey bundle first")]
    NoSession,
    /// The peer has not answered [`limits::UNANSWERED_MESSAGES`](crate::limits::UNANSWERED_MESSAGES) messages, or a
    /// set-up for [`limits::UNANSWERED_SETUP_AGE`](crate::limits::UNANSWERED_SETUP_AGE): begin a new session.
    #[error("session is used up without an answer: fetch a prekey bundle and begin a new one")]
    SessionExhausted,
    /// The responder of a session cannot send before it has received.
    #[error("nothing was received yet that could be answered")]
    NotEstablished,
    /// There is no room for another peer.
    #[error("too many peers")]
    TooManyPeers,
    /// A session with oneself has no second side.
    #[error("peer is this identity itself")]
    OwnIdentity,
    /// The call message does not fit the largest padding bucket.
    #[error("call message is too long to be sent")]
    MessageTooLong,
    /// This body stands for something received that was not understood; it cannot be sent.
    #[error("body can only be received")]
    NotSendable,
}
