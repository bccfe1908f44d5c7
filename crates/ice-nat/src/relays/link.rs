use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use zentalk_primitives::Instant;

use super::{StreamId, StreamOutput};
use crate::TransportProtocol;
use crate::turn::{TURN_RELEASE_TIMEOUT, TurnClient};

/// One attempt at one server over one transport, and the allocation that may come of it.
pub(super) struct Link {
    pub(super) id: LinkId,
    /// Which ladder began it: it says for which grant and server.
    pub(super) ladder: u64,
    pub(super) rung: TransportProtocol,
    pub(super) server: SocketAddr,
    pub(super) carrier: Carrier,
    /// Absent until the stream is connected.
    pub(super) client: Option<TurnClient>,
    pub(super) stage: Stage,
    /// When the client, or the wait for the connection, wants to be woken.
    pub(super) timeout: Option<Instant>,
    /// What was allocated, one address of each IP version.
    pub(super) relayed: Vec<SocketAddr>,
    /// Whether this stands in for an attempt that ended with 437.
    pub(super) repeated: bool,
}

/// Names a link for as long as there is a [`Relays`](super::Relays).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct LinkId(pub(super) u64);

/// What the bytes travel in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Carrier {
    /// Datagrams from a socket of ours.
    Udp { local: SocketAddr },
    /// A connection from an interface of ours; `local` once it is open.
    Stream { stream: StreamId, interface: IpAddr, local: Option<SocketAddr> },
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// No allocation yet.
    Climbing,
    /// Allocated, and announced.
    Serving,
    /// Being released; over then at the latest.
    Leaving { until: Instant },
}

impl Link {
    pub(super) fn is_climbing(&self) -> bool {
        self.stage == Stage::Climbing
    }

    pub(super) fn is_serving(&self) -> bool {
        self.stage == Stage::Serving
    }

    /// The end on our side, once there is one.
    pub(super) fn local(&self) -> Option<SocketAddr> {
        match self.carrier {
            Carrier::Udp { local } => Some(local),
            Carrier::Stream { local, .. } => local,
        }
    }

    pub(super) fn interface(&self) -> IpAddr {
        match self.carrier {
            Carrier::Udp { local } => local.ip(),
            Carrier::Stream { interface, .. } => interface,
        }
    }

    pub(super) fn stream(&self) -> Option<StreamId> {
        match self.carrier {
            Carrier::Udp { .. } => None,
            Carrier::Stream { stream, .. } => Some(stream),
        }
    }

    /// Whether datagrams between these two are its own.
    pub(super) fn is_between(&self, local: SocketAddr, server: SocketAddr) -> bool {
        self.carrier == Carrier::Udp { local } && self.server == server
    }

    /// The relayed address from which this peer can be reached.
    pub(super) fn relayed_towards(&self, peer: SocketAddr) -> Option<SocketAddr> {
        self.relayed.iter().find(|relayed| relayed.is_ipv4() == peer.is_ipv4()).copied()
    }

    /// What has to be done with its stream when it goes.
    pub(super) fn close(&self) -> Option<StreamOutput> {
        self.stream().map(|stream| StreamOutput::Close { stream })
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let leaving = match self.stage {
            Stage::Leaving { until } => Some(until),
            _ => None,
        };
        self.timeout.into_iter().chain(leaving).min()
    }
}

/// How long a TCP connection may take. A SYN that is dropped is sent again after 1 s and 3 s (RFC 6298 §2); a fourth is not waited for.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long one that is not wanted any more may take: a little longer than its client waits for the server.
pub(super) const LEAVING: Duration = Duration::from_secs(TURN_RELEASE_TIMEOUT.as_secs() + 1);
