//! What must hold in every schedule.

use std::collections::{BTreeMap, HashSet};

use core::time::Duration;

use zentalk_group_keys::{Epoch, GroupFailure, KeyCommitment, KeyId, Roster, SframeHeader};
use zentalk_primitives::Instant;

use super::stay::Stay;

/// How a schedule ended.
#[derive(Debug)]
pub(super) enum Verdict {
    Together,
    /// Somebody had to be told of an error by name; or some do not hear each other after a partition that outlasted 30 s or the leases,
    /// and of each two of them one has said so by name, or both show the other as gone or unreadable: why.
    Apart(String),
    Broken(String),
}

/// The errors that were told by name.
#[derive(Default)]
pub(super) struct Failures(Vec<(usize, GroupFailure)>);

impl Failures {
    pub(super) fn push(&mut self, id: usize, failure: GroupFailure) {
        self.0.push((id, failure));
    }

    pub(super) fn first(&self) -> Option<String> {
        self.0.first().map(|(id, failure)| format!("stay {id} fails: {failure}"))
    }

    /// What one of the two has said, or somebody else of one of them.
    fn between(&self, a: (usize, &Stay), b: (usize, &Stay)) -> Option<String> {
        let concerns = |(id, failure): &&(usize, GroupFailure)| match failure {
            GroupFailure::Unreachable { index } | GroupFailure::LeaderUnreachable { index } => {
                *index == a.1.index || *index == b.1.index
            }
            _ => *id == a.0 || *id == b.0,
        };
        self.0.iter().find(concerns).map(|(id, failure)| format!("stay {id}: {failure}"))
    }
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

/// Whether every two live stays hear each other in one epoch, without those whose leaving or crash somebody has noticed; who does not,
/// must have said so by name, where that is allowed at all.
pub(super) fn are_together(stays: &[Stay], now: Instant, failures: Option<&Failures>) -> Verdict {
    let live: Vec<usize> = (0..stays.len()).filter(|id| stays[*id].is_live()).collect();
    let mut apart = None;
    for (at, a) in live.iter().enumerate() {
        for b in &live[at + 1..] {
            let (ours, theirs) = ((*a, &stays[*a]), (*b, &stays[*b]));
            let Err(why) = hear_each_other(ours, theirs, now) else { continue };
            let shown = ours.1.admits(theirs.1) && theirs.1.admits(ours.1);
            let by_name = |failures: &Failures| {
                let shown = shown.then(|| "both show it".to_owned());
                failures.between(ours, theirs).or(shown)
            };
            match failures.and_then(by_name) {
                Some(by_name) => apart = Some(format!("{why}; {by_name}")),
                None => return Verdict::Broken(why),
            }
        }
    }
    match (apart, nobody_lingers(stays, &live)) {
        (Some(apart), _) => Verdict::Apart(apart),
        (None, Ok(())) => Verdict::Together,
        (None, Err(why)) => Verdict::Broken(why),
    }
}

fn hear_each_other(a: (usize, &Stay), b: (usize, &Stay), now: Instant) -> Result<(), String> {
    let epoch = a.1.keys.epoch();
    for ((_, stay), (other, heard)) in [(a, b), (b, a)] {
        let (index, sending) = (stay.index, stay.keys.keyring().sending());
        if epoch.is_none() || stay.keys.epoch() != epoch || sending != epoch {
            let theirs = stay.keys.epoch();
            return Err(format!("{index} is in {theirs:?}, sending {sending:?}, not {epoch:?}"));
        }
        let opened = stay.heard.get(&other).and_then(|heard| heard.opened);
        if opened.is_none_or(|opened| now - opened > LATELY) {
            return Err(format!("{index} does not hear stay {other}"));
        }
        if stay.missing || stay.unreadable.contains(&heard.index) {
            return Err(format!("{index} still says that stay {other} cannot be read"));
        }
    }
    Ok(())
}

/// Whoever left or crashed, and was seen to, is in no roster.
fn nobody_lingers(stays: &[Stay], live: &[usize]) -> Result<(), String> {
    for (id, gone) in stays.iter().enumerate().filter(|(_, stay)| !stay.is_live()) {
        let noticed = live.iter().any(|other| stays[*other].told_of_end.contains(&id));
        let listed = |other: &&usize| stays[**other].knows(gone);
        if let (true, Some(other)) = (noticed, live.iter().find(listed)) {
            return Err(format!(
                "{} ({:?}) is still in the roster of {other}",
                gone.index, gone.life
            ));
        }
    }
    Ok(())
}

/// Frames go out every second, and some are lost.
const LATELY: Duration = Duration::from_secs(12);
