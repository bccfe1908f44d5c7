//! What must hold in every schedule.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use core::time::Duration;

use zentalk_group_keys::{Epoch, GroupFailure, KeyCommitment, KeyId, Roster, SframeHeader};
use zentalk_primitives::Instant;

use super::stay::Stay;

/// How a schedule ended.
#[derive(Debug)]
pub(super) enum Verdict {
    Together,
    /// Together, but somebody was told of an error by name on the way, where a partition outlasted 30 s.
    Told,
    /// Somebody was told of an error by name, though no partition outlasted 30 s; or some do not hear each other after one that did, and of
    /// each two of them one has said so by name: why.
    Apart(String),
    /// Those who do not hear each other have never met, and nobody is left who could bring them together.
    Strangers(String),
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

/// Whoever makes an epoch lets nobody into it whose goodbye it has heard, whoever brings them along.
pub(super) fn lets_no_leaver_in(stays: &[Stay], maker: &Stay) -> Result<(), String> {
    let makes = maker.keys.epoch().is_some_and(|epoch| epoch.maker() == maker.index);
    match maker.goodbyes.iter().find(|leaver| makes && maker.knows(&stays[**leaver])) {
        Some(leaver) => Err(format!("{} lets stay {leaver} in again, which left", maker.index)),
        None => Ok(()),
    }
}

/// How long frames may come and not open while nothing says so.
pub(super) const MAX_SILENT: Duration = Duration::from_secs(5);

/// Whether every two live stays hear each other in one epoch, without those whose leaving or crash somebody has noticed; who does not,
/// must have said so by name, where that is allowed at all.
pub(super) fn are_together(stays: &[Stay], now: Instant, failures: Option<&Failures>) -> Verdict {
    let live: Vec<usize> = (0..stays.len()).filter(|id| stays[*id].is_live()).collect();
    let (mut apart, mut strangers) = (None, None);
    for (at, a) in live.iter().enumerate() {
        for b in &live[at + 1..] {
            let (ours, theirs) = ((*a, &stays[*a]), (*b, &stays[*b]));
            let Err(why) = hear_each_other(ours, theirs, now) else { continue };
            if !are_acquainted(stays, &live, *a, *b) {
                strangers = Some(why);
                continue;
            }
            match failures.and_then(|failures| failures.between(ours, theirs)) {
                Some(by_name) => apart = Some(format!("{why}; {by_name}")),
                None => return Verdict::Broken(why),
            }
        }
    }
    match (apart, strangers, nobody_lingers(stays, &live)) {
        (Some(apart), _, _) => Verdict::Apart(apart),
        (None, Some(strangers), _) => Verdict::Strangers(strangers),
        (None, None, Ok(())) => Verdict::Together,
        (None, None, Err(why)) => Verdict::Broken(why),
    }
}

/// Whether this one has met all others, or there are some between them.
pub(super) fn has_met_all(stays: &[Stay], id: usize) -> bool {
    let live: Vec<usize> = (0..stays.len()).filter(|id| stays[*id].is_live()).collect();
    live.iter().all(|other| are_acquainted(stays, &live, id, *other))
}

/// Whether the two have met, or there are others between them of whom each two have.
fn are_acquainted(stays: &[Stay], live: &[usize], a: usize, b: usize) -> bool {
    let (mut reached, mut next) = (BTreeSet::from([a]), vec![a]);
    while let Some(at) = next.pop() {
        for other in live {
            let met = stays[at].met.contains(other) && stays[*other].met.contains(&at);
            if met && reached.insert(*other) {
                next.push(*other);
            }
        }
    }
    reached.contains(&b)
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
