use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use zentalk_primitives::Instant;

/// What the way to the TURN server brings.
#[derive(Clone, Copy)]
pub enum TurnInput<'a> {
    /// UDP: a datagram from the server's address, whole. TCP and TLS: the next bytes of the stream, in any pieces.
    Received(&'a [u8]),
    /// The stream has ended, or never came about.
    Closed,
}

impl fmt::Debug for TurnInput<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Received(bytes) => write!(f, "Received({} bytes)", bytes.len()),
            Self::Closed => f.write_str("Closed"),
        }
    }
}

/// What [`TurnClient::poll_output`](crate::turn::TurnClient::poll_output) gives.
#[derive(Debug)]
pub enum TurnOutput {
    /// To the server. UDP: one datagram. TCP and TLS: bytes of the stream, in this order, none left out.
    Send(Vec<u8>),
    /// Something happened.
    Event(TurnEvent),
    /// Nothing more for now. Call [`TurnClient::handle_timeout`](crate::turn::TurnClient::handle_timeout) at this time, if any.
    Timeout(Option<Instant>),
}

/// What happened to an allocation.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TurnEvent {
    /// The server relays for us now. Twice, if both address families were asked for and granted.
    Allocated {
        /// The address that peers see.
        relayed: SocketAddr,
        /// Our own address, as the server sees it.
        mapped: Option<SocketAddr>,
        /// From a request to its answer; an upper bound, if the request had to be sent more than once.
        round_trip: Duration,
    },
    /// A peer that has a permission sent something. Over UDP nobody vouches for it but what is inside.
    Data {
        /// The peer.
        peer: SocketAddr,
        /// What it sent.
        payload: Vec<u8>,
    },
    /// The server relays nothing to this peer (RFC 8656 §10.2: 403 where its operator forbids the address; 443 where the allocation is of the
    /// other address family). The allocation stands.
    PeerRefused {
        /// The peer.
        peer: IpAddr,
        /// The STUN error code.
        code: u16,
    },
    /// The last event.
    Ended(TurnEnd),
}

impl fmt::Debug for TurnEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allocated { round_trip, .. } => write!(f, "Allocated({round_trip:?})"),
            Self::Data { payload, .. } => write!(f, "Data({} bytes)", payload.len()),
            Self::PeerRefused { code, .. } => write!(f, "PeerRefused({code})"),
            Self::Ended(end) => write!(f, "Ended({end:?})"),
        }
    }
}

/// How an allocation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TurnEnd {
    /// We asked for it. (If the server never answered, it ends there when its lifetime does.)
    Released,
    /// It never stood, or stands no more.
    Failed(TurnFailure),
}

/// Why there is no allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TurnFailure {
    /// Nothing that counts came within [`TURN_TIMEOUT`](crate::turn::TURN_TIMEOUT). Try another transport: UDP is blocked on many networks.
    #[error("TURN server does not answer; this transport may be blocked here")]
    Unreachable,
    /// The stream was closed, or never opened.
    #[error("connection to the TURN server was closed")]
    Closed,
    /// The server's certificate is not for this name, not from a root that is trusted, or not valid today. No credentials were sent.
    #[error(
        "certificate of the TURN server is not trusted; check the server's name, its certificate, and this machine's clock"
    )]
    BadCertificate,
    /// The TLS handshake, or the session later, broke for another reason.
    #[error("TLS with the TURN server failed; it may speak another version, or not TLS at all")]
    Tls,
    /// 401 to the right credentials, or 441: they are wrong, or have expired. Get new ones.
    #[error("TURN server does not accept the credentials; get new ones")]
    Unauthorized,
    /// 403: the server's operator does not let us allocate.
    #[error("TURN server forbids the allocation")]
    Forbidden,
    /// 437: the server has another allocation for these addresses. Try again from another port, or on a new connection.
    #[error("TURN server has another allocation for this address; try again from another port")]
    AllocationMismatch,
    /// 486: too many allocations with these credentials. Release one, or try another server.
    #[error("too many allocations with these TURN credentials")]
    QuotaReached,
    /// 508: the server is full. Try another one.
    #[error("TURN server has no capacity left")]
    NoCapacity,
    /// The allocation stood, and the server does not know it any more: it was not refreshed in time, or the server was started anew.
    #[error("allocation was lost; make a new one")]
    AllocationLost,
    /// Another STUN error code.
    #[error("TURN server refused the allocation with code {0}")]
    Refused(u16),
    /// What came is not TURN.
    #[error("TURN server breaks the protocol")]
    Protocol,
}

impl TurnFailure {
    /// RFC 8656 §7.4, §19.
    pub(super) fn from_code(code: u16) -> Self {
        match code {
            401 | 441 => Self::Unauthorized,
            403 => Self::Forbidden,
            437 => Self::AllocationMismatch,
            486 => Self::QuotaReached,
            508 => Self::NoCapacity,
            other => Self::Refused(other),
        }
    }
}
