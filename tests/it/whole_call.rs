//! Whole calls between two engines on a virtual network.

use core::time::Duration;

use zentalk_call::{EndReason, Media, PathKind, PublicState};
use zentalk_tests::{ALICE, BOB, Link, Person, World};

use crate::scene::{FAST, call, talkers};

#[test]
fn two_people_hear_and_see_each_other() {
    let mut world = call(1, FAST, Media::AudioVideo);
    world.run_for(Duration::from_secs(5));
    for place in [ALICE, BOB] {
        let person = world.person(place);
        assert_eq!(person.states().last(), Some(&PublicState::Connected), "{:?}", person.states());
        assert_eq!(person.seen.path.unwrap().kind, PathKind::Direct);
        assert!(person.seen.sounds > 200, "{} sounds", person.seen.sounds);
        assert!(person.seen.pictures.len() > 50, "{} pictures", person.seen.pictures.len());
    }
    world.hang_up(ALICE);
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.alice().end(), Some(EndReason::HungUpLocal));
    assert_eq!(world.bob().end(), Some(EndReason::HungUpRemote));
}

#[test]
fn an_audio_call_carries_no_pictures() {
    let mut world = call(2, FAST, Media::Audio);
    world.run_for(Duration::from_secs(3));
    for place in [ALICE, BOB] {
        assert!(world.person(place).seen.sounds > 100);
        assert!(world.person(place).seen.pictures.is_empty());
    }
}

#[test]
fn one_seed_gives_one_event_trace() {
    let trace = |seed| {
        let mut world = call(seed, LOSSY, Media::AudioVideo);
        world.run_for(Duration::from_secs(4));
        let of = |person: &Person| {
            let sizes: Vec<_> = person.sent.iter().map(|(at, d)| (*at, d.payload.len())).collect();
            (person.seen.states.clone(), person.seen.sounds, person.seen.pictures.clone(), sizes)
        };
        world.people.iter().map(of).collect::<Vec<_>>()
    };
    let (first, second) = (trace(11), trace(11));
    for (a, b) in first.iter().zip(&second) {
        assert_eq!((&a.0, a.1, &a.2), (&b.0, b.1, &b.2));
        assert_eq!(a.3.len(), b.3.len());
    }
}

#[test]
fn two_who_call_each_other_at_once_get_one_call() {
    for seed in 0..10 {
        let mut world = talkers(seed, FAST);
        world.place(ALICE, BOB, Media::Audio);
        world.place(BOB, ALICE, Media::Audio);
        world.run_for(Duration::from_secs(4));
        let calls: Vec<_> = world.people.iter().map(|p| p.engine.active_call()).collect();
        assert!(calls[0].is_some() && calls[0] == calls[1], "seed {seed}: {calls:?}");
        assert!(world.people.iter().all(|p| p.seen.sounds > 50), "seed {seed}");
        assert!(world.people.iter().all(|p| p.seen.rings.is_empty()), "seed {seed}");
        // One of the two is told that their call goes on as the other's; nobody hears of an end.
        let replaced: Vec<_> = world.people.iter().flat_map(|p| &p.seen.replaced).collect();
        assert!(matches!(replaced[..], [(_, by)] if Some(*by) == calls[0]), "{replaced:?}");
        assert!(world.people.iter().all(|p| p.seen.ends.is_empty()), "seed {seed}");
        let gone = world.people.iter().any(|p| p.states().contains(&PublicState::Disconnected));
        assert!(!gone, "seed {seed}");
    }
}

#[test]
fn a_second_caller_hears_that_the_line_is_busy() {
    let mut world = World::of(3, 5, FAST);
    world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(2));
    world.place(2, BOB, Media::Audio);
    world.run_for(Duration::from_secs(2));
    assert_eq!(world.person(2).end(), Some(EndReason::Busy));
    assert_eq!(world.alice().states().last(), Some(&PublicState::Connected));
}

#[test]
fn nobody_answers() {
    let mut world = World::new(6, FAST);
    world.bob().accepts = false;
    world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(61));
    assert_eq!(world.bob().seen.rings.len(), 1);
    assert_eq!(world.alice().end(), Some(EndReason::NoAnswer));
    assert_eq!(world.bob().end(), Some(EndReason::NoAnswer));
}

#[test]
fn sessions_outlive_a_restart() {
    let mut world = talkers(8, FAST);
    for _ in 0..2 {
        world.place(ALICE, BOB, Media::Audio);
        world.run_for(Duration::from_secs(2));
        assert_eq!(world.alice().states().last(), Some(&PublicState::Connected));
        world.hang_up(BOB);
        world.run_for(Duration::from_secs(1));
        let now = world.now;
        world.alice().restart(now);
        world.bob().restart(now);
    }
}

#[test]
fn who_cannot_be_reached_is_said_to_be() {
    let mut world = World::new(9, FAST);
    let bob = world.bob().mailbox();
    world.mail.forget_prekeys(bob);
    world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.alice().end(), Some(EndReason::Unreachable));
}

/// What somebody got of what the other one sent, as shares of 1.
fn shares(world: &mut World, place: usize) -> (f64, f64) {
    let sent = world.person(1 - place).talk.clone().unwrap();
    let seen = &mut world.person(place).seen;
    let pictures = core::mem::take(&mut seen.pictures);
    assert!(pictures.is_sorted_by(|a, b| a < b), "pictures out of order or twice");
    let audio = f64::from(seen.sounds) / f64::from(sent.sounds);
    (audio, pictures.len() as f64 / f64::from(sent.pictures))
}

const LOSSY: Link = Link {
    delay: Duration::from_millis(80),
    jitter: Duration::from_millis(10),
    loss: 0.10,
    duplication: 0.0,
};

/// 10 % loss and 80 ms each way, both directions.
fn survives_loss(seeds: core::ops::Range<u64>) {
    for seed in seeds {
        let mut world = call(seed, LOSSY, Media::AudioVideo);
        let connected = |world: &World| world.people.iter().all(|p| p.connected_at().is_some());
        assert!(world.run_until(Duration::from_secs(15), connected), "seed {seed}: no connection");
        world.run_for(Duration::from_secs(8));
        for place in [ALICE, BOB] {
            let (audio, video) = shares(&mut world, place);
            assert!(audio >= 0.85, "seed {seed}, {place}: {audio:.3} of the audio");
            assert!(video >= 0.50, "seed {seed}, {place}: {video:.3} of the video");
        }
    }
}

// Four tests, so that they share the cores.
#[test]
fn ten_per_cent_loss_seeds_0_to_24() {
    survives_loss(0..25);
}

#[test]
fn ten_per_cent_loss_seeds_25_to_49() {
    survives_loss(25..50);
}

#[test]
fn ten_per_cent_loss_seeds_50_to_74() {
    survives_loss(50..75);
}

#[test]
fn ten_per_cent_loss_seeds_75_to_99() {
    survives_loss(75..100);
}
