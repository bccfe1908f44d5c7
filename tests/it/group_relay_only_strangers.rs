//! Relay-only people among those who would like to know where they are: what a peer may have their machine connect to.

use core::time::Duration;
use std::collections::BTreeSet;

use zentalk_call::engine::EngineConfig;
use zentalk_call::{ContactCard, Error, LocalAccept, Media, Privacy, Unverified, Warning};
use zentalk_tests::{ALICE, BOB, Home, NatKind, RELAY, Talk, TurnSite, World};

use crate::group_scene::{index_of, states, talk_begins};
use crate::mallory::{Mallory, audio, call_id, some_offer};
use crate::scene::FAST;

const CAROL: usize = 2;
/// A relay of somebody else.
const OTHER: &str = "ws://other.test/v1";

/// Alice, Bob, Carol and whoever else with mailboxes at these relays. Bob's privacy is as given.
fn crowd<const N: usize>(seed: u64, relays: [&str; N], bob: Privacy) -> World {
    let nobody = World::builder(seed, FAST).turn(TurnSite::default()).sfus(1);
    let home = |place: usize| {
        let privacy = if place == BOB { bob } else { Privacy::Direct };
        let hide = move |config: &mut EngineConfig| config.privacy = privacy;
        Home::behind(NatKind::FullCone).configured(hide)
    };
    let people = relays.into_iter().enumerate();
    let builder = people.fold(nobody, |all, (place, relay)| all.person_on(home(place), relay));
    let mut world = builder.build();
    for place in 0..N {
        world.person(place).talk = Some(Talk::new("speech-a-48k-mono.wav"));
    }
    world
}

fn spoken_to(world: &World) -> BTreeSet<String> {
    world.people[BOB].spoken_to.clone()
}

fn relays<const N: usize>(urls: [&str; N]) -> BTreeSet<String> {
    urls.map(str::to_owned).into()
}

/// Bob's machine, after Alice of another relay has made their call a group call.
fn grown_by_a_stranger(seed: u64, bob: Privacy) -> World {
    let mut world = crowd(seed, [OTHER, RELAY, RELAY], bob);
    world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(5));
    world.invite(ALICE, CAROL);
    world.run_for(Duration::from_secs(10));
    world
}

/// Her relay and her servers could be herself. Bob called nobody but her, and speaks to her relay for that.
#[test]
fn a_peer_of_another_relay_has_a_relay_only_side_connect_to_nothing_of_its_choice() {
    let mut world = grown_by_a_stranger(360, Privacy::RelayOnly);
    assert_eq!(spoken_to(&world), relays([OTHER]));
    assert_eq!(world.sfu.given, 2, "Alice and Carol have asked for tokens");
    world.run_for(Duration::from_secs(60));
    assert_eq!(spoken_to(&world), relays([OTHER]));
    // The call of two has missed nothing.
    let since = world.now;
    world.run_for(Duration::from_secs(2));
    for place in [ALICE, BOB] {
        let seen = &world.people[place].seen;
        assert!(seen.heard.iter().filter(|at| **at > since).count() > 90, "{}", states(&world));
        assert!(seen.ends.is_empty(), "{}", states(&world));
    }
    assert!(world.person(CAROL).end().is_some(), "{}", states(&world));
    // And he knows why there was no group.
    assert_eq!(world.people[BOB].seen.warnings, [Warning::ForeignRelay]);
}

/// So that the test above can fail.
#[test]
fn the_same_peer_is_followed_by_who_does_not_hide() {
    let world = grown_by_a_stranger(361, Privacy::Direct);
    assert_eq!(world.sfu.given, 3);
    assert!(spoken_to(&world).contains(&world.sfu.hosts[0].url), "{:?}", spoken_to(&world));
}

/// Whoever Alice brings along has a relay of their own choice: nothing is said to them there. They are heard as long as somebody
/// else leads, who can tell them the keys.
#[test]
fn a_member_whom_others_invited_has_a_relay_only_side_connect_to_no_relay_of_its_choice() {
    let mut world = crowd(362, [RELAY, RELAY, OTHER], Privacy::RelayOnly);
    world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(5));
    world.invite(ALICE, CAROL);
    let all = [ALICE, BOB, CAROL];
    assert!(talk_begins(&mut world, &all, Media::Audio), "{}", states(&world));
    let server = world.sfu.hosts[0].url.clone();
    assert_eq!(spoken_to(&world), relays([RELAY, &server]));
    // Neither side is left to wonder: Bob is told at once and why, Carol that nothing comes from him.
    let carol = index_of(&world, CAROL);
    let told = &world.people[BOB].seen.unverified;
    assert_eq!(told.first(), Some(&(carol, Unverified::ForeignRelay)), "{told:?}");
    world.run_for(Duration::from_secs(40));
    let bob = index_of(&world, BOB);
    assert_eq!(world.people[CAROL].seen.unverified, [(bob, Unverified::NoAnswer)]);
    let foreign = |(_, cause): &&(_, Unverified)| *cause == Unverified::ForeignRelay;
    assert_eq!(world.people[BOB].seen.unverified.iter().filter(foreign).count(), 1);
    // Left with each other, neither keys nor a path of two are offered there: the privacy is worth more than the call.
    world.hang_up(ALICE);
    world.run_for(Duration::from_secs(20));
    assert_eq!(spoken_to(&world), relays([RELAY, &server]));
}

/// Whom somebody else brought along, the user may choose afterwards: then the call outlives the one who led it.
#[test]
fn a_member_whose_relay_the_user_chooses_is_told_everything() {
    let mut world = crowd(367, [RELAY, RELAY, OTHER], Privacy::RelayOnly);
    let call = world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(5));
    world.invite(ALICE, CAROL);
    let all = [ALICE, BOB, CAROL];
    assert!(talk_begins(&mut world, &all, Media::Audio), "{}", states(&world));
    let (now, carol) = (world.now, index_of(&world, CAROL).unwrap());
    world.person(BOB).engine.choose_relay(now, call, carol).unwrap();
    world.run_for(Duration::from_secs(1));
    world.hang_up(ALICE);
    world.run_for(Duration::from_secs(10));
    assert!(talk_begins(&mut world, &[BOB, CAROL], Media::Audio), "{}", states(&world));
    let server = world.sfu.hosts[0].url.clone();
    assert_eq!(spoken_to(&world), relays([RELAY, OTHER, &server]));
    assert!(world.people[BOB].seen.verification.is_some());
}

/// Each begins a group, whichever room is the larger one: it is kept by the relay of the one who may not use the other's.
#[test]
fn both_of_two_ask_somebody_in_at_once_and_meet_where_the_relay_only_side_may_go() {
    let dave = 3;
    for seed in 370..372 {
        let mut world = crowd(seed, [OTHER, RELAY, RELAY, RELAY], Privacy::RelayOnly);
        let call = world.place(ALICE, BOB, Media::Audio);
        world.run_for(Duration::from_secs(5));
        for guest in [CAROL, dave] {
            world.person(guest).accepts = false;
        }
        world.invite(ALICE, CAROL);
        world.invite(BOB, dave);
        // Nobody takes a call within the time that it takes the two to agree on a room.
        world.run_for(Duration::from_secs(2));
        [CAROL, dave].into_iter().for_each(|guest| world.accept(guest, call));
        let all = [ALICE, BOB, CAROL, dave];
        assert!(talk_begins(&mut world, &all, Media::Audio), "seed {seed}: {}", states(&world));
        world.run_for(Duration::from_secs(65));
        assert!(talk_begins(&mut world, &all, Media::Audio), "seed {seed}: {}", states(&world));
        let server = world.sfu.hosts[0].url.clone();
        assert_eq!(spoken_to(&world), relays([RELAY, OTHER, &server]), "seed {seed}");
    }
}

/// To invite somebody is to choose their relay.
#[test]
fn whom_a_relay_only_side_invites_itself_is_told_everything() {
    let mut world = crowd(363, [RELAY, RELAY, OTHER], Privacy::RelayOnly);
    world.place(BOB, ALICE, Media::Audio);
    world.run_for(Duration::from_secs(5));
    world.invite(BOB, CAROL);
    let all = [ALICE, BOB, CAROL];
    assert!(talk_begins(&mut world, &all, Media::Audio), "{}", states(&world));
    let server = world.sfu.hosts[0].url.clone();
    assert_eq!(spoken_to(&world), relays([RELAY, OTHER, &server]));
    assert!(world.people[BOB].seen.verification.is_some());
}

/// It rings, for the user may be told why; accepting it is an error, and nothing has left but what declines it.
#[test]
fn a_group_call_that_another_relay_keeps_is_not_accepted_in_relay_only_mode() {
    let mut world = crowd(364, [OTHER, RELAY, RELAY], Privacy::RelayOnly);
    world.person(BOB).accepts = false;
    let call = world.place_group(ALICE, &[BOB, CAROL], Media::Audio);
    world.run_for(Duration::from_secs(3));
    assert_eq!(world.people[BOB].seen.rings.len(), 1);
    let now = world.now;
    let accepted = world.person(BOB).engine.accept(now, call, LocalAccept::by_user());
    assert!(matches!(accepted, Err(Error::ForeignRelay)), "{accepted:?}");
    world.run_for(Duration::from_secs(3));
    assert_eq!(spoken_to(&world), BTreeSet::new());
    let now = world.now;
    world.person(BOB).engine.decline(now, call).unwrap();
    world.run_for(Duration::from_secs(1));
    assert_eq!(spoken_to(&world), relays([OTHER]));
}

#[test]
fn a_group_call_of_the_own_relay_connects_to_it_and_to_its_servers() {
    let mut world = crowd(365, [RELAY; 3], Privacy::RelayOnly);
    world.place_group(ALICE, &[BOB, CAROL], Media::Audio);
    let all = [ALICE, BOB, CAROL];
    assert!(talk_begins(&mut world, &all, Media::Audio), "{}", states(&world));
    let server = world.sfu.hosts[0].url.clone();
    assert_eq!(spoken_to(&world), relays([RELAY, &server]));
}

/// Whoever is called may call back in the same moment, and then the call goes on as theirs: not from another relay than the one that
/// the user called.
#[test]
fn who_is_called_by_a_relay_only_side_and_calls_back_from_another_relay_learns_nothing() {
    for bob in [Privacy::RelayOnly, Privacy::Direct] {
        let mut world = crowd(366, [RELAY; 3], bob);
        let mut mallory = Mallory::new(&mut world, BOB);
        let (call, _) = mallory.called_by(&mut world, BOB);
        let (identity, mailbox) = (mallory.card.identity().clone(), mallory.card.mailbox());
        mallory.card = ContactCard::new(identity, OTHER, mailbox).unwrap();
        let offer = mallory.offer(&some_offer(audio()));
        // The larger id wins.
        assert!(call < call_id(0xff));
        mallory.say(&mut world, BOB, call_id(0xff), offer);
        assert_eq!(spoken_to(&world).contains(OTHER), bob == Privacy::Direct);
    }
}
