//! Somebody who restarts the path of a call: before it was accepted, of others, or without end.

use core::time::Duration;

use zentalk_call::{Media, PublicState};
use zentalk_primitives::CallId;
use zentalk_signaling_ratchet::messages::{CallBody, Candidate, Restart};
use zentalk_tests::{ALICE, BOB, Home, TurnSite, World};
use zeroize::Zeroizing;

use crate::mallory::{Mallory, Transport, answer_from, audio, call_id, some_offer};
use crate::scene::{FAST, call, talkers};

/// Of a peer who knows the form and nothing else.
fn restart(round: u32) -> CallBody {
    let line = "candidate:1 1 udp 2130706431 203.0.113.66 6666 typ host".to_owned();
    let candidate = Candidate::new("0".to_owned(), line).unwrap();
    let password = Zeroizing::new("correctHorseBatteryStaple".to_owned());
    CallBody::Restart(
        Restart::new(round, format!("mall{round}"), password, vec![candidate]).unwrap(),
    )
}

/// The rounds that the victim said.
fn rounds(mallory: &mut Mallory, world: &mut World) -> Vec<u32> {
    let said = mallory.heard(world).into_iter();
    let rounds = said.filter_map(|body| match body {
        CallBody::Restart(restart) => Some(restart.round()),
        _ => None,
    });
    rounds.collect()
}

/// A call that Mallory placed and Bob accepted.
fn accepted(seed: u64) -> (World, Mallory, CallId) {
    let mut world = World::new(seed, FAST);
    let mut mallory = Mallory::new(&mut world, BOB);
    let offer = mallory.offer(&some_offer(audio()));
    mallory.say(&mut world, BOB, call_id(1), offer);
    assert_eq!(world.bob().states().last(), Some(&PublicState::Connecting));
    mallory.heard(&mut world);
    (world, mallory, call_id(1))
}

/// Project Zero 2021, "The State of State Machines": what may come only after the accept came before it.
#[test]
fn a_restart_before_the_accept_changes_nothing() {
    let nobody = World::builder(41, FAST).turn(TurnSite::default());
    let mut world = nobody.person(Home::flat()).person(Home::flat()).build();
    world.bob().accepts = false;
    let mut mallory = Mallory::new(&mut world, BOB);
    let offer = mallory.offer(&some_offer(audio()));
    mallory.say(&mut world, BOB, call_id(1), offer);
    let before = world.bob().engine.dropped_messages();
    for round in [1, 2, u32::MAX] {
        mallory.say(&mut world, BOB, call_id(1), restart(round));
    }
    let bob = world.bob();
    assert_eq!(bob.engine.dropped_messages(), before + 3);
    assert!(bob.states().is_empty() && bob.seen.path.is_none());
    assert!(rounds(&mut mallory, &mut world).is_empty());
    // Not even a check went to the address that the restart names.
    let own =
        |(_, datagram): &(_, zentalk_primitives::Transmit)| world.turn.owns(datagram.remote.ip());
    assert!(world.people[BOB].sent.iter().all(own));
}

/// The same towards a caller, whose call has not been answered.
#[test]
fn a_restart_before_the_answer_changes_nothing() {
    let mut world = World::new(42, FAST);
    let mut mallory = Mallory::new(&mut world, ALICE);
    let (call, offer) = mallory.called_by(&mut world, ALICE);
    let answer = answer_from(&Transport::invented(0xcd), &offer);
    mallory.ring(&mut world, ALICE, call, answer);
    let before = world.alice().engine.dropped_messages();
    mallory.say(&mut world, ALICE, call, restart(1));
    assert_eq!(world.alice().engine.dropped_messages(), before + 1);
    assert!(rounds(&mut mallory, &mut world).is_empty());
    assert!(world.alice().sent.is_empty());
}

#[test]
fn a_stranger_restarts_no_call_of_others() {
    let mut world = call(43, FAST, Media::Audio);
    let mut mallory = Mallory::new(&mut world, BOB);
    world.run_for(Duration::from_secs(3));
    let id = world.bob().engine.active_call().unwrap();
    let (mails, before) = (world.mail.seen().len(), world.bob().engine.dropped_messages());
    mallory.say(&mut world, BOB, id, restart(1));
    assert_eq!(world.bob().engine.dropped_messages(), before + 1);
    assert_eq!(world.mail.seen().len(), mails, "nobody answered");
    let heard = world.bob().seen.sounds;
    world.run_for(Duration::from_secs(2));
    assert!(world.bob().seen.sounds > heard + 80);
    assert_eq!(world.bob().states().last(), Some(&PublicState::Connected));
}

#[test]
fn a_restart_is_answered_in_its_round() {
    let (mut world, mut mallory, call) = accepted(44);
    mallory.say(&mut world, BOB, call, restart(1));
    assert_eq!(rounds(&mut mallory, &mut world), [1]);
    // A late one, and one of a round that is over.
    mallory.say(&mut world, BOB, call, restart(3));
    mallory.say(&mut world, BOB, call, restart(2));
    assert_eq!(rounds(&mut mallory, &mut world), [3]);
}

/// Each round costs the victim a message, and new checks to everybody: a few at once must do.
#[test]
fn a_flood_of_restarts_is_followed_a_few_times() {
    let (mut world, mut mallory, call) = accepted(45);
    let flood: Vec<_> = (1..=300).map(restart).collect();
    let before = world.bob().engine.dropped_messages();
    mallory.say_all(&mut world, BOB, call, flood);
    let followed = rounds(&mut mallory, &mut world);
    assert!((1..=10).contains(&followed.len()), "{followed:?}");
    assert!(world.bob().engine.dropped_messages() > before + 250);
}

/// Else one message would use up all rounds, and the path could never be restored again.
#[test]
fn a_round_far_ahead_is_not_followed() {
    let (mut world, mut mallory, call) = accepted(46);
    for round in [u32::MAX, 1_000_000, 17] {
        mallory.say(&mut world, BOB, call, restart(round));
    }
    assert!(rounds(&mut mallory, &mut world).is_empty());
    mallory.say(&mut world, BOB, call, restart(16));
    assert_eq!(rounds(&mut mallory, &mut world), [16]);
}

/// A restart that was recorded, once more: the ratchet opens nothing twice.
#[test]
fn a_replayed_restart_is_dropped() {
    let mut world = talkers(47, FAST);
    world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(3));
    world.roam(ALICE, &Home::flat());
    world.run_for(Duration::from_secs(4));
    assert_eq!(world.bob().states().last(), Some(&PublicState::Connected));
    let (recorded, now) = (world.mail.seen().to_vec(), world.now);
    let (mailbox, before) = (world.bob().mailbox(), world.bob().engine.dropped_messages());
    for blob in &recorded {
        world.mail.replay(now, mailbox, blob.clone());
    }
    world.run_for(Duration::from_secs(2));
    let dropped = world.bob().engine.dropped_messages() - before;
    assert_eq!(dropped, recorded.len() as u64, "each is dropped, whoever it was for");
    assert!(world.bob().is_connected());
}
