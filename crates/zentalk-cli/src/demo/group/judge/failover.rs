//! What the death of a forwarding server did to the sound: for how long nobody heard whom, and whether they were heard again.

use core::ops::Range;

use super::seconds;
use crate::demo::findings::Findings;
use crate::demo::group::cast::Person;
use crate::demo::group::evidence::Evidence;

/// How long it may be heard, in milliseconds, by anybody.
const MAX_FAILOVER: u64 = 2_000;

/// Everything between the death and the leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::demo::group) struct Failover {
    /// Silences of more than 200 ms, in milliseconds, the shortest first. Who heard none lost less than the journal tells.
    silences: Vec<u64>,
    /// Who did not find another server before the leave.
    stranded: Vec<Person>,
    /// Who was not heard by whom any more, though both had found one.
    unheard: Vec<(Person, Person)>,
}

impl Failover {
    /// Nothing, if no server was killed.
    pub(in crate::demo::group) fn of(evidence: &Evidence) -> Option<Self> {
        let span = evidence.marks.killed?..evidence.marks.left;
        let cast = evidence.cast;
        let mut failover = Self { silences: Vec::new(), stranded: Vec::new(), unheard: Vec::new() };
        let back = |person| back_at(evidence, person, &span);
        failover.stranded.extend(cast.everybody().filter(|person| back(*person).is_none()));
        for (by, from) in cast.pairs() {
            let silences = evidence.silences(by, from, &span);
            failover.silences.extend(silences.iter().map(|silence| silence.end - silence.start));
            let Some(both) = back(by).zip(back(from)).map(|(by, from)| by.max(from)) else {
                continue;
            };
            let last = evidence.last_heard(by, from, span.end);
            if last.is_none_or(|last| last <= both) {
                failover.unheard.push((from, by));
            }
        }
        failover.silences.sort_unstable();
        Some(failover)
    }

    /// The longest silence that anybody heard, in milliseconds.
    pub(in crate::demo::group) fn longest(&self) -> u64 {
        self.silences.last().copied().unwrap_or(0)
    }

    fn median(&self) -> u64 {
        self.silences.get(self.silences.len() / 2).copied().unwrap_or(0)
    }

    fn holds(&self) -> bool {
        self.stranded.is_empty() && self.unheard.is_empty() && self.longest() <= MAX_FAILOVER
    }

    fn describe(&self) -> String {
        let gaps = format!(
            "{} gaps of more than 0.2 s: median {}, longest {}",
            self.silences.len(),
            seconds(self.median()),
            seconds(self.longest())
        );
        let stranded = self.stranded.iter().map(|person| format!("{person} found no other server"));
        let unheard = self.unheard.iter().map(|(from, by)| format!("{by} hears {from} no more"));
        [gaps].into_iter().chain(stranded).chain(unheard).collect::<Vec<_>>().join(", ")
    }
}

/// When somebody was at another server.
fn back_at(evidence: &Evidence, person: Person, span: &Range<u64>) -> Option<u64> {
    evidence.connected_after(person, span.start).filter(|at| span.contains(at))
}

/// Judges what a killed server cost.
pub(super) fn judge(findings: &mut Findings, evidence: &Evidence) {
    if let Some(failover) = Failover::of(evidence) {
        let what = "the call survived its forwarding server";
        findings.add(what, failover.describe(), failover.holds());
    }
}
