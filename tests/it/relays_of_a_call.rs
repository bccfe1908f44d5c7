//! Whose relays are used when: strangers, two who call each other at once, and a side that uses nothing else.

use core::time::Duration;

use zentalk_call::{EndReason, Media, PathKind, Privacy, PublicState};
use zentalk_primitives::Transmit;
use zentalk_tests::{ALICE, BOB, Home, Link, NatKind, Talk, TurnSite, World};

const LINK: Link = Link::perfect(Duration::from_millis(20));

fn hidden(kind: NatKind) -> Home {
    Home::behind(kind).configured(|config| config.privacy = Privacy::RelayOnly)
}

fn talkers(mut world: World) -> World {
    world.alice().talk = Some(Talk::new("speech-a-48k-mono.wav"));
    world.bob().talk = Some(Talk::new("speech-b-48k-mono.wav"));
    world
}

/// What left `who` for the TURN server, and was for somebody else than the server.
fn relayed_packets(world: &World, who: usize) -> usize {
    // RFC 8656 §11, §12: Send indications and ChannelData.
    let is_relayed = |(_, sent): &&(_, Transmit)| {
        world.turn.owns(sent.remote.ip())
            && matches!(sent.payload[..], [0x00, 0x16, ..] | [0x40..=0x4f, ..])
    };
    world.people[who].sent.iter().filter(is_relayed).count()
}

/// A caller of another relay learns nothing by ringing, not even by which TURN server the callee would answer: what it tells of
/// itself is looked at after the accept.
#[test]
fn a_caller_of_another_relay_is_not_checked_before_the_accept() {
    let relays = ["ws://alice.test/v1", "ws://bob.test/v1"];
    let nobody = World::builder(1, LINK).turn(TurnSite::default());
    let kinds = [NatKind::FullCone, NatKind::PortRestricted].into_iter().zip(relays);
    let world =
        kinds.fold(nobody, |builder, (kind, relay)| builder.person_on(Home::behind(kind), relay));
    let mut world = talkers(world.build());
    world.bob().accepts = false;
    let call = world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(5));
    assert_eq!(world.bob().seen.rings.len(), 1);
    assert!(world.turn.hosts[0].allocations() >= 2, "both are prepared");
    assert_eq!(relayed_packets(&world, BOB), 0);
    assert!(world.alice().seen.path.is_none() && world.bob().seen.path.is_none());
    world.accept(BOB, call);
    world.run_for(Duration::from_secs(4));
    for place in [ALICE, BOB] {
        let person = world.person(place);
        assert_eq!(person.states().last(), Some(&PublicState::Connected), "{:?}", person.states());
    }
}

/// With callers of the same relay the path is warm by then.
#[test]
fn a_caller_of_the_same_relay_is_checked_through_the_relays() {
    let nobody = World::builder(1, LINK).turn(TurnSite::default());
    let mut world = nobody
        .person(Home::behind(NatKind::FullCone))
        .person(Home::behind(NatKind::PortRestricted))
        .build();
    world.bob().accepts = false;
    world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(5));
    assert!(relayed_packets(&world, BOB) > 0);
    assert!(world.bob().seen.secured_at.is_some());
}

/// The call that gives way leaves its allocations to the one that goes on: both would come from the same port.
#[test]
fn two_who_call_each_other_at_once_meet_at_the_relays_that_they_have() {
    for seed in 0..10 {
        let nobody = World::builder(seed, LINK).turn(TurnSite::default());
        let world = nobody.person(hidden(NatKind::Symmetric)).person(hidden(NatKind::FullCone));
        let mut world = talkers(world.build());
        world.place(ALICE, BOB, Media::Audio);
        world.place(BOB, ALICE, Media::Audio);
        world.run_for(Duration::from_secs(5));
        for place in [ALICE, BOB] {
            let person = world.person(place);
            assert!(person.is_connected(), "seed {seed}, {place}: {:?}", person.states());
            let kind = person.seen.path.map(|path| path.kind.to_string());
            assert_eq!(kind.as_deref(), Some("relay/udp"), "seed {seed}");
        }
        world.hang_up(ALICE);
        world.run_for(Duration::from_secs(3));
        assert_eq!(world.turn.hosts[0].allocations(), 0, "seed {seed}: all are released");
    }
}

/// The servers are there by name, and none answers.
#[test]
fn a_relay_only_call_whose_servers_are_dead_ends_with_the_reason() {
    for caller in [ALICE, BOB] {
        let nobody = World::builder(3, LINK).turn(TurnSite::default());
        let world =
            nobody.person(hidden(NatKind::FullCone)).person(Home::behind(NatKind::FullCone));
        let mut world = talkers(world.build());
        let dead = world.turn.hosts[0].addresses().to_vec();
        dead.iter().for_each(|address| world.network.cut(*address));
        world.place(caller, 1 - caller, Media::Audio);
        world.run_for(Duration::from_secs(30));
        assert_eq!(world.alice().end(), Some(EndReason::NoRelay), "{:?}", world.alice().states());
        // How Alice protects herself is not Bob's business.
        assert_eq!(world.bob().end(), Some(EndReason::CouldNotConnect));
        let reason = EndReason::NoRelay.to_string();
        assert!(reason.contains("TURN") && reason.contains("check"), "cause and cure: {reason}");
    }
}

/// A path that was made while it rang says why; when no direct one follows, it says that.
#[test]
fn a_user_is_told_why_the_call_is_relayed() {
    let nobody = World::builder(4, LINK).turn(TurnSite::default());
    let world = nobody
        .person(Home::behind(NatKind::Symmetric))
        .person(Home::behind(NatKind::PortRestricted));
    let mut world = talkers(world.build());
    world.bob().accepts = false;
    let call = world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(4));
    let why = |world: &mut World| world.alice().seen.path.unwrap().why.to_string();
    assert!(why(&mut world).contains("not accepted yet"), "{}", why(&mut world));
    world.accept(BOB, call);
    world.run_for(Duration::from_secs(15));
    assert!(matches!(world.alice().seen.path.unwrap().kind, PathKind::Relay(_)));
    // By which of the two relays is a matter of milliseconds.
    assert!(why(&mut world).contains("no direct path"), "{}", why(&mut world));
    assert!(world.alice().is_connected());
}

/// Where a relay carries what sets the call up, the user sees it.
#[test]
fn connecting_via_relay_is_shown() {
    let nobody = World::builder(5, LINK).turn(TurnSite::default());
    let world = nobody.person(hidden(NatKind::FullCone)).person(Home::behind(NatKind::FullCone));
    let mut world = talkers(world.build());
    world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(6));
    let details = &world.alice().seen.details;
    assert!(details.iter().any(|(_, detail)| detail == "connecting via relay"), "{details:?}");
}

/// The TURN library draws its own transaction ids; when what happens must not hang on them.
#[test]
fn one_seed_gives_one_event_trace_over_relays_too() {
    let trace = |seed: u64| {
        let lossy = Link { loss: 0.1, jitter: Duration::from_millis(10), ..LINK };
        let nobody = World::builder(seed, lossy).turn(TurnSite::default());
        let world =
            nobody.person(hidden(NatKind::UdpBlocked)).person(Home::behind(NatKind::Symmetric));
        let mut world = talkers(world.build());
        world.place(ALICE, BOB, Media::Audio);
        world.run_for(Duration::from_secs(6));
        world.roam(ALICE, &Home::behind(NatKind::FullCone));
        world.run_for(Duration::from_secs(6));
        world.people.iter().map(|p| format!("{:?} {:?}", p.seen.states, p.seen.paths)).collect()
    };
    let first: Vec<String> = trace(7);
    assert!(first.iter().all(|events| events.contains("Connected")), "{first:?}");
    assert_eq!(first, trace(7));
}
