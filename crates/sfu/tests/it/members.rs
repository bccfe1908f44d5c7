//! Who comes, stays and goes.

use std::time::Duration;

use zentalk_sfu::{Error, GoneReason, Medium, Notice, Refusal, SfuConfig, Uplink};

use crate::client::{Client, frame, label, slots};
use crate::world::{SFU, World, room};

const SETTLED: Duration = Duration::from_millis(500);

#[test]
fn those_who_are_here_hear_of_a_newcomer_and_it_hears_who_is_here() {
    let mut world = World::new(SfuConfig::default());
    let first = world.join(1, room(1)).unwrap();
    let second = world.join(2, room(1)).unwrap();
    assert_eq!(world.notices(first), [&Notice::Arrived(world.clients[second].id)]);
    assert_eq!(world.notices(second), [] as [&Notice; 0]);
    let present = &world.clients[second].answer.as_ref().unwrap().present;
    assert_eq!(present[..], [world.clients[first].id]);
    assert_eq!((world.sfu.stats().rooms, world.sfu.stats().participants), (1, 2));
}

#[test]
fn the_others_hear_of_one_who_leaves_and_its_key_is_void() {
    let mut world = World::call_of(3);
    let key = world.key(0);
    world.sfu.leave(world.now, key).unwrap();
    world.settle();
    let gone = Notice::Gone { participant: world.clients[0].id, reason: GoneReason::Left };
    for other in [1, 2] {
        assert!(world.notices(other).contains(&&gone));
    }
    assert_eq!(world.notices(0).last(), Some(&&gone), "its key hears of its end, too");
    assert_eq!(world.sfu.leave(world.now, key), Err(Error::NoSuchParticipant));
    assert_eq!(world.sfu.subscribe(world.now, key, &[]), Err(Error::NoSuchParticipant));
    assert!(!world.sfu.knows(world.clients[0].address));
    world.run(SETTLED);
    assert!(world.clients[0].closed, "it is told by DTLS as well");
}

#[test]
fn a_dtls_goodbye_is_a_goodbye() {
    let mut world = World::call_of(2);
    let now = world.now;
    world.clients[0].dtls.as_mut().unwrap().close(now);
    let sent = world.clients[0].drain();
    sent.into_iter().for_each(|(from, bytes)| world.send(from, bytes));
    world.run(SETTLED);
    let gone = Notice::Gone { participant: world.clients[0].id, reason: GoneReason::Left };
    for who in 0..2 {
        assert!(world.notices(who).contains(&&gone), "{who} hears of it");
    }
}

#[test]
fn one_who_falls_silent_is_gone_within_15_seconds() {
    let mut world = World::call_of(3);
    world.cut.push(world.clients[0].address);
    let started = world.now;
    let gone = Notice::Gone { participant: world.clients[0].id, reason: GoneReason::Silent };
    world.run(Duration::from_secs(9));
    assert!(!world.notices(1).contains(&&gone), "too early");
    world.run(Duration::from_secs(6));
    for who in 0..3 {
        assert!(world.notices(who).contains(&&gone), "{who} hears of it");
    }
    assert!(world.now - started <= Duration::from_secs(15));
    // Checks keep the others here.
    world.run(Duration::from_secs(60));
    assert_eq!(world.sfu.stats().participants, 2);
}

#[test]
fn one_who_never_shakes_hands_is_gone() {
    let mut world = World::new(SfuConfig::default());
    let who = world.join(1, room(1)).unwrap();
    world.clients[who].dtls = None;
    world.clients[who].due[1] = None;
    // Its checks go on.
    for _ in 0..31 {
        world.run(Duration::from_secs(1));
    }
    assert!(world.sfu.is_empty());
}

#[test]
fn one_who_joins_again_takes_its_own_place() {
    let mut world = World::call_of(2);
    let old = world.key(0);
    world.clients[0].address.set_port(9); // its socket is closed
    let again = world.join(1, room(1)).unwrap();
    let replaced = Notice::Gone { participant: world.clients[0].id, reason: GoneReason::Replaced };
    assert!(world.events.iter().any(|event| event.to == old && event.notice == replaced));
    assert!(!world.notices(1).contains(&&replaced), "to the others nobody has gone");
    assert_eq!(world.sfu.stats().participants, 2);
    world.run(Duration::from_secs(1));
    assert!(world.clients[again].is_connected());
    // Who received from it before goes on to.
    let packet = world.clients[again].packet(0, b"again");
    world.send_of(again, packet);
    world.run(SETTLED);
    assert_eq!(world.clients[1].got(0, Medium::Audio).last().unwrap().payload, b"again");
}

#[test]
fn a_wish_for_one_who_is_not_here_waits_for_them() {
    let mut world = World::new(SfuConfig::default());
    let first = world.join(1, room(1)).unwrap();
    world.run(SETTLED);
    let later = Client::new(world.now, 2, SFU).id;
    let wishes = world.clients[first].wishes(&[later], 2);
    world.sfu.subscribe(world.now, world.key(first), &wishes).unwrap();
    let second = world.join(2, room(1)).unwrap();
    world.run(SETTLED);
    let packet = world.clients[second].packet(0, b"hello");
    world.send_of(second, packet);
    world.run(SETTLED);
    assert_eq!(world.clients[first].got(0, Medium::Audio).len(), 1);
}

#[test]
fn a_new_list_of_wishes_takes_the_place_of_the_old_one() {
    let mut world = World::call_of(2);
    world.sfu.subscribe(world.now, world.key(1), &[]).unwrap();
    let packet = world.clients[0].packet(0, b"unheard");
    world.send_of(0, packet);
    world.run(SETTLED);
    assert_eq!(world.clients[1].received.len(), 0);
}

#[test]
fn nobody_receives_themselves_and_wishes_that_fit_no_slot_do_nothing() {
    let mut world = World::call_of(2);
    let own = world.clients[0].id;
    let mut wishes = world.clients[0].wishes(&[own], 2);
    let mut odd = world.clients[0].wishes(&[world.clients[1].id], 2);
    odd[0].mid = label("99");
    odd[1].medium = Medium::Audio;
    wishes.extend(odd);
    world.sfu.subscribe(world.now, world.key(0), &wishes).unwrap();
    for who in 0..2 {
        let packet = world.clients[who].packet(0, b"x");
        world.send_of(who, packet);
    }
    world.run(SETTLED);
    assert_eq!(world.clients[0].received.len(), 0);
}

/// Otherwise one packet would go to one participant thirty times.
#[test]
fn a_medium_goes_to_a_participant_once_however_many_slots_wish_for_it() {
    let mut world = World::call_of(2);
    let sender = world.clients[0].id;
    let everywhere = world.clients[1].wishes(&[sender; 5], 2);
    world.sfu.subscribe(world.now, world.key(1), &everywhere).unwrap();
    let say = |world: &mut World, source: usize| {
        let packet = world.clients[0].packet(source, &frame(true, b"once"));
        world.send_of(0, packet);
        world.run(SETTLED);
    };
    (0..2).for_each(|source| say(&mut world, source));
    assert_eq!(world.clients[1].received.len(), 2);
    let told = world.notices(1).into_iter().rev().find_map(|notice| match notice {
        Notice::Slots(states) => Some(states.iter().map(|state| state.participant).collect()),
        _ => None,
    });
    let told: Vec<_> = told.expect("what the slots carry");
    assert_eq!((&told[..2], &told[2..]), (&[Some(sender); 2][..], &[None; 8][..]));
    // It may change its slot.
    let elsewhere = everywhere[6..8].to_vec();
    world.sfu.subscribe(world.now, world.key(1), &elsewhere).unwrap();
    say(&mut world, 0);
    assert_eq!(world.clients[1].got(3, Medium::Audio).len(), 1);
}

#[test]
fn rooms_and_the_server_have_their_limits_and_a_refused_join_changes_nothing() {
    let config = SfuConfig { max_participants: 2, max_rooms: 2, ..SfuConfig::default() };
    let mut world = World::new(config);
    for (number, at) in [(1, 1), (2, 1), (3, 2)] {
        world.join(number, room(at)).unwrap();
    }
    let before = world.sfu.stats();
    assert_eq!(world.join(4, room(1)).err(), Some(Refusal::RoomFull));
    assert_eq!(world.join(4, room(3)).err(), Some(Refusal::ServerFull));
    assert_eq!(world.sfu.stats(), before);
    // One who is in a full room may come again.
    world.join(2, room(1)).unwrap();
    assert_eq!(world.sfu.stats().participants, 3);
}

#[test]
fn offers_that_contradict_themselves_are_refused_by_name() {
    let mut world = World::new(SfuConfig::default());
    let client = Client::new(world.now, 1, SFU);
    let mut refused = |name: &'static str, change: &dyn Fn(&mut zentalk_sfu::ParticipantOffer)| {
        let mut offer = client.offer();
        change(&mut offer);
        let result = world.sfu.join(world.now, room(1), client.id, &offer, &mut world.rng);
        assert_eq!(result.err(), Some(Refusal::Offer(name)));
    };
    refused("ufrag", &|offer| offer.ufrag = "abc".into());
    refused("uplinks", &|offer| {
        let audio = Uplink { mid: label("x"), ..offer.uplinks[0].clone() };
        offer.uplinks[1] = audio;
    });
    refused("slots", &|offer| offer.slots = (0..16).flat_map(slots).collect());
    refused("mids", &|offer| offer.slots[1].mid = offer.slots[0].mid);
    refused("sources", &|offer| offer.uplinks[0].encodings[0].ssrc = Some(1_001));
    refused("encodings", &|offer| offer.uplinks[1].encodings.clear());
    refused("rids", &|offer| offer.uplinks[1].encodings[0].rid = Some(label("h")));
    refused("extension ids", &|offer| offer.extensions.mid = Some(2));
    refused("extension ids", &|offer| offer.extensions.mid = Some(15));
    refused("payload types", &|offer| offer.payload_types.video = 111);
    assert!(world.sfu.is_empty());
}

#[test]
fn a_server_that_drains_tells_everybody_takes_nobody_and_ends_in_time() {
    let mut world = World::call_of(2);
    world.sfu.drain(world.now, Duration::from_secs(5));
    world.settle();
    let notice = Notice::Draining { within: Duration::from_secs(5) };
    for who in 0..2 {
        assert!(world.notices(who).contains(&&notice));
    }
    assert_eq!(world.join(3, room(1)).err(), Some(Refusal::Draining));
    let packet = world.clients[0].packet(0, b"still here");
    world.send_of(0, packet);
    world.run(Duration::from_secs(4));
    assert_eq!(world.clients[1].received.len(), 1);
    assert!(!world.sfu.is_empty());
    world.run(Duration::from_secs(2));
    assert!(world.sfu.is_empty());
    assert!(world.clients.iter().all(|client| client.closed));
    assert_eq!(world.sfu.next_timeout(), None);
}

#[test]
fn debug_shows_counts_only() {
    let world = World::call_of(2);
    let shown = format!("{:?} {:?} {:?}", world.sfu, world.key(0), world.clients[0].answer);
    for secret in ["198.51", "192.0.2", "0101", &world.clients[0].answer.as_ref().unwrap().ufrag] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}
