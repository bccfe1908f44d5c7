//! A group call of which two are left becomes a call of two.

use core::time::Duration;

use zentalk_call::engine::{Media, MemberState, SfuState};
use zentalk_call::{EndReason, PublicState};

use super::person::Person;
use super::world::World;
use super::{SECOND, three};

/// What may be missed of anybody's sound by a move.
const GAP: Duration = Duration::from_millis(200);

/// Those of the first three who stay when this one leaves.
fn others(leaver: usize) -> Vec<usize> {
    (0..3).filter(|who| *who != leaver).collect()
}

/// Three talked, and one has just left.
fn two_left(media: Media, leaver: usize) -> World {
    let mut world = three(media, 1);
    world.run(SECOND * 3);
    world.hang_up(leaver);
    world.people.iter_mut().for_each(Person::forget_gaps);
    world.between_people = None;
    world
}

fn have_left_server(world: &World, who: &[usize]) -> bool {
    who.iter().all(|who| world.people[*who].has_left_servers())
}

fn attempt_begins(world: &mut World) {
    world.until("packets between the two", |world| world.between_people.is_some());
    world.run(SECOND);
}

/// They hear and see each other, and have done so all the time.
fn assert_all_is_well(world: &World, who: &[usize], video: bool) {
    assert!(world.everybody_hears(who, world.ago(SECOND / 2), video), "{}", world.report());
    for who in who {
        let person = &world.people[*who];
        assert!(person.longest_gap < GAP, "{:?}\n{}", person.longest_gap, world.report());
        assert_eq!((person.mixed_up, person.ended), (0, None), "{}", world.report());
        assert_eq!(person.last_state(), Some(PublicState::Connected), "{}", world.report());
    }
}

/// Whoever of the three leaves, also the one who began the call. Nobody is told that anybody has left but who has.
#[test]
fn two_who_are_left_move_to_a_path_of_their_own_without_a_break() {
    for leaver in [0, 1, 2] {
        let mut world = two_left(Media::AudioVideo, leaver);
        let stay = others(leaver);
        world.run(SECOND * 9);
        assert!(world.between_people.is_none(), "not before ten seconds");
        world.until("the server is left", |world| have_left_server(world, &stay));
        world.run(SECOND * 20);
        assert_all_is_well(&world, &stay, true);
        assert!(world.to_server.is_some_and(|at| at < world.ago(SECOND * 18)), "it is left alone");
        for (me, other) in [(stay[0], stay[1]), (stay[1], stay[0])] {
            assert_eq!(world.member_state(me, other), Some(MemberState::Connected));
            let left = world.people[me].servers.iter().filter(|(_, s)| *s == SfuState::Left);
            assert_eq!(left.count(), 1, "{}", world.report());
        }
    }
}

#[test]
fn both_keep_their_indices() {
    let mut world = two_left(Media::Audio, 0);
    let (call, _) = world.call.unwrap();
    world.until("the server is left", |world| have_left_server(world, &[1, 2]));
    assert_eq!(world.people[1].engine.own_index(call), Some(1));
    assert_eq!(world.people[2].engine.own_index(call), Some(2));
    world.run(SECOND * 3);
    assert_all_is_well(&world, &[1, 2], false);
}

#[test]
fn a_call_of_two_ends_as_one_after_the_way_back() {
    let mut world = two_left(Media::Audio, 2);
    world.until("the server is left", |world| have_left_server(world, &[0, 1]));
    world.run(SECOND);
    world.hang_up(0);
    world.run(SECOND);
    assert_eq!(world.people[0].ended, Some(EndReason::HungUpLocal));
    assert_eq!(world.people[1].ended, Some(EndReason::HungUpRemote), "{}", world.report());
}

/// It is tried again after a minute, and then there is a way.
#[test]
fn without_a_path_between_the_two_the_call_stays_at_the_server() {
    let mut world = two_left(Media::AudioVideo, 2);
    world.apart = true;
    world.run(SECOND * 40);
    assert_all_is_well(&world, &[0, 1], true);
    assert!(!have_left_server(&world, &[0]) && !have_left_server(&world, &[1]));
    world.apart = false;
    world.run(SECOND * 35);
    world.until("the server is left", |world| have_left_server(world, &[0, 1]));
    world.run(SECOND * 3);
    assert_all_is_well(&world, &[0, 1], true);
}

/// The path breaks in the middle of the attempt: what came over it comes from the server again.
#[test]
fn a_path_that_breaks_during_the_attempt_is_given_up_without_a_break() {
    let mut world = two_left(Media::Audio, 2);
    attempt_begins(&mut world);
    world.apart = true;
    world.run(SECOND * 25);
    assert_all_is_well(&world, &[0, 1], false);
    assert!(!have_left_server(&world, &[0]) && !have_left_server(&world, &[1]));
}

/// From two to three and back, twice, in one call.
#[test]
fn a_call_grows_and_shrinks_again_and_again() {
    let mut world = World::new(3, 1);
    world.place_pair(0, 1, Media::Audio);
    world.accept(1);
    world.until("two are connected", |world| {
        world.people[..2].iter().all(|person| person.last_state() == Some(PublicState::Connected))
    });
    world.run(SECOND * 2);
    world.people.iter_mut().for_each(Person::forget_gaps);
    for round in 0..2 {
        let inviter = round;
        world.people[2].ring = None;
        world.invite(inviter, 2);
        world.accept(2);
        let begun = world.now;
        world.until("three", |world| world.everybody_hears(&[0, 1, 2], begun, false));
        world.run(SECOND * 6);
        world.hang_up(2);
        world.run(SECOND * 5);
        world.people[0].servers.clear();
        world.people[1].servers.clear();
        world.until("the server is left", |world| have_left_server(world, &[0, 1]));
        world.run(SECOND * 2);
        for who in [0, 1] {
            let person = &world.people[who];
            assert!(person.longest_gap < SECOND / 2, "{:?}", person.longest_gap);
            assert_eq!((person.mixed_up, person.ended), (0, None), "{}", world.report());
        }
        assert!(world.everybody_hears(&[0, 1], world.ago(SECOND / 2), false), "{}", world.report());
    }
    assert_eq!(world.people[2].rings, 2);
    assert_eq!(world.people[1].rings, 1, "the move itself never rings");
}

/// Who began the attempt ends it; for the other one the invitation waits until it is over.
#[test]
fn somebody_asked_in_during_the_attempt_comes_in() {
    for inviter in [0, 1] {
        let mut world = two_left(Media::Audio, 2);
        attempt_begins(&mut world);
        world.invite(inviter, 3);
        world.accept(3);
        let begun = world.now;
        world.until("three", |world| world.everybody_hears(&[0, 1, 3], begun, false));
        world.run(SECOND * 20);
        assert_all_is_well(&world, &[0, 1], false);
        assert!(world.everybody_hears(&[0, 1, 3], world.ago(SECOND / 2), false));
    }
}

#[test]
fn who_is_asked_in_twice_during_the_attempt_is_refused_the_second_time() {
    let mut world = two_left(Media::Audio, 2);
    attempt_begins(&mut world);
    world.invite(1, 3);
    let card = world.people[3].engine.card().unwrap();
    let (call, _) = world.call.unwrap();
    let now = world.now;
    assert!(world.people[1].engine.invite(now, call, card).is_err());
}

#[test]
fn who_begins_the_attempt_crashes_and_the_other_ends_the_call_in_time() {
    for crashed in [0, 1] {
        let mut world = two_left(Media::Audio, 2);
        attempt_begins(&mut world);
        world.unplug(crashed);
        world.run(SECOND * 70);
        let other = &world.people[1 - crashed];
        assert_eq!(other.ended, Some(EndReason::ConnectionLost), "{}", world.report());
    }
}

/// The server dies in the middle: the new path is all there is, and is enough.
#[test]
fn a_server_that_dies_during_the_attempt_is_not_missed() {
    let mut world = two_left(Media::Audio, 2);
    attempt_begins(&mut world);
    world.kill(0);
    world.run(SECOND * 20);
    assert_all_is_well(&world, &[0, 1], false);
    assert!(have_left_server(&world, &[0, 1]), "{}", world.report());
}

#[test]
fn an_offer_that_waited_too_long_is_not_taken_up() {
    let mut world = two_left(Media::Audio, 2);
    world.run(SECOND * 5);
    world.queued = SECOND * 11;
    world.run(SECOND * 20);
    assert!(world.between_people.is_none() && !have_left_server(&world, &[0]));
    assert_all_is_well(&world, &[0, 1], false);
}

#[test]
fn messages_that_are_lost_cost_an_attempt_and_nothing_else() {
    for deaf in [0, 1] {
        let mut world = two_left(Media::Audio, 2);
        world.run(SECOND * 5);
        world.people[deaf].deaf = true;
        world.run(SECOND * 25);
        world.people[deaf].deaf = false;
        assert!(!have_left_server(&world, &[0]) && !have_left_server(&world, &[1]));
        world.run(SECOND * 45);
        world.until("the server is left", |world| have_left_server(world, &[0, 1]));
        world.run(SECOND * 3);
        assert_all_is_well(&world, &[0, 1], false);
    }
}

#[test]
fn messages_that_overtake_each_other_do_no_harm() {
    let mut world = two_left(Media::Audio, 2);
    world.run(SECOND * 5);
    world.shuffles_mail = true;
    world.run(SECOND * 70);
    world.until("the server is left", |world| have_left_server(world, &[0, 1]));
    world.run(SECOND * 3);
    assert_all_is_well(&world, &[0, 1], false);
}
