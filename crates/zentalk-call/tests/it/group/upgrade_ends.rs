//! What becomes of a move from two to three that does not come about, and of two such moves at once.

use zentalk_call::engine::{Media, MemberState, SfuState};
use zentalk_call::{EndReason, PublicState};

use super::SECOND;
use super::upgrade::two_of;
use super::world::World;

/// What the application of `me` was ever told of `other`.
fn told(world: &World, me: usize, other: usize) -> Vec<MemberState> {
    let identity = world.people[other].engine.card().unwrap().identity().clone();
    let members = world.people[me].members.values();
    let of_other = members.filter(|(member, _)| member.identity == identity);
    of_other.flat_map(|(_, states)| states.clone()).collect()
}

fn has_left(states: &[MemberState]) -> bool {
    states.iter().any(|state| matches!(state, MemberState::Left(_)))
}

/// The two still hear each other, their call is up, and neither was told that the other has gone.
fn assert_two_go_on(world: &World) {
    let since = world.ago(SECOND / 2);
    for (me, other) in [(0, 1), (1, 0)] {
        let person = &world.people[me];
        assert!(!has_left(&told(world, me, other)), "{me}: {:?}", told(world, me, other));
        let heard = person.pair_sound.is_some_and(|at| at > since) || world.hears(me, other, since);
        assert!(heard, "{}", world.report());
        assert_eq!((person.last_state(), person.ended), (Some(PublicState::Connected), None));
    }
}

#[test]
fn the_peer_stays_where_there_is_no_way_to_a_server_and_the_server_is_said_to_be_left() {
    let mut world = two_of(3, Media::Audio);
    world.servers[0].alive = false;
    world.invite(0, 2);
    world.run(SECOND * 65);
    assert_two_go_on(&world);
    for who in [0, 1] {
        assert!(world.people[who].has_left_servers(), "{who}: {:?}", world.people[who].servers);
    }
    assert!(has_left(&told(&world, 0, 2)), "{}", world.report());
}

/// It rings for as long as the move may take: neither time ends the peer's stay.
#[test]
fn a_peer_that_does_not_follow_has_not_left() {
    let mut world = two_of(3, Media::Audio);
    world.people[1].deaf = true;
    world.invite(0, 2);
    world.accept(2);
    world.run(SECOND * 59);
    world.people[1].deaf = false;
    world.run(SECOND * 10);
    assert_two_go_on(&world);
    assert!(world.people[0].has_left_servers(), "{:?}", world.people[0].servers);
    // Whoever had come is alone, and gives up a while later.
    let alone = MemberState::Left(EndReason::CouldNotConnect);
    assert_eq!(world.member_state(2, 0), Some(alone), "{}", world.report());
    world.run(SECOND * 10);
    assert!(world.people[2].ended.is_some(), "{}", world.report());
}

/// Each begins a group of its own: one of them gives way, and its guest is asked into the other.
#[test]
fn both_of_two_ask_somebody_in_at_once_and_both_come() {
    let mut world = two_of(4, Media::Audio);
    world.invite(0, 2);
    world.invite(1, 3);
    world.run(SECOND * 2);
    world.accept(2);
    world.accept(3);
    let accepted = world.now;
    world.until("four hear each other", |world| {
        world.everybody_hears(&[0, 1, 2, 3], accepted, false)
    });
    world.run(SECOND * 65);
    let all = [0, 1, 2, 3];
    assert!(world.everybody_hears(&all, world.ago(SECOND / 2), false), "{}", world.report());
    assert!(world.people.iter().all(|person| person.mixed_up == 0), "{}", world.report());
    assert_two_go_on(&world);
    for who in [0, 1] {
        let person = &world.people[who];
        assert!(person.longest_gap < SECOND / 2, "{who}: {:?}", person.longest_gap);
        assert_eq!(person.servers.last().map(|(_, state)| *state), Some(SfuState::Connected));
    }
}

#[test]
fn both_of_two_ask_the_same_person_in_at_once() {
    let mut world = two_of(4, Media::Audio);
    world.invite(0, 2);
    world.invite(1, 2);
    world.run(SECOND * 2);
    world.accept(2);
    let accepted = world.now;
    world
        .until("three hear each other", |world| world.everybody_hears(&[0, 1, 2], accepted, false));
    world.run(SECOND * 65);
    let since = world.ago(SECOND / 2);
    assert!(world.everybody_hears(&[0, 1, 2], since, false), "{}", world.report());
    assert_two_go_on(&world);
}
