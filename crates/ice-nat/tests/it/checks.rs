//! Connectivity checks as messages: what of them counts, and what does not.

use std::net::SocketAddr;

use stun_types::attribute::{
    Attribute, AttributeStaticType, AttributeType, ErrorCode, Fingerprint, RawAttribute, Username,
    XorMappedAddress,
};
use stun_types::message::{
    BINDING, IntegrityAlgorithm, Message, MessageClass, MessageType, MessageWrite, MessageWriteExt,
    MessageWriteVec, ShortTermCredentials,
};
use zentalk_ice_nat::{CandidateKind, Config, IceState, LocalSocket, Role};

use crate::world::{A, B, World, secs};

const ADDRESSES: [&str; 2] = ["192.0.2.1:5000", "198.51.100.1:6000"];

fn address(who: usize) -> SocketAddr {
    ADDRESSES[who].parse().unwrap()
}

fn key(world: &World, of: usize) -> stun_types::message::MessageIntegrityCredentials {
    let password = world.peers[of].agent.local_credentials().password().to_owned();
    ShortTermCredentials::new(password).into()
}

/// A check that B could send to A, with something more in it.
fn check(world: &World, more: &[RawAttribute<'_>]) -> Vec<u8> {
    let kind = MessageType::from_class_method(MessageClass::Request, BINDING);
    let mut message = Message::builder(kind, 4711.into(), MessageWriteVec::new());
    let ufrags = [A, B].map(|who| world.peers[who].agent.local_credentials().ufrag().to_owned());
    message.add_attribute(&Username::new(&ufrags.join(":")).unwrap()).unwrap();
    let priority = RawAttribute::new(AttributeType::new(0x0024), &[0x6e, 0, 1, 0xff]);
    message.add_attribute(&priority).unwrap();
    for attribute in more {
        message.add_attribute(attribute).unwrap();
    }
    message.add_message_integrity(&key(world, A), IntegrityAlgorithm::Sha1).unwrap();
    message.add_fingerprint().unwrap();
    message.finish()
}

/// A message with one more attribute behind MESSAGE-INTEGRITY, and a FINGERPRINT over it all.
fn appended(mut message: Vec<u8>, attribute: &[u8]) -> Vec<u8> {
    message.extend_from_slice(attribute);
    let body = u16::try_from(message.len() - 20 + 8).unwrap();
    message[2..4].copy_from_slice(&body.to_be_bytes());
    let crc = u32::from_be_bytes(Fingerprint::compute(&[&message])) ^ 0x5354_554e;
    message.extend_from_slice(&[0x80, 0x28, 0, 4]);
    message.extend_from_slice(&crc.to_be_bytes());
    message
}

fn connected() -> World {
    let mut world = World::hosts(1, ADDRESSES);
    assert!(world.connect(secs(3.0)));
    world.run_for(secs(1.0));
    world
}

/// RFC 8489 §6.3.1: unknown optional attributes are ignored. (Unknown required ones are as well: a deviation.)
#[test]
fn unknown_attributes_in_checks_are_ignored() {
    let mut world = connected();
    for kind in [0x7fff, 0x0029, 0x8099, 0xc057] {
        let unknown = RawAttribute::new(AttributeType::new(kind), &[1, 2, 3, 4, 5]);
        let request = check(&world, &[unknown]);
        let sent = world.peers[A].sent.len();
        world.deliver(A, address(A), address(B), &request);
        let answer = world.peers[A].sent.get(sent).expect("an answer").payload.clone();
        let answer = Message::from_bytes(&answer).unwrap();
        assert!(answer.has_class(MessageClass::Success), "{kind:#06x}");
        assert_eq!(answer.transaction_id(), 4711.into());
    }
    assert_eq!(world.peers[A].agent.state(), IceState::Connected);
}

/// RFC 8445 §11: a Binding indication keeps a NAT's binding alive and wants nothing.
#[test]
fn an_indication_is_taken_without_an_answer() {
    let mut world = connected();
    let kind = MessageType::from_class_method(MessageClass::Indication, BINDING);
    let mut message = Message::builder(kind, 7.into(), MessageWriteVec::new());
    message.add_fingerprint().unwrap();
    let (sent, before) = (world.peers[A].sent.len(), world.peers[A].agent.stats());
    world.deliver(A, address(A), address(B), &message.finish());
    assert_eq!(world.peers[A].sent.len(), sent);
    assert_eq!(world.peers[A].agent.stats(), before);
}

/// RFC 8445 §14.3, as far as we follow it: the first repetition after 250 ms, then one every 500 ms.
#[test]
fn checks_are_repeated_every_half_second_until_answered() {
    let mut world = World::hosts(2, ADDRESSES);
    world.switch.loss = 100;
    let mut checks = Vec::new();
    while checks.len() < 12 {
        let before = world.peers[A].agent.stats().checks_sent;
        world.run_until(world.now + secs(0.001), |_| false);
        if world.peers[A].agent.stats().checks_sent != before {
            checks.push(world.now);
        }
    }
    let gaps: Vec<_> = checks.windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect();
    assert!((200..=350).contains(&gaps[0]), "{gaps:?}");
    assert!(gaps[1..].iter().all(|gap| (450..=600).contains(gap)), "{gaps:?}");
}

/// RFC 8489 §14.5: what follows MESSAGE-INTEGRITY is not authentic, whatever FINGERPRINT says.
#[test]
fn attributes_behind_the_integrity_do_not_count() {
    let mut world = World::hosts(1, ADDRESSES);
    world.switch.cut.insert(address(B));
    world.run_for(secs(1.0));
    let check = &world.peers[A].sent.last().unwrap().payload.clone();
    let check = Message::from_bytes(check).unwrap();
    let mut answer = Message::builder_success(&check, MessageWriteVec::new());
    let mapped = XorMappedAddress::new(address(A), check.transaction_id());
    answer.add_attribute(&mapped).unwrap();
    answer.add_message_integrity(&key(&world, B), IntegrityAlgorithm::Sha1).unwrap();
    // XOR-MAPPED-ADDRESS: 203.0.113.66, port 666.
    let forged = [0, 0x20, 0, 8, 0, 1, 0x23, 0x88, 0xea, 0x12, 0xd5, 0x00];
    let answer = appended(answer.finish(), &forged);
    world.deliver(A, address(A), address(B), &answer);
    let kinds = world.peers[A].agent.selected_pair().map(|pair| pair.local_kind());
    assert!(matches!(kinds, None | Some(CandidateKind::Host)), "{kinds:?}");
}

/// RFC 8445 §7.2.5.1: an error response that is not authentic changes no role.
#[test]
fn a_forged_role_conflict_changes_no_role() {
    let mut world = World::hosts(1, ADDRESSES);
    world.switch.cut.insert(address(B));
    world.run_for(secs(1.0));
    let check = world.peers[A].sent.last().unwrap().payload.clone();
    let check = Message::from_bytes(&check).unwrap();
    for signed in [false, true] {
        let mut error = Message::builder_error(&check, MessageWriteVec::new());
        error.add_attribute(&ErrorCode::new(487, "Role Conflict").unwrap()).unwrap();
        if signed {
            let wrong = ShortTermCredentials::new("not the password of anybody".to_owned());
            error.add_message_integrity(&wrong.into(), IntegrityAlgorithm::Sha1).unwrap();
        }
        error.add_fingerprint().unwrap();
        world.deliver(A, address(A), address(B), &error.finish());
    }
    assert_eq!(world.peers[A].agent.role(), Role::Controlling);
    assert_eq!(world.peers[A].agent.stats().dropped.unauthenticated, 2);
}

/// RFC 8445 §7.3.1.1: loss does not leave two of one role.
#[test]
fn role_conflicts_resolve_on_a_lossy_link() {
    for role in [Role::Controlling, Role::Controlled] {
        for seed in 0..20 {
            let mut world = World::new(seed, [role; 2], [Config::new(), Config::new()]);
            world.switch.loss = 30;
            for who in [A, B] {
                world.add_socket(who, LocalSocket::new(address(who)));
            }
            world.start();
            assert!(world.connect(secs(15.0)), "{role:?}, seed {seed}");
            world.run_for(secs(5.0));
            let roles = [A, B].map(|who| world.peers[who].agent.role());
            assert_ne!(roles[A], roles[B], "{role:?}, seed {seed}");
        }
    }
}

/// RFC 8489 §14.7.
#[test]
fn fingerprint_is_the_last_attribute_of_what_we_send() {
    let world = connected();
    for packet in world.peers.iter().flat_map(|peer| &peer.sent) {
        let message = Message::from_bytes(&packet.payload).unwrap();
        let last = message.iter_attributes().last().unwrap().1;
        assert_eq!(last.get_type(), Fingerprint::TYPE);
    }
}
