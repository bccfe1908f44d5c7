/// What an endpoint has done so far, in datagrams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DtlsStats {
    /// Handed over for sending.
    pub sent: u64,
    /// Taken in: from a validated path, well formed, while the session lived.
    pub received: u64,
    /// Dropped because they did not come over a validated path.
    pub dropped_unvalidated: u64,
    /// Dropped because they cannot be DTLS (RFC 7983 §7), are empty, or are too long.
    pub dropped_malformed: u64,
    /// Dropped because nothing in them can be part of the handshake at this point (or completes a message yet).
    pub dropped_unexpected: u64,
    /// Dropped because the session was over.
    pub dropped_after_end: u64,
    /// Application data that the peer sent over DTLS, which this layer has no use for.
    pub ignored_application_data: u64,
}
