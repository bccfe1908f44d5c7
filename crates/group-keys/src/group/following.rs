use std::collections::BTreeSet;

use zentalk_primitives::Instant;

use super::leading::ACTIVATION;
use super::standing::{Sender, Standing};
use super::{Current, GroupEvent, GroupKeys};
use crate::message::{Body, Offer, OfferedKey};
use crate::{BaseKey, Epoch, Error, FrameKeys, KeyCommitment, MediaKey, Roster};

impl GroupKeys {
    /// Somebody offers an epoch.
    pub(super) fn offered(&mut self, now: Instant, from: Sender, offer: Offer) {
        // What we have made, we have.
        let ours = offer.epoch.maker() == self.own && self.epoch() < Some(offer.epoch);
        let sensible = !ours
            && offer.roster.has(self.own, self.own_tag)
            && offer.roster.has(from.index, from.tag)
            && offer.roster.contains(offer.epoch.maker())
            && offer.roster.len() <= self.most
            && self.is_near(offer.epoch);
        if !sensible {
            self.counters.senseless += 1;
            return;
        }
        match self.epoch() {
            Some(current) if offer.epoch == current => self.offered_again(from, &offer),
            Some(current) if offer.epoch < current => self.offered_older(from, current),
            _ => self.offered_newer(now, from, offer),
        }
    }

    /// A delivery again changes no key and no counter.
    fn offered_again(&mut self, from: Sender, offer: &Offer) {
        let Some(current) = &self.current else { return };
        if !from.is_member() {
            return;
        }
        let second = matches!(&offer.key, OfferedKey::Explicit(key) if !key.is(&current.key));
        if second || offer.roster != current.roster {
            self.counters.second_keys += 1;
        } else if offer.active {
            self.activate(offer.epoch);
        }
        self.acknowledge(from.index);
    }

    fn offered_older(&mut self, from: Sender, current: Epoch) {
        let in_roster = self.roster().is_some_and(|roster| roster.has(from.index, from.tag));
        match from.standing {
            Standing::Member => self.send(from.index, Body::Newer { epoch: current }),
            Standing::Lost if in_roster => self.send(from.index, Body::Newer { epoch: current }),
            Standing::Lost => self.send(from.index, Body::Removed { epoch: current, lost: true }),
            Standing::Left => {
                // Why it was removed, others know who may take it in again.
                let lost = self.gone.get(&from.index).is_some_and(|gone| !gone.has_left());
                self.send(from.index, Body::Removed { epoch: current, lost });
            }
            Standing::Stranger => self.counters.strangers += 1,
        }
    }

    fn offered_newer(&mut self, now: Instant, from: Sender, offer: Offer) {
        if self.current.is_some() && matches!(from.standing, Standing::Left | Standing::Stranger) {
            self.counters.strangers += 1;
            return;
        }
        let keys = match self.offered_key(&offer) {
            Ok(Some(key)) => self.frame_keys(&key, &offer).map(|keys| Some((key, keys))),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        match keys {
            Ok(Some((key, (_, commitment)))) => {
                self.note_confirmation(from, offer.epoch, commitment);
                if self.trusts(now, from, offer.epoch, commitment) {
                    self.take(now, from, key, offer);
                } else {
                    self.counters.not_leading += 1;
                    self.note_newer(now, from, offer.epoch);
                    self.parked.insert(from.index, (from.tag, offer));
                }
            }
            // A step from a key that we do not have: ask for the new one itself.
            Ok(None) => self.note_newer(now, from, offer.epoch),
            Err(error) => self.fail(error),
        }
    }

    /// Offers that came before what makes their sender the leader are looked at again.
    pub(super) fn retry_parked(&mut self, now: Instant) {
        let indices: Vec<u8> = self.parked.keys().copied().collect();
        for index in indices {
            let Some((tag, offer)) = self.parked.remove(&index) else { continue };
            let from = self.sender(index, tag);
            let superseded = self.epoch().is_some_and(|current| offer.epoch <= current);
            let nobody = matches!(from.standing, Standing::Left | Standing::Stranger);
            if superseded || nobody {
                continue;
            }
            let key = self.offered_key(&offer);
            let Ok(Some(key)) = key else { continue };
            let Ok((_, commitment)) = self.frame_keys(&key, &offer) else { continue };
            if self.trusts(now, from, offer.epoch, commitment) {
                self.take(now, from, key, offer);
            } else {
                self.parked.insert(index, (tag, offer));
            }
        }
    }

    /// Whether an offer of a later epoch is to be taken.
    ///
    /// It is if the leader makes it; or another member, when the leader has gone silent; or if we asked and a second member
    /// has confirmed it, or our side of a partition has to yield: to its maker, whom we may not know, by the hand of who told us so. A
    /// newcomer has nobody else to believe.
    fn trusts(&self, now: Instant, from: Sender, epoch: Epoch, commitment: KeyCommitment) -> bool {
        if self.current.is_none() {
            return true;
        }
        let (leader, maker) = (self.leader(), epoch.maker());
        // A third member that made it would offer it itself.
        let is_thirds = maker != from.index && maker != leader && self.is_live(maker);
        let leads = from.index == leader || self.is_unheard(now, leader);
        if from.is_member() && leads && !is_thirds {
            return true;
        }
        let asking = self.missing.is_some();
        let yields = self.yields_to(maker, from.index);
        asking && (yields || self.is_corroborated(from.index, epoch, commitment))
    }

    fn take(&mut self, now: Instant, from: Sender, key: MediaKey, offer: Offer) {
        let epoch = offer.epoch;
        let active = offer.active || self.activated == Some(epoch);
        // Whose epoch we have already, that one knows all in it.
        let changes_side = self.epoch().is_some_and(|ours| ours.maker() != epoch.maker());
        let yields = changes_side && self.is_yielding();
        let unseen = self.unseen_by(epoch.maker());
        if let Err(error) = self.install(now, epoch, key, offer.roster) {
            return self.fail(error);
        }
        self.round = None;
        if yields {
            self.bring_along(now);
        } else {
            self.bring_unseen(now, &unseen);
        }
        if active {
            self.activate(epoch);
        }
        let mut to: BTreeSet<u8> = self.others().into_iter().collect();
        to.insert(from.index);
        for index in to {
            self.acknowledge(index);
        }
    }

    /// The key of the offered epoch; none if it is a step from one that we do not have.
    fn offered_key(&self, offer: &Offer) -> Result<Option<MediaKey>, Error> {
        match (&offer.key, &self.current) {
            (OfferedKey::Explicit(key), _) => Ok(Some(key.duplicate())),
            (OfferedKey::Ratchet(base), Some(current)) if *base == current.epoch => {
                current.key.ratchet(self.call, *base, offer.epoch).map(Some)
            }
            (OfferedKey::Ratchet(_), _) => Ok(None),
        }
    }

    fn frame_keys(
        &self,
        key: &MediaKey,
        offer: &Offer,
    ) -> Result<(FrameKeys, KeyCommitment), Error> {
        self.frame_keys_of(key.base_key(self.call, offer.epoch, &offer.roster)?, offer.epoch)
    }

    fn frame_keys_of(
        &self,
        base_key: BaseKey,
        epoch: Epoch,
    ) -> Result<(FrameKeys, KeyCommitment), Error> {
        let keys = FrameKeys::new(base_key, self.call, epoch.low_bits(), self.own);
        let commitment = keys.commitment()?;
        Ok((keys, commitment))
    }

    /// Makes an epoch the newest.
    pub(super) fn install(
        &mut self,
        now: Instant,
        epoch: Epoch,
        key: MediaKey,
        roster: Roster,
    ) -> Result<(), Error> {
        let base_key = key.base_key(self.call, epoch, &roster)?;
        let (keys, commitment) = self.frame_keys_of(base_key, epoch)?;
        self.refuse_former_stays(&roster);
        self.keyring.install(epoch, keys, &roster, now);
        let before = self.current.take();
        let changed = before.as_ref().is_none_or(|before| before.roster != roster);
        let held_by = self.who_confirmed(epoch);
        let newcomers = newcomers(before.as_ref().map(|before| &before.roster), &roster);
        let disputed = BTreeSet::new();
        let installed = now;
        self.current = Some(Current {
            epoch,
            key,
            roster,
            commitment,
            installed,
            newcomers,
            held_by,
            disputed,
        });
        // Not put off by every further epoch: somebody who left could have the one before.
        self.switch_at.get_or_insert(now + ACTIVATION);
        self.activated = self.activated.filter(|named| *named > epoch && self.is_near(*named));
        self.event(GroupEvent::Installed { epoch });
        if let (true, Some(roster)) = (changed, self.roster().cloned()) {
            self.event(GroupEvent::Roster(roster));
        }
        self.reconcile(now, before.as_ref().map(|before| &before.roster));
        self.next_tick.get_or_insert(now);
        self.found(epoch);
        self.compare_commitments();
        Ok(())
    }

    /// Seals under the current epoch from now on, if it is this one.
    pub(super) fn activate(&mut self, epoch: Epoch) {
        if self.epoch() != Some(epoch) {
            return;
        }
        self.switch_at = None;
        if self.keyring.send_with(epoch) {
            self.event(GroupEvent::SendWith { epoch });
        }
    }

    pub(super) fn switch_if_due(&mut self, now: Instant) {
        if let (true, Some(epoch)) = (self.switch_at.is_some_and(|at| at <= now), self.epoch()) {
            self.activate(epoch);
        }
    }

    pub(super) fn told_to_activate(&mut self, now: Instant, from: Sender, epoch: Epoch) {
        let newcomer = self.current.is_none();
        if !(newcomer || from.is_member()) || !self.is_near(epoch) {
            self.counters.strangers += 1;
            return;
        }
        self.activate(epoch);
        if self.epoch().is_none_or(|current| epoch > current) {
            self.activated = self.activated.max(Some(epoch));
            self.note_newer(now, from, epoch);
        }
    }
}

/// Who is in a roster and was not in the one before.
fn newcomers(before: Option<&Roster>, roster: &Roster) -> Vec<u8> {
    let Some(before) = before else { return Vec::new() };
    roster.indices().filter(|index| !before.contains(*index)).collect()
}
