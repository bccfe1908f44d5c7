//! What must hold in every schedule.

use std::collections::{BTreeMap, HashSet};

use core::time::Duration;

use zentalk_group_keys::{Epoch, KeyCommitment, KeyId, Roster, SframeHeader};
use zentalk_primitives::Instant;

use super::stay::Stay;

/// How a schedule ended.
#[derive(Debug)]
pub(super) enum Verdict {
    Together,
    /// Some do not hear each other, and have said so by name after a partition that outlasted 30 s.
    Apart,
    Broken(String),
}

/// Everything that was ever made, as nobody in the call could see it.
#[derive(Default)]
pub(super) struct Ledger {
    epochs: BTreeMap<Epoch, (Roster, KeyCommitment)>,
    /// Low bits of an epoch, and which it was.
    by_low_bits: BTreeMap<u16, Epoch>,
    nonces: HashSet<(Epoch, u64, u64)>,
}

impl Ledger {
    /// An epoch has one key and one roster, whoever installs it.
    pub(super) fn installed(&mut self, stay: &Stay) -> Result<(), String> {
        let (Some(epoch), Some(roster), Some(commitment)) =
            (stay.keys.epoch(), stay.keys.roster(), stay.keys.commitment())
        else {
            return Ok(());
        };
        if roster.info(stay.index) != Some(&stay.info) {
            return Err(format!("{} installs {epoch} without being in it", stay.index));
        }
        let known = self.epochs.entry(epoch).or_insert_with(|| (roster.clone(), commitment));
        if (&known.0, known.1) != (roster, commitment) {
            return Err(format!("{epoch} has two keys or two rosters"));
        }
        let first = *self.by_low_bits.entry(epoch.low_bits()).or_insert(epoch);
        if first != epoch {
            return Err(format!("{first} and {epoch} share their key ids"));
        }
        Ok(())
    }

    /// Counters never start again.
    pub(super) fn sealed(&mut self, stay: &Stay, frame: &[u8]) -> Result<(), String> {
        let (header, _) = SframeHeader::decode(frame).unwrap();
        let Some(epoch) = stay.keys.keyring().sending() else {
            return Err("a frame was sealed under no epoch".into());
        };
        let named = KeyId::from_kid(header.kid).unwrap();
        if (named.epoch(), named.sender()) != (epoch.low_bits(), stay.index) {
            return Err(format!("a frame of {} names {named:?}, not {epoch}", stay.index));
        }
        if !self.nonces.insert((epoch, header.kid, header.counter)) {
            return Err(format!("{} repeats a nonce in {epoch}", stay.index));
        }
        Ok(())
    }

    /// Those who were removed open nothing of later epochs, newcomers nothing of earlier ones.
    pub(super) fn opened(&self, stay: &Stay, key_id: KeyId) -> Result<(), String> {
        let epoch = self.by_low_bits.get(&key_id.epoch());
        let roster = epoch.and_then(|epoch| self.epochs.get(epoch)).map(|(roster, _)| roster);
        match roster.and_then(|roster| roster.info(stay.index)) {
            Some(info) if info == stay.info => Ok(()),
            _ => Err(format!("{} ({:?}) opens a frame of {epoch:?}", stay.index, stay.life)),
        }
    }
}

/// How long frames may come and not open while nothing says so.
pub(super) const MAX_SILENT: Duration = Duration::from_secs(5);

/// Whether all live stays are in one epoch, without those whose leaving or crash somebody has noticed, and heard each other lately.
pub(super) fn are_together(stays: &[Stay], now: Instant) -> Result<(), String> {
    let live: Vec<usize> = (0..stays.len()).filter(|id| stays[*id].is_live()).collect();
    // Whoever is alone has nobody to get a key from.
    let [first, _, ..] = live[..] else { return Ok(()) };
    let first = &stays[first];
    let (Some(epoch), Some(roster)) = (first.keys.epoch(), first.keys.roster()) else {
        return Err(format!("{} has no key", first.index));
    };
    for id in &live {
        let stay = &stays[*id];
        if stay.keys.epoch() != Some(epoch) || stay.keys.keyring().sending() != Some(epoch) {
            let (theirs, sending) = (stay.keys.epoch(), stay.keys.keyring().sending());
            return Err(format!(
                "{} is in {theirs:?}, sending {sending:?}, not {epoch}",
                stay.index
            ));
        }
        for other in live.iter().filter(|other| *other != id) {
            let heard = stay.heard.get(other).and_then(|heard| heard.opened);
            if heard.is_none_or(|heard| now - heard > LATELY) {
                return Err(format!("{} does not hear {}", stay.index, stays[*other].index));
            }
        }
    }
    for (id, stay) in stays.iter().enumerate().filter(|(_, stay)| !stay.is_live()) {
        let noticed = live.iter().any(|other| stays[*other].told_of_end.contains(&id));
        if noticed && roster.info(stay.index) == Some(&stay.info) {
            return Err(format!("{} ({:?}) is still in the roster", stay.index, stay.life));
        }
    }
    Ok(())
}

/// Frames go out every second, and some are lost.
const LATELY: Duration = Duration::from_secs(12);
