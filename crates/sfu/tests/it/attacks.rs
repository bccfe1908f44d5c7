//! What somebody on the path, beside it, or in the room may try, and what comes of it: a count, and nothing else.

use std::net::SocketAddr;
use std::time::Duration;

use zentalk_sfu::{Medium, Notice, SfuConfig};

use crate::client::{AUDIO, rtp};
use crate::stun_kit::{Message, attributes};
use crate::world::{World, room};

pub(crate) const SETTLED: Duration = Duration::from_millis(300);

pub(crate) fn stranger() -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 66], 6_666))
}

/// A check as `who` makes it; with USE-CANDIDATE.
pub(crate) fn check_of(world: &World, who: usize) -> Message {
    let client = &world.clients[who];
    let username = format!(
        "{}:{}",
        client.answer.as_ref().unwrap().ufrag,
        client.ice.local_credentials().ufrag()
    );
    Message::request()
        .attribute(attributes::USERNAME, username.as_bytes())
        .attribute(attributes::PRIORITY, &[1, 2, 3, 4])
        .attribute(attributes::ICE_CONTROLLING, &[7; 8])
        .attribute(attributes::USE_CANDIDATE, &[])
}

pub(crate) fn password(world: &World, who: usize) -> String {
    world.clients[who].answer.as_ref().unwrap().password.to_string()
}

/// What `who` says when it is asked at `address`, where nobody else receives, whether it is there.
pub(crate) fn response_to_stray(world: &World, who: usize, address: SocketAddr) -> Vec<u8> {
    let asked = |(to, bytes): &&(SocketAddr, Vec<u8>)| *to == address && bytes[..2] == [0, 1];
    let (_, question) = world.strays.iter().find(asked).expect("a question");
    let credentials = world.clients[who].ice.local_credentials();
    let question =
        Message::parse(question, credentials.password()).expect("signed for the participant");
    let ours = &world.clients[who].answer.as_ref().unwrap().ufrag;
    let name = format!("{}:{ours}", credentials.ufrag());
    assert_eq!(question.find(attributes::USERNAME), Some(name.as_bytes()));
    Message::success(question.transaction).signed(credentials.password())
}

/// Says something as `who`, and returns what the other of two hears of it.
pub(crate) fn hears(world: &mut World, who: usize, word: &[u8]) -> bool {
    let packet = world.clients[who].packet(0, word);
    world.send_of(who, packet);
    world.run(SETTLED);
    let heard = world.clients[1 - who].got(0, Medium::Audio);
    heard.last().is_some_and(|packet| packet.payload == word)
}

#[test]
fn forged_checks_are_not_answered_and_prove_nothing() {
    let mut world = World::call_of(2);
    let before = world.sfu.stats();
    let good = check_of(&world, 0).signed(&password(&world, 0));
    for at in 0..good.len() {
        let mut forged = good.clone();
        forged[at] ^= 0x10;
        world.send(stranger(), forged);
    }
    world.send(stranger(), check_of(&world, 0).signed("a password that was guessed"));
    world.send(stranger(), check_of(&world, 0).unsigned());
    world.run(SETTLED);
    assert!(world.strays.is_empty(), "{} answers", world.strays.len());
    assert!(!world.sfu.knows(stranger()));
    // Flipped bits of the first byte make some of them look like other protocols.
    let after = world.sfu.stats();
    let refused = after.refused_checks + after.unknown_kind + after.unknown_address
        - before.refused_checks
        - before.unknown_kind
        - before.unknown_address;
    assert_eq!(refused, good.len() as u64 + 2);
    assert!(hears(&mut world, 0, b"untouched"));
}

/// A recorded check bears no address; a lite agent does not check back. It must not carry the media away.
#[test]
fn a_replayed_check_does_not_move_the_media() {
    let mut world = World::call_of(2);
    let recorded = check_of(&world, 1).signed(&password(&world, 1));
    world.send_of(1, recorded.clone());
    world.run(SETTLED);
    for _ in 0..20 {
        world.send(stranger(), recorded.clone());
        world.run(Duration::from_millis(50));
    }
    assert!(hears(&mut world, 0, b"to the right one"));
    let media = world.strays.iter().filter(|(_, bytes)| bytes[0] >= 128).count();
    assert_eq!(media, 0, "the stranger got no packet");
}

/// Whoever has crashed is gone, however often a check of its is sent again.
#[test]
fn replayed_checks_keep_nobody_alive() {
    let mut world = World::call_of(2);
    let recorded = check_of(&world, 1).signed(&password(&world, 1));
    world.cut.push(world.clients[1].address);
    for _ in 0..15 {
        world.send(stranger(), recorded.clone());
        world.run(Duration::from_secs(1));
    }
    assert_eq!(world.sfu.stats().participants, 1);
}

/// A flood of them does not keep the participant's own checks from being answered.
#[test]
fn replayed_checks_do_not_use_up_what_consent_needs() {
    let mut world = World::call_of(2);
    let recorded = check_of(&world, 1).signed(&password(&world, 1));
    for _ in 0..40 {
        (0..200).for_each(|_| world.send(stranger(), recorded.clone()));
        world.run(Duration::from_secs(1));
    }
    let client = &world.clients[1];
    assert!(client.ice.may_send_media(world.now), "it still has consent");
    // Answers, and questions whether it receives there.
    assert!(world.strays.len() <= 2 * 41 * 100, "{} datagrams", world.strays.len());
}

/// Roaming, the honest case of the same: media from the new address moves it.
#[test]
fn media_from_a_nominated_address_moves_the_path() {
    let mut world = World::call_of(2);
    let moved = SocketAddr::from(([198, 51, 100, 2], 9_999));
    world.send(moved, check_of(&world, 1).signed(&password(&world, 1)));
    world.run(SETTLED);
    let response = response_to_stray(&world, 1, moved);
    world.send(moved, response);
    assert!(hears(&mut world, 0, b"still there"));
    let packet = world.clients[1].packet(0, b"from elsewhere");
    world.send(moved, packet);
    world.run(SETTLED);
    let before = world.clients[1].received.len();
    let packet = world.clients[0].packet(0, b"after you");
    world.send_of(0, packet);
    world.run(SETTLED);
    assert_eq!(world.clients[1].received.len(), before);
    assert!(world.strays.iter().any(|(to, bytes)| *to == moved && bytes[0] >= 128));
}

/// Invariant 4: DTLS only from addresses that a check has proven.
#[test]
fn dtls_from_an_unvalidated_address_is_dropped() {
    let mut world = World::new(SfuConfig::default());
    let who = world.join(1, room(1)).unwrap();
    // A ClientHello record, of any kind, from ten thousand addresses that proved nothing.
    let mut hello = vec![22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 50];
    hello.resize(63, 1);
    for port in 0..10_000_u16 {
        let from = SocketAddr::from(([203, 0, 113, (port >> 8) as u8], port));
        world.sfu.handle_datagram(world.now, crate::world::SFU, from, &mut hello.clone());
    }
    world.settle();
    assert_eq!(world.sfu.stats().unknown_address, 10_000);
    world.run(Duration::from_secs(1));
    assert!(world.clients[who].is_connected());
    assert!(world.strays.is_empty());
}

#[test]
fn a_participant_with_another_certificate_gets_no_keys() {
    let mut world = World::new(SfuConfig::default());
    let mut client = crate::client::Client::new(world.now, 1, crate::world::SFU);
    let mut offer = client.offer();
    offer.fingerprints =
        crate::client::Client::new(world.now, 2, crate::world::SFU).offer().fingerprints;
    let answer = world.sfu.join(world.now, room(1), client.id, &offer, &mut world.rng).unwrap();
    client.take_answer(world.now, answer);
    world.clients.push(client);
    world.run(Duration::from_secs(2));
    assert_eq!(world.sfu.stats().failed_handshakes, 1);
    assert!(world.sfu.is_empty());
    assert!(world.notices(0).iter().any(|notice| matches!(notice, Notice::Gone { .. })));
}

#[test]
fn packets_from_an_unknown_address_are_dropped() {
    let mut world = World::call_of(2);
    let packet = world.clients[0].packet(0, b"from nowhere");
    world.send(stranger(), packet.clone());
    world.run(SETTLED);
    assert_eq!((world.sfu.stats().unknown_address, world.clients[1].received.len()), (1, 0));
    // The packet is good, and its number is not used up.
    world.send_of(0, packet);
    world.run(SETTLED);
    assert_eq!(world.clients[1].received.len(), 1);
}

#[test]
fn a_replayed_packet_is_dropped() {
    let mut world = World::call_of(2);
    let packet = world.clients[0].packet(0, b"once");
    (0..5).for_each(|_| world.send_of(0, packet.clone()));
    world.run(SETTLED);
    assert_eq!((world.clients[1].received.len(), world.sfu.stats().replayed), (1, 4));
}

/// Invariant 5.
#[test]
fn forged_packets_change_nothing() {
    let mut world = World::call_of(2);
    let good = world.clients[0].packet(0, b"genuine");
    let report = world.clients[0].report(|writer| writer.receiver_report(1, &[]).unwrap());
    let before = world.sfu.stats();
    for original in [&good, &report] {
        for at in 0..original.len() {
            let mut forged = original.clone();
            forged[at] ^= 1;
            world.send_of(0, forged);
        }
    }
    world.run(SETTLED);
    assert_eq!(world.clients[1].received.len(), 0);
    let after = world.sfu.stats();
    assert_eq!((after.received, after.forwarded), (before.received, before.forwarded));
    assert!(after.forged - before.forged >= (good.len() + report.len() - 4) as u64);
    world.send_of(0, good);
    world.run(SETTLED);
    assert_eq!(world.clients[1].received.len(), 1);
}

#[test]
fn a_source_that_was_not_announced_is_refused() {
    let mut world = World::call_of(2);
    // Also one that is another's: sources count for those who announced them.
    for ssrc in [42, world.clients[1].ssrc(0)] {
        let plain = rtp(AUDIO, 1, 1, ssrc, &[], b"in another's name");
        let packet = world.clients[0].protect(plain);
        world.send_of(0, packet);
    }
    world.run(SETTLED);
    assert_eq!(world.sfu.stats().unknown_source, 2);
    assert_eq!(world.clients[1].received.len(), 0);
    assert!(hears(&mut world, 1, b"mine") && hears(&mut world, 0, b"and mine"));
}

/// One participant sends checks of its own with the address of another, who must not be cut off by that.
#[test]
fn a_participant_cannot_take_the_address_of_another() {
    let mut world = World::call_of(2);
    let victim = world.clients[0].address;
    let refused = world.sfu.stats().refused_checks;
    for _ in 0..50 {
        let check = check_of(&world, 1).signed(&password(&world, 1));
        world.send(victim, check);
        let packet = world.clients[0].packet(0, b"mine");
        world.send_of(0, packet);
        world.run(Duration::from_millis(200));
    }
    assert_eq!(world.clients[1].got(0, Medium::Audio).len(), 50);
    assert_eq!(world.sfu.stats().refused_checks - refused, 50);
}
