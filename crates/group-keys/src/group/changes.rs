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
    /// Our epoch when we learned of it.
    pub(super) since: Option<Epoch>,
    report: Backoff,
}

/// Somebody who is gone before a roster had it.
pub(super) struct Departed {
    at: Instant,
    cause: Cause,
    /// Which stay it was, if it was known to have accepted.
    info: Option<Vec<u8>>,
}

impl Departed {
    /// Whether this stay has said goodbye before anybody told us that it accepted.
    fn is_goodbye_of(&self, now: Instant, info: &[u8]) -> bool {
        let same = self.info.as_ref().is_none_or(|known| known == info);
        self.cause == Cause::Left && same && now - self.at < DEPARTED_FOR
    }
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
        if self.departed.get(&index).is_some_and(|said| said.is_goodbye_of(now, &info)) {
            return false;
        }
        let tag = MemberTag::of(&info);
        match self.gone.get(&index).filter(|gone| gone.tag == tag) {
            // Whoever said goodbye comes again as somebody else: its counters are lost.
            Some(gone) if !gone.is_lost() => return false,
            Some(_) if self.is_yielding_to(index) => return true,
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
            let since = self.epoch();
            self.arriving.insert(index, Arrival { info, since, report: Backoff::new(now) });
        }
        free
    }

    /// Somebody said goodbye, or is lost.
    pub(super) fn mark_gone(&mut self, now: Instant, index: u8, cause: Cause) {
        if index == self.own || index >= MAX_MEMBERS {
            return;
        }
        let arrival = self.arriving.remove(&index).map(|arrival| arrival.info);
        let member = self.roster().and_then(|roster| roster.info(index)).map(<[u8]>::to_vec);
        let stay = member.or(arrival).or_else(|| self.named.get(&index).cloned());
        let epoch = self.epoch();
        match (stay, self.gone.get_mut(&index)) {
            (Some(info), known)
                if epoch.is_some() && known.as_ref().is_none_or(|gone| gone.info != info) =>
            {
                self.remember(now, index, info, cause);
                self.forget_word_of(index);
            }
            // Removed as lost, and now it says goodbye: it will not be taken in again. Removed by a leader, and our caller knows why.
            (_, Some(known)) => {
                if known.cause != Cause::Left {
                    known.cause = cause;
                }
                // What others said of it before counts no more.
                known.since = epoch.unwrap_or(known.since);
                if cause == Cause::Left {
                    self.forget_word_of(index);
                }
            }
            (info, None) => self.departs(index, Departed { at: now, cause, info }),
        }
        if cause == Cause::Left {
            self.keyring.refuse(index);
        }
        self.settle_dispute(index);
    }

    /// Somebody is gone who is in no roster of ours.
    fn departs(&mut self, index: u8, said: Departed) {
        let Some(known) = self.departed.get_mut(&index) else {
            self.departed.insert(index, said);
            return;
        };
        if said.info.is_some() && known.info.is_some() && said.info != known.info {
            *known = said;
            return;
        }
        // A goodbye is not taken back by a lease that expires after it.
        if known.cause != Cause::Left {
            (known.at, known.cause) = (said.at, said.cause);
        }
        known.info = known.info.take().or(said.info);
    }

    pub(super) fn remember(&mut self, now: Instant, index: u8, info: Vec<u8>, cause: Cause) {
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
        self.depart_late(now, before.is_none());
        self.miss_named(now);
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

    /// Whether somebody with this index has said goodbye, as we heard ourselves.
    pub(super) fn heard_goodbye_of(&self, index: u8) -> bool {
        let departed = self.departed.get(&index).map(|departed| departed.cause);
        let gone = self.gone.get(&index).map(|gone| gone.cause);
        [departed, gone].contains(&Some(Cause::Left))
    }

    /// Whether this stay has said goodbye to us, who have no key yet: nothing that it made is one.
    pub(super) fn departed_before_we_came(&self, from: Sender) -> bool {
        let said = self.departed.get(&from.index).filter(|said| said.cause == Cause::Left);
        let same = |info: &Vec<u8>| MemberTag::of(info) == from.tag;
        self.current.is_none() && said.is_some_and(|said| said.info.as_ref().is_none_or(same))
    }

    /// Those whose going was known before themselves are gone now.
    fn depart_late(&mut self, now: Instant, first: bool) {
        let departed = core::mem::take(&mut self.departed);
        // A newcomer may have waited long for its first key, and forgets no goodbye meanwhile.
        let counts = |said: &Departed| first || now - said.at < DEPARTED_FOR;
        let departed = departed.into_iter().filter(|(_, departed)| counts(departed));
        for (index, departed) in departed {
            let listed = self.roster().and_then(|roster| roster.info(index));
            match (listed, departed.info) {
                // Another stay has the index by now.
                (Some(listed), Some(info)) if listed != info => {}
                (Some(_), _) => self.mark_gone(now, index, departed.cause),
                (None, Some(info)) => self.remember(now, index, info, departed.cause),
                (None, None) => {
                    self.departed.insert(index, Departed { info: None, ..departed });
                }
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
                let (info, since) = (arrival.info.clone(), arrival.since);
                bodies.push(Body::Joined { index: *index, info, since });
            }
        }
        let (mut unheeded, mut leaver_hears) = (false, false);
        let silent = self.is_silent_for(now, leader, LEAVER_HEARS_FOR);
        let roster = self.current.as_ref().map(|current| &current.roster);
        for (index, gone) in &mut self.gone {
            let listed = roster.is_some_and(|roster| roster.has(*index, gone.tag));
            if listed && gone.report.due(now) {
                unheeded |= gone.report.overdue(now);
                leaver_hears |= silent && gone.heard_until().is_some_and(|until| until <= now);
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
        }
        if unheeded || leaver_hears {
            self.mark_gone(now, leader, Cause::Lost);
            // Now that we lead, that may be overdue.
            self.settle_two_leaders(now);
            self.change.due_from(now);
        }
    }

    /// Until when we seal at most for the first of those who said goodbye and are in the roster.
    pub(super) fn leaver_heard_until(&self) -> Option<Instant> {
        let roster = self.roster()?;
        let listed = self.gone.iter().filter(|(index, gone)| roster.has(**index, gone.tag));
        listed.filter_map(|(_, gone)| gone.heard_until()).min()
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

/// How long a leader may be silent, and not take up a goodbye that we heard: after that it counts as lost, as if its lease had run out,
/// and whoever is next makes the epoch that the leaver has not.
pub(super) const LEAVER_HEARS_FOR: Duration = Duration::from_secs(8);

/// How many members must have heard a goodbye of somebody whom we hear ourselves.
const WITNESSES: usize = 2;

/// How long it is remembered that somebody left of whom we have not heard yet. An index is free again after that.
const DEPARTED_FOR: Duration = Duration::from_secs(60);
