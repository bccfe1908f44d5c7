/// Why a frame, a token or a key was not taken.
///
/// No error ends a connection by itself; whoever holds the connection decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // Malformed wire data.
    /// The message is not a frame of this protocol and direction.
    #[error("not a frame of the SFU control protocol")]
    Malformed,
    /// The message is longer than [`MAX_FRAME`](crate::limits::MAX_FRAME).
    #[error("the frame is larger than this protocol allows")]
    FrameTooLarge,
    /// The frame has a version that this crate does not know.
    #[error("the frame has protocol version {0}, which is not supported")]
    UnsupportedVersion(u32),
    /// A field is missing, or is not what it must be.
    #[error("the frame's {0} is missing, malformed or out of bounds")]
    BadField(&'static str),

    // Tokens.
    /// The bytes are no token that any of the verifier's keys has signed.
    #[error("the token is not signed by a key that is trusted here")]
    BadToken,
    /// The token was good once.
    #[error("the token has expired: ask for a new one")]
    TokenExpired,
    /// The token is valid for longer than [`MAX_TOKEN_LIFETIME`](crate::limits::MAX_TOKEN_LIFETIME).
    #[error("the token is valid for too long: check the clocks of relay and SFU")]
    TokenTooLong,

    // Caller's misuse.
    /// A verifier without keys, or with more than [`MAX_KEYS`](crate::limits::MAX_KEYS).
    #[error("a verifier takes 1 to 8 public keys")]
    KeyCount,

    // Internal.
    /// Ed25519 signing failed in the cryptographic library.
    #[error("signing failed")]
    Signing,
}
