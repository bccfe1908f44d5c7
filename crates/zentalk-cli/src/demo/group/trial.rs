//! Who could open whose frames, before and after one left.

use std::collections::{BTreeMap, BTreeSet};

use super::cast::Person;
use super::frame::Locksmith;
use super::glass::Secret;

/// Frames that were sealed at one moment, and what came of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Round {
    /// When they were ordered, in milliseconds since the demo began: they were sealed after that.
    pub(super) at: u64,
    pub(super) attempts: Vec<Attempt>,
    /// What each of the others sealed.
    pub(super) sealed: Vec<Vec<u8>>,
}

/// Somebody tried somebody else's frames.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) from: Person,
    pub(super) by: Person,
    pub(super) count: Count,
    /// Why frames did not open.
    pub(super) reasons: BTreeMap<String, usize>,
}

/// Frames that were tried, and those of them that opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) tried: usize,
    pub(super) opened: usize,
}

impl Count {
    /// Something was tried, and all of it opened.
    pub(super) const fn is_all(self) -> bool {
        self.tried > 0 && self.opened == self.tried
    }

    /// Something was tried, and none of it opened.
    pub(super) const fn is_none(self) -> bool {
        self.tried > 0 && self.opened == 0
    }
}

impl std::iter::Sum for Count {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |sum, count| Self {
            tried: sum.tried + count.tried,
            opened: sum.opened + count.opened,
        })
    }
}

/// All rounds around a leave.
#[derive(Clone, Debug, Default)]
pub(super) struct Trial {
    /// The call's name, which each frame's tag is over.
    pub(super) call: Vec<u8>,
    pub(super) rounds: Vec<Round>,
}

impl Trial {
    /// The attempts at frames of, or by, certain people, with the time of their sealing.
    fn attempts(&self, wanted: impl Fn(&Attempt) -> bool) -> impl Iterator<Item = (u64, &Attempt)> {
        let all = self
            .rounds
            .iter()
            .flat_map(|round| round.attempts.iter().map(move |attempt| (round.at, attempt)));
        all.filter(move |(_, attempt)| wanted(attempt))
    }

    /// What came of certain people's attempts at frames that were sealed in a span of time.
    pub(super) fn count(
        &self,
        wanted: impl Fn(&Attempt) -> bool,
        during: impl Fn(u64) -> bool,
    ) -> Count {
        let attempts = self.attempts(wanted).filter(|(at, _)| during(*at));
        attempts.map(|(_, attempt)| attempt.count).sum()
    }

    /// The first round from which on nothing opened any more.
    pub(super) fn over_from(&self, wanted: impl Fn(&Attempt) -> bool) -> Option<u64> {
        let opened = |attempt: &Attempt| wanted(attempt) && attempt.count.opened > 0;
        let last = self.attempts(opened).map(|(at, _)| at).max()?;
        self.rounds.iter().map(|round| round.at).find(|at| *at > last)
    }

    /// The reasons that were given after a time.
    pub(super) fn reasons(&self, since: u64, wanted: impl Fn(&Attempt) -> bool) -> BTreeSet<&str> {
        let attempts = self.attempts(wanted).filter(|(at, _)| *at >= since);
        attempts.flat_map(|(_, attempt)| attempt.reasons.keys().map(String::as_str)).collect()
    }

    /// What somebody opens who has these keys and obeys no rule: every key is tried on every frame that the others sealed in a span of
    /// time.
    pub(super) fn attack(&self, keys: &[Secret], during: impl Fn(u64) -> bool) -> Count {
        let locksmith = Locksmith::new(&self.call, keys);
        let rounds = self.rounds.iter().filter(|round| during(round.at));
        let frames: Vec<_> = rounds.flat_map(|round| &round.sealed).collect();
        let opens = |frame: &&&Vec<u8>| locksmith.open(&[], frame).is_some();
        Count { tried: frames.len(), opened: frames.iter().filter(opens).count() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(from: u8, by: u8, opened: usize) -> Attempt {
        let reasons = BTreeMap::from([("no member".to_owned(), 5 - opened)]);
        let count = Count { tried: 5, opened };
        Attempt { from: Person(from), by: Person(by), count, reasons }
    }

    #[test]
    fn what_opened_is_counted_for_each_side_and_time() {
        let round = |at, opened| Round {
            at,
            attempts: vec![attempt(1, 0, opened), attempt(0, 1, 5)],
            sealed: Vec::new(),
        };
        let trial = Trial {
            call: Vec::new(),
            rounds: vec![round(100, 5), round(200, 2), round(300, 0), round(400, 0)],
        };
        let bob = Person(1);
        let (of, by) =
            (|attempt: &Attempt| attempt.from == bob, |attempt: &Attempt| attempt.by == bob);
        assert!(trial.count(of, |at| at < 150).is_all());
        assert!(trial.count(of, |at| at > 250).is_none());
        assert_eq!(trial.count(of, |_| true), Count { tried: 20, opened: 7 });
        assert!(trial.count(by, |_| true).is_all());
        assert_eq!(trial.over_from(of), Some(300));
        assert_eq!(trial.over_from(by), None, "it never was");
        assert!(!trial.count(of, |at| at > 900).is_none(), "nothing tried proves nothing");
        assert_eq!(trial.reasons(300, |_| true).into_iter().collect::<Vec<_>>(), ["no member"]);
    }
}
