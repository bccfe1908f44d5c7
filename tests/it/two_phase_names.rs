//! Host addresses hidden behind names of the local network (multicast DNS).

use core::time::Duration;
use std::net::IpAddr;

use zentalk_call::Media;
use zentalk_tests::{ALICE, BOB, Home, Link, NatKind, TurnSite, World};

const LINK: Link = Link::perfect(Duration::from_millis(40));

fn hiding(home: Home) -> Home {
    home.configured(|config| config.hide_host_addresses = true)
}

/// Two on one local network, without any help from outside, who tell each other names only.
fn neighbours() -> World {
    // The first box of a world has this network.
    let first = IpAddr::from([10, 81, 0, 2]);
    World::builder(1, LINK)
        .person(hiding(Home::behind(NatKind::Symmetric)))
        .person(hiding(Home::beside(first)))
        .build()
}

#[test]
fn neighbours_who_hide_their_addresses_meet_by_names() {
    let mut world = neighbours();
    world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(4));
    for place in [ALICE, BOB] {
        let person = world.person(place);
        assert!(person.is_connected(), "{:?}", person.states());
        assert_eq!(person.seen.path.unwrap().kind.to_string(), "direct");
        assert!(person.looked_up.iter().all(|name| name.ends_with(".local")));
    }
    assert!(world.people.iter().any(|person| !person.looked_up.is_empty()));
}

#[test]
fn no_name_is_looked_up_before_the_accept() {
    let mut world = neighbours();
    world.bob().accepts = false;
    let call = world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(10));
    assert!(world.people.iter().all(|person| person.looked_up.is_empty()));
    world.accept(BOB, call);
    world.run_for(Duration::from_secs(4));
    assert!(world.alice().is_connected() && world.bob().is_connected());
}

#[test]
fn who_hides_meets_strangers_all_the_same() {
    let mut world = World::builder(2, LINK)
        .turn(TurnSite::default())
        .person(hiding(Home::behind(NatKind::PortRestricted)))
        .person(Home::behind(NatKind::FullCone))
        .build();
    world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(6));
    for place in [ALICE, BOB] {
        let person = world.person(place);
        assert!(person.is_connected(), "{:?}", person.states());
        assert_eq!(person.seen.path.unwrap().kind.to_string(), "server-reflexive");
    }
}
