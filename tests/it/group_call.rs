//! Group calls of engines over the forwarding server's own core, on a virtual network.

use core::time::Duration;

use zentalk_call::{EndReason, EpochCause, Media, MemberState, PublicState};
use zentalk_tests::{ALICE, BOB, Link};

use crate::group_scene::{
    all_are_there, assert_all_are_connected, assert_pictures_are_their_senders, crowd, group,
    index_of, states, talk_begins,
};
use crate::scene::FAST;

const CAROL: usize = 2;
const DAVE: usize = 3;

#[test]
fn three_people_hear_and_see_each_other() {
    let mut world = group(3, 1, 1, FAST, Media::AudioVideo);
    let since = world.now;
    world.run_for(Duration::from_secs(4));
    let all = [ALICE, BOB, CAROL];
    assert!(all_are_there(&world, &all, Media::AudioVideo, since, 150), "{}", states(&world));
    assert_all_are_connected(&mut world, &all);
    assert_pictures_are_their_senders(&world);
}

#[test]
fn six_people_hear_and_see_each_other() {
    let mut world = group(6, 1, 2, FAST, Media::AudioVideo);
    world.run_for(Duration::from_secs(2));
    assert_all_are_connected(&mut world, &[0, 1, 2, 3, 4, 5]);
    assert_pictures_are_their_senders(&world);
    let epochs: Vec<_> = world.people.iter().map(|p| p.seen.epochs.last().unwrap().1).collect();
    assert!(epochs.iter().all(|epoch| *epoch == epochs[0]), "{epochs:?}");
}

#[test]
fn a_group_call_survives_loss() {
    const LOSSY: Link = Link { loss: 0.05, ..Link::perfect(Duration::from_millis(30)) };
    for seed in 10..13 {
        let mut world = group(3, 1, seed, LOSSY, Media::AudioVideo);
        let since = world.now;
        world.run_for(Duration::from_secs(4));
        let all = [ALICE, BOB, CAROL];
        assert!(
            all_are_there(&world, &all, Media::AudioVideo, since, 100),
            "seed {seed}: {}",
            states(&world)
        );
    }
}

#[test]
fn everybody_reads_the_same_string() {
    let mut world = group(4, 1, 3, FAST, Media::Audio);
    world.run_for(Duration::from_secs(5));
    let strings: Vec<_> = world.people.iter().map(|person| person.seen.verification).collect();
    assert!(strings[0].is_some());
    assert!(strings.iter().all(|string| *string == strings[0]), "{strings:?}");
}

#[test]
fn somebody_asked_later_comes_in() {
    let mut world = crowd(4, 1, 4, FAST);
    world.place_group(ALICE, &[BOB, CAROL], Media::AudioVideo);
    assert!(talk_begins(&mut world, &[ALICE, BOB, CAROL], Media::AudioVideo), "{}", states(&world));
    // Not the leader asks.
    world.invite(CAROL, DAVE);
    let all = [ALICE, BOB, CAROL, DAVE];
    assert!(talk_begins(&mut world, &all, Media::AudioVideo), "{}", states(&world));
    world.run_for(Duration::from_secs(1));
    assert_all_are_connected(&mut world, &all);
    let cause = world.alice().seen.epochs.last().unwrap().2;
    assert_eq!(cause, EpochCause::Joined);
}

#[test]
fn who_leaves_is_gone_for_all_and_the_others_go_on() {
    let mut world = group(4, 1, 5, FAST, Media::AudioVideo);
    let bob = index_of(&world, BOB).unwrap();
    world.hang_up(BOB);
    let left = world.now;
    world.run_for(Duration::from_secs(3));
    let rest = [ALICE, CAROL, DAVE];
    let since = world.now;
    assert!(talk_begins(&mut world, &rest, Media::AudioVideo), "{}", states(&world));
    assert_eq!(world.bob().end(), Some(EndReason::HungUpLocal));
    for place in rest {
        let seen = &world.person(place).seen;
        assert!(matches!(seen.member(bob), Some(MemberState::Left(_))), "{place}");
        assert_eq!(seen.sounds_of(bob, since), 0);
        let (at, _, cause) = seen.epochs.last().unwrap();
        assert_eq!(*cause, EpochCause::Left);
        assert!(*at - left < Duration::from_millis(2_500), "{:?}", *at - left);
    }
}

#[test]
fn the_one_who_began_the_call_may_leave() {
    let mut world = group(4, 1, 6, FAST, Media::AudioVideo);
    world.hang_up(ALICE);
    world.run_for(Duration::from_secs(3));
    let rest = [BOB, CAROL, DAVE];
    assert!(talk_begins(&mut world, &rest, Media::AudioVideo), "{}", states(&world));
    // Another one leads now, and lets people in.
    world.invite(DAVE, ALICE);
    let all = [ALICE, BOB, CAROL, DAVE];
    assert!(talk_begins(&mut world, &all, Media::AudioVideo), "{}", states(&world));
}

#[test]
fn who_crashes_is_gone_within_fifteen_seconds() {
    let mut world = group(4, 1, 7, FAST, Media::Audio);
    let bob = index_of(&world, BOB).unwrap();
    world.crash(BOB);
    let rest = [ALICE, CAROL, DAVE];
    let gone = world.run_until(Duration::from_secs(15), |world| {
        let left = |place: usize| world.people[place].seen.member(bob);
        rest.iter().all(|place| matches!(left(*place), Some(MemberState::Left(_))))
    });
    assert!(gone, "{}", states(&world));
    assert!(talk_begins(&mut world, &rest, Media::Audio), "{}", states(&world));
}

#[test]
fn a_call_of_two_grows_without_a_gap() {
    let mut world = crowd(3, 1, 8, FAST);
    world.place(ALICE, BOB, Media::AudioVideo);
    world.run_for(Duration::from_secs(3));
    let since = world.now;
    world.invite(ALICE, CAROL);
    let all = [ALICE, BOB, CAROL];
    assert!(talk_begins(&mut world, &all, Media::AudioVideo), "{}", states(&world));
    world.run_for(Duration::from_secs(1));
    assert_all_are_connected(&mut world, &all);
    for place in [ALICE, BOB] {
        let person = world.person(place);
        assert_eq!(person.seen.rings.len(), usize::from(place == BOB), "nothing rings again");
        let gap = person.seen.longest_gap(since);
        assert!(gap < Duration::from_millis(300), "{place}: {gap:?}");
        assert!(!person.states().contains(&PublicState::Disconnected));
    }
}

#[test]
fn who_declines_does_not_come_and_the_others_talk() {
    let mut world = crowd(4, 1, 9, FAST);
    world.person(DAVE).accepts = false;
    let call = world.place_group(ALICE, &[BOB, CAROL, DAVE], Media::Audio);
    assert!(talk_begins(&mut world, &[ALICE, BOB, CAROL], Media::Audio), "{}", states(&world));
    let now = world.now;
    world.person(DAVE).engine.decline(now, call).unwrap();
    world.run_for(Duration::from_secs(1));
    let declined = MemberState::Left(EndReason::Declined);
    let alice = &world.alice().seen;
    assert!(alice.members.iter().any(|(.., state)| *state == MemberState::Ringing));
    assert!(alice.members.iter().any(|(.., state)| *state == declined), "{:?}", alice.members);
}
