use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zentalk_primitives::{DeviceId, MailboxId};
use zentalk_signaling_ratchet::Identity;

use super::*;

const NOW: Instant = Instant::ZERO;

fn member(index: u8, person: u8, stay: u8) -> GroupMember {
    let identity = Identity::generate(&mut ChaCha20Rng::from_seed([person; 32]));
    let mailbox = MailboxId::from_bytes([person; 32]);
    let card = ContactCard::new(identity.public().clone(), "wss://relay.example", mailbox).unwrap();
    let (participant, device) =
        (ParticipantId::from_bytes([stay; 16]), DeviceId::from_bytes([1; 4]));
    GroupMember::new(index, card, participant, [stay; 32], device).unwrap()
}

fn told(members: &mut Members) -> Vec<(IdentityPublic, MemberState)> {
    let states = |(who, change): (Member, Change)| match change {
        Change::State(state) => Some((who.identity, state)),
        Change::Track(..) => None,
    };
    std::iter::from_fn(|| members.poll()).filter_map(states).collect()
}

/// A leader that puts one of its own in a member's place cannot do it unseen, nor have them taken for the one who was heard.
#[test]
fn who_comes_in_anothers_place_is_told_and_was_never_heard() {
    let mut members = Members::default();
    let (bob, mallory) = (member(1, 1, 1), member(1, 66, 66));
    members.join(NOW, &bob, true);
    members.heard(NOW, 1, Track::Microphone);
    told(&mut members);
    members.join(NOW, &mallory, true);
    let gone = (bob.card().identity().clone(), MemberState::Left(EndReason::ConnectionLost));
    let come = (mallory.card().identity().clone(), MemberState::Joining);
    assert_eq!(told(&mut members), [gone, come]);
    // The same person, who has lost what it had and came again.
    members.heard(NOW, 1, Track::Microphone);
    told(&mut members);
    members.join(NOW, &member(1, 66, 67), true);
    let states: Vec<_> = told(&mut members).into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, [MemberState::Left(EndReason::ConnectionLost), MemberState::Joining]);
}

#[test]
fn a_member_that_is_named_again_stays_what_it_was() {
    let mut members = Members::default();
    members.join(NOW, &member(1, 1, 1), false);
    members.heard(NOW, 1, Track::Microphone);
    told(&mut members);
    members.join(NOW, &member(1, 1, 1), true);
    assert!(told(&mut members).is_empty() && members.has(&member(1, 1, 1)));
    assert!(members.get(1).unwrap().is_keyed() && !members.has(&member(1, 1, 2)));
}

/// Only whom this side invited does it invite again.
#[test]
fn who_is_displaced_is_invited_again_by_its_inviter_only() {
    let (dave, other) = (member(3, 3, 3), member(3, 4, 4));
    let mut inviter = Members::default();
    inviter.invite(NOW, 3, dave.card().clone());
    assert_eq!(inviter.displaced_by(&other).as_ref(), Some(dave.card()));
    inviter.join(NOW, &dave, false);
    assert_eq!(inviter.displaced_by(&other).as_ref(), Some(dave.card()));
    inviter.join(NOW, &dave, true);
    assert_eq!(inviter.displaced_by(&other), None, "it is a member");
    let mut another = Members::default();
    another.join(NOW, &dave, false);
    assert_eq!(another.displaced_by(&other), None);
}

/// A promise of another member's is kept where there is a choice, and keeps nobody out.
#[test]
fn an_index_that_is_promised_is_given_out_last() {
    let mut members = Members::default();
    members.join(NOW, &member(1, 1, 1), true);
    assert_eq!(members.free_index(0, 0, |_| false), Some(2));
    assert_eq!(members.free_index(0, 0, |index| index < 4), Some(4));
    assert_eq!(members.free_index(0, 0, |_| true), Some(2));
    (2..6).for_each(|index| members.join(NOW, &member(index, index, index), true));
    assert_eq!(members.free_index(0, 0, |_| false), None, "six people");
}

/// It accepted and went to the server, and nobody takes it into the keys.
#[test]
fn who_is_at_the_server_and_is_not_taken_in_counts_as_lost_in_the_end() {
    let mut members = Members::default();
    for (index, keyed) in [(1, false), (2, false), (3, true)] {
        members.join(NOW, &member(index, index, index), keyed);
        members.at_server(NOW, index, true, false);
    }
    members.join(NOW, &member(2, 2, 2), true);
    let late = NOW + APPEARANCE_LIMIT;
    assert!(members.overdue(NOW + (APPEARANCE_LIMIT - Duration::from_millis(1))).is_empty());
    assert_eq!(members.overdue(late), [(1, EndReason::ConnectionLost)]);
}

/// The server's word went another way than the media, and was quicker.
#[test]
fn a_frame_that_comes_after_its_sender_has_gone_keeps_nobody() {
    let mut members = Members::default();
    members.join(NOW, &member(1, 1, 1), true);
    members.at_server(NOW, 1, true, false);
    members.heard(NOW, 1, Track::Microphone);
    assert!(members.overdue(NOW + ABSENCE_LIMIT * 10).is_empty());
    members.at_server(NOW, 1, false, false);
    members.heard(NOW, 1, Track::Microphone);
    assert_eq!(members.overdue(NOW + ABSENCE_LIMIT), [(1, EndReason::ConnectionLost)]);
    // Who is heard on is there, whatever the server says.
    members.heard(NOW + ABSENCE_LIMIT / 2, 1, Track::Microphone);
    assert!(members.overdue(NOW + ABSENCE_LIMIT).is_empty());
}

#[test]
fn a_goodbye_after_a_crash_is_final() {
    let mut members = Members::default();
    let bob = member(1, 1, 1);
    members.join(NOW, &bob, true);
    members.gone(NOW, 1, EndReason::ConnectionLost);
    assert!(!members.has_left(&bob), "it may come back");
    let identity = bob.card().identity();
    assert_eq!(members.gone_for_good(NOW, identity, EndReason::HungUpRemote), Some(1));
    assert!(members.has_left(&bob) && !members.is_unused(1));
    assert_eq!(members.gone_for_good(NOW, identity, EndReason::HungUpRemote), None);
}
