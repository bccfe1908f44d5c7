//! Two phases: while it rings only TURN servers hear of anybody, and yet the path is ready when somebody
//! picks up.

use core::time::Duration;

use zentalk_call::{Media, PublicState};
use zentalk_primitives::{CallId, Instant};
use zentalk_tests::{
    ALICE, BOB, Grants, Home, Link, MAIL_DELAY, NatKind, Talk, TurnSite, World, WorldBuilder,
};

const DELAY: Duration = Duration::from_millis(40);
const LINK: Link = Link::perfect(DELAY);
/// How long it rings.
const RINGS: Duration = Duration::from_secs(6);

/// It has rung at Bob's for a while; with TURN servers or without.
fn ringing(seed: u64, kinds: [NatKind; 2], with_turn: bool) -> (World, CallId) {
    let nobody = World::builder(seed, LINK).turn(TurnSite::default());
    let homes = kinds.into_iter().map(Home::behind);
    let mut world = homes.fold(nobody, WorldBuilder::person).build();
    if !with_turn {
        world.turn.grants = Grants::None;
    }
    world.alice().talk = Some(Talk::new("speech-a-48k-mono.wav"));
    world.bob().talk = Some(Talk::new("speech-b-48k-mono.wav"));
    world.people.iter_mut().for_each(|person| person.is_eager = true);
    world.bob().accepts = false;
    let call = world.place(ALICE, BOB, Media::Audio);
    world.run_for(RINGS);
    assert_eq!(world.bob().seen.rings.len(), 1);
    (world, call)
}

/// From the accept to the first sound: of the caller at the callee's, and of the callee at the caller's.
fn pickup(world: &mut World, call: CallId) -> [Duration; 2] {
    let accepted = world.now;
    world.accept(BOB, call);
    world.run_for(Duration::from_secs(8));
    [BOB, ALICE].map(|place| {
        let person = world.person(place);
        let heard: &[Instant] = &person.seen.heard;
        let first = heard.iter().find(|at| **at >= accepted);
        let first = first.unwrap_or_else(|| panic!("{place} hears nothing: {:?}", person.states()));
        first.saturating_since(accepted)
    })
}

const PAIRS: [[NatKind; 2]; 3] = [
    [NatKind::PortRestricted, NatKind::FullCone],
    [NatKind::Symmetric, NatKind::Symmetric],
    [NatKind::FullCone, NatKind::UdpBlocked],
];

#[test]
fn before_the_accept_packets_go_to_turn_servers_only() {
    for pair in PAIRS {
        let (mut world, call) = ringing(1, pair, true);
        for place in [ALICE, BOB] {
            let sent = core::mem::take(&mut world.person(place).sent);
            let blocked = pair[place] == NatKind::UdpBlocked;
            assert!(blocked || !sent.is_empty(), "{pair:?}: nothing was prepared");
            let own = |datagram: &zentalk_primitives::Transmit| {
                world.turn.owns(datagram.remote.ip()) && datagram.remote.port() == 3478
            };
            assert!(sent.iter().all(|(_, datagram)| own(datagram)), "{pair:?}, {place}");
        }
        world.accept(BOB, call);
        world.run_for(Duration::from_secs(4));
        assert!(world.alice().is_connected() && world.bob().is_connected());
    }
}

/// Nobody's address reaches the other side before the accept: not even at the peer's own TURN server.
#[test]
fn before_the_accept_no_servers_relay_hears_from_a_person() {
    let (world, _) = ringing(2, PAIRS[0], true);
    for person in &world.people {
        let to_relays = |datagram: &zentalk_primitives::Transmit| {
            world.turn.hosts.iter().any(|host| host.relays_at(datagram.remote))
        };
        assert!(!person.sent.iter().any(|(_, datagram)| to_relays(datagram)));
    }
}

#[test]
fn the_path_is_secured_before_the_accept_and_no_media_cross_it() {
    for pair in PAIRS {
        let (mut world, call) = ringing(3, pair, true);
        for place in [ALICE, BOB] {
            let person = world.person(place);
            assert!(person.seen.secured_at.is_some(), "{pair:?}, {place}: {:?}", person.states());
            assert!(person.seen.path.is_some_and(|path| path.kind.is_relayed()), "{pair:?}");
            assert!(!person.states().contains(&PublicState::Connected), "{pair:?}");
            assert!(person.seen.heard.is_empty() && person.seen.stats.is_none());
        }
        let before = world.bob().seen.secured_at;
        world.accept(BOB, call);
        world.run_for(Duration::from_secs(4));
        assert_eq!(world.bob().seen.secured_at, before, "the handshake of the warm path serves");
    }
}

/// Sound arrives within one round trip of the accept: the answer's way through the relay, and back.
#[test]
fn media_start_within_a_round_trip_of_the_accept() {
    for pair in PAIRS {
        let (mut world, call) = ringing(4, pair, true);
        let [callee, caller] = pickup(&mut world, call);
        println!(
            "{pair:?}: first sound after {callee:?} at the callee's, {caller:?} at the caller's"
        );
        // The accept crosses the signalling relay; then sound crosses the path. A relayed path takes a detour
        // of a few milliseconds, and a frame waits for its turn in the playout buffer.
        let round_trip = MAIL_DELAY + DELAY;
        let playout = Duration::from_millis(100);
        assert!(callee <= round_trip + playout, "{pair:?}: {callee:?}");
        assert!(caller <= round_trip + playout, "{pair:?}: {caller:?}");
    }
}

#[test]
fn a_warm_path_makes_the_pickup_shorter() {
    let measure = |with_turn: bool| {
        let (mut world, call) = ringing(5, PAIRS[0], with_turn);
        let [callee, caller] = pickup(&mut world, call);
        callee.max(caller)
    };
    let (warm, cold) = (measure(true), measure(false));
    println!("pickup delay: {warm:?} over a path that was warm, {cold:?} without TURN servers");
    assert!(warm * 2 < cold, "warm {warm:?}, cold {cold:?}");
}

#[test]
fn direct_candidates_follow_after_the_accept() {
    let (mut world, call) = ringing(6, PAIRS[0], true);
    world.accept(BOB, call);
    world.run_for(Duration::from_secs(6));
    for place in [ALICE, BOB] {
        let paths: Vec<_> =
            world.person(place).seen.paths.iter().map(|(_, path)| path.kind).collect();
        assert!(paths.first().is_some_and(|kind| kind.is_relayed()), "{paths:?}");
        assert_eq!(paths.last().map(ToString::to_string).as_deref(), Some("server-reflexive"));
    }
}
