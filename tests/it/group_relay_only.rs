//! Group calls of people who use relays only: on their way up from two, and back.

use core::time::Duration;

use zentalk_call::{Media, Privacy, SfuState};
use zentalk_primitives::Instant;
use zentalk_tests::{ALICE, BOB, Home, NatKind, RELAY, Talk, TurnHost, TurnSite, World};

use crate::group_scene::{states, talk_begins};
use crate::scene::FAST;

const CAROL: usize = 2;

/// Three people, of whom these use relays only.
fn crowd(seed: u64, hidden: &[usize]) -> World {
    let nobody = World::builder(seed, FAST).turn(TurnSite::default()).sfus(1);
    let home = |place: usize| {
        let privacy = if hidden.contains(&place) { Privacy::RelayOnly } else { Privacy::Direct };
        Home::behind(NatKind::FullCone).configured(|config| config.privacy = privacy)
    };
    let mut world =
        (0..3).fold(nobody, |builder, place| builder.person_on(home(place), RELAY)).build();
    for place in 0..3 {
        world.person(place).talk = Some(Talk::new("speech-a-48k-mono.wav"));
    }
    world
}

/// Everything that these have sent went to TURN servers.
fn assert_hidden(world: &World, hidden: &[usize]) {
    let servers: Vec<_> = world.turn.hosts.iter().flat_map(TurnHost::listens).collect();
    for place in hidden {
        let sent = &world.people[*place].sent;
        let to_others = sent.iter().filter(|(_, datagram)| !servers.contains(&datagram.remote));
        assert_eq!(to_others.count(), 0, "of {} datagrams of {place}", sent.len());
    }
}

fn longest_gap(world: &World, since: Instant) -> Duration {
    let gaps = [ALICE, BOB].map(|place| world.people[place].seen.longest_gap(since));
    gaps.into_iter().max().unwrap()
}

/// The new path has allocations of its own beside those of the server's, at other ports: nothing is missed.
#[test]
fn three_become_two_over_relays_without_a_break() {
    for (seed, hidden) in [(340, &[ALICE][..]), (341, &[ALICE, BOB][..]), (342, &[BOB][..])] {
        let mut world = crowd(seed, hidden);
        world.place_group(ALICE, &[BOB, CAROL], Media::Audio);
        let all = [ALICE, BOB, CAROL];
        assert!(talk_begins(&mut world, &all, Media::Audio), "seed {seed}: {}", states(&world));
        world.run_for(Duration::from_secs(2));
        let since = world.now;
        world.hang_up(CAROL);
        let moved = world.run_until(Duration::from_secs(25), |world| {
            [ALICE, BOB].iter().all(|place| {
                let told = world.people[*place].seen.sfus.last();
                told.is_some_and(|(.., state)| *state == SfuState::Left)
            })
        });
        assert!(moved, "seed {seed}: {}", states(&world));
        world.run_for(Duration::from_secs(10));
        let gap = longest_gap(&world, since);
        assert!(gap < Duration::from_millis(200), "seed {seed}: {gap:?}");
        assert!(talk_begins(&mut world, &[ALICE, BOB], Media::Audio), "{}", states(&world));
        for place in hidden {
            assert!(world.people[*place].seen.path.unwrap().kind.is_relayed());
        }
        assert_hidden(&world, hidden);
    }
}

/// The path to the server takes over the allocations of the path of two: a moment without sound.
#[test]
fn two_become_three_over_relays() {
    for (seed, hidden) in [(350, &[ALICE][..]), (351, &[ALICE, BOB][..]), (352, &[BOB][..])] {
        let mut world = crowd(seed, hidden);
        world.place(ALICE, BOB, Media::Audio);
        world.run_for(Duration::from_secs(5));
        let since = world.now;
        world.invite(ALICE, CAROL);
        let all = [ALICE, BOB, CAROL];
        assert!(talk_begins(&mut world, &all, Media::Audio), "seed {seed}: {}", states(&world));
        world.run_for(Duration::from_secs(5));
        assert!(talk_begins(&mut world, &all, Media::Audio), "seed {seed}: {}", states(&world));
        let gap = longest_gap(&world, since);
        println!("{} hidden, from two to three: {gap:?} without sound", hidden.len());
        assert!(gap < Duration::from_secs(3), "seed {seed}: {gap:?}");
        assert_hidden(&world, hidden);
        for place in [ALICE, BOB] {
            assert!(world.people[place].seen.ends.is_empty(), "{}", states(&world));
        }
    }
}
