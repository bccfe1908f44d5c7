use stun_types::attribute::{AttributeType, XorMappedAddress};
use stun_types::message::{MessageType, MessageWrite, MessageWriteExt, MessageWriteVec, Method};
use zentalk_primitives::Instant;

use super::*;
use crate::network::Protocol;

const OWN: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 81, 0, 2));
const SEEN: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 2));
const SERVER: SocketAddr = endpoint(200, 3478);
const PEER: SocketAddr = endpoint(11, 4000);
/// What the server relays for somebody.
const RELAYED: SocketAddr = endpoint(200, 50_000);
const fn endpoint(last: u8, port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(203, 0, 113, last)), port)
}

const HIDDEN: Hidden<'static> = Hidden { addresses: &[OWN, SEEN], servers: &[SERVER] };
const SEND: u16 = 0x0006;
const ALLOCATE: u16 = 0x0003;
const BIND: u16 = 0x0001;

fn message(class: MessageClass, method: u16, mapped: Option<IpAddr>, data: &[u8]) -> Vec<u8> {
    let kind = MessageType::from_class_method(class, Method::new(method));
    let mut message = Message::builder(kind, 7.into(), MessageWriteVec::new());
    if let Some(mapped) = mapped {
        let mapped = XorMappedAddress::new(SocketAddr::new(mapped, 5), 7.into());
        message.add_attribute(&mapped).unwrap();
    }
    if !data.is_empty() {
        message.add_attribute(&RawAttribute::new(AttributeType::new(DATA), data)).unwrap();
    }
    message.finish()
}

fn leaks(direction: Direction, payload: Vec<u8>) -> Vec<Leak> {
    with(SERVER, direction, payload)
}

fn with(peer: SocketAddr, direction: Direction, payload: Vec<u8>) -> Vec<Leak> {
    let (at, protocol, host) = (Instant::ZERO, Protocol::Udp, SocketAddr::new(OWN, 40_000));
    HIDDEN.leaks_of(&[Packet { at, direction, protocol, host, peer, payload }])
}

fn at_depth(address: IpAddr, depth: usize) -> Vec<Leak> {
    vec![Leak::Address { address, attribute: XOR_MAPPED_ADDRESS, depth }]
}

#[test]
fn a_packet_to_anybody_else_is_a_leak_whatever_it_says() {
    for other in [PEER, RELAYED] {
        assert_eq!(with(other, Direction::Out, vec![200; 9]), [Leak::Endpoint(other)]);
    }
}

#[test]
fn addresses_are_found_in_both_families_and_under_layers_of_turn() {
    for own in [OWN, SEEN] {
        let binding = message(MessageClass::Success, BIND, Some(own), &[]);
        assert_eq!(leaks(Direction::Out, binding.clone()), at_depth(own, 0));
        let send = message(MessageClass::Indication, SEND, None, &binding);
        assert_eq!(leaks(Direction::Out, send.clone()), at_depth(own, 1));
        let mut channel = vec![0x40, 0x01, 0, send.len() as u8];
        channel.extend_from_slice(&send);
        assert_eq!(leaks(Direction::In, channel), at_depth(own, 2));
    }
}

#[test]
fn strangers_addresses_are_no_leak() {
    assert_eq!(
        leaks(Direction::Out, message(MessageClass::Success, BIND, Some(PEER.ip()), &[])),
        []
    );
    assert_eq!(leaks(Direction::Out, vec![200; 40]), []);
}

/// RFC 8656 §7.3.
#[test]
fn a_server_may_tell_its_client_where_it_sees_it_and_only_so() {
    let told = message(MessageClass::Success, ALLOCATE, Some(OWN), &[]);
    assert_eq!(leaks(Direction::In, told.clone()), []);
    assert_eq!(leaks(Direction::Out, told.clone()), at_depth(OWN, 0));
    let relayed = message(MessageClass::Indication, SEND, None, &told);
    assert_eq!(leaks(Direction::In, relayed), at_depth(OWN, 1));
    let by_peer = with(PEER, Direction::In, message(MessageClass::Success, BIND, Some(OWN), &[]));
    assert_eq!(by_peer, [vec![Leak::Endpoint(PEER)], at_depth(OWN, 0)].concat());
    let refusal = message(MessageClass::Error, ALLOCATE, Some(OWN), &[]);
    assert_eq!(leaks(Direction::In, refusal), at_depth(OWN, 0));
}

/// RFC 8656 §12.5.
#[test]
fn streams_are_cut_into_their_frames() {
    let binding = message(MessageClass::Success, BIND, Some(OWN), &[]);
    let mut stream = vec![0x40, 0x01, 0, 1, 9, 0, 0, 0];
    stream.extend_from_slice(&binding);
    stream.extend_from_slice(&[0x40, 0x01, 0, binding.len() as u8]);
    stream.extend_from_slice(&binding);
    let found = HIDDEN.leaks_of_stream(Direction::Out, &stream);
    assert_eq!(found, [at_depth(OWN, 0), at_depth(OWN, 1)].concat());
}
