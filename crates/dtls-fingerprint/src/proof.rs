/// Proof that the peer's certificate has one of the announced fingerprints and that the peer holds its private key.
///
/// It comes with [`Event::Established`](crate::Event::Established) and from nowhere else: there is no constructor, no copy
/// and no default. [`DtlsEndpoint::export_srtp_keys`](crate::DtlsEndpoint::export_srtp_keys) cannot be called without one.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "the SRTP keys can only be exported with it"]
pub struct FingerprintVerified(());

impl FingerprintVerified {
    /// To be called by the endpoint alone, after the handshake has finished with a certificate that matches.
    pub(crate) const fn new() -> Self {
        Self(())
    }
}
