//! Paths that break, come back, or never were.

use core::time::Duration;

use zentalk_call::{EndReason, Media, PublicState};
use zentalk_tests::{ALICE, BOB, World};

use crate::scene::{FAST, call, talkers};

/// A call that has been up for a while.
fn connected(seed: u64) -> World {
    let mut world = call(seed, FAST, Media::AudioVideo);
    world.run_for(Duration::from_secs(4));
    for place in [ALICE, BOB] {
        assert_eq!(world.person(place).states().last(), Some(&PublicState::Connected));
    }
    world
}

/// Cuts Bob off for so long.
fn cut_for(world: &mut World, outage: Duration) {
    let bob = world.bob().address.ip();
    world.network.cut(bob);
    world.run_for(outage);
    world.network.heal(bob);
}

#[test]
fn a_call_survives_an_outage_of_20_seconds() {
    let mut world = connected(1);
    cut_for(&mut world, Duration::from_secs(20));
    for place in [ALICE, BOB] {
        let states = world.person(place).states();
        assert_eq!(states.last(), Some(&PublicState::Connecting), "{states:?}");
    }
    let heard = [ALICE, BOB].map(|place| world.person(place).seen.sounds);
    world.run_for(Duration::from_secs(5));
    for place in [ALICE, BOB] {
        let person = world.person(place);
        assert_eq!(person.states().last(), Some(&PublicState::Connected), "{:?}", person.states());
        assert!(person.seen.sounds > heard[place] + 150, "{} sounds", person.seen.sounds);
        assert!(person.seen.ends.is_empty());
    }
}

#[test]
fn an_outage_of_40_seconds_ends_the_call_on_both_sides() {
    let mut world = connected(2);
    let began = world.now;
    cut_for(&mut world, Duration::from_secs(40));
    world.run_for(Duration::from_secs(1));
    for place in [ALICE, BOB] {
        let (at, _, reason) = world.person(place).seen.ends[0];
        assert_eq!(reason, EndReason::ConnectionLost);
        // Five seconds of silence, thirty of trying.
        let after = at.saturating_since(began);
        assert!(after > Duration::from_secs(34) && after < Duration::from_secs(36), "{after:?}");
    }
}

#[test]
fn a_second_outage_has_its_own_thirty_seconds() {
    let mut world = connected(3);
    for _ in 0..2 {
        cut_for(&mut world, Duration::from_secs(20));
        world.run_for(Duration::from_secs(8));
        for place in [ALICE, BOB] {
            let states = world.person(place).states();
            assert_eq!(states.last(), Some(&PublicState::Connected), "{states:?}");
        }
    }
}

#[test]
fn who_accepts_a_caller_that_has_vanished_is_told() {
    let mut world = talkers(4, FAST);
    world.bob().accepts = false;
    let call = world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(1));
    // The caller's machine is gone: neither the relay nor the network reach it.
    let (alice, mailbox) = (world.alice().address.ip(), world.alice().mailbox());
    world.network.cut(alice);
    world.accept(BOB, call);
    for _ in 0..400 {
        world.mail.take(mailbox);
        world.run_for(Duration::from_millis(50));
    }
    assert_eq!(world.bob().end(), Some(EndReason::CouldNotConnect));
}

#[test]
fn a_handshake_that_never_ends_ends_the_call() {
    let mut world = talkers(5, FAST);
    // Checks pass, DTLS (RFC 7983 §7: 20 to 63) does not.
    world.network.attack(|_, datagram| match datagram.payload.first() {
        Some(20..=63) => Vec::new(),
        _ => vec![datagram],
    });
    world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(120));
    for place in [ALICE, BOB] {
        let end = world.person(place).end();
        assert_eq!(
            end,
            Some(EndReason::HandshakeFailed),
            "{place}: {:?}",
            world.person(place).states()
        );
    }
}

#[test]
fn a_call_whose_media_never_come_ends() {
    let mut world = talkers(6, FAST);
    world.network.attack(|_, datagram| match datagram.payload.first() {
        Some(128..=191) => Vec::new(),
        _ => vec![datagram],
    });
    world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(60));
    for place in [ALICE, BOB] {
        assert_eq!(world.person(place).end(), Some(EndReason::ConnectionLost));
        assert!(!world.person(place).states().contains(&PublicState::Connected));
    }
}
