//! What goes into [`Relays`](super::Relays) and what comes out of it.

use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use zentalk_primitives::{Instant, Redacted, Transmit};

use crate::RelayedAddress;
use crate::turn::TurnFailure;

/// Names a TCP connection to a TURN server; the bytes of TLS are ours, the driver carries plain ones.
///
/// Each [`Relays`](super::Relays) counts from a random start, so that those of two calls do not meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u64);

/// What happened on a stream.
#[derive(Clone, PartialEq, Eq)]
pub enum StreamInput {
    /// It is connected.
    Connected {
        /// Which.
        stream: StreamId,
        /// Our end of it.
        local: SocketAddr,
    },
    /// Bytes arrived, cut anyhow.
    Received {
        /// Which.
        stream: StreamId,
        /// The bytes.
        payload: Vec<u8>,
    },
    /// It ended, or could not be connected.
    Closed {
        /// Which.
        stream: StreamId,
    },
}

/// What to do with a stream.
#[derive(Clone, PartialEq, Eq)]
pub enum StreamOutput {
    /// Open a TCP connection; answer with [`StreamInput::Connected`] or [`StreamInput::Closed`].
    Connect {
        /// Its name from now on.
        stream: StreamId,
        /// The interface to connect from.
        local: IpAddr,
        /// The TURN server.
        remote: SocketAddr,
    },
    /// Write these bytes.
    Write {
        /// Which.
        stream: StreamId,
        /// The bytes.
        payload: Vec<u8>,
    },
    /// Close it, after what was written. Nothing that it says afterwards matters.
    Close {
        /// Which.
        stream: StreamId,
    },
}

/// What [`Relays`](super::Relays) has to do or to say.
#[derive(Clone, Debug, PartialEq)]
pub enum RelaysOutput {
    /// Send this datagram: `local` is a socket of ours, `remote` a TURN server.
    Transmit(Transmit),
    /// Do this with a stream.
    Stream(StreamOutput),
    /// Something happened.
    Event(RelaysEvent),
    /// Nothing more for now: call [`Relays::handle_timeout`](super::Relays::handle_timeout) at this time, or never.
    Timeout(Option<Instant>),
}

/// What [`Relays`](super::Relays) has to say.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum RelaysEvent {
    /// An address on a TURN server is ours: [`IceAgent::add_relayed`](crate::IceAgent::add_relayed).
    Allocated(RelayedAddress),
    /// It is not any more: [`IceAgent::remove_local`](crate::IceAgent::remove_local).
    Lost(SocketAddr),
    /// A peer's datagram arrived at one of them.
    Data {
        /// The relayed address.
        local: SocketAddr,
        /// The peer.
        remote: SocketAddr,
        /// The bytes.
        payload: Vec<u8>,
    },
    /// Nothing more to wait for: as many servers as are used at once serve us, or everything has been tried.
    /// Comes again after whatever starts the search anew.
    Settled,
    /// No TURN server can be used, and why; [`Settled`](Self::Settled) follows. It is tried again by and by.
    Failed(RelaysFailure),
    /// Most of the credentials' lifetime is over: fetch fresh ones and call [`Relays::set_servers`](super::Relays::set_servers).
    /// Comes again until that happens.
    RenewalDue,
    /// Another UDP socket is needed at this address: bind one to a free port and tell it by
    /// [`Relays::add_local`](super::Relays::add_local). (An allocation belongs to a pair of ports, RFC 8656 §3.2: a second one
    /// beside it, with fresh credentials, needs another port of ours.) Without one TCP and TLS are used.
    SocketNeeded {
        /// The interface's address.
        interface: IpAddr,
    },
    /// A server answered: for [`ServerRanking::observe`](crate::servers::ServerRanking::observe).
    ServerMeasured {
        /// [`RelayServer::host`](super::RelayServer::host).
        host: String,
        /// How long it took.
        round_trip: Duration,
    },
    /// A server could not be used over any transport: for [`ServerRanking::observe`](crate::servers::ServerRanking::observe).
    ServerFailed {
        /// [`RelayServer::host`](super::RelayServer::host).
        host: String,
        /// The most telling cause.
        failure: TurnFailure,
    },
}

/// Why there is no relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RelaysFailure {
    /// No TURN server is known.
    #[error("no TURN server is known: configure one, or a relay that names some")]
    NoServers,
    /// None of our interfaces speaks the IP version of any server.
    #[error(
        "no TURN server can be reached from here: none has an address of the IP version that this network speaks"
    )]
    NoRoute,
    /// The credentials have expired, and no fresh ones came.
    #[error("the TURN credentials have expired: fetch fresh ones")]
    CredentialsExpired,
    /// Servers were tried; the most telling cause.
    #[error("no TURN server could be used: {0}")]
    Servers(TurnFailure),
}

impl StreamInput {
    /// Which stream it is about.
    pub fn stream(&self) -> StreamId {
        match self {
            Self::Connected { stream, .. }
            | Self::Received { stream, .. }
            | Self::Closed { stream } => *stream,
        }
    }
}

impl StreamOutput {
    /// Which stream it is about.
    pub fn stream(&self) -> StreamId {
        match self {
            Self::Connect { stream, .. } | Self::Write { stream, .. } | Self::Close { stream } => {
                *stream
            }
        }
    }
}

/// Prints no address and no content.
impl fmt::Debug for StreamInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected { stream, .. } => write!(f, "Connected({})", stream.0),
            Self::Received { stream, payload } => {
                write!(f, "Received({}, {} bytes)", stream.0, payload.len())
            }
            Self::Closed { stream } => write!(f, "Closed({})", stream.0),
        }
    }
}

/// Prints no address and no content.
impl fmt::Debug for StreamOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect { stream, .. } => write!(f, "Connect({})", stream.0),
            Self::Write { stream, payload } => {
                write!(f, "Write({}, {} bytes)", stream.0, payload.len())
            }
            Self::Close { stream } => write!(f, "Close({})", stream.0),
        }
    }
}

/// Prints no address, no host and no content.
impl fmt::Debug for RelaysEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allocated(relay) => f.debug_tuple("Allocated").field(relay).finish(),
            Self::Lost(_) => f.debug_tuple("Lost").field(&Redacted(())).finish(),
            Self::Data { payload, .. } => write!(f, "Data({} bytes)", payload.len()),
            Self::Settled => f.write_str("Settled"),
            Self::Failed(failure) => f.debug_tuple("Failed").field(failure).finish(),
            Self::RenewalDue => f.write_str("RenewalDue"),
            Self::SocketNeeded { .. } => f.write_str("SocketNeeded"),
            Self::ServerMeasured { round_trip, .. } => {
                f.debug_tuple("ServerMeasured").field(round_trip).finish()
            }
            Self::ServerFailed { failure, .. } => {
                f.debug_tuple("ServerFailed").field(failure).finish()
            }
        }
    }
}
