//! Why the server is not built on `turn-server-proto`: inputs that it answers wrongly, each beside what ours does in
//! `src/turn/core/tests`. If one of these tests fails, it has been mended.

use std::net::SocketAddr;

use stun_types::TransportType;
use stun_types::attribute::{ErrorCode, Nonce, Realm, Username};
use stun_types::message::{
    IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageWriteVec, Method,
};
use stun_types::prelude::{AttributeWrite, MessageWrite, MessageWriteExt};
use turn_server_proto::api::{Transmit, TurnServerApi, TurnServerPollRet};
use turn_server_proto::server::TurnServer;
use turn_server_proto::types::Instant;
use turn_server_proto::types::prelude::DelayedTransmitBuild;
use turn_types::attribute::{ChannelNumber, RequestedTransport, XorPeerAddress};
use turn_types::message::{ALLOCATE, CHANNEL_BIND};

const REALM: &str = "turn.example";

struct Peer {
    server: TurnServer,
    transport: TransportType,
    nonce: Option<String>,
    opened: u16,
}

fn listen() -> SocketAddr {
    "192.0.2.1:3478".parse().unwrap()
}

fn client() -> SocketAddr {
    "198.51.100.1:1000".parse().unwrap()
}

impl Peer {
    fn new(transport: TransportType) -> Self {
        let mut server = TurnServer::new(transport, listen(), REALM.to_owned());
        server.add_user("user".to_owned(), "password".to_owned());
        Self { server, transport, nonce: None, opened: 0 }
    }

    fn request(&self, method: Method, attributes: &[&dyn AttributeWrite]) -> Vec<u8> {
        let mut message = Message::builder_request(method, MessageWriteVec::new());
        for attribute in attributes {
            message.add_attribute(*attribute).unwrap();
        }
        self.sign(message)
    }

    fn sign(&self, mut message: MessageWriteVec) -> Vec<u8> {
        let Some(nonce) = &self.nonce else { return message.finish() };
        message.add_attribute(&Username::new("user").unwrap()).unwrap();
        message.add_attribute(&Realm::new(REALM).unwrap()).unwrap();
        message.add_attribute(&Nonce::new(nonce).unwrap()).unwrap();
        let key = LongTermKeyCredentials::new("user".into(), "password".into(), REALM.into());
        message.add_message_integrity(&key.into(), IntegrityAlgorithm::Sha1).unwrap();
        message.finish()
    }

    /// Gives the server a message, opens the sockets that it asks for; its answer.
    fn receive(&mut self, payload: &[u8]) -> Vec<u8> {
        let now = Instant::ZERO;
        let transmit = Transmit::new(payload.to_vec(), self.transport, client(), listen());
        if let Some(answer) = self.server.recv(transmit, now) {
            return answer.data.build();
        }
        while let TurnServerPollRet::AllocateSocket { family, allocation_transport, .. } =
            self.server.poll(now)
        {
            let relayed = SocketAddr::new(listen().ip(), 50_000 + self.opened);
            self.opened += 1;
            self.server.allocated_socket(
                self.transport,
                listen(),
                client(),
                allocation_transport,
                family,
                Ok(relayed),
                now,
            );
        }
        self.server.poll_transmit(now).map(|transmit| transmit.data).unwrap_or_default()
    }

    fn bind(&mut self, number: u16, address: &str) -> Vec<u8> {
        let mut message = Message::builder_request(CHANNEL_BIND, MessageWriteVec::new());
        let to = XorPeerAddress::new(address.parse().unwrap(), message.transaction_id());
        message.add_attribute(&ChannelNumber::new(number)).unwrap();
        message.add_attribute(&to).unwrap();
        let message = self.sign(message);
        self.receive(&message)
    }

    fn allocate(&mut self) -> Vec<u8> {
        let transport = RequestedTransport::new(RequestedTransport::UDP);
        let challenge = self.receive(&self.request(ALLOCATE, &[&transport]));
        let challenge = Message::from_bytes(&challenge).unwrap();
        self.nonce = Some(challenge.attribute::<Nonce>().unwrap().nonce().to_owned());
        let request = self.request(ALLOCATE, &[&transport]);
        assert_eq!(code(&self.receive(&request)), None);
        request
    }
}

fn code(answer: &[u8]) -> Option<u16> {
    Message::from_bytes(answer).unwrap().attribute::<ErrorCode>().ok().map(|code| code.code())
}

/// The answer was lost on its way; RFC 8656 §7.2 has the server give it again. Ours:
/// `a_retransmitted_allocate_gets_the_same_answer`.
#[test]
fn turn_server_proto_ends_a_retransmitted_allocate() {
    let mut peer = Peer::new(TransportType::Udp);
    let request = peer.allocate();
    assert_eq!(code(&peer.receive(&request)), Some(437));
}

/// RFC 8656 §12.2: 400. Ours: `a_channel_has_one_peer_and_a_peer_one_channel`.
#[test]
fn turn_server_proto_binds_one_channel_to_two_peers() {
    let mut peer = Peer::new(TransportType::Udp);
    peer.allocate();
    for address in ["203.0.113.1:1", "203.0.113.2:2"] {
        assert_eq!(code(&peer.bind(0x4000, address)), None, "{address}");
    }
}

/// RFC 8656 §12.5: to a multiple of four, or the client takes the next message for the rest of this one. Ours:
/// `channel_data_is_padded_on_connections`.
#[test]
fn turn_server_proto_does_not_pad_channel_data_on_tcp() {
    let mut peer = Peer::new(TransportType::Tcp);
    peer.allocate();
    assert_eq!(code(&peer.bind(0x4000, "203.0.113.1:1")), None);
    let (from, relayed) = ("203.0.113.1:1".parse().unwrap(), "192.0.2.1:50000".parse().unwrap());
    let data = Transmit::new(b"five!".to_vec(), TransportType::Udp, from, relayed);
    let sent = peer.server.recv(data, Instant::ZERO).unwrap().data.build();
    assert_eq!(sent, b"\x40\0\0\x05five!");
}
