//! Group calls: several engines, a relay and forwarding servers in memory.

mod attacks;
mod downgrade;
mod failover;
mod full;
mod invitations;
mod newcomers;
mod people;
mod person;
mod puppet;
mod server;
mod tracks;
mod upgrade;
mod upgrade_ends;
mod verification;
mod vouching;
mod world;

use core::time::Duration;

use zentalk_call::PublicState;
use zentalk_call::engine::Media;

use self::world::World;

const SECOND: Duration = Duration::from_secs(1);

/// The first three of four people in a call.
fn three(media: Media, servers: u8) -> World {
    let mut world = World::new(4, servers);
    world.place(0, &[1, 2], media);
    world.accept(1);
    world.accept(2);
    let begun = world.now;
    world.until("three hear each other", |world| {
        world.everybody_hears(&[0, 1, 2], begun, media.has_video())
    });
    world
}

#[test]
fn three_people_hear_and_see_each_other() {
    let mut world = three(Media::AudioVideo, 1);
    let since = world.now + SECOND * 4;
    world.run(SECOND * 5);
    assert!(world.everybody_hears(&[0, 1, 2], since, true), "{}", world.report());
    for person in &world.people[..3] {
        assert_eq!(person.mixed_up, 0, "{}", world.report());
        assert_eq!(person.last_state(), Some(PublicState::Connected), "{}", world.report());
    }
}

#[test]
fn six_people_hear_each_other() {
    let mut world = World::new(6, 1);
    world.place(0, &[1, 2, 3, 4, 5], Media::Audio);
    (1..6).for_each(|who| world.accept(who));
    let begun = world.now;
    world.until("six hear each other", |world| {
        world.everybody_hears(&[0, 1, 2, 3, 4, 5], begun, false)
    });
    assert!(world.people.iter().all(|person| person.mixed_up == 0), "{}", world.report());
}
