use std::collections::BTreeMap;

use core::time::Duration;

use rand_core::CryptoRng;
use zentalk_primitives::Instant;

use super::backoff::Backoff;
use super::standing::Cause;
use super::{GroupEvent, GroupFailure, GroupKeys, UNREACHABLE_AFTER};
use crate::message::{Body, Offer, OfferedKey};
use crate::roster::MemberTag;
use crate::{Epoch, Error, MediaKey, Roster};

/// What makes a new epoch necessary, beside what the rosters tell.
#[derive(Default)]
pub(super) struct Change {
    /// More changes are waited for until then.
    gather_until: Option<Instant>,
    /// A fresh key, even for the same members.
    renew: bool,
    /// The largest number that a member has seen and we have not.
    number: u32,
    /// How often somebody's other commitment has led to a new key.
    disputes: u32,
    /// When somebody's later epoch has led to a new key last.
    outnumbered: Option<Instant>,
}

impl Change {
    /// What was put off before we led is due now at the earliest.
    pub(super) fn due_from(&mut self, now: Instant) {
        self.gather_until = self.gather_until.map(|until| until.max(now));
    }
}

/// An epoch that we offer.
pub(super) struct Round {
    epoch: Epoch,
    since: Instant,
    /// The epoch that it is a ratchet step from.
    base: Option<Epoch>,
    activated: bool,
    peers: BTreeMap<u8, Peer>,
}

struct Peer {
    acknowledged: bool,
    /// Since when it has left our offers unanswered.
    unanswered: Instant,
    offers: Backoff,
}

impl GroupKeys {
    /// Makes epoch 1.
    pub(super) fn begin(
        &mut self,
        now: Instant,
        roster: Roster,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Error> {
        let epoch = Epoch::new(FIRST_NUMBER, self.own)?;
        self.offer_all(now, epoch, MediaKey::random(rng), None, roster)
    }

    /// Makes the next epoch if that is for us to do and something has changed.
    pub(super) fn lead(&mut self, now: Instant, rng: &mut impl CryptoRng) -> Result<(), Error> {
        if self.may_lead_from().is_none_or(|at| now < at) {
            return Ok(());
        }
        let Some((roster, fresh)) = self.next_roster() else {
            self.change.gather_until = None;
            return Ok(());
        };
        let until = *self.change.gather_until.get_or_insert(now + GATHERING);
        if now < until {
            return Ok(());
        }
        self.make_epoch(now, roster, fresh, rng)
    }

    pub(super) fn next_lead(&self) -> Option<Instant> {
        let gathered = self.change.gather_until?;
        self.may_lead_from().map(|at| at.max(gathered))
    }

    /// From when an epoch is ours to make, and none of ours is on its way. Who yields to others makes none, except to shut out one who said
    /// goodbye: whoever is yielded to may never come, and the leaver would hear on meanwhile.
    fn may_lead_from(&self) -> Option<Instant> {
        let waiting = self.round.as_ref().is_some_and(|round| !round.activated);
        let at = if self.is_yielding() { self.leaver_heard_until()? } else { Instant::ZERO };
        (self.leads() && (self.change.renew || !waiting)).then_some(at)
    }

    /// Roster of the epoch that is to be made, and whether it needs a fresh key; none if nothing has changed.
    fn next_roster(&mut self) -> Option<(Roster, bool)> {
        let mut roster = self.roster()?.clone();
        let before = roster.len();
        for (index, gone) in &self.gone {
            if roster.has(*index, gone.tag) {
                roster.remove(*index);
            }
        }
        let fresh = roster.len() < before || self.change.renew;
        let (mut refused, mut grown) = (Vec::new(), false);
        for (index, arrival) in &self.arriving {
            let is_free = !roster.contains(*index) && roster.len() < self.most;
            if !is_free || roster.insert(*index, arrival.info.clone()).is_err() {
                refused.push(*index);
            } else {
                grown = true;
            }
        }
        for index in refused {
            self.arriving.remove(&index);
            self.event(GroupEvent::Refused { index });
        }
        (fresh || grown).then_some((roster, fresh))
    }

    fn make_epoch(
        &mut self,
        now: Instant,
        roster: Roster,
        fresh: bool,
        rng: &mut impl CryptoRng,
    ) -> Result<(), Error> {
        let current = self.current.as_ref().ok_or(Error::Internal)?;
        let base = current.epoch;
        let number = base.number().max(self.change.number).max(self.named_number()) + 1;
        let epoch = Epoch::new(number, self.own)?;
        let key = if fresh {
            MediaKey::random(rng)
        } else {
            current.key.ratchet(self.call, base, epoch)?
        };
        let Change { disputes, outnumbered, .. } = self.change;
        self.change = Change { disputes, outnumbered, ..Change::default() };
        self.offer_all(now, epoch, key, (!fresh).then_some(base), roster)
    }

    /// Installs the epoch and offers it to its members.
    fn offer_all(
        &mut self,
        now: Instant,
        epoch: Epoch,
        key: MediaKey,
        base: Option<Epoch>,
        roster: Roster,
    ) -> Result<(), Error> {
        let before = self.round.take();
        self.install(now, epoch, key, roster)?;
        let peers = self.others().into_iter().map(|index| {
            let unanswered = before.as_ref().and_then(|round| round.unanswered(index));
            let unanswered = unanswered.unwrap_or(now);
            (index, Peer { acknowledged: false, unanswered, offers: Backoff::new(now) })
        });
        let peers = peers.collect();
        self.round = Some(Round { epoch, since: now, base, activated: false, peers });
        self.pursue_round(now);
        Ok(())
    }

    /// Offers again what was not acknowledged, gives up whom nothing reaches, and activates the epoch in time.
    pub(super) fn pursue_round(&mut self, now: Instant) {
        let Some(mut round) = self.round.take() else { return };
        self.match_peers(now, &mut round);
        for (index, peer) in round.peers.iter_mut().filter(|(_, peer)| !peer.acknowledged) {
            if now - peer.unanswered >= UNREACHABLE_AFTER {
                self.event(GroupEvent::Failed(GroupFailure::Unreachable { index: *index }));
                self.mark_gone(now, *index, Cause::Lost);
            } else if peer.offers.due(now) {
                // Once by a step that the member can take alone; after that, whatever it has.
                let step = round
                    .base
                    .filter(|base| peer.offers.tries() == 1 && self.has_confirmed(*index, *base));
                self.offer_to(*index, step, round.activated);
            }
        }
        let all = round.peers.values().all(|peer| peer.acknowledged);
        if !round.activated && (all || now - round.since >= ACTIVATION) {
            round.activated = true;
            let epoch = round.epoch;
            for to in self.others() {
                self.send(to, Body::Activate { epoch });
            }
            self.activate(epoch);
        }
        self.round = Some(round);
    }

    /// Whoever is gone is offered nothing more; whoever came back since is offered the epoch like all others.
    fn match_peers(&self, now: Instant, round: &mut Round) {
        round.peers.retain(|index, _| self.is_live(*index));
        for index in self.others() {
            let acknowledged = self.has_confirmed(index, round.epoch);
            let peer = Peer { acknowledged, unanswered: now, offers: Backoff::new(now) };
            round.peers.entry(index).or_insert(peer);
        }
    }

    pub(super) fn next_in_round(&self) -> Option<Instant> {
        let round = self.round.as_ref()?;
        let open = round.peers.values().filter(|peer| !peer.acknowledged);
        let offers = open.map(|peer| peer.offers.next().min(peer.unanswered + UNREACHABLE_AFTER));
        offers.chain((!round.activated).then_some(round.since + ACTIVATION)).min()
    }

    /// Sends the current epoch to one member: as a step from `step`, or with its key.
    pub(super) fn offer_to(&mut self, to: u8, step: Option<Epoch>, active: bool) {
        let Some(current) = &self.current else { return };
        let key = match step {
            Some(base) => OfferedKey::Ratchet(base),
            None => OfferedKey::Explicit(current.key.duplicate()),
        };
        let (epoch, roster) = (current.epoch, current.roster.clone());
        self.send(to, Body::Offer(Offer { epoch, key, roster, active }));
    }

    /// A member has the epoch that we offer.
    pub(super) fn note_acknowledgement(&mut self, from: u8, epoch: Epoch) {
        let round = self.round.as_mut().filter(|round| round.epoch == epoch);
        if let Some(peer) = round.and_then(|round| round.peers.get_mut(&from)) {
            peer.acknowledged = true;
        }
    }

    /// A member that says anything is not out of reach.
    pub(super) fn note_answer(&mut self, now: Instant, from: u8) {
        if let Some(peer) = self.round.as_mut().and_then(|round| round.peers.get_mut(&from)) {
            peer.unanswered = now;
        }
    }

    /// A member got another key than we gave it. An epoch has one key, so what is delivered again is another epoch.
    pub(super) fn deliver_again(&mut self) {
        if self.leads() && self.change.disputes < MAX_RENEWALS {
            self.change.disputes += 1;
            self.change.renew = true;
        }
    }

    /// Members hold an epoch of somebody who is gone, which we have never got: ours must be later. Any member can say so, and all have
    /// to take the new one, so it happens seldom; who really lacks something says it again.
    pub(super) fn outnumber(&mut self, now: Instant, epoch: Epoch) {
        if self.change.outnumbered.is_some_and(|last| now - last < OUTNUMBER_INTERVAL) {
            return;
        }
        self.change.outnumbered = Some(now);
        self.change.number = self.change.number.max(epoch.number());
        self.change.renew = true;
    }

    pub(super) fn tag_in_roster(&self, index: u8) -> Option<MemberTag> {
        self.roster().and_then(|roster| roster.tag(index))
    }
}

impl Round {
    fn unanswered(&self, index: u8) -> Option<Instant> {
        self.peers.get(&index).filter(|peer| !peer.acknowledged).map(|peer| peer.unanswered)
    }
}

/// The number of a group call's first epoch; a call of two has epoch 0.
const FIRST_NUMBER: u32 = 1;

/// How long the leader waits for more changes to take up in one epoch.
const GATHERING: Duration = Duration::from_millis(200);

/// After which time senders switch though not all have acknowledged.
pub(super) const ACTIVATION: Duration = Duration::from_secs(2);

/// How often a later epoch of somebody who is gone leads to a new key at most.
const OUTNUMBER_INTERVAL: Duration = Duration::from_secs(2);

/// How often a commitment that differs leads to a new key; more would let one member keep all others busy.
const MAX_RENEWALS: u32 = 3;
