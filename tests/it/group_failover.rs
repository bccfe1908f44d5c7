//! The forwarding server goes away in mid-call.

use core::time::Duration;

use zentalk_call::{Media, SfuState};
use zentalk_tests::World;

use crate::group_scene::{group, states, talk_begins};
use crate::scene::FAST;

/// How long after `gone` each heard the others again.
fn gaps(world: &World, since: zentalk_primitives::Instant) -> Vec<Duration> {
    world.people.iter().map(|person| person.seen.longest_gap(since)).collect()
}

#[test]
fn a_killed_server_is_replaced_within_two_seconds_under_the_same_keys() {
    let mut all = Vec::new();
    for seed in 100..110 {
        let mut world = group(4, 2, seed, FAST, Media::AudioVideo);
        world.run_for(Duration::from_secs(3));
        let (now, epochs) = (world.now, world.alice().seen.epochs.len());
        world.sfu.hosts[0].kill(now);
        world.run_for(Duration::from_secs(5));
        let places = [0, 1, 2, 3];
        assert!(
            talk_begins(&mut world, &places, Media::AudioVideo),
            "seed {seed}: {}",
            states(&world)
        );
        all.extend(gaps(&world, now));
        let alice = &world.alice().seen;
        assert_eq!(alice.epochs.len(), epochs, "seed {seed}: keys changed");
        assert!(
            alice
                .sfus
                .iter()
                .any(|(_, url, state)| url.contains("sfu1") && *state == SfuState::Connected)
        );
    }
    all.sort();
    assert!(all[all.len() / 2] < Duration::from_secs(2), "{all:?}");
}

#[test]
fn an_unplugged_server_is_replaced_too() {
    let mut all = Vec::new();
    for seed in 110..115 {
        let mut world = group(3, 2, seed, FAST, Media::AudioVideo);
        world.run_for(Duration::from_secs(3));
        let now = world.now;
        world.sfu.hosts[0].unplug();
        world.run_for(Duration::from_secs(6));
        assert!(
            talk_begins(&mut world, &[0, 1, 2], Media::AudioVideo),
            "seed {seed}: {}",
            states(&world)
        );
        all.extend(gaps(&world, now));
    }
    all.sort();
    assert!(all[all.len() / 2] < Duration::from_secs(2), "{all:?}");
}
