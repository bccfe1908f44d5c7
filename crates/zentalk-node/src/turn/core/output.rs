use std::fmt;
use std::net::{IpAddr, SocketAddr};

use zentalk_primitives::Instant;

/// A TCP or TLS connection of a client, by the number that the driver gave it. Numbers are never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u64);

/// One wish for a relay socket, to be answered with [`relay_opened`](super::TurnServerCore::relay_opened).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelayRequest(pub(super) u64);

/// IPv4 or IPv6, for relayed addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressFamily {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl AddressFamily {
    /// The family of an address.
    pub const fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }
}

impl From<AddressFamily> for turn_types::AddressFamily {
    fn from(family: AddressFamily) -> Self {
        match family {
            AddressFamily::V4 => Self::IPV4,
            AddressFamily::V6 => Self::IPV6,
        }
    }
}

/// What the port of a relay socket must be like (EVEN-PORT, RFC 8656 §7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ports {
    /// Any port.
    Any,
    /// An even port.
    Even,
    /// An even port, and a second socket on the next higher one, for a later allocation.
    EvenAndNext,
}

/// Relay sockets that the driver opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenedRelay {
    /// The socket's own address.
    pub relay: SocketAddr,
    /// The socket on the next port, where [`Ports::EvenAndNext`] was asked for.
    pub next: Option<SocketAddr>,
}

impl From<SocketAddr> for OpenedRelay {
    fn from(relay: SocketAddr) -> Self {
        Self { relay, next: None }
    }
}

/// The driver could open no relay socket: no port is free, or the operating system refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRelay;

/// What the core wants done, from [`poll_output`](super::TurnServerCore::poll_output).
#[derive(PartialEq, Eq)]
#[non_exhaustive]
pub enum CoreOutput {
    /// Send a UDP datagram from the listening socket `listen`.
    Datagram {
        /// The listening socket.
        listen: SocketAddr,
        /// The client.
        client: SocketAddr,
        /// What to send.
        payload: Vec<u8>,
    },
    /// Write to a client's connection.
    StreamWrite {
        /// The connection.
        stream: StreamId,
        /// What to write, wholly or not at all.
        payload: Vec<u8>,
        /// Relayed data, which may be dropped where the client reads too slowly. An answer may not: where it finds no
        /// room, the connection is to be closed.
        droppable: bool,
    },
    /// Close a client's connection after what was written before. No `stream_closed` is due.
    StreamClose {
        /// The connection.
        stream: StreamId,
    },
    /// Open a relay socket and say so by [`relay_opened`](super::TurnServerCore::relay_opened).
    OpenRelay {
        /// Names the wish.
        request: RelayRequest,
        /// IPv4 or IPv6.
        family: AddressFamily,
        /// The kind of port.
        ports: Ports,
    },
    /// Close a relay socket.
    CloseRelay {
        /// Its own address.
        relay: SocketAddr,
    },
    /// Send a UDP datagram to a peer.
    Relay {
        /// The relay socket to send from.
        relay: SocketAddr,
        /// The peer.
        peer: SocketAddr,
        /// What to send.
        payload: Vec<u8>,
    },
    /// Nothing else is to be done until then, or until there is input; never, for `None`.
    Timeout(Option<Instant>),
}

/// Without addresses and contents: outputs end up in logs.
impl fmt::Debug for CoreOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Datagram { payload, .. } => write!(f, "Datagram({} bytes)", payload.len()),
            Self::StreamWrite { stream, payload, .. } => {
                write!(f, "StreamWrite({stream:?}, {} bytes)", payload.len())
            }
            Self::StreamClose { stream } => write!(f, "StreamClose({stream:?})"),
            Self::OpenRelay { request, family, ports } => {
                write!(f, "OpenRelay({request:?}, {family:?}, {ports:?})")
            }
            Self::CloseRelay { .. } => f.write_str("CloseRelay"),
            Self::Relay { payload, .. } => write!(f, "Relay({} bytes)", payload.len()),
            Self::Timeout(at) => f.debug_tuple("Timeout").field(at).finish(),
        }
    }
}
