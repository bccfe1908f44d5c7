use std::collections::BTreeSet;

use core::time::Duration;

use zentalk_primitives::Instant;

use super::backoff::Backoff;
use super::removed::FIRST_NOTICE;
use super::standing::{Cause, Gone, Sender};
use super::{GroupEvent, GroupFailure, GroupKeys};
use crate::message::Body;
use crate::roster::{MemberTag, check_info};
use crate::{Epoch, MAX_MEMBERS, Roster};

/// Somebody who accepted.
pub(super) struct Arrival {
    pub(super) info: Vec<u8>,
    report: Backoff,
}

/// To whom a member has said goodbye, as they say.
pub(super) struct Farewell {
    tag: MemberTag,
    witnesses: BTreeSet<u8>,
}

impl GroupKeys {
    /// A person accepted, as our caller says.
    pub(super) fn join(&mut self, now: Instant, index: u8, info: Vec<u8>) {
        if !self.arrives(now, index, info) {
            self.event(GroupEvent::Refused { index });
        }
    }

    /// Takes note of somebody who accepted; false if that cannot be.
    pub(super) fn arrives(&mut self, now: Instant, index: u8, info: Vec<u8>) -> bool {
        if index >= MAX_MEMBERS || index == self.own || check_info(&info).is_err() {
            return false;
        }
        let tag = MemberTag::of(&info);
        match self.gone.get(&index).filter(|gone| gone.tag == tag) {
            // Whoever said goodbye comes again as somebody else: its counters are lost.
            Some(gone) if !gone.is_lost() => return false,
            Some(_) => self.revive(index),
            None => {}
        }
        let in_roster = self.roster().is_some_and(|roster| roster.has(index, tag));
        let known = self.arriving.get(&index).is_some_and(|arrival| arrival.info == info);
        if in_roster || known {
            return true;
        }
        let free = !self.is_live(index) && !self.arriving.contains_key(&index);
        if free {
            self.arriving.insert(index, Arrival { info, report: Backoff::new(now) });
        }
        free
    }

    /// Somebody said goodbye, or is lost.
    pub(super) fn mark_gone(&mut self, now: Instant, index: u8, cause: Cause) {
        if index == self.own || index >= MAX_MEMBERS {
            return;
        }
        self.arriving.remove(&index);
        let member = self.roster().and_then(|roster| roster.info(index)).map(<[u8]>::to_vec);
        let known = self.gone.get_mut(&index);
        match (member, known) {
            (Some(info), known) if known.as_ref().is_none_or(|gone| gone.info != info) => {
                self.remember(now, index, info, cause);
                self.forget_word_of(index);
            }
            // Removed as lost, and now it says goodbye: it will not be taken in again. Removed by a leader, and our caller knows why.
            (_, Some(known)) => {
                if cause == Cause::Left || known.cause == Cause::Removed {
                    known.cause = cause;
                }
                if cause == Cause::Left {
                    self.forget_word_of(index);
                }
            }
            (_, None) => {
                let departed = self.departed.entry(index).or_insert((now, cause));
                // A goodbye is not taken back by a lease that expires after it.
                if departed.1 != Cause::Left {
                    *departed = (now, cause);
                }
            }
        }
        if cause == Cause::Left {
            self.keyring.refuse(index);
        }
        self.settle_dispute(index);
    }

    fn remember(&mut self, now: Instant, index: u8, info: Vec<u8>, cause: Cause) {
        let Some(since) = self.epoch() else { return };
        let (tag, report) = (MemberTag::of(&info), Backoff::new(now));
        let gone = Gone { tag, info, cause, at: now, since, report, notice: (now, 0) };
        self.gone.insert(index, gone);
        self.confirmations.remove(&index);
    }

    /// Compares what we know by ourselves with a new roster: what it covers is settled, what it does not goes on being reported.
    pub(super) fn reconcile(&mut self, now: Instant, before: Option<&Roster>) {
        let Some(current) = &self.current else { return };
        let (roster, maker) = (current.roster.clone(), current.epoch.maker());
        self.reconcile_arrivals(&roster);
        self.farewells.retain(|index, farewell| roster.has(*index, farewell.tag));
        self.gone.retain(|index, gone| match roster.tag(*index) {
            None => true,
            Some(tag) if tag != gone.tag => false,
            // Whoever made it, or was taken in again by it, lives.
            Some(_) => {
                let was_there = before.is_none_or(|before| before.has(*index, gone.tag));
                gone.has_left() || (gone.is_lost() && *index != maker && was_there)
            }
        });
        for (index, gone) in &mut self.gone {
            gone.notice = (now + FIRST_NOTICE, 0);
            if roster.contains(*index) && gone.has_left() {
                self.keyring.refuse(*index);
            }
        }
        for (index, info) in before.into_iter().flat_map(Roster::iter) {
            let removed = !roster.contains(index) && !self.gone.contains_key(&index);
            if removed {
                self.remember(now, index, info.to_vec(), Cause::Removed);
            }
        }
        for index in roster.indices() {
            if before.is_none_or(|before| !before.contains(index)) {
                self.heard(now, index);
            }
        }
        self.depart_late(now);
    }

    /// Our side of a partition has yielded: who joined on it is not removed, but unknown where the call goes on.
    pub(super) fn bring_along(&mut self, now: Instant) {
        let current = self.epoch();
        let ours = |gone: &Gone| gone.cause == Cause::Removed && Some(gone.since) == current;
        let removed = self.gone.iter().filter(|(_, gone)| ours(gone));
        let removed: Vec<_> = removed.map(|(index, gone)| (*index, gone.info.clone())).collect();
        for (index, info) in removed {
            self.gone.remove(&index);
            self.arrives(now, index, info);
        }
    }

    /// Whether this stay was in the call with us, and the leader may not know of it.
    pub(super) fn was_parted(&self, from: Sender) -> bool {
        let arriving = self.arriving.get(&from.index).map(|arrival| MemberTag::of(&arrival.info));
        let removed = self.gone.get(&from.index).filter(|gone| gone.cause == Cause::Removed);
        arriving == Some(from.tag) || removed.is_some_and(|gone| gone.tag == from.tag)
    }

    fn reconcile_arrivals(&mut self, roster: &Roster) {
        let mut refused = Vec::new();
        self.arriving.retain(|index, arrival| {
            let taken = roster.info(*index);
            if taken.is_some_and(|info| info != arrival.info) {
                refused.push(*index);
            }
            taken.is_none()
        });
        for index in refused {
            self.event(GroupEvent::Refused { index });
        }
    }

    /// Those whose going was known before themselves are gone now.
    fn depart_late(&mut self, now: Instant) {
        let departed = core::mem::take(&mut self.departed);
        for (index, (at, cause)) in departed {
            if now - at < DEPARTED_FOR {
                self.mark_gone(now, index, cause);
            }
        }
    }

    /// Whether two members have heard this one say goodbye. It may have said so to all but us, to be here without being seen;
    /// one member alone could be lying.
    fn is_witnessed(&mut self, from: u8, index: u8, tag: MemberTag) -> bool {
        let farewell = Farewell { tag, witnesses: BTreeSet::new() };
        let farewell = self.farewells.entry(index).or_insert(farewell);
        farewell.witnesses.insert(from);
        let witnesses = farewell.witnesses.clone();
        witnesses.iter().filter(|witness| self.is_live(**witness)).count() >= WITNESSES
    }

    /// Of an index that another stay has now, the frames that the former one sealed under epochs before are nobody's.
    pub(super) fn refuse_former_stays(&mut self, roster: &Roster) {
        for index in roster.indices() {
            let gone = self.gone.get(&index).map(|gone| gone.tag);
            let former = self.tag_in_roster(index).or(gone);
            if former.is_some_and(|former| !roster.has(index, former)) {
                self.keyring.refuse(index);
            }
        }
    }

    /// A member says that another is gone. Believed unless we hear that one ourselves, and nobody else says so.
    pub(super) fn told_of_leaving(
        &mut self,
        now: Instant,
        from: u8,
        (index, tag): (u8, MemberTag),
        lost: bool,
        since: Epoch,
    ) {
        let Some(current) = &self.current else { return };
        if !current.roster.has(index, tag) {
            return;
        }
        // Of itself: a goodbye.
        let own_word = from == index && !lost;
        // Whoever has acknowledged this epoch came back since an earlier one.
        let came_back = lost
            && since < current.epoch
            && self.confirmations.get(&index).is_some_and(|said| said.epoch == current.epoch);
        let witnessed = !lost && self.is_witnessed(from, index, tag);
        if own_word || witnessed || (self.is_unheard(now, index) && !came_back) {
            self.mark_gone(now, index, if lost { Cause::Lost } else { Cause::Left });
        }
    }

    /// Tells the leader what it may not know, again and again.
    pub(super) fn report(&mut self, now: Instant) {
        if self.current.is_none() || self.leads() {
            return;
        }
        let leader = self.leader();
        let mut bodies = Vec::new();
        let mut refused = Vec::new();
        for (index, arrival) in &mut self.arriving {
            if arrival.report.overdue(now) {
                refused.push(*index);
            } else if arrival.report.due(now) {
                bodies.push(Body::Joined { index: *index, info: arrival.info.clone() });
            }
        }
        let mut unheeded = false;
        let roster = self.current.as_ref().map(|current| &current.roster);
        for (index, gone) in &mut self.gone {
            let listed = roster.is_some_and(|roster| roster.has(*index, gone.tag));
            if listed && gone.report.due(now) {
                unheeded |= gone.report.overdue(now);
                let (index, member) = (*index, gone.tag);
                bodies.push(Body::Left { index, member, lost: gone.is_lost(), since: gone.since });
            }
        }
        for body in bodies {
            self.send(leader, body);
        }
        for index in refused {
            self.arriving.remove(&index);
            self.event(GroupEvent::Refused { index });
        }
        if unheeded {
            self.event(GroupEvent::Failed(GroupFailure::LeaderUnreachable { index: leader }));
            self.mark_gone(now, leader, Cause::Lost);
        }
    }

    pub(super) fn next_report(&self) -> Option<Instant> {
        let current = self.current.as_ref()?;
        if self.leads() {
            return None;
        }
        let gone = self.gone.iter().filter(|(index, gone)| current.roster.has(**index, gone.tag));
        let gone = gone.map(|(_, gone)| gone.report.next());
        gone.chain(self.arriving.values().map(|arrival| arrival.report.next())).min()
    }
}

/// How many members must have heard a goodbye of somebody whom we hear ourselves.
const WITNESSES: usize = 2;

/// How long it is remembered that somebody left of whom we have not heard yet. An index is free again after that.
const DEPARTED_FOR: Duration = Duration::from_secs(60);
