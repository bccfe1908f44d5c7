//! How scenarios of group calls begin, and what must hold in them.

use core::time::Duration;

use zentalk_call::{Media, MemberState, PublicState};
use zentalk_primitives::Instant;
use zentalk_tests::{Home, Link, RELAY, Talk, World};

/// Pictures of the person at place `p` have numbers from `p` times this.
const NUMBERS: u32 = 10_000;

/// So many people with something to say and to show, so many forwarding servers, nobody in a call.
pub(crate) fn crowd(people: usize, sfus: u8, seed: u64, link: Link) -> World {
    let nobody = World::builder(seed, link).sfus(sfus);
    let builder = (0..people).fold(nobody, |builder, _| builder.person_on(Home::flat(), RELAY));
    let mut world = builder.build();
    let recordings = ["speech-a-48k-mono.wav", "speech-b-48k-mono.wav"];
    for (place, recording) in (0..people).zip(recordings.into_iter().cycle()) {
        let first = u32::try_from(place).unwrap() * NUMBERS;
        world.person(place).talk = Some(Talk::new(recording).numbered_from(first));
    }
    world
}

/// Alice calls everybody else, and all talk.
pub(crate) fn group(people: usize, sfus: u8, seed: u64, link: Link, media: Media) -> World {
    let mut world = crowd(people, sfus, seed, link);
    let others: Vec<usize> = (1..people).collect();
    world.place_group(0, &others, media);
    let everybody: Vec<usize> = (0..people).collect();
    assert!(talk_begins(&mut world, &everybody, media), "seed {seed}: {}", states(&world));
    world
}

/// Waits until everybody of these is heard, and seen, by each of the others.
pub(crate) fn talk_begins(world: &mut World, places: &[usize], media: Media) -> bool {
    let since = world.now;
    world.run_until(Duration::from_secs(20), |world| all_are_there(world, places, media, since, 10))
}

/// Whether each of these people has heard so much of each of the others since then, and seen them.
pub(crate) fn all_are_there(
    world: &World,
    places: &[usize],
    media: Media,
    since: Instant,
    sounds: usize,
) -> bool {
    let sees = |place: usize, other: usize| {
        let (Some(index), seen) = (index_of(world, other), &world.people[place].seen) else {
            return false;
        };
        seen.sounds_of(index, since) >= sounds
            && (media == Media::Audio || seen.sights_of(index, since) >= sounds / 5)
    };
    pairs(places).all(|(place, other)| sees(place, other))
}

/// The member index of somebody in the call they are in.
pub(crate) fn index_of(world: &World, place: usize) -> Option<u8> {
    let engine = &world.people[place].engine;
    engine.active_call().and_then(|call| engine.own_index(call))
}

pub(crate) fn pairs(places: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    let others = |place: usize| places.iter().copied().filter(move |other| *other != place);
    places.iter().flat_map(move |place| others(*place).map(|other| (*place, other)))
}

/// Nobody was shown a picture as somebody else's.
pub(crate) fn assert_pictures_are_their_senders(world: &World) {
    for person in &world.people {
        for (member, shown) in &person.seen.pictures_of {
            let sender =
                (0..world.people.len()).find(|place| index_of(world, *place) == Some(*member));
            let Some(sender) = sender.and_then(|place| u32::try_from(place).ok()) else { continue };
            let mut numbers = shown.iter().filter_map(|(_, number)| *number);
            assert!(numbers.all(|number| number / NUMBERS == sender), "member {member}");
        }
    }
}

/// What everybody thinks, for a failing assertion.
pub(crate) fn states(world: &World) -> String {
    let of = |place: usize| {
        let (person, index) = (&world.people[place], index_of(world, place));
        let seen = &person.seen;
        let state = seen.states.last().map(|(.., state)| *state);
        let sounds: Vec<_> = seen.heard_of.iter().map(|(who, at)| (*who, at.len())).collect();
        let epochs: Vec<_> = seen.epochs.iter().map(|(_, epoch, _)| *epoch).collect();
        let members: Vec<_> = (0..8).filter_map(|who| Some((who, seen.member(who)?))).collect();
        let sights: Vec<_> = seen.pictures_of.iter().map(|(who, at)| (*who, at.len())).collect();
        format!(
            "\n{place} ({index:?}): {state:?}, heard {sounds:?}, seen {sights:?}, epochs {epochs:?}, {members:?}, {:?}",
            seen.ends
        )
    };
    (0..world.people.len()).map(of).collect()
}

/// All of these are connected, and know each other as connected.
pub(crate) fn assert_all_are_connected(world: &mut World, places: &[usize]) {
    for place in places {
        let person = world.person(*place);
        assert_eq!(person.states().last(), Some(&PublicState::Connected), "{place}");
    }
    for (place, other) in pairs(places) {
        let index = index_of(world, other).unwrap();
        let state = world.people[place].seen.member(index);
        assert_eq!(state, Some(MemberState::Connected), "{place} of {other}");
    }
}
