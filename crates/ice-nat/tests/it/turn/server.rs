//! A TURN server that works: `turn-server-proto`, with the memory of answers that RFC 8656 §7.2 wants.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeMap;

use stun_proto::Instant as ServerInstant;
use stun_types::message::{Message, TransactionId};
use stun_types::{AddressFamily, TransportType};
use turn_server_proto::api::{SocketAllocateError, Transmit, TurnServerApi, TurnServerPollRet};
use turn_server_proto::server::TurnServer;
use turn_types::prelude::DelayedTransmitBuild;
use zentalk_primitives::Instant;

pub(crate) const REALM: &str = "relays.example";
pub(crate) const USERNAME: &str = "1700003600:b3BhcXVl";
pub(crate) const PASSWORD: &str = "c2VjcmV0IG9mIHRoZSBjYWxs";

/// It speaks messages; what carries them is not its business.
pub(crate) struct Server {
    server: TurnServer,
    listen: SocketAddr,
    /// RFC 8656 §7.2: a request that comes again is answered as it was. (`turn-server-proto` says 437.)
    answers: BTreeMap<TransactionId, Vec<u8>>,
    /// Relayed addresses that it gives, by family.
    pub(crate) relayed: Vec<SocketAddr>,
    pub(crate) to_client: Vec<Vec<u8>>,
    /// From which relayed address, to whom, what.
    pub(crate) to_peers: Vec<(SocketAddr, SocketAddr, Vec<u8>)>,
}

impl Server {
    pub(crate) fn new(listen: SocketAddr) -> Self {
        let mut server = TurnServer::new(TransportType::Udp, listen, REALM.to_owned());
        server.add_user(USERNAME.to_owned(), PASSWORD.to_owned());
        Self {
            server,
            listen,
            answers: BTreeMap::new(),
            relayed: vec![relayed_v4(), relayed_v6()],
            to_client: Vec::new(),
            to_peers: Vec::new(),
        }
    }

    pub(crate) fn expire_nonces_after(&mut self, age: Duration) {
        self.server.set_nonce_expiry_duration(age);
    }

    pub(crate) fn client_sends(&mut self, now: Instant, client: SocketAddr, message: &[u8]) {
        let id = Message::from_bytes(message).ok().map(|message| message.transaction_id());
        if let Some(answer) = id.and_then(|id| self.answers.get(&id)) {
            self.to_client.push(answer.clone());
            return;
        }
        self.receive(now, client, self.listen, message);
    }

    pub(crate) fn peer_sends(
        &mut self,
        now: Instant,
        peer: SocketAddr,
        relayed: SocketAddr,
        payload: &[u8],
    ) {
        self.receive(now, peer, relayed, payload);
    }

    /// Time passes.
    pub(crate) fn advance(&mut self, now: Instant) {
        let at = server_time(now);
        for _ in 0..64 {
            match self.server.poll(at) {
                TurnServerPollRet::AllocateSocket {
                    transport,
                    listen_addr,
                    client_addr,
                    allocation_transport,
                    family,
                } => {
                    let is_v4 = family == AddressFamily::IPV4;
                    let address = self.relayed.iter().find(|address| address.is_ipv4() == is_v4);
                    let address =
                        address.copied().ok_or(SocketAllocateError::AddressFamilyNotSupported);
                    self.server.allocated_socket(
                        transport,
                        listen_addr,
                        client_addr,
                        allocation_transport,
                        family,
                        address,
                        at,
                    );
                }
                TurnServerPollRet::WaitUntil(_) => break,
                _ => {}
            }
        }
        while let Some(transmit) = self.server.poll_transmit(at) {
            self.sends(transmit.from, transmit.to, transmit.data);
        }
    }

    fn receive(&mut self, now: Instant, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let transmit = Transmit::new(bytes, TransportType::Udp, from, to);
        if let Some(forward) = self.server.recv(transmit, server_time(now)) {
            let (from, to) = (forward.from, forward.to);
            self.sends(from, to, forward.data.build());
        }
        self.advance(now);
    }

    fn sends(&mut self, from: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        if from != self.listen {
            self.to_peers.push((from, to, bytes));
            return;
        }
        if let Ok(message) = Message::from_bytes(&bytes)
            && message.is_response()
        {
            self.answers.insert(message.transaction_id(), bytes.clone());
        }
        self.to_client.push(bytes);
    }
}

pub(crate) fn relayed_v4() -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 5], 50_000))
}

pub(crate) fn relayed_v6() -> SocketAddr {
    "[2001:db8:5::5]:50000".parse().unwrap()
}

fn server_time(now: Instant) -> ServerInstant {
    ServerInstant::from_nanos(i64::try_from(now.as_micros() * 1_000).unwrap())
}
