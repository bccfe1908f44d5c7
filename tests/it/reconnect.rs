//! The network goes away and comes back, with the way to the relay and without it.

use core::time::Duration;

use zentalk_call::{EndReason, Media, PublicState};
use zentalk_tests::{ALICE, BOB, Home, Link, NatKind, Talk, TurnSite, World, WorldBuilder};

const LINK: Link = Link::perfect(Duration::from_millis(40));
/// How long a silence is before the path counts as lost.
const SILENCE: Duration = Duration::from_secs(5);
/// How long a lost path is waited for.
const RECONNECT: Duration = Duration::from_secs(30);

/// A call between two homes that has been up for a while.
fn talking(seed: u64, kinds: [NatKind; 2]) -> World {
    let nobody = World::builder(seed, LINK).turn(TurnSite::default());
    let homes = kinds.into_iter().map(Home::behind);
    let mut world = homes.fold(nobody, WorldBuilder::person).build();
    world.alice().talk = Some(Talk::new("speech-a-48k-mono.wav"));
    world.bob().talk = Some(Talk::new("speech-b-48k-mono.wav"));
    world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(8));
    assert_connected(&mut world);
    world
}

fn assert_connected(world: &mut World) {
    for place in [ALICE, BOB] {
        let person = world.person(place);
        let states = person.states();
        assert!(person.is_connected() && person.seen.ends.is_empty(), "{place}: {states:?}");
        let refused = person.seen.stats.map(|stats| stats.frames_refused);
        assert_eq!(refused, Some(0), "frame keys and their counters go on");
    }
}

/// Neither the network nor the relay reaches Bob for so long.
fn lose_bob_for(world: &mut World, outage: Duration) {
    world.cut_off(BOB);
    world.run_for(outage);
    world.restore(BOB);
}

/// A pair that meets directly, and one that only a relay joins.
const PAIRS: [[NatKind; 2]; 3] = [
    [NatKind::PortRestricted, NatKind::FullCone],
    [NatKind::Symmetric, NatKind::Symmetric],
    [NatKind::UdpBlocked, NatKind::FullCone],
];

#[test]
fn a_call_outlives_20_seconds_without_any_network() {
    for pair in PAIRS {
        let mut world = talking(1, pair);
        lose_bob_for(&mut world, Duration::from_secs(20));
        for place in [ALICE, BOB] {
            let states = world.person(place).states();
            assert_eq!(states.last(), Some(&PublicState::Connecting), "{pair:?}: {states:?}");
        }
        // Each time that he hears that his restart was not delivered, Bob says it again.
        let tried = world.bob().undelivered;
        assert!(tried >= 4, "{pair:?}: {tried}");
        let back = world.now;
        world.run_for(Duration::from_secs(9));
        assert_connected(&mut world);
        for place in [ALICE, BOB] {
            let heard = &world.person(place).seen.heard;
            let again = heard.iter().find(|at| **at > back).expect("sound after the outage");
            println!("{pair:?}: sound again after {:?}", again.saturating_since(back));
            let since = heard.iter().filter(|at| **at > back).count();
            assert!(since > 100, "{pair:?}: {since} frames of sound after the outage");
        }
    }
}

#[test]
fn a_call_ends_thirty_seconds_after_its_loss_was_seen() {
    for pair in PAIRS {
        let mut world = talking(2, pair);
        let began = world.now;
        lose_bob_for(&mut world, Duration::from_secs(40));
        world.run_for(Duration::from_secs(1));
        for place in [ALICE, BOB] {
            let person = world.person(place);
            let (at, _, reason) = *person.seen.ends.first().expect("an end");
            assert_eq!(reason, EndReason::ConnectionLost);
            let lost = |(at, _, state): &&(_, _, PublicState)| {
                *state == PublicState::Connecting && *at > began
            };
            let (seen, ..) = *person.seen.states.iter().find(lost).expect("the loss");
            assert_eq!(at.saturating_since(seen), RECONNECT, "{pair:?}");
            let noticed = seen.saturating_since(began);
            // Counted from the last packet, which arrived up to one packet interval and jitter earlier.
            let early = Duration::from_millis(100);
            assert!(
                noticed + early > SILENCE && noticed < SILENCE + early,
                "{pair:?}: {noticed:?}"
            );
        }
    }
}

#[test]
fn a_second_outage_has_its_own_thirty_seconds() {
    let mut world = talking(3, PAIRS[0]);
    for _ in 0..3 {
        lose_bob_for(&mut world, Duration::from_secs(20));
        world.run_for(Duration::from_secs(10));
        assert_connected(&mut world);
    }
}

/// The network holds, but neither side's message of the restart arrives before the relay is back.
#[test]
fn a_restart_whose_message_was_lost_is_said_again() {
    let mut world = talking(4, PAIRS[1]);
    let mailboxes = [ALICE, BOB].map(|place| world.person(place).mailbox());
    world.roam(ALICE, &Home::behind(NatKind::Symmetric));
    // What was put meanwhile is gone for good.
    let mut lost = 0;
    for _ in 0..60 {
        world.run_for(Duration::from_millis(50));
        lost += mailboxes.iter().map(|mailbox| world.mail.take(*mailbox).len()).sum::<usize>();
    }
    assert!(lost > 0, "nothing was said");
    world.run_for(Duration::from_secs(15));
    assert_connected(&mut world);
}

#[test]
fn both_sides_may_restart_at_once() {
    for seed in 0..5 {
        let mut world = talking(5 + seed, PAIRS[0]);
        // Both lose each other in the same instant, and both see it after the same silence; the relay goes on.
        let hosts = [ALICE, BOB].map(|place| world.person(place).address.ip());
        hosts.iter().for_each(|host| world.network.cut(*host));
        world.run_for(Duration::from_secs(8));
        hosts.iter().for_each(|host| world.network.heal(*host));
        world.run_for(Duration::from_secs(6));
        assert_connected(&mut world);
    }
}
