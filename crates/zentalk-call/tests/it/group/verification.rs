//! The string that people compare: everybody has the same, or is told that there is none.

use zentalk_call::Unverified;
use zentalk_call::engine::Media;
use zentalk_signaling_ratchet::CallBody;
use zentalk_signaling_ratchet::messages::GroupSas;

use super::puppet::Puppet;
use super::world::World;
use super::{SECOND, three};

fn words(world: &World, who: usize) -> Option<String> {
    world.people[who].words.last().cloned()
}

#[test]
fn the_people_of_a_call_have_one_verification_string() {
    let mut world = three(Media::Audio, 1);
    world.until("three strings", |world| (0..3).all(|who| words(world, who).is_some()));
    world.run(SECOND * 60);
    let own = words(&world, 0);
    assert_eq!((words(&world, 1), words(&world, 2)), (own.clone(), own), "{}", world.report());
    assert!(world.people.iter().all(|person| person.unverified.is_empty()), "{}", world.report());
}

/// Version, kind (1 commits, 2 reveals), epoch, value.
fn message(kind: u8, epoch: u32, value: u8) -> CallBody {
    // An epoch is a number and, in the lowest four bits, who made it: the first of them.
    let epoch = (epoch << 4).to_be_bytes();
    let message = [&[1, kind][..], &epoch, &[value; 32]].concat();
    CallBody::GroupSas(GroupSas::new(message).unwrap())
}

/// The third says this to the first, again and again, until the first has something to tell.
fn insist(said: [(u8, u8); 2]) -> World {
    let mut world = three(Media::Audio, 1);
    let (call, _) = world.call.unwrap();
    let epoch = *world.people[0].epochs.last().unwrap();
    assert_eq!(words(&world, 0), None, "it is not too late");
    let mut puppet = Puppet::of(&world, 2);
    for _ in 0..100 {
        for (kind, value) in said {
            puppet.say(&mut world, 0, call, message(kind, epoch, value));
        }
        world.run(SECOND / 20);
        if !world.people[0].unverified.is_empty() {
            break;
        }
    }
    assert_eq!(words(&world, 0), None, "{}", world.report());
    world
}

#[test]
fn who_reveals_something_else_than_it_committed_to_is_named_and_no_string_is_shown() {
    let world = insist([(1, 7), (2, 8)]);
    assert_eq!(world.people[0].unverified, [(Some(2), Unverified::Mismatch)]);
}

#[test]
fn who_commits_twice_is_named_and_no_string_is_shown() {
    let world = insist([(1, 7), (1, 8)]);
    assert_eq!(world.people[0].unverified, [(Some(2), Unverified::SecondCommitment)]);
}
