//! Data (RFC 8656 §11, §12).

use std::time::Duration;

use stun_types::message::Message;
use turn_types::attribute::{Data, XorPeerAddress};

use super::harness::*;
use crate::turn::core::framing::{channel_data, parse_channel_data};

#[test]
fn without_permission_nothing_passes_either_way() {
    let mut server = Server::new(config());
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    let relay = client.allocate(&mut server);
    client.send(&mut server, address(PEER), b"out");
    server.peer_sends(relay, address(PEER), b"in");
    assert!(server.to_peers.is_empty() && server.to_clients.is_empty());
    assert_eq!(server.core.counts().dropped, 2);
}

/// RFC 8656 §9.
#[test]
fn permissions_are_for_addresses_and_for_five_minutes() {
    let mut server = Server::new(config());
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    let relay = client.allocate(&mut server);
    assert_eq!(client.permit(&mut server, &[address(PEER)]).code, None);
    client.send(&mut server, address(PEER), b"out");
    assert_eq!(server.to_peers.pop_front(), Some((relay, address(PEER), b"out".to_vec())));

    let other_port = address("9.9.9.9:5000");
    server.peer_sends(relay, other_port, b"in");
    let indication = server.answer();
    let message = Message::from_bytes(&indication).unwrap();
    let peer = message.attribute::<XorPeerAddress>().unwrap().addr(message.transaction_id());
    assert_eq!((peer, message.attribute::<Data<'_>>().unwrap().data()), (other_port, &b"in"[..]));
    server.peer_sends(relay, address("9.9.9.8:4000"), b"in");
    assert!(server.to_clients.is_empty());

    server.pass(Duration::from_secs(300));
    client.send(&mut server, address(PEER), b"out");
    server.peer_sends(relay, address(PEER), b"in");
    assert!(server.to_peers.is_empty() && server.to_clients.is_empty());
}

#[test]
fn channels_carry_data_both_ways() {
    let mut server = Server::new(config());
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    let relay = client.allocate(&mut server);
    assert_eq!(client.bind(&mut server, 0x4001, address(PEER)).code, None);
    server.receive(client.address, &channel_data(0x4001, b"out", false).unwrap());
    assert_eq!(server.to_peers.pop_front(), Some((relay, address(PEER), b"out".to_vec())));
    server.peer_sends(relay, address(PEER), b"in");
    assert_eq!(parse_channel_data(&server.answer()), Some((0x4001, &b"in"[..])));
    server.receive(client.address, &channel_data(0x4002, b"out", false).unwrap());
    assert!(server.to_peers.is_empty(), "not bound");
    server.receive(address("1.1.1.2:1000"), &channel_data(0x4001, b"out", false).unwrap());
    assert!(server.to_peers.is_empty(), "someone else's");
}

/// RFC 8656 §12.2.
#[test]
fn a_channel_has_one_peer_and_a_peer_one_channel() {
    let mut server = Server::new(config());
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    client.allocate(&mut server);
    assert_eq!(client.bind(&mut server, 0x4000, address("9.9.9.9:1")).code, None);
    assert_eq!(client.bind(&mut server, 0x4000, address("9.9.9.9:2")).code, Some(400));
    assert_eq!(client.bind(&mut server, 0x4001, address("9.9.9.9:1")).code, Some(400));
    for number in [0, 0x3fff, 0x8000, 0xffff] {
        assert_eq!(
            client.bind(&mut server, number, address("9.9.9.9:3")).code,
            Some(400),
            "{number:x}"
        );
    }
    assert_eq!(client.bind(&mut server, 0x4002, address("9.9.9.9:0")).code, Some(400), "port 0");
}

/// Two clients of one server: through the server, not through a network that may not let packets turn around.
#[test]
fn a_call_between_two_relayed_addresses_stays_inside() {
    let config = config().external_address(address("8.8.8.8:1").ip(), address("8.8.8.9:1").ip());
    let mut server = Server::new(config);
    let mut alice = Client::new(&server, "1.1.1.1:1000", 1);
    let mut bob = Client::new(&server, "1.1.1.2:1000", 2);
    let (at_alice, at_bob) = (alice.allocate(&mut server), bob.allocate(&mut server));
    assert_eq!(alice.permit(&mut server, &[at_bob]).code, None);
    alice.send(&mut server, at_bob, b"early");
    assert!(server.to_clients.is_empty(), "bob permits nobody yet");
    assert_eq!(bob.bind(&mut server, 0x4000, at_alice).code, None);
    alice.send(&mut server, at_bob, b"hello");
    assert_eq!(server.to_clients[0].0, bob.address);
    assert_eq!(parse_channel_data(&server.answer()), Some((0x4000, &b"hello"[..])));
    assert!(server.to_peers.is_empty());
}

#[test]
fn indications_that_make_no_sense_are_dropped() {
    use stun_types::message::MessageWriteVec;
    use stun_types::prelude::{MessageWrite, MessageWriteExt};
    use turn_types::message::SEND;

    let mut server = Server::new(config());
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    client.allocate(&mut server);
    client.permit(&mut server, &[address(PEER)]);
    let mut two_peers = Message::builder_indication(SEND, MessageWriteVec::new());
    for _ in 0..2 {
        let peer = XorPeerAddress::new(address(PEER), two_peers.transaction_id());
        two_peers.add_attribute(&peer).unwrap();
    }
    two_peers.add_attribute(&Data::new(b"x")).unwrap();
    let mut no_peer = Message::builder_indication(SEND, MessageWriteVec::new());
    no_peer.add_attribute(&Data::new(b"x")).unwrap();
    let no_data = Message::builder_indication(SEND, MessageWriteVec::new());
    for message in [two_peers.finish(), no_peer.finish(), no_data.finish()] {
        server.receive(client.address, &message);
    }
    assert!(server.to_peers.is_empty() && server.to_clients.is_empty());
}
