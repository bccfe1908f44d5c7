//! From a group call of which two are left back to a call of two, without a break.
//!
//! 1. Two are left for a while, and nobody is expected. Who has the lower index offers the other a path of their own
//!    (`GroupPairOffer`), with a fresh certificate and fresh secrets. It does not ring: both agreed to this call long ago.
//! 2. The other one answers (`GroupPairAnswer`), if it sees the same two. Candidates trickle as in any call of two.
//! 3. Media go over both paths. Those of the new one are played as soon as they come, and for as long as they come.
//! 4. Who began has heard the other over the new path for a while: it leaves the server, and says so to nobody else. The other one
//!    sees that it has gone, and follows.
//! 5. If there is no such path, or somebody comes, the call stays at the server. It is tried again later, less and less often.

mod attempt;
mod company;
mod moves;
mod outputs;

use core::time::Duration;

use zentalk_call_fsm::PublicState;
use zentalk_primitives::{CallId, Instant};
use zentalk_signaling_ratchet::ContactCard;

use self::attempt::{Attempt, Verdict};
use super::GroupCall;
use crate::Error;
use crate::engine::Engine;

/// Where this side is on the way back from a group call to one of two.
#[derive(Default)]
pub(crate) struct Downgrade {
    /// With whom it is alone, and since when.
    alone: Option<(u8, Instant)>,
    attempt: Option<Attempt>,
    /// How many attempts failed in a row, and when there may be another one.
    failures: u32,
    not_before: Option<Instant>,
    /// When an offer of the other one was last taken up.
    followed: Option<Instant>,
    /// Whom the user asked in during an attempt.
    held: Vec<ContactCard>,
    /// In which call it was last told that the peer's room is not to be used.
    warned: Option<CallId>,
}

/// How long two must have been left before a path of their own is tried.
const ALONE_TOGETHER: Duration = Duration::from_secs(10);
/// How long after a failed attempt there is another one; doubles up to the most.
const MIN_PAUSE: Duration = Duration::from_secs(60);
const MAX_PAUSE: Duration = Duration::from_secs(600);
/// An offer or an answer that waited longer at the relay is of an attempt that is over.
const MAX_AGE: Duration = Duration::from_secs(10);
/// The least time between two offers that are taken up: each costs a certificate.
const MIN_INTERVAL: Duration = Duration::from_secs(5);
/// Invitations that are kept until an attempt is over: as many as there are places beside the two.
const MAX_HELD: usize = super::MAX_PEOPLE - 2;

impl Downgrade {
    pub(in crate::engine) fn tries(&self) -> bool {
        self.attempt.is_some()
    }

    /// Whether this side may begin an attempt with this member, and has been alone with it for long enough.
    fn is_due(&self, now: Instant) -> bool {
        self.due_at().is_some_and(|at| at <= now)
    }

    fn due_at(&self) -> Option<Instant> {
        let (_, since) = self.alone?;
        Some(self.not_before.map_or(since, |at| at.max(since)).max(since + ALONE_TOGETHER))
    }

    /// Whether an offer of the other one's counts: it is the one to begin, the offer is fresh, and there was none just now.
    fn takes_offer(&self, now: Instant, (own, peer): (u8, u8), queued: Duration) -> bool {
        let is_early = self.followed.is_some_and(|at| now < at + MIN_INTERVAL);
        peer < own && queued <= MAX_AGE && !is_early
    }

    fn note_alone(&mut self, now: Instant, with: Option<u8>) {
        self.alone = match (with, self.alone) {
            (Some(index), Some((known, since))) if index == known => Some((index, since)),
            (with, _) => with.map(|index| (index, now)),
        };
    }

    fn note_failure(&mut self, now: Instant) {
        let pause = MIN_PAUSE.saturating_mul(1 << self.failures.min(4)).min(MAX_PAUSE);
        self.failures = self.failures.saturating_add(1);
        self.not_before = Some(now + pause);
    }

    /// People who are to be asked in as soon as that can be.
    pub(super) fn hold(&mut self, guests: Vec<ContactCard>) {
        self.held.extend(guests);
        self.held.truncate(MAX_HELD);
    }

    /// Whether it is yet to be told that a room of the peer's in this call is not to be used: once is enough.
    pub(super) fn is_news_of_room(&mut self, call: CallId) -> bool {
        self.warned.replace(call) != Some(call)
    }

    /// The call is one of two again.
    fn forget_attempts(&mut self) {
        let (held, warned) = (core::mem::take(&mut self.held), self.warned);
        *self = Self { held, warned, ..Self::default() };
    }

    /// Another network may have the path that the last one had not.
    fn note_network(&mut self, now: Instant) {
        self.failures = 0;
        self.not_before = None;
        self.alone = self.alone.map(|(index, _)| (index, now));
    }
}

impl Engine {
    /// Whether a path of two is being tried beside the server that carries the call.
    pub(in crate::engine) fn tries_pair(&self) -> bool {
        self.downgrade.tries()
    }

    /// Does what is due on the way back to a call of two. Returns whether there was something.
    pub(in crate::engine) fn maintain_downgrade(&mut self) -> bool {
        let now = self.now;
        let group = self.group.as_ref().filter(|_| self.upgrade.is_none());
        let alone = group.and_then(|group| group.left_with(now));
        self.downgrade.note_alone(now, alone);
        let at_server = group.and_then(|group| Some((alone?, group.has_at_server(alone?))));
        match (&self.downgrade.attempt, at_server) {
            (Some(attempt), Some((peer, at_server))) if attempt.peer() == peer => {
                match attempt.verdict(now, at_server) {
                    Verdict::Wait => return false,
                    Verdict::Finish => self.finish_downgrade(),
                    Verdict::GiveUp => self.give_up_downgrade(),
                }
            }
            // They are more than two again, or this side is alone.
            (Some(_), _) => self.cancel_downgrade(),
            (None, _) if self.asks_held() => self.invite_held(),
            (None, Some((peer, _))) if self.may_begin(peer) => self.begin_downgrade(peer),
            (None, _) => return false,
        }
        true
    }

    fn may_begin(&self, peer: u8) -> bool {
        let begins = |group: &GroupCall| group.own_index() < peer && group.hears(peer);
        self.downgrade.is_due(self.now)
            && self.call.is_none()
            && self.state() == PublicState::Connected
            && self.turn.is_quiet()
            && self.group.as_ref().is_some_and(begins)
    }

    pub(in crate::engine) fn next_downgrade(&self) -> Option<Instant> {
        match &self.downgrade.attempt {
            Some(attempt) => attempt.next_timeout(self.now),
            // What else it takes shows when something happens.
            None => self.downgrade.due_at().filter(|at| *at > self.now),
        }
    }

    /// The interfaces or addresses of this machine changed.
    pub(in crate::engine) fn note_network_for_downgrade(&mut self) {
        self.cancel_downgrade();
        self.downgrade.note_network(self.now);
    }

    // Invitations.

    /// Who begins an attempt ends it for somebody else's sake. Who follows cannot know how it ends: the invitation waits for that.
    /// Returns the card if it is to be invited now.
    pub(super) fn hold_invitation(
        &mut self,
        call: CallId,
        to: ContactCard,
    ) -> Result<Option<ContactCard>, Error> {
        let is_this = self.group.as_ref().is_some_and(|group| group.id() == call);
        match self.downgrade.attempt.as_ref().filter(|_| is_this) {
            Some(attempt) if attempt.begins() => self.cancel_downgrade(),
            Some(_) => {
                let is_member = |group: &GroupCall| group.index_of(to.identity()).is_some();
                let held = &mut self.downgrade.held;
                let is_held = held.iter().any(|card| card.identity() == to.identity());
                if is_held || self.group.as_ref().is_some_and(is_member) {
                    return Err(Error::AlreadyMember);
                }
                if held.len() >= MAX_HELD {
                    return Err(Error::GroupFull);
                }
                held.push(to);
                return Ok(None);
            }
            None => {}
        }
        Ok(Some(to))
    }

    /// Who was held is asked once this side has a key: who comes by the word of a newcomer would find nobody to let it in.
    fn asks_held(&self) -> bool {
        let is_ready = self.group.as_ref().is_none_or(GroupCall::has_key);
        is_ready && !self.downgrade.held.is_empty()
    }

    fn invite_held(&mut self) {
        let Some(call) = self.registry.active() else { return self.downgrade.held.clear() };
        let to = self.downgrade.held.remove(0);
        if let Err(error) = self.ask_in(call, to) {
            tracing::warn!(%error, "somebody could not be invited after all");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1_000)
    }

    #[test]
    fn a_path_is_tried_once_two_have_been_left_for_ten_seconds() {
        let mut downgrade = Downgrade::default();
        downgrade.note_alone(at(1), Some(2));
        assert!(!downgrade.is_due(at(10)) && downgrade.is_due(at(11)));
        downgrade.note_alone(at(10), None);
        downgrade.note_alone(at(11), Some(2));
        assert!(!downgrade.is_due(at(20)), "somebody was there meanwhile");
        downgrade.note_alone(at(22), Some(3));
        assert!(!downgrade.is_due(at(22)), "and this is somebody else");
    }

    #[test]
    fn an_offer_of_the_higher_index_or_an_old_one_is_refused() {
        let mut downgrade = Downgrade::default();
        let (now, fresh) = (at(100), Duration::from_millis(60));
        assert!(downgrade.takes_offer(now, (1, 0), fresh));
        assert!(!downgrade.takes_offer(now, (0, 1), fresh), "it is this side that begins");
        assert!(downgrade.takes_offer(now, (1, 0), MAX_AGE));
        assert!(!downgrade.takes_offer(now, (1, 0), MAX_AGE + Duration::from_millis(1)));
        downgrade.followed = Some(now);
        assert!(!downgrade.takes_offer(at(104), (1, 0), fresh), "each costs a certificate");
        assert!(downgrade.takes_offer(at(105), (1, 0), fresh));
    }

    #[test]
    fn after_each_failure_the_pause_is_twice_as_long_up_to_ten_minutes() {
        let mut downgrade = Downgrade::default();
        downgrade.note_alone(at(0), Some(1));
        let mut pauses = Vec::new();
        let mut now = 10;
        for _ in 0..6 {
            downgrade.note_failure(at(now));
            let next = (now..).find(|next| downgrade.is_due(at(*next))).unwrap();
            pauses.push(next - now);
            now = next;
        }
        assert_eq!(pauses, [60, 120, 240, 480, 600, 600]);
        downgrade.note_network(at(now));
        assert_eq!(downgrade.due_at(), Some(at(now + 10)), "another network is another chance");
    }
}
