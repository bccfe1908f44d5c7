//! A host with a TURN server on UDP, TCP and TLS, and what lies on the way to it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use stun_types::message::Method;
use turn_types::message::{ALLOCATE, REFRESH};
use zentalk_ice_nat::relays::{RelayServer, StreamId};
use zentalk_ice_nat::{TransportProtocol, servers::Location};
use zentalk_primitives::Instant;

use crate::turn::messages;
use crate::turn::server::Server;
use crate::turn::stream::Gateway;
use crate::turn::tls_server::Authority;

/// Who talks to the server: each has an object of its own there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Client {
    Udp(SocketAddr),
    Stream(StreamId, SocketAddr),
}

pub(crate) struct Site {
    number: u8,
    pub(crate) one_way: Duration,
    /// Nothing comes through, nor is anything said.
    pub(crate) silent: Vec<TransportProtocol>,
    /// Connections are refused.
    pub(crate) closed: Vec<TransportProtocol>,
    /// What an Allocate is answered with.
    pub(crate) refuses: Option<u16>,
    /// How often.
    pub(crate) refusals: usize,
    /// Whether it gives IPv6 addresses, too.
    pub(crate) dual: bool,
    /// How often each method arrived with credentials, lifetime 0 told apart as `released`.
    pub(crate) allocates: usize,
    pub(crate) released: usize,
    /// Clients with an allocation, as the server sees it.
    pub(crate) allocations: Vec<Client>,
    sessions: BTreeMap<Client, Session>,
    given: u16,
}

struct Session {
    server: Server,
    gateway: Gateway,
}

impl Site {
    pub(crate) fn new(number: u8) -> Self {
        Self {
            number,
            one_way: Duration::from_millis(25),
            silent: Vec::new(),
            closed: Vec::new(),
            refuses: None,
            refusals: usize::MAX,
            dual: false,
            allocates: 0,
            released: 0,
            allocations: Vec::new(),
            sessions: BTreeMap::new(),
            given: 0,
        }
    }

    pub(crate) fn host(&self) -> String {
        format!("turn{}.example", self.number)
    }

    pub(crate) fn address(&self, transport: TransportProtocol) -> SocketAddr {
        let port = match transport {
            TransportProtocol::Udp => 3478,
            TransportProtocol::Tcp => 3479,
            _ => 443,
        };
        SocketAddr::from(([203, 0, 113, self.number], port))
    }

    pub(crate) fn address_v6(&self) -> SocketAddr {
        format!("[2001:db8::{}]:3478", self.number).parse().unwrap()
    }

    pub(crate) fn server(&self) -> RelayServer {
        RelayServer::new(self.host())
            .udp(self.address(TransportProtocol::Udp))
            .tcp(self.address(TransportProtocol::Tcp))
            .tls(self.address(TransportProtocol::Tls))
            .located(Location::new(50.0, 8.0).unwrap())
    }

    pub(crate) fn transport_of(&self, address: SocketAddr) -> Option<TransportProtocol> {
        let all = [TransportProtocol::Udp, TransportProtocol::Tcp, TransportProtocol::Tls];
        let known = all.into_iter().find(|transport| self.address(*transport) == address);
        known.or((address == self.address_v6()).then_some(TransportProtocol::Udp))
    }

    pub(crate) fn open(
        &mut self,
        client: Client,
        transport: TransportProtocol,
        authority: &Authority,
    ) {
        let gateway = match transport {
            TransportProtocol::Udp => Gateway::Datagrams,
            TransportProtocol::Tcp => Gateway::tcp(),
            _ => Gateway::tls(authority.server(&self.host(), rustls::ALL_VERSIONS)),
        };
        let mut server = Server::new(self.address(transport));
        self.given += 1;
        let port = 50_000 + self.given;
        server.relayed = vec![SocketAddr::from(([198, 51, 100, self.number], port))];
        if self.dual {
            let address = format!("[2001:db8:ffff::{}]:{port}", self.number);
            server.relayed.push(address.parse().unwrap());
        }
        self.sessions.insert(client, Session { server, gateway });
    }

    pub(crate) fn knows(&self, client: Client) -> bool {
        self.sessions.contains_key(&client)
    }

    /// A stream's allocation goes with it.
    pub(crate) fn close(&mut self, client: Client) {
        self.sessions.remove(&client);
        self.allocations.retain(|known| *known != client);
    }

    /// The machine restarts.
    pub(crate) fn forget_everything(&mut self) {
        self.sessions.clear();
        self.allocations.clear();
    }

    /// What the server says at once, wrapped.
    pub(crate) fn receive(&mut self, now: Instant, client: Client, bytes: &[u8]) -> Vec<Vec<u8>> {
        let Some(session) = self.sessions.get_mut(&client) else { return Vec::new() };
        let from = match client {
            Client::Udp(address) | Client::Stream(_, address) => address,
        };
        let mut answers = Vec::new();
        for message in session.gateway.receive(bytes) {
            let signed = |method: Method| {
                messages::is(&message, method) && messages::has_credentials(&message)
            };
            if signed(ALLOCATE) {
                self.allocates += 1;
                if let Some(code) = self.refuses.filter(|_| self.refusals > 0) {
                    self.refusals -= 1;
                    answers.push(messages::signed_error(&message, code));
                    continue;
                }
                self.allocations.retain(|known| *known != client);
                self.allocations.push(client);
            }
            if signed(REFRESH) && messages::lifetime(&message) == Some(0) {
                self.released += 1;
                self.allocations.retain(|known| *known != client);
            }
            session.server.client_sends(now, from, &message);
        }
        session.server.advance(now);
        answers.append(&mut session.server.to_client);
        let gateway = &mut session.gateway;
        let mut output: Vec<_> = vec![gateway.take_output()];
        output.extend(answers.into_iter().map(|message| gateway.wrap(message)));
        output.retain(|bytes| !bytes.is_empty());
        output
    }

    /// What went to peers: from which relayed address, to whom, what.
    pub(crate) fn passed_to_peers(&mut self) -> Vec<(SocketAddr, SocketAddr, Vec<u8>)> {
        self.sessions
            .values_mut()
            .flat_map(|session| core::mem::take(&mut session.server.to_peers))
            .collect()
    }

    /// A peer sends to a relayed address of ours.
    pub(crate) fn peer_sends(
        &mut self,
        now: Instant,
        peer: SocketAddr,
        relayed: SocketAddr,
        payload: &[u8],
    ) -> Vec<(Client, Vec<u8>)> {
        let mut output = Vec::new();
        for (client, session) in &mut self.sessions {
            if session.server.relayed.contains(&relayed) {
                session.server.peer_sends(now, peer, relayed, payload);
                for message in core::mem::take(&mut session.server.to_client) {
                    output.push((*client, session.gateway.wrap(message)));
                }
            }
        }
        output
    }
}
