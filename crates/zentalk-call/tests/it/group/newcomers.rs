//! Newcomers, and those who invited them and are gone.

use zentalk_call::engine::{Media, MemberState};
use zentalk_call::{EndReason, PublicState};

use super::world::World;
use super::{SECOND, three};

/// Nobody's call ended, and all have theirs.
fn assert_together(world: &World, who: &[usize]) {
    for at in who {
        let person = &world.people[*at];
        assert_eq!(person.ended, None, "{}", world.report());
        assert_eq!(person.last_state(), Some(PublicState::Connected), "{}", world.report());
    }
}

#[test]
fn who_rings_comes_in_though_the_inviter_has_crashed() {
    for inviter in [0, 1] {
        let mut world = three(Media::Audio, 1);
        world.invite(inviter, 3);
        world.until("it rings", |world| world.people[3].ring.is_some());
        world.unplug(inviter);
        world.accept(3);
        let accepted = world.now;
        let rest = if inviter == 0 { [1, 2, 3] } else { [0, 2, 3] };
        world.until("the others and the newcomer hear each other", |world| {
            world.everybody_hears(&rest, accepted, false)
        });
        assert_together(&world, &rest);
    }
}

/// The inviter has heard it, and tells nobody any more.
#[test]
fn who_has_just_accepted_comes_in_though_the_inviter_crashes() {
    let mut world = three(Media::Audio, 1);
    world.invite(0, 3);
    world.accept(3);
    world.until("the inviter hears it", |world| {
        world.member_state(0, 3) == Some(MemberState::Joining)
    });
    world.unplug(0);
    let crashed = world.now;
    world.until("the others and the newcomer hear each other", |world| {
        world.everybody_hears(&[1, 2, 3], crashed, false)
    });
    assert_together(&world, &[1, 2, 3]);
}

/// Nobody else was in the call when it began to ring: who came since is told to those who ring.
#[test]
fn who_was_called_at_first_comes_in_though_the_caller_has_crashed() {
    let mut world = World::new(4, 1);
    world.place(0, &[1, 2, 3], Media::Audio);
    world.accept(1);
    world.accept(2);
    let begun = world.now;
    world.until("three hear each other", |world| world.everybody_hears(&[0, 1, 2], begun, false));
    world.unplug(0);
    world.accept(3);
    let accepted = world.now;
    world
        .until("three hear each other", |world| world.everybody_hears(&[1, 2, 3], accepted, false));
    assert_together(&world, &[1, 2, 3]);
}

/// Only one of the two whom the caller asked has accepted; it waits for the other, and not alone for ever.
#[test]
fn the_last_one_there_lets_in_who_still_rings() {
    let mut world = World::new(3, 1);
    world.place(0, &[1, 2], Media::Audio);
    world.accept(1);
    let begun = world.now;
    world.until("two hear each other", |world| world.everybody_hears(&[0, 1], begun, false));
    world.unplug(0);
    world.run(SECOND);
    world.accept(2);
    let accepted = world.now;
    world.until("two hear each other", |world| world.everybody_hears(&[1, 2], accepted, false));
    assert_together(&world, &[1, 2]);
}

/// As before: who leaves takes its invitations back.
#[test]
fn an_invitation_ends_with_the_goodbye_of_the_inviter() {
    let mut world = three(Media::Audio, 1);
    world.invite(1, 3);
    world.until("it rings", |world| world.people[3].ring.is_some());
    world.hang_up(1);
    world.run(SECOND);
    assert_eq!(world.people[3].ended, Some(EndReason::HungUpRemote), "{}", world.report());
    let since = world.now;
    world.run(SECOND * 2);
    assert!(world.everybody_hears(&[0, 2], since, false), "{}", world.report());
}

/// The other invitation of the same person ends in silence: its end is no goodbye to anybody.
#[test]
fn who_was_invited_by_two_at_once_stays_with_all() {
    let mut world = three(Media::Audio, 1);
    world.invite(1, 3);
    world.invite(2, 3);
    world.accept(3);
    let accepted = world.now;
    world.until("four hear each other", |world| {
        world.everybody_hears(&[0, 1, 2, 3], accepted, false)
    });
    // Longer than anything rings.
    world.run(SECOND * 65);
    let since = world.ago(SECOND);
    assert!(world.everybody_hears(&[0, 1, 2, 3], since, false), "{}", world.report());
    assert_together(&world, &[0, 1, 2, 3]);
    assert_eq!(world.people[3].rings, 1);
}

/// Whoever is let in by nobody does not sit there for ever, connected to a server where nobody can be heard.
#[test]
fn who_gets_no_key_is_told_that_the_call_did_not_come_about() {
    let mut world = World::new(3, 1);
    world.place(0, &[1, 2], Media::Audio);
    world.until("it rings", |world| world.people[1].ring.is_some());
    world.unplug(0);
    world.accept(1);
    world.run(SECOND * 40);
    assert_eq!(world.people[1].ended, Some(EndReason::CouldNotConnect), "{}", world.report());
}
