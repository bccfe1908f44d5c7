use dimpl::{
    CertificateError as Certificate, CryptoError as Crypto, CryptoOperation,
    SecurityError as Security,
};

/// Why a session has ended without the peer closing it. None of them yields keys, and each is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FailureReason {
    // The network.
    /// The handshake did not end in [`HANDSHAKE_TIMEOUT`](crate::limits::HANDSHAKE_TIMEOUT), or the peer no longer answers.
    #[error("the handshake timed out")]
    Timeout,

    // The peer.
    /// The peer sent a fatal alert with this description (RFC 8446 §6). During the handshake alerts are not authenticated.
    #[error("the peer sent the fatal alert {0}")]
    PeerAlert(u8),
    /// The peer presented no certificate.
    #[error("the peer presented no certificate")]
    NoPeerCertificate,
    /// The peer's certificate cannot be read, or its key is not ECDSA with P-256 or P-384.
    #[error("the peer's certificate is not supported")]
    UnsupportedCertificate,
    /// A signature, a `Finished` or a record does not verify: the peer does not hold the certificate's key, or someone tampers.
    #[error("the peer's proof does not verify")]
    AuthenticationFailed,
    /// No common version, cipher suite, group or extension that is insisted on.
    #[error("no common parameters")]
    NoCommonParameters,
    /// The handshake ended without an SRTP profile (RFC 5764 §4.1).
    #[error("no SRTP profile was negotiated")]
    NoSrtpProfile,
    /// The peer sent what has no place in the protocol, or more than can be kept.
    #[error("the peer violates the protocol")]
    ProtocolViolation,

    // Us.
    /// Something failed that does not depend on the peer.
    #[error("internal error")]
    Internal,
}

/// Sorts a fatal error of `dimpl` by who is to blame. All of them are fatal.
pub(crate) fn classify(error: &dimpl::Error) -> FailureReason {
    use dimpl::Error;
    match error {
        Error::Timeout(_) => FailureReason::Timeout,
        Error::SecurityError(error) => classify_security(error),
        Error::CertificateError(error) => classify_certificate(error),
        Error::CryptoError(error) => classify_crypto(error),
        Error::UnexpectedMessage(_)
        | Error::ReceiveQueueFull
        | Error::IncompleteServerHello
        | Error::RenegotiationAttempt
        | Error::TooManyClientHelloFragments => FailureReason::ProtocolViolation,
        _ => FailureReason::Internal,
    }
}

fn classify_security(error: &Security) -> FailureReason {
    match error {
        Security::FatalAlert { description } => FailureReason::PeerAlert(*description),
        Security::ServerFinishedVerificationFailed | Security::ClientFinishedVerificationFailed => {
            FailureReason::AuthenticationFailed
        }
        Security::ServerKeyShareGroupMismatch { .. }
        | Security::InvalidCookieInClientHello
        | Security::InvalidLegacyCookieInClientHello
        | Security::CannotSendSecondHelloRetryRequest
        | Security::UnexpectedSecondHelloRetryRequest
        | Security::SignatureTooLarge
        | Security::SignatureSchemeCertificateCurveMismatch { .. } => {
            FailureReason::ProtocolViolation
        }
        _ => FailureReason::NoCommonParameters,
    }
}

fn classify_certificate(error: &Certificate) -> FailureReason {
    match error {
        Certificate::NoServerCertificateReceived
        | Certificate::NoClientCertificateReceived
        | Certificate::NoClientCertificateForVerification
        | Certificate::NoServerCertificateForVerification => FailureReason::NoPeerCertificate,
        _ => FailureReason::UnsupportedCertificate,
    }
}

fn classify_crypto(error: &Crypto) -> FailureReason {
    match error {
        Crypto::SignatureVerificationFailed { .. }
        | Crypto::InvalidSignatureFormat
        | Crypto::CiphertextTooShort { .. }
        | Crypto::OperationFailed(CryptoOperation::Decrypt | CryptoOperation::VerifySignature) => {
            FailureReason::AuthenticationFailed
        }
        Crypto::UnsupportedPublicKeyAlgorithm
        | Crypto::UnsupportedEcCurve
        | Crypto::CertificateParseFailed
        | Crypto::MissingEcCurveParameter
        | Crypto::InvalidEcCurveParameter
        | Crypto::InvalidSubjectPublicKey => FailureReason::UnsupportedCertificate,
        Crypto::NoSupportedKeyExchangeGroups
        | Crypto::NoDtls12KeyExchangeGroupsConfigured
        | Crypto::KeyExchangeGroupNotFound(_)
        | Crypto::UnsupportedKeyExchangeGroup(_)
        | Crypto::UnsupportedEcdheNamedGroup(_)
        | Crypto::UnsupportedCipherSuite(_)
        | Crypto::UnsupportedSignatureAlgorithm(_)
        | Crypto::UnsupportedSignaturePair { .. }
        | Crypto::UnsupportedSignatureVerification { .. }
        | Crypto::SignatureAlgorithmNotOfferedByClient
        | Crypto::SignatureAlgorithmMismatch { .. } => FailureReason::NoCommonParameters,
        Crypto::InvalidPublicKey(_)
        | Crypto::OperationFailed(CryptoOperation::CompleteKeyExchange) => {
            FailureReason::ProtocolViolation
        }
        _ => FailureReason::Internal,
    }
}
