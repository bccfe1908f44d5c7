//! A server with made-up sockets and a client that signs with `stun-types`: another implementation than the server's.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use stun_types::attribute::{
    ErrorCode, Nonce, PasswordAlgorithm, PasswordAlgorithms, Realm as RealmAttribute, Username,
};
use stun_types::message::{
    IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageType, MessageWriteVec, Method,
    TransactionId,
};
use stun_types::prelude::{AttributeWrite, MessageWrite, MessageWriteExt};
use turn_types::attribute::{
    ChannelNumber, Lifetime, RequestedTransport, XorPeerAddress, XorRelayedAddress,
};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH};
use zentalk_primitives::{Instant, Secret, UnixTime};
use zeroize::Zeroizing;

use super::super::*;
use crate::turn::credentials::{RestSecret, RestSecrets};

pub(super) const REALM: &str = "turn.example";
const UNIX_START: u64 = 1_800_000_000;

pub(super) fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(super) fn rest_secrets() -> RestSecrets {
    let secret = |byte| RestSecret::new(Zeroizing::new(vec![byte; 32])).unwrap();
    RestSecrets::new(secret(b'n'), Some(secret(b'o')))
}

pub(super) fn config() -> CoreConfig {
    CoreConfig::new(Realm::new(REALM).unwrap(), rest_secrets(), Secret::new([5; 32]))
        .own_addresses([LISTEN.parse::<SocketAddr>().unwrap().ip()])
}

pub(super) const LISTEN: &str = "8.8.4.4:3478";
/// A public address.
pub(super) const PEER: &str = "9.9.9.9:4000";

/// A server, its time, and what it sent.
pub(super) struct Server {
    pub(super) core: TurnServerCore,
    pub(super) now: Instant,
    pub(super) to_clients: VecDeque<(SocketAddr, Vec<u8>)>,
    pub(super) written: VecDeque<(StreamId, Vec<u8>)>,
    pub(super) shut: Vec<StreamId>,
    pub(super) to_peers: VecDeque<(SocketAddr, SocketAddr, Vec<u8>)>,
    pub(super) open_relays: Vec<SocketAddr>,
    /// Whether the operating system has no more ports.
    pub(super) exhausted: bool,
    next_port: u16,
}

impl Server {
    pub(super) fn new(config: CoreConfig) -> Self {
        Self {
            core: TurnServerCore::new(config),
            now: Instant::from_millis(1_000),
            to_clients: VecDeque::new(),
            written: VecDeque::new(),
            shut: Vec::new(),
            to_peers: VecDeque::new(),
            open_relays: Vec::new(),
            exhausted: false,
            next_port: 50_000,
        }
    }

    pub(super) fn unix_now(&self) -> UnixTime {
        UnixTime::from_millis(UNIX_START * 1_000 + self.now.as_millis())
    }

    pub(super) fn receive(&mut self, client: SocketAddr, payload: &[u8]) {
        let unix_now = self.unix_now();
        self.core.handle_datagram(self.now, unix_now, address(LISTEN), client, payload);
        self.drain();
    }

    pub(super) fn peer_sends(&mut self, relay: SocketAddr, peer: SocketAddr, payload: &[u8]) {
        self.core.peer_received(self.now, relay, peer, payload);
        self.drain();
    }

    /// Lets time pass, with the timer going off whenever the server wants.
    pub(super) fn pass(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Some(deadline) = self.drain().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.core.handle_timeout(self.now);
        }
        self.now = end;
        self.drain();
    }

    pub(super) fn drain(&mut self) -> Option<Instant> {
        loop {
            match self.core.poll_output() {
                CoreOutput::Datagram { client, payload, .. } => {
                    self.to_clients.push_back((client, payload));
                }
                CoreOutput::StreamWrite { stream, payload, .. } => {
                    self.written.push_back((stream, payload));
                }
                CoreOutput::StreamClose { stream } => self.shut.push(stream),
                CoreOutput::OpenRelay { request, family, ports } => {
                    self.open(request, family, ports);
                }
                CoreOutput::CloseRelay { relay } => {
                    let at = self.open_relays.iter().position(|open| *open == relay).expect("open");
                    self.open_relays.remove(at);
                }
                CoreOutput::Relay { relay, peer, payload } => {
                    assert!(self.open_relays.contains(&relay));
                    self.to_peers.push_back((relay, peer, payload));
                }
                CoreOutput::Timeout(deadline) => return deadline,
            }
        }
    }

    fn open(&mut self, request: RelayRequest, family: AddressFamily, ports: Ports) {
        if self.exhausted {
            return self.core.relay_opened(self.now, request, Err(NoRelay));
        }
        let ip = match family {
            AddressFamily::V4 => "8.8.8.8".parse().unwrap(),
            AddressFamily::V6 => "2606:4700::1".parse().unwrap(),
        };
        let relay = SocketAddr::new(ip, self.next_port);
        let next = (ports == Ports::EvenAndNext).then(|| SocketAddr::new(ip, self.next_port + 1));
        self.next_port += 2;
        self.open_relays.extend([Some(relay), next].into_iter().flatten());
        self.core.relay_opened(self.now, request, Ok(OpenedRelay { relay, next }));
    }

    /// The only thing sent to a client since the last look.
    pub(super) fn answer(&mut self) -> Vec<u8> {
        let answer = self.try_answer().expect("an answer");
        assert!(self.to_clients.is_empty(), "one answer");
        answer
    }

    pub(super) fn try_answer(&mut self) -> Option<Vec<u8>> {
        self.to_clients.pop_front().map(|(_, answer)| answer)
    }
}

/// A client, by UDP.
pub(super) struct Client {
    pub(super) address: SocketAddr,
    pub(super) username: String,
    pub(super) password: String,
    pub(super) nonce: Option<String>,
    pub(super) algorithm: IntegrityAlgorithm,
    pub(super) transaction: u128,
}

impl Client {
    /// A client with a credential that is good for `lifetime`.
    pub(super) fn with_lifetime(server: &Server, text: &str, id: u8, lifetime: Duration) -> Self {
        use rand_core::SeedableRng;
        let mut rng = rand_chacha::ChaCha20Rng::from_seed([id; 32]);
        let issued = rest_secrets().issue(server.unix_now(), lifetime, &mut rng);
        Self {
            address: address(text),
            username: issued.username,
            password: issued.password.to_string(),
            nonce: None,
            algorithm: IntegrityAlgorithm::Sha1,
            transaction: u128::from(id) << 32,
        }
    }

    pub(super) fn new(server: &Server, text: &str, id: u8) -> Self {
        Self::with_lifetime(server, text, id, Duration::from_secs(3_600))
    }

    pub(super) fn builder(&mut self, method: Method) -> MessageWriteVec {
        self.transaction += 1;
        let kind =
            MessageType::from_class_method(stun_types::message::MessageClass::Request, method);
        Message::builder(kind, TransactionId::from(self.transaction), MessageWriteVec::new())
    }

    pub(super) fn sign(&self, mut message: MessageWriteVec) -> Vec<u8> {
        message.add_attribute(&Username::new(&self.username).unwrap()).unwrap();
        message.add_attribute(&RealmAttribute::new(REALM).unwrap()).unwrap();
        message
            .add_attribute(&Nonce::new(self.nonce.as_deref().unwrap_or("none")).unwrap())
            .unwrap();
        if self.algorithm == IntegrityAlgorithm::Sha256 {
            use stun_types::attribute::PasswordAlgorithmValue::{MD5, SHA256};
            message.add_attribute(&PasswordAlgorithms::new(&[SHA256, MD5])).unwrap();
            message.add_attribute(&PasswordAlgorithm::new(SHA256)).unwrap();
        }
        message.add_message_integrity(&self.key().into(), self.algorithm).unwrap();
        message.add_fingerprint().unwrap();
        message.finish()
    }

    pub(super) fn key(&self) -> LongTermKeyCredentials {
        LongTermKeyCredentials::new(self.username.clone(), self.password.clone(), REALM.to_owned())
    }

    /// Sends a request with these attributes, signed; the answer, whose own signature is checked if it has one.
    pub(super) fn request(
        &mut self,
        server: &mut Server,
        method: Method,
        attributes: &[&dyn AttributeWrite],
    ) -> Reply {
        let mut message = self.builder(method);
        for attribute in attributes {
            message.add_attribute(*attribute).unwrap();
        }
        let message = self.sign(message);
        server.receive(self.address, &message);
        self.read(&server.answer())
    }

    pub(super) fn read(&self, answer: &[u8]) -> Reply {
        let message = Message::from_bytes(answer).unwrap();
        assert_eq!(message.transaction_id(), TransactionId::from(self.transaction));
        let signed = match message.validate_integrity(&self.key().into()) {
            Ok(algorithm) => algorithm == self.algorithm,
            Err(_) => false,
        };
        let nonce = message.attribute::<Nonce>().ok().map(|nonce| nonce.nonce().to_owned());
        let code = message.attribute::<ErrorCode>().ok().map(|code| code.code());
        Reply { code, signed, nonce, bytes: answer.to_vec() }
    }

    /// Fetches a nonce as real clients do.
    pub(super) fn challenge(&mut self, server: &mut Server) {
        let mut message = self.builder(ALLOCATE);
        message.add_attribute(&RequestedTransport::new(RequestedTransport::UDP)).unwrap();
        server.receive(self.address, &message.finish());
        let reply = self.read(&server.answer());
        assert_eq!(reply.code, Some(401));
        self.nonce = reply.nonce;
    }

    /// An allocation; its relayed address.
    pub(super) fn allocate(&mut self, server: &mut Server) -> SocketAddr {
        self.challenge(server);
        let reply = self.try_allocate(server);
        assert_eq!(reply.code, None);
        reply.relayed()
    }

    pub(super) fn try_allocate(&mut self, server: &mut Server) -> Reply {
        self.request(server, ALLOCATE, &[&RequestedTransport::new(RequestedTransport::UDP)])
    }

    pub(super) fn refresh(&mut self, server: &mut Server, seconds: u32) -> Reply {
        self.request(server, REFRESH, &[&Lifetime::new(seconds)])
    }

    pub(super) fn permit(&mut self, server: &mut Server, peers: &[SocketAddr]) -> Reply {
        let transaction = TransactionId::from(self.transaction + 1);
        let peers: Vec<_> =
            peers.iter().map(|peer| XorPeerAddress::new(*peer, transaction)).collect();
        let attributes: Vec<&dyn AttributeWrite> =
            peers.iter().map(|peer| peer as &dyn AttributeWrite).collect();
        self.request(server, CREATE_PERMISSION, &attributes)
    }

    pub(super) fn bind(&mut self, server: &mut Server, number: u16, peer: SocketAddr) -> Reply {
        let peer = XorPeerAddress::new(peer, TransactionId::from(self.transaction + 1));
        self.request(server, CHANNEL_BIND, &[&ChannelNumber::new(number), &peer])
    }

    /// A Send indication.
    pub(super) fn send(&mut self, server: &mut Server, peer: SocketAddr, payload: &[u8]) {
        server.receive(self.address, &send_indication(peer, payload));
    }
}

pub(super) fn send_indication(peer: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let mut message =
        Message::builder_indication(turn_types::message::SEND, MessageWriteVec::new());
    let peer = XorPeerAddress::new(peer, message.transaction_id());
    message.add_attribute(&peer).unwrap();
    message.add_attribute(&turn_types::attribute::Data::new(payload)).unwrap();
    message.finish()
}

/// An answer, with what tests look at.
pub(super) struct Reply {
    pub(super) code: Option<u16>,
    pub(super) signed: bool,
    pub(super) nonce: Option<String>,
    pub(super) bytes: Vec<u8>,
}

impl Reply {
    pub(super) fn message(&self) -> Message<'_> {
        Message::from_bytes(&self.bytes).unwrap()
    }

    pub(super) fn relayed(&self) -> SocketAddr {
        let message = self.message();
        message.attribute::<XorRelayedAddress>().unwrap().addr(message.transaction_id())
    }

    pub(super) fn lifetime(&self) -> u32 {
        self.message().attribute::<Lifetime>().unwrap().seconds()
    }
}
