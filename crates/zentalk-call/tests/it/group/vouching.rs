//! Who tries to come in without an invitation, or by a word that is not worth anything.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zentalk_call::engine::{Media, MemberState};
use zentalk_call::{EndReason, IdentityPublic};
use zentalk_primitives::{CallId, ParticipantId};
use zentalk_signaling_ratchet::messages::{EndCode, GroupInvited};
use zentalk_signaling_ratchet::{CallBody, Identity};

use super::puppet::Puppet;
use super::world::World;
use super::{SECOND, three};

/// Three in a call, the fourth invited by the second: `index` is what it was given.
fn three_and_one_who_rings() -> (World, CallId, u8) {
    let mut world = three(Media::Audio, 1);
    let (call, _) = world.call.unwrap();
    world.invite(1, 3);
    world.until("it rings", |world| world.people[3].ring.is_some());
    world.run(SECOND / 5);
    let index = world.people[3].engine.own_index(call).unwrap();
    (world, call, index)
}

/// Says it to the first, and tells whether the first took no notice.
fn is_refused(world: &mut World, puppet: &mut Puppet, call: CallId, body: CallBody) -> bool {
    let before = world.people[0].engine.dropped_messages();
    let members = world.people[0].engine.members(call).len();
    puppet.say(world, 0, call, body);
    world.run(SECOND / 5);
    let engine = &world.people[0].engine;
    let refused = engine.dropped_messages() > before;
    assert_eq!(refused, engine.members(call).len() == members, "{}", world.report());
    refused
}

fn person(number: u8) -> IdentityPublic {
    Identity::generate(&mut ChaCha20Rng::from_seed([number; 32])).public().clone()
}

#[test]
fn a_join_without_a_word_is_refused() {
    let mut world = three(Media::Audio, 1);
    let (call, _) = world.call.unwrap();
    let mut stranger = Puppet::of(&world, 3);
    for index in [0, 1, 2, 3, 4, 15] {
        let join = stranger.join(index);
        assert!(is_refused(&mut world, &mut stranger, call, join), "index {index}");
    }
    assert_eq!(world.member_state(0, 3), None);
}

#[test]
fn a_join_by_a_members_word_needs_that_index() {
    let (mut world, call, index) = three_and_one_who_rings();
    let mut invited = Puppet::of(&world, 3);
    for wrong in (0..16).filter(|wrong| *wrong != index) {
        let join = invited.join(wrong);
        assert!(is_refused(&mut world, &mut invited, call, join), "index {wrong}");
    }
    let join = invited.join(index);
    assert!(!is_refused(&mut world, &mut invited, call, join));
    assert_eq!(world.member_state(0, 3), Some(MemberState::Joining));
}

#[test]
fn a_word_is_good_for_the_person_it_names_only() {
    let mut world = World::new(5, 1);
    world.place(0, &[1, 2], Media::Audio);
    world.accept(1);
    world.accept(2);
    let (begun, (call, _)) = (world.now, world.call.unwrap());
    world.until("three hear each other", |world| world.everybody_hears(&[0, 1, 2], begun, false));
    world.invite(1, 3);
    world.until("it rings", |world| world.people[3].ring.is_some());
    world.run(SECOND / 5);
    let index = world.people[3].engine.own_index(call).unwrap();
    let mut other = Puppet::of(&world, 4);
    let join = other.join(index);
    assert!(is_refused(&mut world, &mut other, call, join));
    assert_eq!(world.member_state(0, 4), None);
}

#[test]
fn a_word_that_was_taken_back_lets_nobody_in() {
    let (mut world, call, index) = three_and_one_who_rings();
    world.decline(3);
    world.run(SECOND);
    let mut declined = Puppet::of(&world, 3);
    let join = declined.join(index);
    assert!(is_refused(&mut world, &mut declined, call, join));
}

#[test]
fn the_word_of_somebody_who_has_left_lets_nobody_in() {
    let (mut world, call, index) = three_and_one_who_rings();
    let mut invited = Puppet::of(&world, 3);
    world.hang_up(1);
    world.run(SECOND);
    let join = invited.join(index);
    assert!(is_refused(&mut world, &mut invited, call, join));
}

/// After a minute nobody rings any more, whatever became of the one who invited.
#[test]
fn a_word_ends_with_the_time_it_may_ring() {
    let (mut world, call, index) = three_and_one_who_rings();
    world.unplug(1);
    world.run(SECOND * 61);
    let mut invited = Puppet::of(&world, 3);
    let join = invited.join(index);
    assert!(is_refused(&mut world, &mut invited, call, join));
}

#[test]
fn the_word_of_a_stranger_lets_nobody_in() {
    let mut world = World::new(5, 1);
    world.place(0, &[1, 2], Media::Audio);
    world.accept(1);
    world.accept(2);
    let (begun, (call, _)) = (world.now, world.call.unwrap());
    world.until("three hear each other", |world| world.everybody_hears(&[0, 1, 2], begun, false));
    let friend = world.people[4].engine.card().unwrap();
    let word = GroupInvited::given(3, friend.identity().clone()).unwrap();
    let mut stranger = Puppet::of(&world, 3);
    assert!(is_refused(&mut world, &mut stranger, call, CallBody::GroupInvited(word)));
    let mut friend = Puppet::of(&world, 4);
    let join = friend.join(3);
    assert!(is_refused(&mut world, &mut friend, call, join));
}

/// One member names everybody it can think of; another's word counts all the same.
#[test]
fn a_flood_of_words_keeps_nobody_out() {
    let mut world = three(Media::Audio, 1);
    let (call, _) = world.call.unwrap();
    let mut flooder = Puppet::of(&world, 2);
    let dropped = world.people[0].engine.dropped_messages();
    for number in 0..50 {
        let word = GroupInvited::given(number % 16, person(number + 100)).unwrap();
        flooder.say(&mut world, 0, call, CallBody::GroupInvited(word));
    }
    world.run(SECOND);
    assert!(world.people[0].engine.dropped_messages() >= dropped + 45);
    world.invite(1, 3);
    world.until("it rings", |world| world.people[3].ring.is_some());
    world.unplug(1);
    world.accept(3);
    let accepted = world.now;
    world.until("two hear each other", |world| world.everybody_hears(&[0, 3], accepted, false));
}

/// Frames are told apart by what the server calls their sender: nobody may take another's name.
#[test]
fn nobody_joins_under_another_members_name_at_the_server() {
    let (mut world, call, index) = three_and_one_who_rings();
    let mut invited = Puppet::of(&world, 3);
    for victim in [0, 2] {
        let (_, participant) = world.people[victim].place.unwrap();
        let join = invited.join_as(index, participant);
        assert!(is_refused(&mut world, &mut invited, call, join), "{victim}");
        // Who invited them refuses it as well.
        let join = invited.join_as(index, participant);
        invited.say(&mut world, 1, call, join);
        world.run(SECOND / 5);
        assert_eq!(world.member_state(1, 3), Some(MemberState::Ringing), "{victim}");
    }
    let join = invited.join_as(index, ParticipantId::from_bytes([1; 16]));
    assert!(!is_refused(&mut world, &mut invited, call, join));
}

/// The end of an invitation is none of a stay: a member that says so to another is still there.
#[test]
fn the_end_of_an_invitation_removes_no_member() {
    let mut world = three(Media::Audio, 1);
    let (call, _) = world.call.unwrap();
    let mut puppet = Puppet::of(&world, 1);
    for reason in [EndReason::NoAnswer, EndReason::Busy] {
        puppet.say(&mut world, 0, call, CallBody::End(EndCode(reason.to_wire())));
    }
    puppet.say(&mut world, 0, call, CallBody::Busy);
    world.run(SECOND * 3);
    assert!(world.hears(0, 1, world.ago(SECOND)), "{}", world.report());
}

/// The same to somebody who still rings, from a member that did not invite them.
#[test]
fn the_end_of_an_invitation_of_another_member_ends_no_ring() {
    let (mut world, call, _) = three_and_one_who_rings();
    let mut puppet = Puppet::of(&world, 2);
    let end = CallBody::End(EndCode(EndReason::NoAnswer.to_wire()));
    puppet.say(&mut world, 3, call, end);
    world.run(SECOND / 5);
    world.accept(3);
    let accepted = world.now;
    world.until("all hear each other", |world| {
        world.everybody_hears(&[0, 1, 2, 3], accepted, false)
    });
}

/// An inviter that gives out a place that is taken, to somebody who rings, confuses nobody.
#[test]
fn a_place_that_another_member_has_is_not_taken_over() {
    let (mut world, call, index) = three_and_one_who_rings();
    let (room, _) = world.people[0].place.unwrap();
    let mut inviter = Puppet::of(&world, 1);
    let before = world.people[3].engine.dropped_messages();
    let invite = inviter.invitation(&world, (room, false), 2);
    inviter.say(&mut world, 3, call, CallBody::GroupInvite(invite));
    world.run(SECOND / 5);
    assert_eq!(world.people[3].engine.own_index(call), Some(index));
    assert_eq!(world.people[3].engine.dropped_messages(), before + 1);
}
