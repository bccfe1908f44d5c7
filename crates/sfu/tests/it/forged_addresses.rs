//! Anybody who is let in can write anybody's address into what it sends. What that brings: nothing to the victim but a question, and nothing of
//! the victim's to the one who did it.

use std::net::SocketAddr;
use std::time::Duration;

use zentalk_sfu::SfuConfig;

use crate::attacks::{SETTLED, check_of, hears, password, response_to_stray, stranger};
use crate::stun_kit::{Message, attributes};
use crate::world::{World, room};

/// A participant writes the address of somebody into all that it sends, who has asked for nothing. Before there are keys: not one byte of the
/// handshake goes there, and nothing that came in the victim's name brings it more than twice as many bytes.
#[test]
fn a_participant_cannot_have_a_handshake_sent_to_somebody_else() {
    let mut world = World::new(SfuConfig::default());
    let who = world.join(1, room(1)).unwrap();
    let (client, victim) = (world.clients[who].address, stranger());
    // What it sends on its own address is lost: all comes in the victim's name.
    world.cut.push(client);
    let check = check_of(&world, who);
    let name = check.find(attributes::USERNAME).unwrap();
    let unknown: Vec<u16> = (0x7f00..0x7f10).collect();
    let shortest = || Message::request().attribute(attributes::USERNAME, name);
    let odd = unknown.iter().fold(shortest(), |check, kind| check.attribute(*kind, &[]));
    let conflict = shortest().attribute(attributes::ICE_CONTROLLED, &[7; 8]);
    let password = password(&world, who);
    let mut datagrams =
        [check.clone(), shortest(), odd, conflict].map(|c| c.signed(&password)).to_vec();
    for len in [63, 120, 200] {
        let mut hello = vec![22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, len - 13];
        hello.resize(len.into(), 1);
        datagrams.push(hello);
    }
    let got = |world: &World| world.strays.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
    for datagram in datagrams.iter().cycle().take(28) {
        let before = got(&world);
        world.send(victim, datagram.clone());
        world.run(Duration::from_secs(1));
        let gain = got(&world) - before;
        assert!(gain <= 2 * datagram.len(), "{gain} bytes for {}", datagram.len());
    }
    assert!(got(&world) > 0, "all of that was authentic");
    assert!(world.strays.iter().all(|(to, bytes)| *to == victim && bytes[0] < 4));
}

/// Mallory writes Bob's address into a check of hers every moment, and waits for Bob to be out of reach for so long that the address is
/// anybody's. She has it then, for she is let in; but she does not receive there, and when Bob is back, so is all that is said to him.
#[test]
fn whoever_claims_an_address_again_and_again_does_not_keep_it_from_the_one_who_is_there() {
    let mut world = World::call_of(2);
    let (bob, mallory) = (0, 1);
    let address = world.clients[bob].address;
    world.cut.push(address);
    let claim = check_of(&world, mallory).signed(&password(&world, mallory));
    let claim_for_tenths = |world: &mut World, tenths: usize| {
        for _ in 0..tenths {
            world.sfu.handle_datagram(world.now, crate::world::SFU, address, &mut claim.clone());
            world.run(Duration::from_millis(100));
        }
    };
    claim_for_tenths(&mut world, 55);
    assert!(!world.sfu.knows(address), "she has it");
    world.cut.clear();
    let back = check_of(&world, bob).signed(&password(&world, bob));
    world.send_of(bob, back);
    claim_for_tenths(&mut world, 20);
    assert!(world.sfu.knows(address));
    assert!(hears(&mut world, bob, b"from Bob, who is back"));
    claim_for_tenths(&mut world, 10);
    assert!(hears(&mut world, mallory, b"to Bob, who is back"));
}

/// The same in a call, where it would be worth most: everything that the others say would go to the victim, for a packet now and then.
#[test]
fn a_participant_cannot_have_media_sent_to_somebody_else() {
    let mut world = World::call_of(2);
    let victim = stranger();
    for _ in 0..10 {
        let check = check_of(&world, 1).signed(&password(&world, 1));
        world.send(victim, check);
        let packet = world.clients[1].packet(0, b"in the victim's name");
        world.send(victim, packet);
        world.run(SETTLED);
        assert!(hears(&mut world, 0, b"for the participant alone"));
    }
    assert!(world.strays.iter().all(|(_, bytes)| bytes[0] < 4), "no media");
}

/// Whoever waits for the handshake says its hello again: as long as that is no shorter, it is asked again.
#[test]
fn a_question_that_was_lost_is_asked_again() {
    let mut world = World::new(SfuConfig::default());
    let who = world.join(1, room(1)).unwrap();
    world.cut.push(world.clients[who].address);
    let elsewhere = stranger();
    world.send(elsewhere, check_of(&world, who).signed(&password(&world, who)));
    world.run(SETTLED);
    let questions = |world: &World| world.strays.iter().filter(|(_, b)| b[..2] == [0, 1]).count();
    assert_eq!(questions(&world), 1);
    for (len, expected) in [(60, 1), (200, 2), (90, 2), (200, 3)] {
        let mut hello = vec![22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, len - 13];
        hello.resize(len.into(), 1);
        world.send(elsewhere, hello);
        world.run(SETTLED);
        assert_eq!(questions(&world), expected, "{len} bytes");
    }
}

/// Each address that is known has a place in the tables of every worker: whoever has all its machine's ports must not fill them.
#[test]
fn a_participant_with_ten_thousand_ports_becomes_known_at_a_few() {
    let mut world = World::call_of(2);
    let before = world.sfu.stats().checks;
    for port in 0..10_000 {
        let from = SocketAddr::from(([203, 0, 113, 66], 10_000 + port));
        world.send(from, check_of(&world, 1).signed(&password(&world, 1)));
        if port % 1_000 == 0 {
            world.run(Duration::from_secs(1));
        }
    }
    world.run(SETTLED);
    let answered = world.sfu.stats().checks - before;
    // Ten seconds, the participants' own checks among them.
    assert!(answered <= 8 * 11 + 20, "{answered}");
    assert!(hears(&mut world, 0, b"where it was"));
}

/// What proves an address is said at that address, to us, by that participant.
#[test]
fn only_a_signed_answer_from_the_very_address_proves_it() {
    let mut world = World::call_of(2);
    let moved = SocketAddr::from(([198, 51, 100, 2], 9_999));
    let other = SocketAddr::from(([198, 51, 100, 2], 9_998));
    for address in [moved, other] {
        world.send(address, check_of(&world, 1).signed(&password(&world, 1)));
    }
    world.run(SETTLED);
    let genuine = response_to_stray(&world, 1, moved);
    // Damaged, sent from another address of the same participant, or signed with our own password, which is not the participant's.
    let refused = world.sfu.stats().refused_checks;
    for at in [4, 8, 19, 24, genuine.len() - 20] {
        let mut damaged = genuine.clone();
        damaged[at] ^= 1;
        world.send(moved, damaged);
    }
    world.send(other, genuine.clone());
    let transaction = genuine[8..20].try_into().unwrap();
    world.send(moved, Message::success(transaction).signed(&password(&world, 1)));
    world.send(moved, Message::success(transaction).unsigned());
    world.run(SETTLED);
    assert_eq!(world.sfu.stats().refused_checks - refused, 8);
    let packet = world.clients[1].packet(0, b"from elsewhere");
    world.send(other, packet);
    world.run(SETTLED);
    assert!(hears(&mut world, 0, b"to the old address"));
    // Nominated anew: the participant's own checks have gone on meanwhile.
    world.send(moved, check_of(&world, 1).signed(&password(&world, 1)));
    world.send(moved, genuine);
    let packet = world.clients[1].packet(0, b"from elsewhere");
    world.send(moved, packet);
    world.run(SETTLED);
    assert!(!hears(&mut world, 0, b"to the new one"));
}
