//! What members do who do not play by the rules.

use core::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use zentalk_primitives::{CallId, Instant};

mod hearsay;
mod leavers;
mod reunions;
mod waiting;

use super::*;
use crate::message::OfferedKey;
use crate::{MediaKind, StreamId};

const CALL: CallId = CallId::from_bytes([9; 16]);

/// One member, with index 1 unless a test says otherwise, in epoch 5 of member 0 with members 0 to 3.
struct Victim {
    keys: GroupKeys,
    now: Instant,
    rng: ChaCha8Rng,
    events: Vec<GroupEvent>,
    sent: Vec<(u8, KeyMessage)>,
}

impl Victim {
    fn new() -> Self {
        Self::with_index(1)
    }

    /// One with no key yet, whose host has index 0.
    fn newcomer(own: u8) -> Self {
        let (now, mut rng) = (Instant::ZERO, ChaCha8Rng::seed_from_u64(1));
        let keys = GroupKeys::joining(now, CALL, own, &info(own), 0, &mut rng).unwrap();
        Self { keys, now, rng, events: Vec::new(), sent: Vec::new() }
    }

    fn with_index(own: u8) -> Self {
        let mut victim = Self::newcomer(own);
        victim.say(0, offer(epoch(5, 0), 1, &[0, 1, 2, 3]));
        victim.say(0, Body::Activate { epoch: epoch(5, 0) });
        victim.events.clear();
        victim.sent.clear();
        victim
    }

    /// The one who leads, in an epoch of its own with these members and itself.
    fn leading(others: &[u8]) -> Self {
        let mut victim = Self::new();
        let members = [&[0, 1], others].concat();
        victim.say(0, offer(epoch(6, 0), 2, &members));
        victim.leave(0);
        victim.pass(Duration::from_secs(3));
        assert_eq!(victim.keys.keyring().sending(), Some(epoch(7, 1)));
        victim.events.clear();
        victim.sent.clear();
        victim
    }

    fn leave(&mut self, index: u8) {
        self.keys.handle_input(self.now, GroupInput::Leave { index }, &mut self.rng);
        self.drain();
    }

    fn lose(&mut self, index: u8) {
        self.keys.handle_input(self.now, GroupInput::Crashed { index }, &mut self.rng);
        self.drain();
    }

    fn say(&mut self, from: u8, body: Body) {
        let message = KeyMessage { sender: MemberTag::of(&info(from)), body };
        self.keys.handle_input(self.now, GroupInput::Message { from, message }, &mut self.rng);
        self.drain();
    }

    fn pass(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.now < end {
            self.now += Duration::from_millis(50);
            self.keys.handle_timeout(self.now, &mut self.rng);
            self.drain();
        }
    }

    fn drain(&mut self) {
        loop {
            match self.keys.poll_output() {
                GroupOutput::Send { to, message } => self.sent.push((to, message)),
                GroupOutput::Event(event) => self.events.push(event),
                GroupOutput::Timeout(_) => return,
            }
        }
    }

    fn leader_talks(&mut self) {
        let message = Body::Newer { epoch: epoch(5, 0) };
        self.say(0, message);
    }
}

fn info(index: u8) -> Vec<u8> {
    vec![b'm', index]
}

fn epoch(number: u32, maker: u8) -> Epoch {
    Epoch::new(number, maker).unwrap()
}

fn roster(members: &[u8]) -> Roster {
    let mut roster = Roster::new();
    for index in members {
        roster.insert(*index, info(*index)).unwrap();
    }
    roster
}

fn offer(epoch: Epoch, key: u8, members: &[u8]) -> Body {
    let key = OfferedKey::Explicit(MediaKey::from_slice(&[key; 32]).unwrap());
    Body::Offer(Offer { epoch, key, roster: roster(members), active: false })
}

#[test]
fn only_the_leader_is_followed_while_it_is_heard() {
    let mut victim = Victim::with_index(3);
    victim.say(1, offer(epoch(6, 1), 7, &[1, 2, 3]));
    for _ in 0..20 {
        victim.leader_talks();
        victim.pass(Duration::from_millis(200));
    }
    assert_eq!(victim.keys.epoch(), Some(epoch(5, 0)));
    assert!(victim.keys.counters().not_leading > 0);
    // It was parked: once the leader is known to be gone, the next in line is believed.
    victim.keys.handle_input(victim.now, GroupInput::Leave { index: 0 }, &mut victim.rng);
    victim.drain();
    assert_eq!(victim.keys.epoch(), Some(epoch(6, 1)));
}

/// What it has made, it has: the key would be another's, and the others would wait for it to lead.
#[test]
fn nobody_gives_a_member_an_epoch_in_its_own_name() {
    for (from, yields) in [(0, false), (2, true)] {
        let mut victim = Victim::new();
        if yields {
            victim.say(from, Body::Removed { epoch: epoch(8, 1), lost: true });
        }
        victim.say(from, offer(epoch(8, 1), 7, &[0, 1, 2, 3]));
        victim.pass(Duration::from_secs(3));
        assert_eq!(victim.keys.epoch(), Some(epoch(5, 0)));
        assert_eq!(victim.keys.counters().senseless, 1);
    }
    let mut newcomer = Victim::newcomer(1);
    newcomer.say(0, offer(epoch(5, 1), 7, &[0, 1]));
    assert_eq!(newcomer.keys.epoch(), None);
}

/// Else a leader, or who follows a silent one, could have us wait for somebody who does not know that it leads.
#[test]
fn an_epoch_of_a_third_member_is_taken_once_that_one_says_so_too() {
    let theirs = || offer(epoch(6, 2), 7, &[0, 1, 2, 3]);
    let mut victim = Victim::new();
    victim.say(0, theirs());
    assert_eq!(victim.keys.epoch(), Some(epoch(5, 0)));
    victim.say(2, theirs());
    assert_eq!(victim.keys.epoch(), Some(epoch(6, 2)));

    let mut victim = Victim::new();
    victim.pass(Duration::from_secs(3));
    victim.say(3, theirs());
    assert_eq!(victim.keys.epoch(), Some(epoch(5, 0)), "the leader is silent");
}

#[test]
fn a_removed_member_changes_nothing() {
    let mut victim = Victim::new();
    victim.say(0, offer(epoch(6, 0), 2, &[0, 1, 3]));
    let before = format!("{:?}", victim.keys);
    let tag = MemberTag::of(&info(3));
    for body in [
        offer(epoch(7, 2), 9, &[1, 2]),
        Body::Ack { epoch: epoch(6, 0), commitment: KeyCommitment::from_bytes([1; 32]) },
        Body::Activate { epoch: epoch(6, 0) },
        Body::Joined { index: 9, info: info(9), since: None },
        Body::Left { index: 3, member: tag, lost: false, since: epoch(6, 0) },
        Body::Newer { epoch: epoch(9, 2) },
        Body::Removed { epoch: epoch(9, 2), lost: true },
        Body::Request { have: Some(epoch(5, 0)) },
    ] {
        victim.say(2, body);
    }
    assert_eq!(format!("{:?}", victim.keys), before);
    assert_eq!(victim.keys.keyring().sending(), Some(epoch(5, 0)));
    assert!(victim.keys.is_live(3) && victim.keys.arriving.is_empty());
    let key_given =
        |(to, message): &(u8, KeyMessage)| *to == 2 && matches!(message.body, Body::Offer(_));
    assert!(!victim.sent.iter().any(key_given));
}

#[test]
fn what_somebody_said_in_an_earlier_stay_counts_for_nothing() {
    let mut victim = Victim::new();
    let sender = MemberTag::of(b"member 0 before it crashed and came again");
    let message = KeyMessage { sender, body: offer(epoch(6, 0), 2, &[0, 1]) };
    let input = GroupInput::Message { from: 0, message };
    victim.keys.handle_input(victim.now, input, &mut victim.rng);
    assert_eq!(victim.keys.epoch(), Some(epoch(5, 0)));
}

/// ADR 17: a leader gives two members different keys; their commitments, exchanged without it, differ.
#[test]
fn a_second_key_is_found_by_the_commitments_and_stops_the_epoch() {
    let mut victim = Victim::new();
    let other = KeyCommitment::from_bytes([7; 32]);
    victim.say(3, Body::Ack { epoch: epoch(5, 0), commitment: other });
    assert_eq!(victim.events, [GroupEvent::Disputed { epoch: epoch(5, 0), member: 3 }]);
    let mut out = Vec::new();
    let keyring = victim.keys.keyring_mut();
    assert_eq!(keyring.seal(StreamId::MICROPHONE, 0, b"x", &mut out), Err(Error::Disputed));
    // Settled when that member goes.
    victim.keys.handle_input(victim.now, GroupInput::Leave { index: 3 }, &mut victim.rng);
    let keyring = victim.keys.keyring_mut();
    assert_eq!(keyring.seal(StreamId::MICROPHONE, 0, b"x", &mut out), Ok(()));
}

#[test]
fn a_commitment_that_came_before_the_key_is_compared_too() {
    let mut victim = Victim::new();
    let other = KeyCommitment::from_bytes([7; 32]);
    victim.say(3, Body::Ack { epoch: epoch(6, 0), commitment: other });
    victim.say(0, offer(epoch(6, 0), 2, &[0, 1, 2, 3]));
    assert!(victim.events.contains(&GroupEvent::Disputed { epoch: epoch(6, 0), member: 3 }));
}

#[test]
fn an_epoch_has_one_key() {
    let mut victim = Victim::new();
    let before = victim.keys.commitment();
    victim.say(0, offer(epoch(5, 0), 2, &[0, 1, 2, 3]));
    victim.say(0, offer(epoch(5, 0), 1, &[0, 1, 2]));
    assert_eq!(victim.keys.commitment(), before);
    assert_eq!(victim.keys.counters().second_keys, 2);
}

/// A roster that hides a member from some: it enters the key, so the commitments differ.
#[test]
fn members_told_of_different_rosters_dispute() {
    let commitment = |members: &[u8]| {
        let mut victim = Victim::new();
        victim.say(0, offer(epoch(6, 0), 2, members));
        victim.keys.commitment()
    };
    assert_ne!(commitment(&[0, 1, 2, 3]), commitment(&[0, 1, 2]));
}

#[test]
fn numbers_far_ahead_are_not_believed() {
    let mut victim = Victim::new();
    let far = epoch(Epoch::MAX_NUMBER, 0);
    victim.say(0, offer(far, 2, &[0, 1, 2, 3]));
    victim.say(2, Body::Newer { epoch: far });
    victim.say(2, Body::Activate { epoch: far });
    assert_eq!(victim.keys.epoch(), Some(epoch(5, 0)));
    assert!(victim.keys.missing.is_none());
}

#[test]
fn a_member_that_is_heard_is_not_removed_on_hearsay() {
    let mut victim = Victim::new();
    victim.pass(Duration::from_secs(3));
    // Member 0 is gone, so we lead.
    victim.keys.handle_input(victim.now, GroupInput::Leave { index: 0 }, &mut victim.rng);
    victim.say(3, Body::Newer { epoch: epoch(5, 0) });
    let slander = |member| Body::Left {
        index: member,
        member: MemberTag::of(&info(member)),
        lost: false,
        since: epoch(5, 0),
    };
    victim.say(2, slander(3));
    assert!(victim.keys.is_live(3));
    victim.say(2, slander(2));
    assert!(!victim.keys.is_live(2), "its own goodbye");
}

#[test]
fn the_leaver_is_refused_before_any_new_epoch() {
    let mut victim = Victim::new();
    victim.keys.handle_input(victim.now, GroupInput::Leave { index: 2 }, &mut victim.rng);
    let mut out = Vec::new();
    let base = victim.keys.current.as_ref().unwrap();
    let base_key = base.key.base_key(CALL, base.epoch, &base.roster).unwrap();
    let mut leaver = crate::FrameKeys::new(base_key, CALL, base.epoch.low_bits(), 2);
    let mut sealed = Vec::new();
    leaver.sealer(StreamId::MICROPHONE).unwrap().seal(0, b"x", &mut sealed).unwrap();
    let keyring = victim.keys.keyring_mut();
    let opened = keyring.open(2, MediaKind::Microphone, &sealed, 0, &mut out);
    assert_eq!(opened, Err(Error::NotMember));
}
