//! Connections.

use std::time::Duration;

use stun_types::prelude::{MessageWrite, MessageWriteExt};
use turn_types::attribute::RequestedTransport;
use turn_types::message::ALLOCATE;

use super::harness::*;
use crate::turn::core::framing::channel_data;
use crate::turn::core::{Limits, StreamId};

const STREAM: StreamId = StreamId(1);

fn opened() -> (Server, Client) {
    let mut server = Server::new(config());
    let client = Client::new(&server, "1.1.1.1:1000", 1);
    server.core.stream_opened(server.now, STREAM, address(LISTEN), client.address);
    (server, client)
}

fn write(server: &mut Server, bytes: &[u8]) {
    let unix_now = server.unix_now();
    server.core.stream_received(server.now, unix_now, STREAM, bytes);
    server.drain();
}

fn allocate(server: &mut Server, client: &mut Client) -> std::net::SocketAddr {
    for _ in 0..2 {
        let mut message = client.builder(ALLOCATE);
        message.add_attribute(&RequestedTransport::new(RequestedTransport::UDP)).unwrap();
        let message = if client.nonce.is_some() { client.sign(message) } else { message.finish() };
        // In three pieces.
        for piece in message.chunks(message.len() / 2) {
            write(server, piece);
        }
        let (_, answer) = server.written.pop_front().expect("an answer");
        let reply = client.read(&answer);
        if reply.code.is_none() {
            return reply.relayed();
        }
        client.nonce = reply.nonce;
    }
    panic!("no allocation");
}

/// RFC 8656 §12.5.
#[test]
fn channel_data_is_padded_on_connections() {
    let (mut server, mut client) = opened();
    let relay = allocate(&mut server, &mut client);
    let mut message = client.builder(turn_types::message::CHANNEL_BIND);
    let peer = turn_types::attribute::XorPeerAddress::new(address(PEER), message.transaction_id());
    message.add_attribute(&turn_types::attribute::ChannelNumber::new(0x4000)).unwrap();
    message.add_attribute(&peer).unwrap();
    let request = client.sign(message);
    write(&mut server, &request);
    assert_eq!(client.read(&server.written.pop_front().unwrap().1).code, None);

    server.peer_sends(relay, address(PEER), b"five!");
    assert_eq!(server.written.pop_front().unwrap().1, b"\x40\0\0\x05five!\0\0\0");
    let two =
        [channel_data(0x4000, b"a", true).unwrap(), channel_data(0x4000, b"bc", true).unwrap()]
            .concat();
    write(&mut server, &two);
    let payloads: Vec<_> =
        server.to_peers.iter().map(|(_, _, payload)| payload.as_slice()).collect();
    assert_eq!(payloads, [&b"a"[..], b"bc"]);
}

#[test]
fn an_allocation_ends_with_its_connection() {
    let (mut server, mut client) = opened();
    allocate(&mut server, &mut client);
    assert_eq!(server.open_relays.len(), 1);
    server.core.stream_closed(server.now, STREAM);
    server.drain();
    assert!(server.open_relays.is_empty());
    let counts = server.core.counts();
    assert_eq!((counts.allocations, counts.streams), (0, 0));
    assert_eq!(server.drain(), None);
}

#[test]
fn a_connection_without_an_allocation_is_closed_after_half_a_minute() {
    let (mut server, mut client) = opened();
    server.pass(Duration::from_secs(29));
    allocate(&mut server, &mut client);
    server.pass(Duration::from_secs(500));
    assert!(server.shut.is_empty(), "it has one");
    server.pass(Duration::from_secs(100));
    assert!(server.open_relays.is_empty(), "not refreshed");
    server.pass(Duration::from_secs(29));
    assert!(server.shut.is_empty());
    server.pass(Duration::from_secs(1));
    assert_eq!(server.shut, [STREAM]);
    assert_eq!(server.core.counts().streams, 0);
}

#[test]
fn what_is_no_turn_closes_the_connection() {
    for bytes in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
        b"\xff\xff\xff\xff",
    ] {
        let (mut server, _) = opened();
        write(&mut server, bytes);
        write(&mut server, &[0; 2_048]);
        assert_eq!(server.shut, [STREAM], "{bytes:?}");
    }
}

/// An unfinished message of the largest size announced is what one connection can make the server keep.
#[test]
fn a_connection_without_an_allocation_keeps_two_kibibytes() {
    let (mut server, _) = opened();
    write(&mut server, b"\x00\x03\x20\x00");
    assert_eq!(server.shut, [STREAM], "a request of 8 KiB is not waited for");
}

#[test]
fn connections_are_limited_in_all_and_by_address() {
    let limits = Limits { streams: 3, streams_per_address: 2, ..Limits::default() };
    let mut server = Server::new(config().limits(limits));
    for (i, client) in
        ["1.1.1.1:1", "1.1.1.1:2", "1.1.1.1:3", "1.1.1.2:1", "1.1.1.3:1"].iter().enumerate()
    {
        let stream = StreamId(u64::try_from(i).unwrap());
        server.core.stream_opened(server.now, stream, address(LISTEN), address(client));
    }
    server.drain();
    assert_eq!(server.shut, [StreamId(2), StreamId(4)]);
    // Those that were not let in hold no place that could be given back.
    server.core.stream_closed(server.now, StreamId(2));
    assert_eq!(server.core.counts().streams, 3);
}
