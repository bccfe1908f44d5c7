//! Two sides of a partition, each of which was told that the other is lost, become one call again.

use std::collections::HashSet;

use core::time::Duration;

use zentalk_group_keys::{GroupInput, MediaKind, SframeHeader, StreamId};

use crate::room::{Room, info};

const MICROPHONE: MediaKind = MediaKind::Microphone;

/// Members 0 and 1, each alone; then somebody joins at each, one more at 0, so that its epochs are the later ones.
fn parted() -> Room {
    let mut room = Room::with(2);
    room.part(&[0, 3, 4], &[1, 2]);
    room.pass(Duration::from_secs(3));
    for (host, index) in [(1, 2), (0, 3), (0, 4)] {
        room.join_by(host, index, info(index));
        room.pass(Duration::from_secs(3));
    }
    assert!(room.number(0) > room.number(1));
    room
}

/// Lets the two sides find each other.
fn reunite(room: &mut Room) {
    room.cut.clear();
    room.pass(Duration::from_secs(20));
}

#[test]
fn who_joined_on_the_side_that_loses_comes_along_though_the_winners_are_strangers() {
    let mut room = parted();
    reunite(&mut room);
    assert!(room.all_hear_each_other());
    assert!(room.members.values().all(|keys| keys.leader() == 0));
    let failed = |event: &(u8, _)| format!("{event:?}").contains("Failed");
    assert!(!room.events.iter().any(failed), "nothing that a person would have to be told");
}

#[test]
fn the_side_that_loses_may_lead_the_call_no_more_and_has_lost_nobody() {
    let mut room = Room::with(4);
    room.part(&[0], &[1, 2, 3]);
    room.pass(Duration::from_secs(3));
    // Changes on one side only: its epoch is the later one, though 0 is the lower leader.
    for index in [5, 6] {
        room.join_by(1, index, info(index));
        room.pass(Duration::from_secs(3));
    }
    reunite(&mut room);
    assert!(room.all_hear_each_other());
    assert!(room.members.values().all(|keys| keys.leader() == 1));
}

#[test]
fn a_third_side_that_was_parted_from_both_comes_back_too() {
    let mut room = Room::with(3);
    room.part(&[0], &[1]);
    room.part(&[0], &[2]);
    room.part(&[1], &[2]);
    room.pass(Duration::from_secs(3));
    assert!(room.members.values().all(|keys| keys.roster().unwrap().len() == 1));
    reunite(&mut room);
    assert!(room.all_hear_each_other());
}

/// It said goodbye to one side, and plays on with the other, which has not heard it.
#[test]
fn a_person_who_was_removed_does_not_come_back_through_a_reunion() {
    let mut room = Room::with(4);
    room.part(&[0, 1], &[2, 3]);
    for member in [0, 1] {
        room.tell(member, GroupInput::Leave { index: 3 });
    }
    room.pass(Duration::from_secs(3));
    assert!(room.members[&2].roster().unwrap().contains(3));
    reunite(&mut room);
    for member in [0, 1, 2] {
        let roster = room.members[&member].roster().unwrap();
        assert_eq!(roster.indices().collect::<Vec<_>>(), [0, 1, 2], "as {member} knows it");
    }
    let frame = room.seal(0, StreamId::MICROPHONE, b"without you");
    assert!(room.open(2, 0, MICROPHONE, &frame).is_ok());
    assert!(room.open(3, 0, MICROPHONE, &frame).is_err());
}

/// Whoever carries messages and frames shows again what was there before: everything that was ever said, and all frames.
#[test]
fn a_server_that_shows_old_members_cannot_roll_keys_back() {
    let mut room = parted();
    let mut frames = Vec::new();
    let mut seal = |room: &mut Room| {
        for from in 0..5 {
            frames.push((from, room.seal(from, StreamId::MICROPHONE, b"said")));
        }
    };
    seal(&mut room);
    reunite(&mut room);
    seal(&mut room);
    let (before, sent) = (room.members[&0].epoch(), room.sent.clone());
    for (from, to, bytes) in &sent {
        room.deliver(*from, *to, bytes);
        let sending = room.members[to].keyring().sending();
        assert!(sending >= before, "{to} goes back to {sending:?}");
    }
    for (from, frame) in &frames[..5] {
        for to in (0..5).filter(|to| to != from) {
            assert!(room.open(to, *from, MICROPHONE, frame).is_err(), "it was said long ago");
        }
    }
    room.pass(Duration::from_secs(20));
    let mut seal = |room: &mut Room| {
        for from in 0..5 {
            frames.push((from, room.seal(from, StreamId::MICROPHONE, b"said")));
        }
    };
    seal(&mut room);
    assert!(room.all_hear_each_other());
    let header = |frame: &[u8]| SframeHeader::decode(frame).map(|(header, _)| header).unwrap();
    let named = frames.iter().map(|(_, frame)| (header(frame).kid, header(frame).counter));
    assert_eq!(named.collect::<HashSet<_>>().len(), frames.len(), "no key and counter twice");
}
