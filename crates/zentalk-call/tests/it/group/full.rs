//! The seventh person: six is the limit, however many are asked at once.

use zentalk_call::engine::MemberState;
use zentalk_call::{EndReason, PublicState};

use super::SECOND;
use super::invitations::crowd;
use super::world::World;

const FULL: MemberState = MemberState::Left(EndReason::Full);

/// Whom this person sees in the call, beside itself.
fn company(world: &World, me: usize) -> usize {
    let (call, _) = world.call.unwrap();
    let members = world.people[me].engine.members(call);
    let is_in = |state: &MemberState| {
        !matches!(state, MemberState::Left(_) | MemberState::Invited | MemberState::Ringing)
    };
    members.iter().filter(|(_, state)| is_in(state)).count()
}

/// What this person was told last of the other.
fn told(world: &World, me: usize, other: usize) -> Option<MemberState> {
    let card = world.people[other].engine.card().unwrap();
    let mut told = world.people[me].told.iter().rev();
    told.find(|(identity, _)| identity == card.identity()).map(|(_, state)| *state)
}

/// One of the two guests is in, the other one was told why not, and so was whoever invited it; the six go on.
fn assert_one_was_turned_away(world: &mut World, guests: [(usize, usize); 2]) {
    let since = world.now;
    let is_out = |world: &World, guest: usize| world.people[guest].ended.is_some();
    world.until("one is turned away", |world| {
        guests.iter().filter(|(_, guest)| is_out(world, *guest)).count() == 1
    });
    world.run(SECOND * 3);
    let out = guests.iter().position(|(_, guest)| is_out(world, *guest)).unwrap();
    let ((inviter, turned_away), (_, guest)) = (guests[out], guests[1 - out]);
    assert_eq!(world.people[turned_away].ended, Some(EndReason::Full), "{}", world.report());
    assert_eq!(told(world, inviter, turned_away), Some(FULL), "{}", world.report());
    let six = [0, 1, 2, 3, 4, guest];
    for who in six {
        let person = &world.people[who];
        assert_eq!(person.last_state(), Some(PublicState::Connected), "{}", world.report());
        assert_eq!(company(world, who), 5, "{who}: {}", world.report());
        let told = told(world, who, turned_away);
        assert!([None, Some(FULL)].contains(&told), "{who}: {told:?}\n{}", world.report());
    }
    assert!(world.everybody_hears(&[0, 1, 2, 3, 4], since, false), "{}", world.report());
}

/// Neither inviter has heard of the other's guest, so both have the same index.
#[test]
fn two_members_ask_a_sixth_person_in_at_once_and_the_seventh_hears_that_the_call_is_full() {
    for shuffles in [false, true] {
        for first in [5, 6] {
            let mut world = crowd(7, &[1, 2, 3, 4]);
            world.shuffles_mail = shuffles;
            world.invite(0, 5);
            world.invite(1, 6);
            world.accept(first);
            world.accept(11 - first);
            assert_one_was_turned_away(&mut world, [(0, 5), (1, 6)]);
        }
    }
}

/// One of the inviters has an index more behind it: nothing but the number of people is in the way.
#[test]
fn the_seventh_is_turned_away_though_its_index_is_free() {
    for first in [5, 6] {
        let mut world = crowd(8, &[1, 2, 3, 4]);
        world.invite(1, 7);
        world.until("it rings", |world| world.people[7].ring.is_some());
        world.decline(7);
        world.run(SECOND);
        world.invite(0, 5);
        world.invite(1, 6);
        world.accept(first);
        world.accept(11 - first);
        assert_one_was_turned_away(&mut world, [(0, 5), (1, 6)]);
    }
}

/// Somebody who still rings when the last place is taken is not kept waiting for nothing.
#[test]
fn who_still_rings_when_the_call_is_full_stops_ringing() {
    let mut world = crowd(7, &[1, 2, 3, 4]);
    world.invite(0, 5);
    world.invite(1, 6);
    world.until("both ring", |world| world.people[5..].iter().all(|guest| guest.ring.is_some()));
    world.accept(5);
    assert_one_was_turned_away(&mut world, [(0, 5), (1, 6)]);
}

/// Whoever turned it away is not heard: it asks for keys, and hears it then.
#[test]
fn the_seventh_hears_it_though_the_first_word_is_lost() {
    let mut world = crowd(7, &[1, 2, 3, 4]);
    world.invite(0, 5);
    world.invite(1, 6);
    world.until("both ring", |world| world.people[5..].iter().all(|guest| guest.ring.is_some()));
    world.accept(5);
    world.accept(6);
    world.people[6].deaf = true;
    world.run(SECOND * 3);
    world.people[6].deaf = false;
    assert_one_was_turned_away(&mut world, [(0, 5), (1, 6)]);
}
