//! A machine whose address changes in the middle of a call: from a wireless network to a mobile one.

use core::time::Duration;

use zentalk_call::{Media, PublicState};
use zentalk_tests::{ALICE, BOB, Home, Link, NatKind, Talk, TurnSite, World, WorldBuilder};

/// Between a place and another one on the same continent.
const LINK: Link = Link {
    delay: Duration::from_millis(40),
    jitter: Duration::from_millis(5),
    loss: 0.01,
    duplication: 0.0,
};
/// The longest silence that anybody may hear.
const MAX_GAP: Duration = Duration::from_millis(1_500);

/// Alice and Bob at home, talking to each other for a while.
fn talking(seed: u64, homes: [Home; 2]) -> World {
    let nobody = World::builder(seed, LINK).turn(TurnSite::default());
    let mut world = homes.into_iter().fold(nobody, WorldBuilder::person).build();
    world.alice().talk = Some(Talk::new("speech-a-48k-mono.wav"));
    world.bob().talk = Some(Talk::new("speech-b-48k-mono.wav"));
    world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(8));
    for place in [ALICE, BOB] {
        assert!(world.person(place).is_connected(), "{:?}", world.person(place).states());
    }
    world
}

/// `who` moves; both hear each other again in time, and the call never ended. Returns the gaps.
fn roams(world: &mut World, who: usize, to: &Home) -> [Duration; 2] {
    let began = world.now;
    world.roam(who, to);
    world.run_for(Duration::from_secs(8));
    let [alice, bob] = [ALICE, BOB].map(|place| {
        let person = world.person(place);
        assert!(person.is_connected() && person.seen.ends.is_empty(), "{:?}", person.states());
        let refused = person.seen.stats.map(|stats| stats.frames_refused);
        assert_eq!(refused, Some(0), "frame keys and their counters go on");
        person.seen.longest_gap(began)
    });
    for gap in [alice, bob] {
        assert!(gap < MAX_GAP, "{gap:?}");
    }
    [alice, bob]
}

/// In every one of ten histories; prints the gaps.
fn always(name: &str, homes: impl Fn() -> [Home; 2], who: usize, to: &Home) {
    let mut gaps: Vec<_> =
        (0..10).flat_map(|seed| roams(&mut talking(seed, homes()), who, to)).collect();
    gaps.sort_unstable();
    let (median, worst) = (gaps[gaps.len() / 2], gaps[gaps.len() - 1]);
    println!("{name}: media gap, both directions of 10 runs: median {median:?}, worst {worst:?}");
}

#[test]
fn the_callers_address_changes() {
    let homes = || [NatKind::PortRestricted, NatKind::FullCone].map(Home::behind);
    always("the caller moves", homes, ALICE, &Home::behind(NatKind::PortRestricted));
}

#[test]
fn the_callees_address_changes() {
    let homes = || [NatKind::PortRestricted, NatKind::FullCone].map(Home::behind);
    always("the callee moves", homes, BOB, &Home::behind(NatKind::PortRestricted));
}

#[test]
fn the_address_changes_where_only_a_relay_joins_the_two() {
    let homes = || [NatKind::Symmetric, NatKind::PortRestricted].map(Home::behind);
    always("over a relay", homes, ALICE, &Home::behind(NatKind::Symmetric));
}

#[test]
fn the_new_network_blocks_udp() {
    let homes = || [NatKind::PortRestricted, NatKind::FullCone].map(Home::behind);
    let mut world = talking(1, homes());
    let began = world.now;
    world.roam(ALICE, &Home::behind(NatKind::UdpBlocked));
    world.run_for(Duration::from_secs(15));
    for place in [ALICE, BOB] {
        let person = world.person(place);
        assert!(person.is_connected(), "{:?}", person.states());
        println!("to a network that blocks UDP: gap {:?}", person.seen.longest_gap(began));
    }
    assert_eq!(world.alice().seen.path.unwrap().kind.to_string(), "relay/tls");
}

#[test]
fn a_move_shows_as_reconnecting() {
    let homes = [NatKind::PortRestricted, NatKind::FullCone].map(Home::behind);
    let mut world = talking(2, homes);
    roams(&mut world, ALICE, &Home::behind(NatKind::FullCone));
    let states = world.alice().states();
    let connecting = states.iter().filter(|state| **state == PublicState::Connecting).count();
    assert!(connecting >= 2 && states.last() == Some(&PublicState::Connected), "{states:?}");
    let details = &world.alice().seen.details;
    assert!(details.iter().any(|(_, detail)| detail.starts_with("reconnecting")), "{details:?}");
}

#[test]
fn both_addresses_change_at_once() {
    let homes = [NatKind::PortRestricted, NatKind::FullCone].map(Home::behind);
    let mut world = talking(3, homes);
    let began = world.now;
    world.roam(ALICE, &Home::behind(NatKind::FullCone));
    world.roam(BOB, &Home::behind(NatKind::PortRestricted));
    world.run_for(Duration::from_secs(10));
    for place in [ALICE, BOB] {
        let person = world.person(place);
        assert!(person.is_connected() && person.seen.ends.is_empty(), "{:?}", person.states());
        let gap = person.seen.longest_gap(began);
        println!("both move at once: gap {gap:?}");
        assert!(gap < Duration::from_secs(3), "{gap:?}");
    }
}
