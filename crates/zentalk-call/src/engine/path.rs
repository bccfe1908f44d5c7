//! Which way packets take, and why that one: what a user is told.

use core::fmt;
use core::net::SocketAddr;

use zentalk_ice_nat::{self as ice, CandidatePair, TransportProtocol};
use zentalk_primitives::Redacted;

use super::config::Privacy;

/// The path that packets take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PathInfo {
    /// The address of ours: a socket's, or the one that a TURN server relays for us.
    pub local: Redacted<SocketAddr>,
    /// The peer's.
    pub remote: Redacted<SocketAddr>,
    /// How the two meet.
    pub kind: PathKind,
    /// Why it is this one.
    pub why: PathReason,
}

/// How packets between the two sides travel.
///
/// `Display` gives `direct`, `server-reflexive`, `relay/udp`, `relay/tcp` or `relay/tls`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathKind {
    /// Host to host.
    Direct,
    /// Through at least one NAT.
    ServerReflexive,
    /// Through a TURN relay, which this side reaches so. Where only the peer uses one, this side sends to
    /// it over UDP as to anybody.
    Relay(RelayTransport),
}

/// How a TURN server is reached. To the other side it speaks UDP in every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RelayTransport {
    /// TURN over UDP.
    Udp,
    /// TURN over TCP, where UDP does not get through.
    Tcp,
    /// TURN over TLS, where nothing else gets through.
    Tls,
}

/// Why packets take this path. `Display` is for the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathReason {
    /// Both are reached at addresses of their own.
    NothingBetween,
    /// There are NATs, and checks get through them.
    ThroughNat,
    /// The call is not accepted yet, and until then neither side is to learn the other's address.
    NotAcceptedYet,
    /// This side uses relays only.
    RelayOnly,
    /// No direct path answered.
    NoDirectPath,
    /// UDP does not get through to the TURN server.
    UdpBlocked(RelayTransport),
    /// The other side wants it, or needs it.
    PeerRelays,
}

impl PathInfo {
    /// What there is to say of a nominated pair. `is_open` says whether direct paths may be used already.
    pub(crate) fn new(pair: &CandidatePair, privacy: Privacy, is_open: bool) -> Self {
        let (kind, why) = match pair.path() {
            ice::PathKind::ServerReflexive => (PathKind::ServerReflexive, PathReason::ThroughNat),
            ice::PathKind::Relay { transport: None } => {
                (PathKind::Relay(RelayTransport::Udp), PathReason::PeerRelays)
            }
            ice::PathKind::Relay { transport: Some(transport) } => {
                let transport = RelayTransport::from(transport);
                (PathKind::Relay(transport), relayed(transport, privacy, is_open))
            }
            _ => (PathKind::Direct, PathReason::NothingBetween),
        };
        let (local, remote) = (Redacted(pair.local()), Redacted(pair.remote()));
        Self { local, remote, kind, why }
    }
}

fn relayed(transport: RelayTransport, privacy: Privacy, is_open: bool) -> PathReason {
    match (transport, privacy) {
        (RelayTransport::Tcp | RelayTransport::Tls, _) => PathReason::UdpBlocked(transport),
        (RelayTransport::Udp, _) if !is_open => PathReason::NotAcceptedYet,
        (RelayTransport::Udp, Privacy::RelayOnly) => PathReason::RelayOnly,
        (RelayTransport::Udp, Privacy::Direct) => PathReason::NoDirectPath,
    }
}

impl PathKind {
    /// Whether a TURN server carries the packets.
    pub const fn is_relayed(self) -> bool {
        matches!(self, Self::Relay(_))
    }
}

impl From<TransportProtocol> for RelayTransport {
    fn from(transport: TransportProtocol) -> Self {
        match transport {
            TransportProtocol::Tcp => Self::Tcp,
            TransportProtocol::Tls => Self::Tls,
            _ => Self::Udp,
        }
    }
}

impl fmt::Display for PathKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct => f.write_str("direct"),
            Self::ServerReflexive => f.write_str("server-reflexive"),
            Self::Relay(transport) => write!(f, "relay/{transport}"),
        }
    }
}

impl fmt::Display for RelayTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        })
    }
}

impl fmt::Display for PathReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NothingBetween => "nothing stands between the two",
            Self::ThroughNat => "a way through the NATs between the two was found",
            Self::NotAcceptedYet => {
                "the call is not accepted yet; until then neither side shows its address"
            }
            Self::RelayOnly => "relay-only: the other side does not learn this side's address",
            Self::NoDirectPath => "no direct path between the two networks answers",
            Self::UdpBlocked(RelayTransport::Tls) => "UDP is blocked here: connected over TLS",
            Self::UdpBlocked(_) => "UDP is blocked here: connected over TCP",
            Self::PeerRelays => {
                "no direct path answers; the other side is reached through its relay"
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Programs read these names: the journal, the lab.
    #[test]
    fn paths_have_stable_names() {
        let relays = [RelayTransport::Udp, RelayTransport::Tcp, RelayTransport::Tls];
        let names: Vec<_> = [PathKind::Direct, PathKind::ServerReflexive]
            .into_iter()
            .chain(relays.map(PathKind::Relay))
            .map(|kind| kind.to_string())
            .collect();
        assert_eq!(names, ["direct", "server-reflexive", "relay/udp", "relay/tcp", "relay/tls"]);
    }

    #[test]
    fn a_relayed_path_says_why_it_is_not_a_direct_one() {
        use PathReason::{NoDirectPath, NotAcceptedYet, RelayOnly, UdpBlocked};
        use RelayTransport::{Tls, Udp};
        assert_eq!(relayed(Udp, Privacy::Direct, false), NotAcceptedYet);
        assert_eq!(relayed(Udp, Privacy::Direct, true), NoDirectPath);
        assert_eq!(relayed(Udp, Privacy::RelayOnly, true), RelayOnly);
        assert_eq!(relayed(Tls, Privacy::Direct, true), UdpBlocked(Tls));
        assert!(UdpBlocked(Tls).to_string().contains("TLS"));
    }
}
