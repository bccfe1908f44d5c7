use std::net::SocketAddr;

use proptest::prelude::*;
use stun_types::attribute::{Username, XorMappedAddress};
use stun_types::message::{
    BINDING, IntegrityAlgorithm, Message, MessageClass, MessageType, MessageWrite, MessageWriteExt,
    MessageWriteVec, ShortTermCredentials,
};
use zentalk_ice_nat::{
    Credentials, Error, Event, IceState, Input, LocalSocket, MAX_PEER_REFLEXIVE,
};

use crate::world::{A, B, World, secs};

const ADDRESSES: [&str; 2] = ["192.0.2.1:5000", "198.51.100.1:6000"];

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn connected() -> World {
    let mut world = World::hosts(1, ADDRESSES);
    assert!(world.connect(secs(3.0)));
    world.run_for(secs(1.0));
    world
}

fn sent_by(world: &World, who: usize, class: MessageClass) -> Vec<Vec<u8>> {
    let of_class = |payload: &&Vec<u8>| Message::from_bytes(payload).unwrap().has_class(class);
    world.peers[who].sent.iter().map(|packet| &packet.payload).filter(of_class).cloned().collect()
}

/// Only authenticated STUN changes anything: a wrong password, or none.
/// RFC 8445 §7.2.2, RFC 8489 §14.5.
#[test]
fn forged_requests_are_not_answered() {
    let mut world = connected();
    let ufrags = [A, B].map(|who| world.peers[who].agent.local_credentials().ufrag().to_owned());
    let attacker = address("203.0.113.66:666");
    for signed in [false, true] {
        let kind = MessageType::from_class_method(MessageClass::Request, BINDING);
        let mut message = Message::builder(kind, 99.into(), MessageWriteVec::new());
        let user = format!("{}:{}", ufrags[A], ufrags[B]);
        message.add_attribute(&Username::new(&user).unwrap()).unwrap();
        if signed {
            let key = ShortTermCredentials::new("wrong password of some length".to_owned());
            message.add_message_integrity(&key.into(), IntegrityAlgorithm::Sha1).unwrap();
        }
        message.add_fingerprint().unwrap();
        let sent = world.peers[A].sent.len();
        world.deliver(A, address(ADDRESSES[A]), attacker, &message.finish());
        assert_eq!(world.peers[A].sent.len(), sent);
        assert!(!world.peers[A].agent.is_validated(address(ADDRESSES[A]), attacker));
    }
}

/// Every bit of a check that would be answered matters; so does its length.
/// RFC 8489 §14.5 and §14.7.
#[test]
fn damaged_requests_change_nothing() {
    let mut world = connected();
    let request = sent_by(&world, B, MessageClass::Request).pop().unwrap();
    let source = address("203.0.113.66:666");
    let dropped = world.peers[A].agent.stats().dropped.total();
    for bit in 0..request.len() * 8 {
        let mut damaged = request.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        world.deliver(A, address(ADDRESSES[A]), source, &damaged);
    }
    for length in 0..request.len() {
        world.deliver(A, address(ADDRESSES[A]), source, &request[..length]);
    }
    let stats = world.peers[A].agent.stats();
    let damaged = (request.len() * 8 + request.len()) as u64;
    assert_eq!(stats.dropped.total() - dropped, damaged);
    assert!(!world.peers[A].agent.is_validated(address(ADDRESSES[A]), source));
}

/// RFC 7675 §5.1: only a fresh answer renews consent, not a recorded one.
#[test]
fn a_replayed_response_does_not_renew_consent() {
    let mut world = connected();
    let recorded = sent_by(&world, B, MessageClass::Success);
    world.switch.loss = 100;
    let until = world.now + secs(40.0);
    while world.now < until {
        for response in &recorded {
            world.deliver(A, address(ADDRESSES[A]), address(ADDRESSES[B]), response);
        }
        world.run_for(secs(1.0));
    }
    assert_eq!(world.peers[A].agent.state(), IceState::Failed);
    assert!(world.peers[A].agent.stats().dropped.unexpected >= 40);
}

/// RFC 8445 §7.2.5.2.1: an answer comes from where the check went.
#[test]
fn a_response_from_another_address_is_dropped() {
    let mut world = World::hosts(1, ADDRESSES);
    world.switch.cut.insert(address(ADDRESSES[B]));
    world.run_for(secs(1.0));
    let check = sent_by(&world, A, MessageClass::Request).pop().unwrap();
    let check = Message::from_bytes(&check).unwrap();
    let password = world.peers[B].agent.local_credentials().password().to_owned();
    let mut answer = Message::builder_success(&check, MessageWriteVec::new());
    let mapped = XorMappedAddress::new(address(ADDRESSES[A]), check.transaction_id());
    answer.add_attribute(&mapped).unwrap();
    let key = ShortTermCredentials::new(password).into();
    answer.add_message_integrity(&key, IntegrityAlgorithm::Sha1).unwrap();
    answer.add_fingerprint().unwrap();
    let answer = answer.finish();
    world.deliver(A, address(ADDRESSES[A]), address("203.0.113.66:666"), &answer);
    assert_eq!(world.peers[A].agent.stats().dropped.wrong_address, 1);
    assert!(!world.peers[A].agent.may_send_media(world.now));
    // The same bytes from the right place count.
    world.deliver(A, address(ADDRESSES[A]), address(ADDRESSES[B]), &answer);
    assert!(world.peers[A].agent.may_send_media(world.now));
}

/// A peer that checks from thousands of addresses makes 32 of them known.
#[test]
fn peer_reflexive_addresses_are_bounded() {
    let mut world = connected();
    let request = sent_by(&world, B, MessageClass::Request).pop().unwrap();
    for port in 1..=5_000 {
        let source = SocketAddr::from(([203, 0, 113, 66], port));
        world.deliver(A, address(ADDRESSES[A]), source, &request);
    }
    let validated = (1..=5_000)
        .filter(|port| {
            let source = SocketAddr::from(([203, 0, 113, 66], *port));
            world.peers[A].agent.is_validated(address(ADDRESSES[A]), source)
        })
        .count();
    assert_eq!(validated, MAX_PEER_REFLEXIVE);
    let overflow = world.peers[A].agent.stats().dropped.overflow;
    assert_eq!(overflow, 5_000 - MAX_PEER_REFLEXIVE as u64);
    assert_eq!(world.peers[A].agent.state(), IceState::Connected);
}

/// The ICE library panics when the USERNAME that it writes is longer than 128 bytes.
/// RFC 8839 §5.4.
#[test]
fn a_remote_ufrag_that_is_too_long_is_refused() {
    for (length, expected) in [(119, Ok(())), (120, Err(Error::RemoteUfragTooLong))] {
        let mut world = World::unconfigured(1);
        world.add_socket(A, LocalSocket::new(address(ADDRESSES[A])));
        world.open(A);
        let credentials = Credentials::new(&"u".repeat(length), &"p".repeat(256)).unwrap();
        let input = Input::RemoteCredentials(credentials);
        assert_eq!(world.peers[A].agent.handle_input(world.now, input), expected);
        world.input(A, Input::RemoteCandidateText("1 1 udp 1 198.51.100.1 6000 typ host"));
        world.run_for(secs(1.0));
        assert_eq!(world.peers[A].sent.is_empty(), expected.is_err());
    }
}

/// Early checks, before the answer, are queued in the ICE library; a flood of them stays bounded
/// and the call connects.
#[test]
fn a_flood_of_early_checks_is_survived() {
    let mut world = World::unconfigured(2);
    for who in [A, B] {
        world.add_socket(who, LocalSocket::new(address(ADDRESSES[who])));
        world.open(who);
    }
    // B knows A; A does not know B.
    world.signal_credentials(A);
    world.run_for(secs(3.0));
    let request = sent_by(&world, B, MessageClass::Request).pop().unwrap();
    for _ in 0..10_000 {
        world.deliver(A, address(ADDRESSES[A]), address(ADDRESSES[B]), &request);
    }
    world.signal_credentials(B);
    assert!(world.connect(secs(5.0)));
}

#[test]
fn datagrams_that_are_no_stun_are_counted() {
    let mut world = connected();
    let before = world.peers[A].agent.stats().dropped.malformed;
    for bytes in [&[][..], &[0; 20], &[0x80; 100], b"\x16\xfe\xfd"] {
        world.deliver(A, address(ADDRESSES[A]), address(ADDRESSES[B]), bytes);
    }
    assert_eq!(world.peers[A].agent.stats().dropped.malformed, before + 4);
}

#[test]
fn debug_output_names_no_address_and_no_secret() {
    let world = connected();
    let agent = &world.peers[A].agent;
    let text = format!(
        "{agent:?} {:?} {:?} {:?}",
        agent.selected_pair(),
        agent.local_credentials(),
        world.peers[A].events
    );
    let credentials = agent.local_credentials();
    for secret in ["192.0.2.", "198.51.100.", credentials.ufrag(), credentials.password()] {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(world.peers[A].count(|event| matches!(event, Event::AddressValidated { .. })) == 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever arrives, and in whatever order time passes, nothing panics and the call lives.
    #[test]
    fn arbitrary_datagrams_do_not_disturb_a_call(
        datagrams in proptest::collection::vec(
            (proptest::collection::vec(any::<u8>(), 0..64), 0..3_usize, 0..1_000_u64), 1..40,
        )
    ) {
        let mut world = connected();
        let templates = [MessageClass::Request, MessageClass::Success]
            .map(|class| sent_by(&world, B, class).pop().unwrap());
        for (noise, shape, wait) in datagrams {
            let mut bytes = templates.get(shape).cloned().unwrap_or_default();
            if bytes.is_empty() {
                bytes.extend([0, 1, 0, u8::try_from(noise.len()).unwrap(), 0x21, 0x12, 0xa4, 0x42]);
                bytes.extend([0; 12]);
                bytes.extend(&noise);
            } else {
                for (position, byte) in noise.iter().enumerate() {
                    let length = bytes.len();
                    bytes[20 + (position * 7) % (length - 20)] ^= byte;
                }
            }
            world.deliver(A, address(ADDRESSES[A]), address(ADDRESSES[B]), &bytes);
            world.run_for(std::time::Duration::from_millis(wait));
        }
        prop_assert!(world.peers[A].agent.may_send_media(world.now));
    }
}
