use core::net::{IpAddr, SocketAddr};

use stun_proto::Instant as LibraryInstant;
use stun_proto::agent::Transmit;
use stun_types::{AddressFamily, TransportType};
use turn_client_proto::api::{
    BindChannelError, CreatePermissionError, TurnClientApi, TurnConfig as LibraryConfig,
    TurnEvent as LibraryEvent, TurnPollRet, TurnRecvRet,
};
use turn_client_proto::tcp::TurnClientTcp;
use turn_client_proto::types::TurnCredentials as LibraryCredentials;
use turn_client_proto::types::prelude::DelayedTransmitBuild;
use turn_client_proto::udp::TurnClientUdp;
use zentalk_primitives::Instant;

use super::config::AddressFamilies;
use super::credentials::TurnCredentials;
use super::limits::{LAST_WAIT, LONGEST_WAIT, SHORTEST_WAIT, TRANSMISSIONS};

/// `turn-client-proto`, in our units. It takes and gives whole messages, over a stream as well.
pub(super) struct Library {
    client: Client,
    local: SocketAddr,
    server: SocketAddr,
    transport: TransportType,
}

enum Client {
    Datagrams(Box<TurnClientUdp>),
    Stream(Box<TurnClientTcp>),
}

/// The same call on either.
macro_rules! on {
    ($library:expr, $client:ident => $call:expr) => {
        match &mut $library.client {
            Client::Datagrams($client) => $call,
            Client::Stream($client) => $call,
        }
    };
}

/// When there is something to do.
pub(super) enum Poll {
    At(Instant),
    /// There is no allocation, and will be none.
    Closed,
}

/// What became of a wish for a permission or a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The server will answer.
    Yes,
    /// It is there already.
    Already,
    /// The library does not ask: there is no allocation of this address family, or the channel has just expired.
    No,
}

impl Library {
    pub(super) fn new(
        (local, server): (SocketAddr, SocketAddr),
        is_stream: bool,
        families: AddressFamilies,
        credentials: &TurnCredentials,
    ) -> Self {
        let config = configure(families, credentials);
        let (client, transport) = if is_stream {
            let client = TurnClientTcp::allocate(local, server, config);
            (Client::Stream(Box::new(client)), TransportType::Tcp)
        } else {
            let client = TurnClientUdp::allocate(local, server, config);
            (Client::Datagrams(Box::new(client)), TransportType::Udp)
        };
        Self { client, local, server, transport }
    }

    /// One whole message from the server. The peer and its payload, if it was data.
    pub(super) fn receive(
        &mut self,
        now: Instant,
        message: &[u8],
    ) -> Option<(SocketAddr, Vec<u8>)> {
        let transmit = Transmit::new(message, self.transport, self.server, self.local);
        match on!(self, client => client.recv(transmit, to_library(now))) {
            TurnRecvRet::PeerData(data) => Some((data.peer, data.data().to_vec())),
            TurnRecvRet::Handled | TurnRecvRet::Ignored(_) | TurnRecvRet::PeerIcmp { .. } => None,
        }
    }

    pub(super) fn poll_event(&mut self) -> Option<LibraryEvent> {
        on!(self, client => client.poll_event())
    }

    /// The next request, or one that is sent again.
    pub(super) fn poll_transmit(&mut self, now: Instant) -> Option<Vec<u8>> {
        on!(self, client => client.poll_transmit(to_library(now)))
            .map(|transmit| transmit.data.to_vec())
    }

    pub(super) fn poll(&mut self, now: Instant) -> Poll {
        match on!(self, client => client.poll(to_library(now))) {
            TurnPollRet::WaitUntil(at) => Poll::At(from_library(at)),
            TurnPollRet::Closed => Poll::Closed,
            // Of TCP allocations (RFC 6062), which are never asked for.
            TurnPollRet::AllocateTcpSocket { .. } | TurnPollRet::TcpClose { .. } => Poll::At(now),
        }
    }

    pub(super) fn create_permission(&mut self, now: Instant, peer: IpAddr) -> Asked {
        match on!(self, client => client.create_permission(RELAYED, peer, to_library(now))) {
            Ok(()) => Asked::Yes,
            Err(CreatePermissionError::AlreadyExists) => Asked::Already,
            Err(_) => Asked::No,
        }
    }

    pub(super) fn bind_channel(&mut self, now: Instant, peer: SocketAddr) -> Asked {
        match on!(self, client => client.bind_channel(RELAYED, peer, to_library(now))) {
            Ok(()) => Asked::Yes,
            Err(BindChannelError::AlreadyExists) => Asked::Already,
            Err(_) => Asked::No,
        }
    }

    /// The message that carries this to a peer; none without a permission.
    pub(super) fn send(
        &mut self,
        now: Instant,
        peer: SocketAddr,
        payload: &[u8],
    ) -> Option<Vec<u8>> {
        let transmit = on!(self, client => client.send_to(RELAYED, peer, payload, to_library(now)));
        transmit.ok().flatten().map(|transmit| transmit.data.build())
    }

    /// Asks the server to forget the allocation, if there is one.
    pub(super) fn delete(&mut self, now: Instant) {
        let _ = on!(self, client => client.delete(to_library(now)));
    }
}

fn configure(families: AddressFamilies, credentials: &TurnCredentials) -> LibraryConfig {
    let credentials = LibraryCredentials::new(credentials.username(), credentials.password());
    let mut config = LibraryConfig::new(credentials);
    match families {
        AddressFamilies::Ipv4 => config.set_address_family(AddressFamily::IPV4),
        AddressFamilies::Ipv6 => config.set_address_family(AddressFamily::IPV6),
        AddressFamilies::Both => {
            config.set_address_family(AddressFamily::IPV4);
            config.add_address_family(AddressFamily::IPV6);
        }
    }
    // A server that issues ephemeral credentials keeps no list of them, and cannot find a name by its hash (RFC 8489 §14.4). The name says
    // nothing of its user anyway.
    config.set_anonymous_username(stun_proto::auth::Feature::Disabled);
    config.set_request_retransmits(SHORTEST_WAIT, LONGEST_WAIT, TRANSMISSIONS, LAST_WAIT);
    config
}

fn to_library(at: Instant) -> LibraryInstant {
    let nanos = at.as_micros().saturating_mul(NANOS_PER_MICRO);
    LibraryInstant::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
}

/// Rounded up: what is due a little later is not due yet.
fn from_library(at: LibraryInstant) -> Instant {
    let nanos = u64::try_from(at.as_nanos()).unwrap_or_default();
    Instant::from_micros(nanos.div_ceil(NANOS_PER_MICRO))
}

const NANOS_PER_MICRO: u64 = 1_000;
/// What peers speak with the relayed address.
const RELAYED: TransportType = TransportType::Udp;
