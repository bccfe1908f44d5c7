//! Epochs: who gets which key when, and what comes of changes, goodbyes and partitions.

use core::time::Duration;

use zentalk_group_keys::{
    Error, GroupEvent, GroupFailure, GroupInput, GroupOutput, MediaKind, OLD_EPOCH_LIFETIME,
    StreamId,
};

use crate::room::{Room, info, open};

const MICROPHONE: MediaKind = MediaKind::Microphone;

#[test]
fn everybody_in_an_epoch_hears_everybody() {
    let mut room = Room::with(6);
    assert!(room.all_hear_each_other());
    let first = room.members[&0].commitment();
    assert!(room.members.values().all(|keys| keys.commitment() == first));
    assert_eq!(room.members[&5].roster().unwrap().len(), 6);
}

#[test]
fn concurrent_changes_make_one_epoch() {
    let mut room = Room::with(3);
    let before = room.number(0);
    room.join(3);
    room.join(4);
    room.leave(1);
    room.pass(Duration::from_secs(3));
    assert_eq!(room.number(0), before + 1);
    assert_eq!(room.members[&3].roster().unwrap().indices().collect::<Vec<_>>(), [0, 2, 3, 4]);
    assert!(room.all_hear_each_other());
}

/// Two members report somebody each, and there is one place.
#[test]
fn a_full_group_takes_nobody_in_until_somebody_leaves() {
    let mut room = Room::with(5);
    room.members.values_mut().for_each(|keys| keys.limit_members(6));
    room.join_by(1, 5, info(5));
    room.join_by(2, 6, info(6));
    room.pass(Duration::from_secs(3));
    assert_eq!(
        room.members[&0].roster().unwrap().indices().collect::<Vec<_>>(),
        [0, 1, 2, 3, 4, 5]
    );
    assert!(room.has(0, &GroupEvent::Refused { index: 6 }));
    assert!(!room.has(0, &GroupEvent::Refused { index: 5 }));
    // Whoever reported it says so again, and the place is free by then.
    room.leave(3);
    room.pass(Duration::from_secs(20));
    assert_eq!(
        room.members[&6].roster().unwrap().indices().collect::<Vec<_>>(),
        [0, 1, 2, 4, 5, 6]
    );
    assert!(room.all_hear_each_other());
}

/// A leader that takes in more than fit makes an epoch for itself.
#[test]
fn a_roster_that_is_too_long_is_refused() {
    let mut room = Room::with(3);
    for index in [1, 2] {
        room.members.get_mut(&index).unwrap().limit_members(3);
    }
    let before = room.number(1);
    room.join(3);
    room.pass(Duration::from_secs(3));
    assert_eq!((room.number(1), room.number(2)), (before, before));
    assert!(room.members[&1].counters().senseless > 0);
}

/// Invariant 7.
#[test]
fn removed_member_reads_nothing() {
    let mut room = Room::with(3);
    let mut leaver = room.leave(2);
    // Refused at once, before there is a new epoch.
    let mut last = Vec::new();
    leaver.keyring_mut().seal(StreamId::MICROPHONE, 0, b"still here", &mut last).unwrap();
    assert_eq!(room.open(0, 2, MICROPHONE, &last), Err(Error::NotMember));
    room.pass(Duration::from_secs(3));
    let frame = room.seal(0, StreamId::MICROPHONE, b"without you");
    assert_eq!(open(&mut leaver, 0, MICROPHONE, &frame), Err(Error::UnknownEpoch));
    assert!(room.open(1, 0, MICROPHONE, &frame).is_ok());
}

#[test]
fn a_newcomer_cannot_open_what_was_said_before() {
    let mut room = Room::with(2);
    let before = room.seal(0, StreamId::MICROPHONE, b"between us two");
    room.join(2);
    room.pass(Duration::from_secs(3));
    assert_eq!(room.open(2, 0, MICROPHONE, &before), Err(Error::UnknownEpoch));
}

#[test]
fn the_next_in_line_leads_when_the_leader_leaves() {
    let mut room = Room::with(4);
    assert!(room.members.values().all(|keys| keys.leader() == 0));
    room.leave(0);
    room.pass(Duration::from_secs(3));
    assert!(room.members.values().all(|keys| keys.leader() == 1));
    assert!(room.all_hear_each_other());
}

#[test]
fn a_join_that_only_a_follower_knows_of_reaches_the_leader() {
    let mut room = Room::with(3);
    room.tell(2, GroupInput::Join { index: 5, info: info(5) });
    room.pass(Duration::from_secs(1));
    assert!(room.members[&0].roster().unwrap().contains(5));
}

#[test]
fn a_member_without_a_key_says_so_and_gets_it_from_another() {
    let mut room = Room::with(3);
    room.cut = vec![(0, 2)];
    room.join(3);
    room.pass(Duration::from_secs(4));
    assert_eq!(room.number(2), room.number(0), "member 1 has given it the key");
    assert!(room.all_hear_each_other());
}

#[test]
fn a_key_delivered_again_resets_no_counter_and_no_window() {
    let mut room = Room::with(2);
    let frame = room.seal(0, StreamId::MICROPHONE, b"first");
    room.open(1, 0, MICROPHONE, &frame).unwrap();
    let offers: Vec<_> =
        room.sent.iter().filter(|(from, to, _)| (*from, *to) == (0, 1)).cloned().collect();
    for (from, to, bytes) in offers {
        room.deliver(from, to, &bytes);
    }
    room.pass(Duration::from_secs(1));
    assert_eq!(room.open(1, 0, MICROPHONE, &frame), Err(Error::Replayed));
    let next = room.seal(0, StreamId::MICROPHONE, b"second");
    assert_eq!(room.open(1, 0, MICROPHONE, &next).unwrap().counter, 1);
}

#[test]
fn one_who_does_not_acknowledge_holds_nobody_up_for_more_than_two_seconds() {
    let mut room = Room::with(3);
    room.cut = vec![(2, 0), (2, 1), (0, 2), (1, 2)];
    let before = room.members[&0].keyring().sending();
    room.join(3);
    room.pass(Duration::from_millis(2_100));
    assert_eq!(room.members[&0].keyring().sending(), before);
    room.pass(Duration::from_millis(200));
    assert!(room.members[&0].keyring().sending() > before);
}

#[test]
fn old_epochs_are_wiped_after_ten_seconds() {
    let mut room = Room::with(2);
    room.pass(OLD_EPOCH_LIFETIME);
    room.leave(1);
    room.pass(Duration::from_secs(1));
    assert_eq!(room.members[&0].keyring().epochs().count(), 2);
    room.pass(OLD_EPOCH_LIFETIME);
    assert_eq!(room.members[&0].keyring().epochs().count(), 1);
    assert!(room.events.iter().any(|(_, event)| matches!(event, GroupEvent::Expired { .. })));
}

#[test]
fn a_member_out_of_reach_for_30_s_is_removed_by_name_and_taken_in_again_when_it_is_back() {
    let mut room = Room::with(3);
    room.cut = vec![(0, 2), (2, 0), (1, 2), (2, 1)];
    room.join(3);
    room.pass(Duration::from_secs(32));
    let failure = GroupFailure::Unreachable { index: 2 };
    assert!(room.has(0, &GroupEvent::Failed(failure)));
    assert!(!room.members[&1].roster().unwrap().contains(2));
    room.cut.clear();
    room.pass(Duration::from_secs(20));
    assert!(room.members[&1].roster().unwrap().contains(2));
    assert!(room.all_hear_each_other());
}

#[test]
fn two_sides_of_a_partition_come_together_under_one_leader() {
    let mut room = Room::with(4);
    room.cut = vec![(0, 2), (0, 3), (1, 2), (1, 3), (2, 0), (3, 0), (2, 1), (3, 1)];
    for (member, index) in [(0, 2), (0, 3), (1, 2), (1, 3), (2, 0), (2, 1), (3, 0), (3, 1)] {
        room.tell(member, GroupInput::Crashed { index });
    }
    room.pass(Duration::from_secs(3));
    let (left, right) = (room.members[&0].epoch().unwrap(), room.members[&2].epoch().unwrap());
    assert_eq!(left.number(), right.number());
    assert_ne!(left.low_bits(), right.low_bits(), "two keys never share a key id");
    room.cut.clear();
    room.pass(Duration::from_secs(20));
    assert!(room.members.values().all(|keys| keys.leader() == 0));
    assert!(room.all_hear_each_other());
}

#[test]
fn whoever_leaves_forgets_everything() {
    let mut room = Room::with(2);
    room.tell(1, GroupInput::Leave { index: 1 });
    let leaver = room.members.get_mut(&1).unwrap();
    assert_eq!(leaver.keyring().epochs().count(), 0);
    assert!(matches!(leaver.poll_output(), GroupOutput::Timeout(None)));
    let mut out = Vec::new();
    let sealed = leaver.keyring_mut().seal(StreamId::MICROPHONE, 0, b"late", &mut out);
    assert_eq!(sealed, Err(Error::NoKey));
    room.pass(Duration::from_secs(1));
    assert!(!room.members[&0].roster().unwrap().contains(1));
}

#[test]
fn an_index_in_use_is_refused_and_one_that_left_comes_again_as_somebody_else_only() {
    let mut room = Room::with(2);
    room.tell(0, GroupInput::Join { index: 1, info: b"somebody else".to_vec() });
    assert!(room.has(0, &GroupEvent::Refused { index: 1 }));
    room.leave(1);
    room.pass(Duration::from_secs(1));
    room.events.clear();
    room.tell(0, GroupInput::Join { index: 1, info: info(1) });
    assert!(room.has(0, &GroupEvent::Refused { index: 1 }));
    room.events.clear();
    room.tell(0, GroupInput::Join { index: 1, info: b"the same person again".to_vec() });
    room.pass(Duration::from_secs(3));
    assert!(!room.has(0, &GroupEvent::Refused { index: 1 }));
    assert!(room.members[&0].roster().unwrap().contains(1));
}

/// Frames of a crashed member that were kept back do not become those of whoever has its index next.
#[test]
fn frames_of_a_stay_that_is_over_are_not_those_of_the_next_with_its_index() {
    let mut room = Room::with(3);
    let kept_back = room.seal(2, StreamId::MICROPHONE, b"of who was here before");
    room.members.remove(&2);
    for member in [0, 1] {
        room.tell(member, GroupInput::Crashed { index: 2 });
    }
    room.pass(Duration::from_secs(1));
    room.join_as(2, b"somebody else".to_vec());
    room.pass(Duration::from_secs(3));
    let new = room.seal(2, StreamId::MICROPHONE, b"of who is here now");
    assert_eq!(room.open(0, 2, MICROPHONE, &kept_back), Err(Error::NotMember));
    assert!(room.open(0, 2, MICROPHONE, &new).is_ok());
}

#[test]
fn debug_output_names_nobody() {
    let input = GroupInput::Join { index: 1, info: b"bob".to_vec() };
    assert_eq!(format!("{input:?}"), "Join(1)");
}

#[test]
fn debug_output_shows_no_key() {
    let room = Room::with(2);
    let shown = format!("{:?} {:?}", room.members[&0], room.members[&0].keyring());
    assert_eq!(
        shown,
        "GroupKeys { own: 0, epoch: Some(Epoch(2/0)), roster: Some(Roster[0, 1]), .. } FrameKeyring \
         { epochs: [Epoch(1/0), Epoch(2/0)], sending: Some(Epoch(2/0)), .. }"
    );
}
