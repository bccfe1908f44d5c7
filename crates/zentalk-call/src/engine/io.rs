//! What goes into the engine and what comes out of it.

use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use zentalk_ice_nat::relays::{StreamInput, StreamOutput};
use zentalk_primitives::{CallId, Instant, MailboxId, ParticipantId, RoomId, Transmit};

use super::event::Event;
use super::group::{SfuGrant, SfuInput, SfuOutput};
use super::turn::TurnGrant;

/// What happened outside.
#[non_exhaustive]
pub enum Input {
    /// A datagram arrived at one of the local sockets.
    Datagram {
        /// The address of the socket.
        local: SocketAddr,
        /// Where it came from.
        remote: SocketAddr,
        /// Its bytes; media is opened in place.
        payload: Vec<u8>,
    },
    /// The relay delivered a blob. [`Output::Acknowledge`] follows when it may be forgotten there.
    Delivery {
        /// The relay's number for it.
        sequence: u64,
        /// The blob.
        blob: Vec<u8>,
        /// How long it waited at the relay, by the relay's clock.
        queued: Duration,
    },
    /// The answer to [`Output::FetchPrekeys`].
    Prekeys {
        /// Whose were asked for.
        mailbox: MailboxId,
        /// The bundle and perhaps a one-time prekey; nothing if the relay had none or could not be reached.
        found: Option<FetchedPrekeys>,
    },
    /// Whether one's own prekeys lie at one's own relay: the answer to [`Output::PublishPrekeys`], or
    /// the news that the relay has lost them. What is missing there is published again.
    OwnPrekeys {
        /// Whether they do.
        published: bool,
    },
    /// An [`Output::Put`] could not be left at its relay.
    Undeliverable {
        /// The call that it was about.
        call: CallId,
    },
    /// Something happened on a TCP connection that [`Output::Stream`] asked for.
    Stream(StreamInput),
    /// The answer to [`Output::FetchTurn`]; nothing if one's own relay grants none or cannot be reached.
    TurnGrant(Option<TurnGrant>),
    /// Something happened on a control connection that [`Output::Sfu`] asked for.
    Sfu(SfuInput),
    /// The answer to [`Output::FetchSfu`].
    SfuGrant {
        /// The relay that was asked.
        relay: String,
        /// What it grants; nothing if it grants none or cannot be reached.
        grant: Option<SfuGrant>,
    },
    /// An answer to [`Output::ResolveName`]; none is ever owed.
    NameResolved {
        /// The name that was asked for.
        name: String,
        /// Its address.
        address: IpAddr,
    },
}

/// What the relay of a mailbox gave out.
#[derive(Clone, Debug)]
pub struct FetchedPrekeys {
    /// The signed bundle.
    pub bundle: Vec<u8>,
    /// A one-time prekey, while there are any.
    pub one_time: Option<Vec<u8>>,
}

/// Prints the kind and sizes only.
impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Datagram { payload, .. } => write!(f, "Datagram({} bytes)", payload.len()),
            Self::Delivery { blob, .. } => write!(f, "Delivery({} bytes)", blob.len()),
            Self::Prekeys { found, .. } => write!(f, "Prekeys(found: {})", found.is_some()),
            Self::OwnPrekeys { published } => write!(f, "OwnPrekeys(published: {published})"),
            Self::Undeliverable { .. } => f.write_str("Undeliverable"),
            Self::Stream(input) => input.fmt(f),
            Self::TurnGrant(grant) => write!(f, "TurnGrant({grant:?})"),
            Self::Sfu(input) => input.fmt(f),
            Self::SfuGrant { grant, .. } => write!(f, "SfuGrant({grant:?})"),
            Self::NameResolved { .. } => f.write_str("NameResolved"),
        }
    }
}

/// What to do next, from [`Engine::poll_output`](super::Engine::poll_output). The order matters.
#[non_exhaustive]
pub enum Output {
    /// Send this datagram.
    Transmit(Transmit),
    /// Do this with a TCP connection to a TURN server. TLS is the engine's: these are its bytes.
    Stream(StreamOutput),
    /// Save this snapshot durably **before** acting on any later output. It is encrypted.
    Commit(Vec<u8>),
    /// Put this blob into a mailbox.
    Put(Put),
    /// The relay may forget this delivery.
    Acknowledge(u64),
    /// Ask a mailbox's relay for its prekeys, and answer with [`Input::Prekeys`].
    FetchPrekeys {
        /// The relay's URL.
        relay: String,
        /// The mailbox.
        mailbox: MailboxId,
    },
    /// Replace one's own prekeys at one's own relay, and answer with [`Input::OwnPrekeys`].
    PublishPrekeys {
        /// The signed bundle.
        bundle: Vec<u8>,
        /// One-time prekeys, each to be given out once.
        one_time: Vec<Vec<u8>>,
    },
    /// A call begins: open UDP sockets, if there are none, and give them to
    /// [`Engine::add_socket`](super::Engine::add_socket). Comes before the user has accepted, since the
    /// way to one's own TURN server is prepared while it rings.
    PrepareNetwork,
    /// Bind another UDP socket at this address, to any free port, and give it to
    /// [`Engine::add_socket`](super::Engine::add_socket): fresh TURN credentials need a second allocation
    /// beside the first, and that a port of its own (RFC 8656 §3.2). If it cannot be had, TCP is used.
    OpenSocket {
        /// One of those of the sockets there are.
        interface: IpAddr,
    },
    /// Ask one's own relay for TURN servers and credentials, without naming one's mailbox, and answer
    /// with [`Input::TurnGrant`].
    FetchTurn,
    /// Ask this relay, without naming one's mailbox, for a token to a room of a forwarding server, and
    /// answer with [`Input::SfuGrant`]. It may be a foreign relay; then the user has placed or accepted the
    /// call.
    FetchSfu {
        /// The relay's URL.
        relay: String,
        /// The room, made for one call.
        room: RoomId,
        /// This side, made for one call.
        participant: ParticipantId,
    },
    /// Do this with a control connection to a forwarding server.
    Sfu(SfuOutput),
    /// Ask the local network for the address of this name (multicast DNS, RFC 6762), and answer with
    /// [`Input::NameResolved`] if there is an answer.
    ResolveName {
        /// A name in `.local`.
        name: String,
    },
    /// Answer the local network's questions for this name, until no call is left.
    PublishName {
        /// A random name in `.local`.
        name: String,
        /// The address of ours that it stands for.
        address: IpAddr,
    },
    /// Something happened that the application wants to know.
    Event(Event),
    /// Nothing more for now: call `handle_timeout` at this time, or never if there is none.
    Timeout(Option<Instant>),
}

/// A blob on its way to somebody's mailbox.
pub struct Put {
    /// The call that it is about.
    pub call: CallId,
    /// The URL of the relay that keeps the mailbox.
    pub relay: String,
    /// The mailbox.
    pub mailbox: MailboxId,
    /// The sealed message.
    pub blob: Vec<u8>,
    /// After this time nobody needs it any more.
    pub time_to_live: Duration,
}

/// Prints the kind and sizes only.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transmit(transmit) => transmit.fmt(f),
            Self::Commit(snapshot) => write!(f, "Commit({} bytes)", snapshot.len()),
            Self::Put(put) => write!(f, "Put({} bytes)", put.blob.len()),
            Self::Acknowledge(sequence) => write!(f, "Acknowledge({sequence})"),
            Self::FetchPrekeys { .. } => f.write_str("FetchPrekeys"),
            Self::PublishPrekeys { .. } => f.write_str("PublishPrekeys"),
            Self::Stream(output) => output.fmt(f),
            Self::OpenSocket { .. } => f.write_str("OpenSocket"),
            Self::PrepareNetwork => f.write_str("PrepareNetwork"),
            Self::FetchTurn => f.write_str("FetchTurn"),
            Self::FetchSfu { .. } => f.write_str("FetchSfu"),
            Self::Sfu(output) => output.fmt(f),
            Self::ResolveName { .. } => f.write_str("ResolveName"),
            Self::PublishName { .. } => f.write_str("PublishName"),
            Self::Event(event) => event.fmt(f),
            Self::Timeout(at) => write!(f, "Timeout({at:?})"),
        }
    }
}
