//! Every kind of NAT against every other one: who connects, how, and how soon.

mod families;
mod seeds;
mod theory;

use core::time::Duration;

use zentalk_call::Media;
use zentalk_tests::{ALICE, BOB, Home, Link, NatKind, Person, TurnSite, World, WorldBuilder};

/// Alice behind one box, Bob behind another, and a TURN server that answers STUN, too.
fn behind(seed: u64, link: Link, [alice, bob]: [NatKind; 2]) -> World {
    at_homes(seed, link, [Home::behind(alice), Home::behind(bob)])
}

fn at_homes(seed: u64, link: Link, homes: [Home; 2]) -> World {
    let nobody = World::builder(seed, link).turn(TurnSite::default());
    homes.into_iter().fold(nobody, WorldBuilder::person).build()
}

/// Alice calls Bob, who answers at once. Returns how long it took until both were connected.
fn connect(world: &mut World, at_most: Duration) -> Option<Duration> {
    let began = world.now;
    world.place(ALICE, BOB, Media::Audio);
    let connected = |world: &World| world.people.iter().all(Person::is_connected);
    let connected = world.run_until(at_most, connected);
    connected.then(|| world.now.saturating_since(began))
}

/// The names of the paths that Alice and Bob use.
fn paths(world: &World) -> Vec<String> {
    let name = |person: &Person| {
        person.seen.path.map_or_else(|| "none".to_owned(), |path| path.kind.to_string())
    };
    world.people.iter().map(name).collect()
}

/// What to say of a call that did not go as it should.
fn story(world: &World) -> String {
    let tell = |person: &Person| {
        let states: Vec<_> =
            person.seen.states.iter().map(|(at, _, state)| (at.as_millis(), *state)).collect();
        let paths: Vec<_> =
            person.seen.paths.iter().map(|(at, path)| (at.as_millis(), path.kind)).collect();
        format!("{states:?}, {paths:?}, {:?}", person.end())
    };
    world.people.iter().map(tell).collect::<Vec<_>>().join("\n")
}
