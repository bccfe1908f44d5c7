/// What a call into this crate can refuse.
///
/// None of these comes from a packet: packets that are not wanted are dropped and counted
/// ([`DtlsStats`](crate::DtlsStats)), and a session that ends says so by an
/// [`Event`](crate::Event). An `Error` leaves the object it came from as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // Malformed data in a session description.
    /// A fingerprint is not `hash-func SP hex *(":" hex)` with 32 octets (RFC 8122 §5).
    #[error("malformed certificate fingerprint")]
    MalformedFingerprint,

    // A misbehaving peer.
    /// A description carries more than [`MAX_FINGERPRINTS`](crate::limits::MAX_FINGERPRINTS) SHA-256 fingerprints.
    #[error("too many certificate fingerprints")]
    TooManyFingerprints,

    // Unsupported.
    /// A fingerprint is of another hash function than SHA-256.
    #[error("the fingerprint's hash function is not sha-256")]
    UnsupportedFingerprintHash,
    /// A description carries fingerprints, if any, of other hash functions only: no key may come of it.
    #[error("no sha-256 fingerprint in the description")]
    NoSha256Fingerprint,

    // The caller's misuse.
    /// The path was not handed to `validate_path` before.
    #[error("the path is not validated")]
    PathNotValidated,
    /// More than [`MAX_PATHS`](crate::limits::MAX_PATHS) paths; retire some first.
    #[error("too many validated paths")]
    TooManyPaths,
    /// The largest datagram wished for lies outside [`MTU_RANGE`](crate::limits::MTU_RANGE).
    #[error("the datagram size is out of range")]
    InvalidMtu,
    /// There are no keys: the handshake has not ended well, or the session is over.
    #[error("the session is not established")]
    NotEstablished,

    // Internal.
    /// The key pair or the certificate could not be made.
    #[error("a certificate could not be generated")]
    CertificateGeneration,
    /// The DTLS implementation refused its own settings.
    #[error("the DTLS session could not be set up")]
    Setup,
}
