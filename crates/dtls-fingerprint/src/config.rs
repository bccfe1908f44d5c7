use core::fmt;
use core::ops::RangeInclusive;
use core::time::Duration;

use crate::{Certificate, Error, RemoteFingerprints};

/// The largest datagram that is sent, unless the caller says otherwise: it passes every path, with IPv6, TURN and a tunnel around it.
pub const DEFAULT_MTU: usize = 1_150;

/// The sizes that [`DtlsConfig::with_mtu`] takes, in bytes.
pub const MTU_RANGE: RangeInclusive<usize> = 256..=1_500;

/// From the first datagram of a handshake, sent or taken in, to its failure with
/// [`FailureReason::Timeout`](crate::FailureReason::Timeout).
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(40);

/// Which end of the handshake this is; `a=setup:active` is the client (RFC 5763 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DtlsRole {
    /// Sends the `ClientHello`.
    Client,
    /// Waits for it.
    Server,
}

/// A version of DTLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DtlsVersion {
    /// RFC 6347.
    Dtls12,
    /// RFC 9147.
    Dtls13,
}

impl fmt::Display for DtlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dtls12 => "DTLS 1.2",
            Self::Dtls13 => "DTLS 1.3",
        })
    }
}

/// Which versions may be negotiated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DtlsVersions {
    /// DTLS 1.3, or 1.2 where the peer has no more.
    #[default]
    Auto,
    /// DTLS 1.2 alone.
    Dtls12,
    /// DTLS 1.3 alone.
    Dtls13,
}

/// What one session needs to know.
#[derive(Debug)]
pub struct DtlsConfig {
    pub(crate) certificate: Certificate,
    pub(crate) role: DtlsRole,
    pub(crate) remote_fingerprints: RemoteFingerprints,
    pub(crate) versions: DtlsVersions,
    pub(crate) mtu: usize,
    pub(crate) seed: Option<u64>,
}

impl DtlsConfig {
    /// A session with `certificate` as one's own, in `role`, with the peer whose certificate has one of `remote_fingerprints`.
    pub const fn new(
        certificate: Certificate,
        role: DtlsRole,
        remote_fingerprints: RemoteFingerprints,
    ) -> Self {
        Self {
            certificate,
            role,
            remote_fingerprints,
            versions: DtlsVersions::Auto,
            mtu: DEFAULT_MTU,
            seed: None,
        }
    }

    /// Restricts the versions; [`DtlsVersions::Auto`] if not called.
    #[must_use]
    pub const fn with_versions(mut self, versions: DtlsVersions) -> Self {
        self.versions = versions;
        self
    }

    /// The largest datagram to send, in bytes of UDP payload; [`DEFAULT_MTU`] if not called.
    ///
    /// # Errors
    /// [`Error::InvalidMtu`] outside [`MTU_RANGE`].
    pub fn with_mtu(mut self, mtu: usize) -> Result<Self, Error> {
        if !MTU_RANGE.contains(&mtu) {
            return Err(Error::InvalidMtu);
        }
        self.mtu = mtu;
        Ok(self)
    }

    /// Settings that are wrong outside of a simulation.
    pub const fn dangerous(self) -> DangerousConfig {
        DangerousConfig(self)
    }
}

/// Settings that are wrong outside of a simulation; see [`DtlsConfig::dangerous`].
#[derive(Debug)]
pub struct DangerousConfig(DtlsConfig);

impl DangerousConfig {
    /// Draws the hello randoms, record nonces and the jitter of retransmissions from a 64-bit seed, so that a simulated call has the same
    /// event trace every time. **Anyone who guesses the seed predicts them**: never in a real call. Key exchange and signatures are not seeded.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> DtlsConfig {
        let mut config = self.0;
        config.seed = Some(seed);
        config
    }
}
