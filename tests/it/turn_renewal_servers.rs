//! Which TURN servers serve: the near ones.

use core::time::Duration;

use zentalk_call::{Location, Media, Privacy};
use zentalk_tests::{ALICE, BOB, Home, Link, NatKind, TurnHost, TurnSite, World};

const LINK: Link = Link::perfect(Duration::from_millis(20));

/// A server at a place, and how far by cable it is from everybody here.
fn site(latitude: f64, longitude: f64, one_way: u64) -> TurnSite {
    let location = Location::new(latitude, longitude).expect("a place on earth");
    let access = Link::perfect(Duration::from_millis(one_way));
    TurnSite { access, location: Some(location), ..TurnSite::default() }
}

/// Both in Frankfurt; the servers are in Sydney, Singapore, Frankfurt and New York.
fn in_frankfurt(knows_its_place: bool) -> World {
    let home = || {
        Home::behind(NatKind::Symmetric).configured(|config| {
            config.privacy = Privacy::RelayOnly;
            config.location = knows_its_place.then(|| Location::new(50.1, 8.7).expect("Frankfurt"));
        })
    };
    World::builder(1, LINK)
        .turn(site(-33.9, 151.2, 140))
        .turn(site(1.3, 103.8, 80))
        .turn(site(50.1, 8.7, 2))
        .turn(site(40.7, -74.0, 40))
        .person(home())
        .person(home())
        .build()
}

/// Which server carries Alice's packets.
fn serving(world: &mut World) -> usize {
    let path = world.alice().seen.path.expect("a path");
    let relays = |host: &TurnHost| host.relays_at(*path.local.reveal());
    world.turn.hosts.iter().position(relays).expect("a server")
}

fn call(world: &mut World) {
    world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(8));
    for place in [ALICE, BOB] {
        assert!(world.person(place).is_connected(), "{:?}", world.person(place).states());
    }
}

#[test]
fn the_first_call_already_uses_the_server_that_is_near_on_the_map() {
    let mut world = in_frankfurt(true);
    call(&mut world);
    assert_eq!(serving(&mut world), 2);
    let used: Vec<_> = world.turn.hosts.iter().map(|host| host.allocations() > 0).collect();
    assert_eq!(used, [false, false, true, true], "two are used: the nearest");
}

/// Round trips are measured while calls go on; later calls go by them.
#[test]
fn a_later_call_uses_the_server_that_was_measured_to_be_near() {
    let mut world = in_frankfurt(false);
    call(&mut world);
    world.run_for(Duration::from_secs(60));
    world.hang_up(ALICE);
    world.run_for(Duration::from_secs(5));
    call(&mut world);
    assert_eq!(serving(&mut world), 2);
    let used: Vec<_> = world.turn.hosts.iter().map(|host| host.allocations() > 0).collect();
    assert_eq!(used, [false, false, true, true]);
}
