//! TURN credentials that run out, that are wrong, and servers that are dead.

use core::time::Duration;

use zentalk_call::{Media, Privacy};
use zentalk_tests::{
    ALICE, BOB, Grants, Home, Link, NatKind, Person, Talk, TurnHost, TurnSite, World,
};

const LINK: Link = Link::perfect(Duration::from_millis(40));

/// Two whom only a relay joins, and so many TURN servers.
fn relayed(seed: u64, servers: usize) -> World {
    let home = || {
        Home::behind(NatKind::Symmetric).configured(|config| config.privacy = Privacy::RelayOnly)
    };
    let nobody = World::builder(seed, LINK).person(home()).person(home());
    (0..servers).fold(nobody, |builder, _| builder.turn(TurnSite::default())).build()
}

fn connect(world: &mut World) {
    world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(10));
    assert_up(world);
}

fn assert_up(world: &mut World) {
    for place in [ALICE, BOB] {
        let person = world.person(place);
        let (states, path) = (person.states(), person.seen.path);
        assert!(person.is_connected() && person.seen.ends.is_empty(), "{place}: {states:?}");
        assert!(path.is_some_and(|path| path.kind.is_relayed()));
    }
}

#[test]
fn a_call_of_three_hours_renews_its_credentials() {
    let mut world = relayed(1, 1);
    connect(&mut world);
    let given = world.turn.given;
    for minute in 0..180 {
        world.run_for(Duration::from_secs(60));
        for place in [ALICE, BOB] {
            let person = world.person(place);
            assert!(person.is_connected(), "after {minute} minutes: {:?}", person.states());
            assert!(person.seen.ends.is_empty());
        }
    }
    // Credentials last an hour: without fresh ones the server would have ended every allocation long ago.
    assert!(world.turn.given >= given + 4, "{} times given", world.turn.given);
    // Nothing is left behind: what served with old credentials was released.
    assert!(world.turn.hosts[0].allocations() <= 6, "{}", world.turn.hosts[0].allocations());
}

#[test]
fn sound_goes_on_while_credentials_are_renewed() {
    let mut world = relayed(2, 1);
    world.turn.lifetime = Duration::from_secs(60);
    world.alice().talk = Some(Talk::new("speech-a-48k-mono.wav"));
    world.bob().talk = Some(Talk::new("speech-b-48k-mono.wav"));
    connect(&mut world);
    let began = world.now;
    world.run_for(Duration::from_secs(120));
    assert_up(&mut world);
    for place in [ALICE, BOB] {
        let gap = world.person(place).seen.longest_gap(began);
        println!("two renewals: longest gap {gap:?}");
        assert!(gap < Duration::from_millis(300), "{gap:?}");
    }
    assert!(world.turn.given >= 6, "{} times given", world.turn.given);
}

#[test]
fn allocations_are_released_when_a_call_ends() {
    let mut world = relayed(3, 2);
    connect(&mut world);
    assert!(world.turn.hosts.iter().any(|host| host.allocations() > 0));
    world.hang_up(ALICE);
    world.run_for(Duration::from_secs(2));
    let left: Vec<_> = world.turn.hosts.iter().map(TurnHost::allocations).collect();
    assert_eq!(left, [0, 0]);
}

#[test]
fn a_dead_server_is_skipped() {
    for kind in [NatKind::Symmetric, NatKind::UdpBlocked] {
        let mut world = World::builder(4, LINK)
            .person(Home::behind(kind))
            .person(Home::behind(NatKind::Symmetric))
            .turn(TurnSite::default())
            .turn(TurnSite::default())
            .build();
        let dead = world.turn.hosts[0].addresses().to_vec();
        dead.iter().for_each(|address| world.network.cut(*address));
        connect(&mut world);
        let [local, remote] = world.alice().seen.path.map_or_else(
            || panic!("no path"),
            |path| [*path.local.reveal(), *path.remote.reveal()],
        );
        assert!(world.turn.hosts[1].relays_at(local) || world.turn.hosts[1].relays_at(remote));
    }
}

#[test]
fn a_server_that_dies_in_mid_call_is_replaced() {
    let mut world = relayed(5, 2);
    connect(&mut world);
    let local = world.alice().seen.path.unwrap().local;
    let serving = world.turn.hosts.iter().position(|host| host.relays_at(*local.reveal()));
    let dead = world.turn.hosts[serving.expect("a server")].addresses().to_vec();
    dead.iter().for_each(|address| world.network.cut(*address));
    world.run_for(Duration::from_secs(30));
    assert_up(&mut world);
}

/// Where a direct path exists, a call needs no TURN server, and does not wait for one either.
#[test]
fn credentials_that_do_not_work_cost_a_direct_call_nothing() {
    for grants in [Grants::Good, Grants::Forged, Grants::Expired, Grants::None] {
        let mut world = World::builder(6, LINK)
            .person(Home::behind(NatKind::FullCone))
            .person(Home::behind(NatKind::PortRestricted))
            .turn(TurnSite::default())
            .build();
        world.turn.grants = grants;
        world.place(ALICE, BOB, Media::Audio);
        let connected = |world: &World| world.people.iter().all(Person::is_connected);
        assert!(world.run_until(Duration::from_secs(3), connected), "{grants:?}");
    }
}
