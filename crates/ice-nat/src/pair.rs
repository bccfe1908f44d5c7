use core::fmt;
use core::net::SocketAddr;

use crate::{CandidateKind, TransportProtocol};

/// How packets between the two sides travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathKind {
    /// Host to host; a static 1:1 NAT counts as direct.
    Direct,
    /// Through at least one NAT that rewrites addresses.
    ServerReflexive,
    /// Through at least one TURN relay.
    Relay {
        /// How we reach our own relay; `None` when only the peer uses one.
        transport: Option<TransportProtocol>,
    },
}

/// A pair of candidates that the checks agreed on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CandidatePair {
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    pub(crate) local_kind: CandidateKind,
    pub(crate) remote_kind: CandidateKind,
    pub(crate) path: PathKind,
}

impl CandidatePair {
    /// The address (of a socket or a relay allocation) to send from.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// The address to send to.
    pub fn remote(&self) -> SocketAddr {
        self.remote
    }

    /// What the peer sees us as.
    pub fn local_kind(&self) -> CandidateKind {
        self.local_kind
    }

    /// What the peer's candidate is.
    pub fn remote_kind(&self) -> CandidateKind {
        self.remote_kind
    }

    /// How packets travel.
    pub fn path(&self) -> PathKind {
        self.path
    }
}

/// Prints the kinds only: addresses do not belong in logs.
impl fmt::Debug for CandidatePair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CandidatePair({:?}-{:?}, {:?})", self.local_kind, self.remote_kind, self.path)
    }
}
