//! Who rings, joins, leaves and crashes.

use zentalk_call::engine::{Media, MemberState};
use zentalk_call::{EndReason, PublicState};

use super::world::World;
use super::{SECOND, three};

/// Invariants `no_packet_before_accept` and `peer_input_never_accepts` for invitations: who is invited sends
/// nothing but that it rings, asks for nothing, and connects to nobody.
#[test]
fn who_is_invited_does_nothing_before_the_accept() {
    let mut world = World::new(3, 1);
    world.place(0, &[1, 2], Media::AudioVideo);
    world.until("it rings", |world| {
        world.people[1].ring.is_some() && world.people[2].ring.is_some()
    });
    world.run(SECOND * 20);
    for who in [1, 2] {
        let person = &world.people[who];
        assert_eq!((person.datagrams, person.token_requests, person.connections), (0, 0, 0));
        assert_eq!(person.engine.state(), PublicState::Idle);
        assert_eq!(world.member_state(0, who), Some(MemberState::Ringing));
    }
}

#[test]
fn a_ring_names_who_is_in_the_call() {
    let mut world = three(Media::Audio, 1);
    world.invite(1, 3);
    world.until("it rings", |world| world.people[3].ring.is_some());
    let group = world.people[3].ring.as_ref().unwrap().group.clone().unwrap();
    let indices: Vec<_> = group.iter().map(|member| member.index).collect();
    assert_eq!(indices, [1, 0, 2]);
}

/// The inviter is not the leader, and the one who joins hears everybody.
#[test]
fn somebody_who_joins_late_hears_and_is_heard() {
    let mut world = three(Media::AudioVideo, 1);
    world.run(SECOND * 5);
    world.invite(2, 3);
    world.accept(3);
    let begun = world.now;
    world.until("four hear each other", |world| world.everybody_hears(&[0, 1, 2, 3], begun, true));
    assert!(world.people.iter().all(|person| person.mixed_up == 0), "{}", world.report());
}

#[test]
fn who_declines_is_no_member_and_the_others_go_on() {
    let mut world = World::new(3, 1);
    world.place(0, &[1, 2], Media::Audio);
    world.accept(1);
    world.until("it rings", |world| world.people[2].ring.is_some());
    world.decline(2);
    let begun = world.now;
    world.until("two hear each other", |world| world.everybody_hears(&[0, 1], begun, false));
    assert_eq!(world.member_state(0, 2), Some(MemberState::Left(EndReason::Declined)));
    assert_eq!(world.people[2].ended, Some(EndReason::Declined));
}

#[test]
fn a_call_that_everybody_declines_ends() {
    let mut world = World::new(3, 1);
    world.place(0, &[1, 2], Media::Audio);
    world.until("it rings", |world| {
        world.people[1].ring.is_some() && world.people[2].ring.is_some()
    });
    world.decline(1);
    world.run(SECOND);
    assert_eq!(world.people[0].ended, None);
    world.decline(2);
    world.run(SECOND);
    assert_eq!(world.people[0].ended, Some(EndReason::Declined), "{}", world.report());
}

#[test]
fn nobody_accepts_within_a_minute() {
    let mut world = World::new(3, 1);
    world.place(0, &[1, 2], Media::Audio);
    world.run(SECOND * 62);
    for person in &world.people {
        assert_eq!(person.ended, Some(EndReason::NoAnswer), "{}", world.report());
    }
}

#[test]
fn the_inviter_hangs_up_and_it_stops_ringing() {
    let mut world = World::new(3, 1);
    world.place(0, &[1, 2], Media::Audio);
    world.until("it rings", |world| {
        world.people[1].ring.is_some() && world.people[2].ring.is_some()
    });
    world.hang_up(0);
    world.run(SECOND);
    assert!(world.people[1..].iter().all(|person| person.ended == Some(EndReason::HungUpRemote)));
}

/// Invariant `removed_member_reads_nothing` at this level: soon after a leave nobody takes a frame of the leaver, and a
/// leaver who keeps its path open hears nobody.
#[test]
fn who_leaves_is_heard_no_more_and_the_others_go_on_under_new_keys() {
    let mut world = three(Media::Audio, 1);
    world.run(SECOND * 3);
    let epoch = world.people[0].epochs.last().copied();
    world.hang_up(2);
    let left = world.now;
    world.run(SECOND * 8);
    assert!(world.everybody_hears(&[0, 1], left + SECOND * 7, false), "{}", world.report());
    assert!(!world.hears(0, 2, left + SECOND / 2) && !world.hears(1, 2, left + SECOND / 2));
    assert!(!world.hears(2, 0, left), "{}", world.report());
    assert!(world.people[0].epochs.last().copied() > epoch, "{}", world.report());
    assert!(matches!(world.member_state(0, 2), Some(MemberState::Left(EndReason::HungUpRemote))));
    assert_eq!(world.people[2].ended, Some(EndReason::HungUpLocal));
}

/// The initiator led; the lowest index that is left does.
#[test]
fn the_initiator_leaves_and_somebody_joins_after() {
    let mut world = three(Media::Audio, 1);
    world.run(SECOND * 3);
    world.hang_up(0);
    world.run(SECOND * 3);
    world.invite(2, 3);
    world.accept(3);
    let begun = world.now;
    world.until("three hear each other", |world| world.everybody_hears(&[1, 2, 3], begun, false));
}

#[test]
fn who_crashes_is_removed_within_fifteen_seconds() {
    let mut world = three(Media::Audio, 1);
    world.run(SECOND * 3);
    world.unplug(2);
    world.run(SECOND * 5);
    assert_eq!(world.member_state(0, 2), Some(MemberState::Stale), "{}", world.report());
    let epoch = world.people[1].epochs.last().copied();
    world.run(SECOND * 10);
    let lost = Some(MemberState::Left(EndReason::ConnectionLost));
    assert_eq!(
        (world.member_state(0, 2), world.member_state(1, 2)),
        (lost, lost),
        "{}",
        world.report()
    );
    world.run(SECOND * 2);
    assert!(world.people[1].epochs.last().copied() > epoch, "{}", world.report());
    let since = world.ago(SECOND);
    assert!(world.everybody_hears(&[0, 1], since, false), "{}", world.report());
}

/// Twenty seconds without a network: the others have gone on without them, and take them in again.
#[test]
fn who_was_taken_for_crashed_comes_back() {
    let mut world = three(Media::Audio, 1);
    world.run(SECOND * 3);
    world.unplug(2);
    world.run(SECOND * 20);
    world.plug(2);
    let back = world.now;
    world.until("three hear each other again", |world| {
        world.everybody_hears(&[0, 1, 2], back, false)
    });
}

#[test]
fn a_call_that_the_others_left_ends() {
    let mut world = three(Media::Audio, 1);
    world.hang_up(1);
    world.hang_up(2);
    world.run(SECOND * 5);
    assert_eq!(world.people[0].ended, None);
    world.run(SECOND * 7);
    assert_eq!(world.people[0].ended, Some(EndReason::HungUpRemote), "{}", world.report());
}

#[test]
fn without_a_server_there_is_no_group_call() {
    let mut world = World::new(3, 0);
    world.place(0, &[1, 2], Media::Audio);
    world.run(SECOND);
    assert_eq!(world.people[0].ended, Some(EndReason::NoServer), "{}", world.report());
    assert!(world.people[1].ring.is_none());
}

/// Both reserve the same index for the one they ask; one of the two is asked in again under another.
#[test]
fn two_members_who_invite_at_once_bring_both_in() {
    let mut world = World::new(5, 1);
    world.place(0, &[1, 2], Media::Audio);
    world.accept(1);
    world.accept(2);
    let begun = world.now;
    world.until("three hear each other", |world| world.everybody_hears(&[0, 1, 2], begun, false));
    world.invite(1, 3);
    world.invite(2, 4);
    world.accept(3);
    world.accept(4);
    let begun = world.now;
    world.until("five hear each other", |world| {
        world.everybody_hears(&[0, 1, 2, 3, 4], begun, false)
    });
    assert!(world.people.iter().all(|person| person.mixed_up == 0), "{}", world.report());
}
