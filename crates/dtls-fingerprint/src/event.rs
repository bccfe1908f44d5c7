use core::fmt;
use core::net::SocketAddr;

use zentalk_primitives::{Instant, Transmit};

use crate::{
    CipherSuite, DtlsRole, DtlsVersion, FailureReason, Fingerprint, FingerprintVerified,
    RemoteFingerprints, SrtpProfile,
};

/// What is put into a [`DtlsEndpoint`](crate::DtlsEndpoint).
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Input<'a> {
    /// A datagram whose first byte is 20 to 63 (RFC 7983 §7).
    Datagram {
        /// The local address it came to.
        local: SocketAddr,
        /// The address it came from.
        remote: SocketAddr,
        /// Its bytes.
        payload: &'a [u8],
    },
}

/// Prints the length only: addresses do not belong in logs.
impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Datagram { payload, .. } => write!(f, "Datagram({} bytes)", payload.len()),
        }
    }
}

/// What comes out of a [`DtlsEndpoint`](crate::DtlsEndpoint).
#[derive(Debug)]
pub enum Output {
    /// Send this datagram, over the active path.
    Transmit(Transmit),
    /// Something happened.
    Event(Event),
    /// Nothing more for now. Call `handle_timeout` at this time if it is one, or earlier.
    Timeout(Option<Instant>),
}

/// What a session has to say.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// The handshake is over, the peer's certificate has an announced fingerprint and the peer holds its key. Comes once.
    Established {
        /// What was negotiated.
        summary: HandshakeSummary,
        /// Needed for [`export_srtp_keys`](crate::DtlsEndpoint::export_srtp_keys).
        proof: FingerprintVerified,
    },
    /// The peer's certificate has none of the announced fingerprints: someone is in between. The session is over, nothing more is sent.
    FingerprintMismatch {
        /// What the signalling announced.
        expected: RemoteFingerprints,
        /// What the certificate has.
        presented: Fingerprint,
    },
    /// The session is over.
    Failed(FailureReason),
    /// The peer has closed the session (`close_notify`). The session is over.
    Closed,
}

/// What a handshake has negotiated.
#[derive(Clone, Debug)]
pub struct HandshakeSummary {
    pub(crate) version: DtlsVersion,
    pub(crate) cipher_suite: Option<CipherSuite>,
    pub(crate) srtp_profile: SrtpProfile,
    pub(crate) role: DtlsRole,
    pub(crate) peer_fingerprint: Fingerprint,
}

impl HandshakeSummary {
    /// The version of DTLS.
    pub const fn version(&self) -> DtlsVersion {
        self.version
    }

    /// The cipher suite of the DTLS session, read from the `ServerHello` as it went by; `None` if it did not go by whole.
    pub const fn cipher_suite(&self) -> Option<CipherSuite> {
        self.cipher_suite
    }

    /// The protection profile that the exported keys are for.
    pub const fn srtp_profile(&self) -> SrtpProfile {
        self.srtp_profile
    }

    /// Which end this was.
    pub const fn role(&self) -> DtlsRole {
        self.role
    }

    /// The fingerprint of the peer's certificate: one of those announced.
    pub const fn peer_fingerprint(&self) -> Fingerprint {
        self.peer_fingerprint
    }
}
