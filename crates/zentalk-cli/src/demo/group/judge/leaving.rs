//! What somebody can still do who left: frames of theirs, frames of the others, with rules and without.

use super::{MAX_AFTERGLOW, MAX_REKEY, seconds};
use crate::demo::findings::Findings;
use crate::demo::group::cast::Person;
use crate::demo::group::evidence::Evidence;
use crate::demo::group::trial::{Attempt, Count};

/// What the trial says of one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::demo::group) struct Side {
    /// Frames that were sealed before the leave: that they open shows that trying means something.
    pub(in crate::demo::group) before: Count,
    /// Milliseconds from the leave until nothing opened any more, and the frames that were sealed from then on.
    pub(in crate::demo::group) after: Option<(u64, Count)>,
    /// Why they did not open, as the programs say.
    pub(in crate::demo::group) reasons: Vec<String>,
}

/// Everything that was tried around the leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::demo::group) struct Leaving {
    /// Frames of the one who left, tried by all others.
    pub(in crate::demo::group) theirs: Side,
    /// Frames of all others, tried by the one who left.
    pub(in crate::demo::group) others: Side,
    /// The same, with every key that they ever had, whatever epoch a frame names. Another program tried, which keeps no rules.
    pub(in crate::demo::group) attack: Side,
    /// How many keys it tried on each.
    pub(in crate::demo::group) keys: usize,
}

impl Leaving {
    /// Nothing, if nothing could be tried.
    pub(in crate::demo::group) fn of(evidence: &Evidence) -> Option<Self> {
        let (trial, left) = (&evidence.trial, evidence.marks.left);
        if trial.rounds.is_empty() {
            return None;
        }
        let leaver = evidence.cast.leaver();
        let side = |wanted: &dyn Fn(&Attempt) -> bool| {
            let over = trial.over_from(wanted);
            let reasons = trial.reasons(left, wanted).into_iter().map(str::to_owned);
            Side {
                before: trial.count(wanted, |at| at < left),
                after: over
                    .map(|over| (over.saturating_sub(left), trial.count(wanted, |at| at >= over))),
                reasons: reasons.collect(),
            }
        };
        let theirs = side(&|attempt| attempt.from == leaver);
        let others = side(&|attempt| attempt.by == leaver);
        let empty = Vec::new();
        let keys = evidence.keys.get(leaver.place()).unwrap_or(&empty);
        let attack = Side {
            before: trial.attack(keys, |at| at < left),
            after: others.after.map(|(over, _)| (over, trial.attack(keys, |at| at >= left + over))),
            reasons: Vec::new(),
        };
        let keys = keys.iter().filter(|secret| secret.is_base_key()).count();
        Some(Self { theirs, others, attack, keys })
    }
}

impl Side {
    /// Everything opened before, nothing in the end, and not later than after `limit` milliseconds.
    fn holds(&self, limit: u64) -> bool {
        self.before.is_all()
            && self.after.is_some_and(|(over, count)| over <= limit && count.is_none())
    }

    fn describe(&self) -> String {
        let before = opened(self.before);
        match self.after {
            Some((over, count)) => {
                format!("before {before}; from {} after on {}", seconds(over), opened(count))
            }
            None => format!("before {before}; they opened to the end"),
        }
    }
}

/// `0 of 120 opened`.
pub(in crate::demo::group) fn opened(count: Count) -> String {
    format!("{} of {} opened", count.opened, count.tried)
}

/// Judges what came of the leave.
pub(super) fn judge(findings: &mut Findings, evidence: &Evidence) {
    let leaver = evidence.cast.leaver();
    judge_rekeying(findings, evidence, leaver);
    if let Some(leaving) = Leaving::of(evidence) {
        judge_trial(findings, &leaving, leaver);
    }
    judge_silence(findings, evidence, leaver);
}

fn judge_rekeying(findings: &mut Findings, evidence: &Evidence, leaver: Person) {
    let (cast, left) = (evidence.cast, evidence.marks.left);
    let switched: Option<Vec<_>> = cast
        .others(leaver)
        .map(|person| Some(evidence.epoch_after_leave(person)?.1.saturating_sub(left)))
        .collect();
    let last = switched.and_then(|all| all.into_iter().max());
    let measured = last
        .map_or("not everybody".to_owned(), |last| format!("the last one after {}", seconds(last)));
    let holds = last.is_some_and(|last| last <= MAX_REKEY);
    findings.add(format!("everybody seals under new keys after {leaver} left"), measured, holds);
    let later = evidence.epochs(leaver).into_values().filter(|at| *at > left + MAX_AFTERGLOW);
    let later = later.count();
    findings.add(format!("{leaver} is told no later keys"), format!("{later} epochs"), later == 0);
}

fn judge_trial(findings: &mut Findings, leaving: &Leaving, leaver: Person) {
    findings.add(
        format!("nobody opens what {leaver} seals after the goodbye"),
        leaving.theirs.describe(),
        leaving.theirs.holds(MAX_AFTERGLOW),
    );
    findings.add(
        format!("{leaver}, who kept everything, opens nothing that the others seal"),
        leaving.others.describe(),
        leaving.others.holds(MAX_REKEY),
    );
    findings.add(
        format!("nor does any of the {} keys that {leaver} ever had, tried by force", leaving.keys),
        leaving.attack.describe(),
        leaving.keys > 0 && leaving.attack.holds(MAX_REKEY),
    );
}

/// What was really played of and by the one who left.
fn judge_silence(findings: &mut Findings, evidence: &Evidence, leaver: Person) {
    let (cast, left) = (evidence.cast, evidence.marks.left);
    let played = |by, from| Some(evidence.received(by, from)?.last?.saturating_sub(left));
    for (what, limit, last) in [
        (
            format!("nothing of {leaver} is played any more"),
            MAX_AFTERGLOW,
            cast.others(leaver).filter_map(|by| played(by, leaver)).max(),
        ),
        (
            format!("{leaver} plays nothing of the others any more"),
            MAX_REKEY,
            evidence.last_received(leaver).map(|last| last.saturating_sub(left)),
        ),
    ] {
        let measured = last.map_or("nothing was ever played".to_owned(), |last| {
            format!("the last frame {} after the goodbye", seconds(last))
        });
        findings.add(what, measured, last.is_some_and(|last| last <= limit));
    }
}
