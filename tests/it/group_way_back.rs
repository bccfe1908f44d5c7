//! A group call of which two are left becomes a call of two again.

use core::time::Duration;

use zentalk_call::{EndReason, LocalAccept, Media, PublicState, SfuState, Warning};
use zentalk_primitives::{CallId, Instant};
use zentalk_signaling_ratchet::messages::{self, CallBody};
use zentalk_tests::{ALICE, BOB, Home, Link, NatKind, RELAY, Talk, World};

use crate::group_scene::{
    all_are_there, assert_pictures_are_their_senders, crowd, group, index_of, states, talk_begins,
};
use crate::mallory::{Mallory, audio, some_offer};
use crate::man_in_the_middle::ManInTheMiddle;
use crate::scene::FAST;

const CAROL: usize = 2;
/// What may be missed of somebody's sound.
const GAP: Duration = Duration::from_millis(200);
/// Ten seconds of being alone, three of two paths, and the time that a path takes.
const MOVE: Duration = Duration::from_secs(20);

fn has_left_server(world: &World, place: usize) -> bool {
    world.people[place].seen.sfus.last().is_some_and(|(.., state)| *state == SfuState::Left)
}

/// Waits until both have left the server.
fn move_ends(world: &mut World, both: [usize; 2]) -> bool {
    world.run_until(MOVE, |world| both.iter().all(|place| has_left_server(world, *place)))
}

/// Both talk, and have done so since then.
fn assert_they_talk(world: &mut World, both: [usize; 2], since: Instant) {
    for place in both {
        let gap = world.people[place].seen.longest_gap(since);
        assert!(gap < GAP, "{place}: {gap:?}{}", states(world));
        let person = world.person(place);
        assert_eq!(person.states().last(), Some(&PublicState::Connected));
        assert!(person.seen.ends.is_empty());
    }
    let now = world.now;
    world.run_for(Duration::from_secs(1));
    let media = Media::Audio;
    assert!(all_are_there(world, &both, media, now, 40), "{}", states(world));
}

/// Content before, during and after: everybody's pictures are their own, and no sound is missed for long.
#[test]
fn three_become_two_over_their_own_path_and_nothing_is_missed() {
    const LINKS: [Link; 2] =
        [FAST, Link { loss: 0.02, ..Link::perfect(Duration::from_millis(40)) }];
    for (seed, link) in (300..).zip(LINKS) {
        let mut world = group(3, 1, seed, link, Media::AudioVideo);
        world.run_for(Duration::from_secs(2));
        let since = world.now;
        world.hang_up(CAROL);
        assert!(move_ends(&mut world, [ALICE, BOB]), "seed {seed}: {}", states(&world));
        world.run_for(Duration::from_secs(1));
        let forwarded = world.sfu.hosts[0].stats().forwarded;
        let moved = world.now;
        world.run_for(Duration::from_secs(10));
        assert_they_talk(&mut world, [ALICE, BOB], since);
        let both = [ALICE, BOB];
        assert!(all_are_there(&world, &both, Media::AudioVideo, moved, 400), "{}", states(&world));
        assert_pictures_are_their_senders(&world);
        let stats = world.sfu.hosts[0].stats();
        assert_eq!(stats.forwarded, forwarded, "the server forwards nothing any more");
        assert_eq!((stats.participants, stats.rooms), (0, 0), "and has nobody");
        for (place, other) in [(ALICE, BOB), (BOB, ALICE)] {
            let path = world.people[place].seen.path.unwrap();
            assert_eq!(*path.remote.reveal(), world.people[other].address);
        }
    }
}

/// In one call: each time by a room of its own, and each time somebody is asked they are asked anew.
#[test]
fn two_three_two_three_two() {
    let mut world = crowd(3, 1, 310, FAST);
    world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(3));
    for (round, inviter) in [(1, ALICE), (2, BOB)] {
        let since = world.now;
        world.invite(inviter, CAROL);
        let all = [ALICE, BOB, CAROL];
        assert!(talk_begins(&mut world, &all, Media::Audio), "{round}: {}", states(&world));
        world.run_for(Duration::from_secs(6));
        world.hang_up(CAROL);
        assert!(move_ends(&mut world, [ALICE, BOB]), "{round}: {}", states(&world));
        world.run_for(Duration::from_secs(1));
        for place in [ALICE, BOB] {
            let gap = world.people[place].seen.longest_gap(since);
            assert!(gap < Duration::from_millis(300), "{round}, {place}: {gap:?}");
        }
        assert_eq!(world.people[CAROL].seen.rings.len(), round);
    }
    let since = world.now;
    world.run_for(Duration::from_secs(2));
    assert_they_talk(&mut world, [ALICE, BOB], since);
    assert_eq!(world.bob().seen.rings.len(), 1, "only the first call rang there");
    world.hang_up(BOB);
    world.run_for(Duration::from_secs(1));
    assert_eq!(world.alice().end(), Some(EndReason::HungUpRemote));
}

/// The path of two is one like any other: lost, it is looked for and found.
#[test]
fn a_path_that_is_lost_after_the_way_back_is_found_again() {
    let mut world = group(3, 1, 315, FAST, Media::Audio);
    world.hang_up(CAROL);
    assert!(move_ends(&mut world, [ALICE, BOB]), "{}", states(&world));
    world.run_for(Duration::from_secs(2));
    world.cut_off(BOB);
    world.run_for(Duration::from_secs(8));
    assert_eq!(world.alice().states().last(), Some(&PublicState::Connecting));
    world.restore(BOB);
    world.run_for(Duration::from_secs(8));
    let since = world.now;
    world.run_for(Duration::from_secs(1));
    assert_they_talk(&mut world, [ALICE, BOB], since);
}

/// Two behind symmetric NATs, and no relay: there is no path, and the call goes on where it is.
#[test]
fn two_who_cannot_reach_each_other_stay_at_the_server() {
    let home = || Home::behind(NatKind::Symmetric);
    let builder = World::builder(320, FAST).sfus(1);
    let builder = builder.person_on(home(), RELAY).person_on(home(), RELAY);
    let mut world = builder.person_on(Home::flat(), RELAY).build();
    for place in [ALICE, BOB, CAROL] {
        world.person(place).talk = Some(Talk::new("speech-a-48k-mono.wav"));
    }
    world.place_group(ALICE, &[BOB, CAROL], Media::Audio);
    assert!(talk_begins(&mut world, &[ALICE, BOB, CAROL], Media::Audio), "{}", states(&world));
    let since = world.now;
    world.hang_up(CAROL);
    world.run_for(Duration::from_secs(40));
    assert_they_talk(&mut world, [ALICE, BOB], since);
    assert!(!has_left_server(&world, ALICE) && !has_left_server(&world, BOB));
}

/// Packets between the two stop in the middle of the attempt.
#[test]
fn a_path_that_breaks_in_the_middle_is_not_missed() {
    let mut world = group(3, 1, 321, FAST, Media::Audio);
    let since = world.now;
    world.hang_up(CAROL);
    let [alice, bob] = [ALICE, BOB].map(|place| world.people[place].address.ip());
    let sent = world.people[ALICE].sent.len();
    let tries = world.run_until(MOVE, |world| {
        world.people[ALICE].sent[sent..].iter().any(|(_, datagram)| datagram.remote.ip() == bob)
    });
    assert!(tries);
    world.run_for(Duration::from_secs(1));
    world.network.attack(move |_, datagram| {
        let ends = [datagram.local.ip(), datagram.remote.ip()];
        if ends.contains(&alice) && ends.contains(&bob) { Vec::new() } else { vec![datagram] }
    });
    world.run_for(Duration::from_secs(25));
    assert_they_talk(&mut world, [ALICE, BOB], since);
    assert!(!has_left_server(&world, ALICE) && !has_left_server(&world, BOB));
}

/// A certificate on the new path that nobody announced: the specification has that end the call, wherever it was.
#[test]
fn somebody_between_the_two_ends_the_call_with_a_warning() {
    let mut world = group(3, 1, 323, FAST, Media::Audio);
    let both = [ALICE, BOB].map(|place| world.people[place].address);
    let mut attacker = None;
    world.network.attack(move |now, datagram| {
        let between = both.contains(&datagram.local) && both.contains(&datagram.remote);
        let stands = || ManInTheMiddle::new(both[0], both[1], now);
        if between {
            attacker.get_or_insert_with(stands).judge(now, datagram)
        } else {
            vec![datagram]
        }
    });
    world.hang_up(CAROL);
    world.run_for(MOVE + Duration::from_secs(5));
    // Bob begins the handshake, and so he is the one who sees it. Alice hears it from him, and waits a little for others.
    let mismatch = EndReason::FingerprintMismatch;
    assert!(world.bob().seen.warnings.contains(&Warning::FingerprintMismatch));
    assert!(world.alice().seen.warnings.contains(&Warning::FingerprintMismatchReported));
    assert_eq!([ALICE, BOB].map(|place| world.person(place).end()), [Some(mismatch); 2]);
}

#[test]
fn who_began_the_attempt_crashes_and_the_call_ends_in_time() {
    let mut world = group(3, 1, 322, FAST, Media::Audio);
    world.hang_up(CAROL);
    world.run_for(Duration::from_secs(13));
    world.crash(ALICE);
    world.run_for(Duration::from_secs(75));
    assert_eq!(world.bob().end(), Some(EndReason::ConnectionLost), "{}", states(&world));
}

/// Mallory was asked, knows the call's id, and declined. He has a session with each of the two.
fn declined_by_mallory(seed: u64) -> (World, CallId, [Mallory; 2]) {
    let mut world = crowd(2, 1, seed, FAST);
    let mut both = [ALICE, BOB].map(|victim| Mallory::new(&mut world, victim));
    for (victim, mallory) in [ALICE, BOB].into_iter().zip(&mut both) {
        let nothing = CallBody::End(messages::EndCode(0));
        mallory.say(&mut world, victim, CallId::from_bytes([0xee; 16]), nothing);
    }
    let cards = vec![world.bob().card().clone(), both[0].card.clone()];
    let now = world.now;
    let alice = &mut world.person(ALICE).engine;
    let call = alice.place_group(now, cards, Media::Audio, LocalAccept::by_user()).unwrap();
    assert!(talk_begins(&mut world, &[ALICE, BOB], Media::Audio), "{}", states(&world));
    let decline = CallBody::End(messages::EndCode(EndReason::Declined.to_wire()));
    both[0].say(&mut world, ALICE, call, decline);
    (world, call, both)
}

fn pair_offer(mallory: &mut Mallory) -> CallBody {
    let CallBody::Offer(offer) = mallory.offer(&some_offer(audio())) else { unreachable!() };
    CallBody::GroupPairOffer(offer)
}

/// Neither before the way back nor after it does anybody but the two have a say.
#[test]
fn who_is_gone_offers_no_path_and_ends_no_call() {
    let (mut world, call, mut mallory) = declined_by_mallory(330);
    let since = world.now;
    for (victim, mallory) in [ALICE, BOB].into_iter().zip(&mut mallory) {
        let before = world.people[victim].engine.dropped_messages();
        let offer = pair_offer(mallory);
        mallory.say(&mut world, victim, call, offer);
        assert_eq!(world.people[victim].engine.dropped_messages(), before + 1);
    }
    assert!(move_ends(&mut world, [ALICE, BOB]), "{}", states(&world));
    for (victim, mallory) in [ALICE, BOB].into_iter().zip(&mut mallory) {
        let offer = pair_offer(mallory);
        let end = || CallBody::End(messages::EndCode(EndReason::HungUpRemote.to_wire()));
        mallory.say_all(&mut world, victim, call, vec![offer, end(), CallBody::Busy, end()]);
    }
    world.run_for(Duration::from_secs(3));
    assert_they_talk(&mut world, [ALICE, BOB], since);
    assert_eq!(world.alice().engine.active_call(), Some(call));
}

/// An answer that nobody asked for, and one of somebody else during the attempt.
#[test]
fn an_answer_of_somebody_else_is_none() {
    let (mut world, call, mut mallory) = declined_by_mallory(331);
    let since = world.now;
    for _ in 0..14 {
        let CallBody::Offer(offer) = mallory[0].offer(&some_offer(audio())) else { unreachable!() };
        let (sdp, secret, _) = offer.into_parts();
        let answer = messages::Answer::new(sdp, secret).unwrap();
        mallory[0].say(&mut world, ALICE, call, CallBody::GroupPairAnswer(answer));
    }
    assert!(move_ends(&mut world, [ALICE, BOB]), "{}", states(&world));
    assert_they_talk(&mut world, [ALICE, BOB], since);
    assert!(index_of(&world, BOB) == Some(1));
}

/// The relay holds the offer back: a path is not opened minutes after somebody wanted it.
#[test]
fn an_offer_that_was_held_back_opens_no_path() {
    let mut world = group(3, 1, 332, FAST, Media::Audio);
    world.hang_up(CAROL);
    world.run_for(Duration::from_secs(5));
    let (since, bob) = (world.now, world.bob().mailbox());
    for _ in 0..100 {
        let now = world.now;
        world.mail.hold(now, bob, Duration::from_secs(11));
        world.run_for(Duration::from_millis(100));
    }
    world.run_for(Duration::from_secs(13));
    assert_they_talk(&mut world, [ALICE, BOB], since);
    assert!(!has_left_server(&world, ALICE) && !has_left_server(&world, BOB));
}
