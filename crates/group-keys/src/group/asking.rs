use core::time::Duration;

use zentalk_primitives::Instant;

use super::backoff::Backoff;
use super::standing::{Cause, Sender, Standing};
use super::{GroupEvent, GroupFailure, GroupKeys, UNREACHABLE_AFTER};
use crate::Epoch;
use crate::message::Body;

/// We lack a key and ask for it.
pub(super) struct Missing {
    since: Instant,
    requests: Backoff,
    /// Who knows of the epoch that we lack.
    prefer: Option<u8>,
    /// That epoch, if it has been named.
    newer: Option<Epoch>,
    /// Who says that we were removed, or that our side of a partition has lost: whoever made the later epoch is to be followed.
    pub(super) yielding: Option<u8>,
    announced: bool,
}

impl Missing {
    /// A newcomer's.
    pub(super) fn first(now: Instant) -> Self {
        let requests = Backoff::new(now).bearing(ROUND_OF_ASKING);
        Self { since: now, requests, prefer: None, newer: None, yielding: None, announced: true }
    }

    fn later(now: Instant) -> Self {
        Self {
            requests: Backoff::after(now, PATIENCE).bearing(ROUND_OF_ASKING),
            announced: false,
            ..Self::first(now)
        }
    }

    /// Whether somebody has said that there is something to ask for.
    pub(super) const fn is_named(&self) -> bool {
        self.newer.is_some() || self.yielding.is_some()
    }
}

impl GroupKeys {
    pub(super) fn is_yielding(&self) -> bool {
        self.missing.as_ref().is_some_and(|missing| missing.yielding.is_some())
    }

    /// Whether this one's side is where the call goes on, and not ours: it takes us in, and we do not take it in, or we would wait for each
    /// other.
    pub(super) fn is_yielding_to(&self, index: u8) -> bool {
        self.missing.as_ref().is_some_and(|missing| {
            let maker = missing.newer.map(Epoch::maker);
            missing.yielding.is_some() && [missing.yielding, maker].contains(&Some(index))
        })
    }

    /// The number of the latest epoch that we know of and lack.
    pub(super) fn named_number(&self) -> u32 {
        let named = self.missing.as_ref().and_then(|missing| missing.newer);
        named.map_or(0, Epoch::number)
    }

    /// Whether an epoch can be meant seriously: not too far ahead of ours.
    pub(super) fn is_near(&self, epoch: Epoch) -> bool {
        self.epoch().is_none_or(|current| epoch.number() <= current.number() + MAX_JUMP)
    }

    /// Somebody has a later epoch than we.
    pub(super) fn note_newer(&mut self, now: Instant, from: Sender, epoch: Epoch) {
        if !self.is_near(epoch) {
            self.counters.senseless += 1;
            return;
        }
        let yielding = self.is_yielding();
        let maker = epoch.maker();
        let maker_gone = !self.is_live(maker) || maker == self.own;
        if self.leads() && from.is_member() && maker_gone && !yielding {
            // It leads the other side of a partition, where this member went: of two leaders the lower one is followed.
            if maker < self.own && self.is_unheard_of(maker) {
                return self.yield_to(now, from, epoch);
            }
            return self.outnumber(now, epoch);
        }
        let newcomer = self.current.is_none();
        let missing = self.missing.get_or_insert_with(|| Missing::later(now));
        missing.announced &= newcomer || missing.is_named();
        if missing.newer < Some(epoch) {
            missing.newer = Some(epoch);
            missing.prefer = Some(from.index);
        }
    }

    /// We are not where the call goes on: somebody has removed us, or has the later epoch of two.
    pub(super) fn yield_to(&mut self, now: Instant, from: Sender, epoch: Epoch) {
        if !self.is_near(epoch) {
            self.counters.senseless += 1;
            return;
        }
        let missing = self.missing.get_or_insert_with(|| Missing::first(now));
        // What nobody has named was not told to people either.
        missing.announced &= missing.is_named();
        missing.yielding = Some(from.index);
        // Whoever says the same again does not come first for it, or those behind it would never be asked.
        if missing.newer < Some(epoch) || missing.prefer.is_none() {
            missing.newer = missing.newer.max(Some(epoch));
            missing.prefer = Some(from.index);
        }
    }

    /// Frames of a member do not open.
    pub(super) fn note_unreadable(&mut self, now: Instant) {
        self.missing.get_or_insert_with(|| Missing { announced: true, ..Missing::later(now) });
    }

    /// All frames open, so nothing is asked for that nobody named.
    pub(super) fn note_readable(&mut self) {
        if self.current.is_some()
            && self.missing.as_ref().is_some_and(|missing| !missing.is_named())
        {
            self.missing = None;
        }
    }

    /// What somebody said who is gone now leads nowhere: it would hold up the key that is made without them.
    pub(super) fn forget_word_of(&mut self, index: u8) {
        let Some(missing) = self.missing.as_mut().filter(|missing| missing.is_named()) else {
            return;
        };
        missing.yielding.take_if(|by| *by == index);
        if missing.prefer.take_if(|by| *by == index).is_some() {
            missing.newer = None;
        }
        if self.current.is_some() && !missing.is_named() {
            self.stop_asking();
        }
    }

    /// There is nothing to ask for any more, which somebody had named.
    fn stop_asking(&mut self) {
        if self.missing.take().is_some_and(|missing| missing.announced) {
            self.event(GroupEvent::KeyFound { sender: None });
        }
    }

    /// This epoch is there now.
    pub(super) fn found(&mut self, epoch: Epoch) {
        let named = self.missing.as_ref().and_then(|missing| missing.newer);
        // A later epoch of somebody who is gone leads nowhere. To a newcomer any number could be named.
        let later = |named: Epoch| named > epoch && self.is_live(named.maker());
        if named.is_some_and(|named| later(named) && self.is_near(named)) {
            return;
        }
        if let Some(missing) = self.missing.take()
            && missing.announced
            && (missing.is_named() || self.keyring.epochs().count() == 1)
        {
            self.event(GroupEvent::KeyFound { sender: None });
        }
    }

    /// Asks for what is missing: the leader first, then one after the other.
    pub(super) fn ask(&mut self, now: Instant) {
        self.settle_two_leaders(now);
        let candidates = self.candidates();
        let (have, first) = (self.epoch(), self.current.is_none());
        let leader = self.leader();
        let Some(missing) = &mut self.missing else { return };
        let unknown = missing.newer.filter(|newer| newer.maker() != leader);
        let named = missing.is_named() || first;
        let announce = named && !missing.announced && now - missing.since >= ANNOUNCE_AFTER;
        missing.announced |= announce;
        let given_up = missing.requests.overdue(now);
        let due = missing.requests.due(now);
        let turn = missing.requests.tries().saturating_sub(1) as usize;
        if announce {
            self.event(GroupEvent::KeyMissing { sender: None });
        }
        if given_up {
            self.give_up();
        }
        let to = turn.checked_rem(candidates.len()).and_then(|turn| candidates.get(turn)).copied();
        if let (true, Some(to)) = (due, to) {
            self.send(to, Body::Request { have });
            // The leader must have the later number, and may hear of the other one by us only.
            if let Some(epoch) = unknown.filter(|_| to == leader) {
                self.send(to, Body::Newer { epoch });
            }
        }
    }

    /// Somebody else leads too, with a later epoch that nobody confirms: ours must be later, for those who follow us to confirm. If both
    /// did so they would never end, so the one with the higher index follows the other.
    pub(super) fn settle_two_leaders(&mut self, now: Instant) {
        let (leads, Some(missing)) = (self.leads(), &self.missing) else { return };
        let waited = now - missing.since >= CONFIRMED_WITHIN;
        if let (true, None, Some(newer)) = (leads && waited, missing.yielding, missing.newer) {
            if newer.maker() < self.own && self.is_live(newer.maker()) {
                return self.follow(newer.maker());
            }
            self.stop_asking();
            self.outnumber(now, newer);
        }
    }

    fn follow(&mut self, maker: u8) {
        if let Some(missing) = &mut self.missing {
            missing.yielding = Some(maker);
            missing.prefer = Some(maker);
        }
    }

    /// Nobody answered. A newcomer goes on asking; others go on with what they have.
    fn give_up(&mut self) {
        self.event(GroupEvent::Failed(GroupFailure::KeyUnavailable));
        if self.current.is_some() {
            self.stop_asking();
        }
    }

    pub(super) fn next_ask(&self) -> Option<Instant> {
        let missing = self.missing.as_ref()?;
        let named = missing.is_named() || self.current.is_none();
        let announce = (named && !missing.announced).then_some(missing.since + ANNOUNCE_AFTER);
        let settle = missing.newer.filter(|_| self.leads() && missing.yielding.is_none());
        let settle = settle.map(|_| missing.since + CONFIRMED_WITHIN);
        [Some(missing.requests.next()), announce, settle].into_iter().flatten().min()
    }

    /// Whom to ask, in this order.
    fn candidates(&self) -> Vec<u8> {
        let Some(missing) = &self.missing else { return Vec::new() };
        // Whoever made the later epoch can take us in, though we may not have known it: the call was parted.
        let maker = missing.newer.map(Epoch::maker).filter(|_| missing.yielding.is_some());
        let first = missing.prefer.into_iter().chain([self.leader()]).chain(maker);
        let rest = match self.current {
            Some(_) => self.others(),
            None => self.who_may_know_us(),
        };
        let mut candidates = Vec::new();
        for index in first.chain(rest) {
            if index != self.own && !candidates.contains(&index) {
                candidates.push(index);
            }
        }
        candidates
    }

    /// Whom a newcomer asks beside its host, which may be lost: of whom it heard, and whom the invitation names.
    fn who_may_know_us(&self) -> Vec<u8> {
        let named = self.named.keys().copied().filter(|index| !self.heard_goodbye_of(*index));
        self.who_was_heard().into_iter().chain(named).collect()
    }

    /// A member asks for a key.
    pub(super) fn asked(&mut self, now: Instant, from: Sender, have: Option<Epoch>) {
        let Some(current) = self.epoch() else { return };
        match from.standing {
            Standing::Member if have < Some(current) => self.deliver(now, from.index),
            Standing::Lost if have <= Some(current) => self.take_in_again(now, from, have),
            // Only the leader knows for certain.
            Standing::Left if self.leads() && have <= Some(current) => {
                let lost = self.gone.get(&from.index).is_some_and(|gone| !gone.has_left());
                self.send(from.index, Body::Removed { epoch: current, lost });
            }
            Standing::Member | Standing::Lost => {
                if let Some(have) = have.filter(|have| *have > current) {
                    self.note_newer(now, from, have);
                }
            }
            // It was on our side of a partition, and does not know where the call goes on.
            Standing::Left | Standing::Stranger if self.was_parted(from) => {
                self.send(from.index, Body::Removed { epoch: current, lost: true });
            }
            // It may be a newcomer whom we were not told of yet.
            Standing::Left | Standing::Stranger => self.counters.strangers += 1,
        }
    }

    fn deliver(&mut self, now: Instant, to: u8) {
        if self.may_deliver(now, to) {
            let active = self.keyring.sending() == self.epoch();
            self.offer_to(to, None, active);
        }
    }

    /// A member whose lease expired lives.
    fn take_in_again(&mut self, now: Instant, from: Sender, have: Option<Epoch>) {
        let in_roster = self.roster().is_some_and(|roster| roster.has(from.index, from.tag));
        if in_roster {
            self.revive(from.index);
            if have < self.epoch() {
                self.deliver(now, from.index);
            }
        } else if let Some(gone) = self.gone.get(&from.index) {
            // Of one whom we know by our invitation only, the leader may know that it left.
            if gone.cause != Cause::Named || self.leads() {
                let info = gone.info.clone();
                self.arrives(now, from.index, info);
            }
        }
    }

    /// A member says that its epoch is later than ours.
    pub(super) fn told_of_newer(&mut self, now: Instant, from: Sender, epoch: Epoch) {
        let later = self.epoch().is_some_and(|current| epoch > current);
        match from.standing {
            Standing::Member if later => self.note_newer(now, from, epoch),
            Standing::Lost if later => self.yield_to(now, from, epoch),
            Standing::Member | Standing::Lost => {}
            Standing::Left | Standing::Stranger => self.counters.strangers += 1,
        }
    }
}

/// What is missing may be on its way for this long.
const PATIENCE: Duration = Duration::from_millis(300);

/// How much longer than a partition may last a key is asked for before it is given up: behind it everybody is asked once, 16 members half a
/// second apart, and most of them in this time.
const ROUND_OF_ASKING: Duration = Duration::from_secs(5);

/// After how long people are told.
const ANNOUNCE_AFTER: Duration = Duration::from_secs(1);

/// How long a leader waits for another's later epoch to be confirmed by a second member.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(5);

/// How far ahead of ours a number can be: a leader makes five epochs a second at most, and a partition is given up
/// after [`UNREACHABLE_AFTER`].
const MAX_JUMP: u32 = 1_024;

const _: () = assert!(UNREACHABLE_AFTER.as_secs() * 5 < MAX_JUMP as u64);
