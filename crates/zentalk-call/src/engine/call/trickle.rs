//! Candidates on their way to the peer (RFC 8838), generation by generation.

use zentalk_signaling_ratchet::{limits, messages};

use crate::Error;

/// What this side has found in the present generation, and how much of it the peer has been told.
#[derive(Default)]
pub(crate) struct Trickle {
    lines: Vec<String>,
    told: usize,
    ended: bool,
    end_told: bool,
}

/// Candidates of one generation: more than all sockets, STUN servers and relays of a call give. Only interfaces that come and go
/// for ever could reach it; what is over is not told before the next restart.
const MAX_LINES: usize = 256;

impl Trickle {
    /// One was found.
    pub(crate) fn push(&mut self, line: String) {
        if self.lines.len() < MAX_LINES {
            self.lines.push(line);
        }
    }

    /// No more are being looked for.
    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    /// What the peer has not been told, as much as one message takes.
    pub(crate) fn next(&mut self, mid: &str) -> Result<Option<messages::Candidates>, Error> {
        let untold = self.lines.len() - self.told;
        if untold == 0 && (!self.ended || self.end_told) {
            return Ok(None);
        }
        let candidates = self.take(self.told, mid)?;
        let ended = self.ended && self.told == self.lines.len();
        self.end_told |= ended;
        Ok(Some(messages::Candidates::new(candidates, ended)?))
    }

    /// Everything found so far, as much as one message takes: for one that begins a generation, or says again that it has begun.
    /// The rest follows in [`Trickle::next`].
    pub(crate) fn all_again(&mut self, mid: &str) -> Result<Vec<messages::Candidate>, Error> {
        self.end_told = false;
        self.take(0, mid)
    }

    fn take(&mut self, from: usize, mid: &str) -> Result<Vec<messages::Candidate>, Error> {
        let lines = self.lines.iter().skip(from).take(limits::CANDIDATES);
        let lines = lines.map(|line| messages::Candidate::new(mid.to_owned(), line.clone()));
        let taken = lines.collect::<Result<Vec<_>, _>>()?;
        self.told = from + taken.len();
        Ok(taken)
    }
}

/// What a peer said of itself before it may be used: checking it would tell the peer of us.
#[derive(Default)]
pub(crate) struct Held {
    lines: Vec<String>,
    ended: bool,
}

impl Held {
    /// Keeps it, within what the ICE agent would keep.
    pub(crate) fn push(&mut self, line: &str) {
        if self.lines.len() < zentalk_ice_nat::MAX_PARKED_CANDIDATES {
            self.lines.push(line.to_owned());
        }
    }

    /// The peer will find no more.
    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    /// What was kept, and whether it is all.
    pub(crate) fn take(&mut self) -> (Vec<String>, bool) {
        (core::mem::take(&mut self.lines), core::mem::take(&mut self.ended))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(count: usize) -> Trickle {
        let mut trickle = Trickle::default();
        (0..count).for_each(|number| trickle.push(format!("candidate:{number}")));
        trickle
    }

    #[test]
    fn each_candidate_is_told_once_and_the_end_with_the_last() {
        let mut trickle = filled(limits::CANDIDATES + 1);
        trickle.end();
        let first = trickle.next("0").unwrap().unwrap();
        assert_eq!(
            (first.candidates().len(), first.end_of_candidates()),
            (limits::CANDIDATES, false)
        );
        let last = trickle.next("0").unwrap().unwrap();
        assert_eq!((last.candidates().len(), last.end_of_candidates()), (1, true));
        assert!(trickle.next("0").unwrap().is_none());
        trickle.push("late".to_owned());
        assert_eq!(trickle.next("0").unwrap().unwrap().candidates()[0].line(), "late");
    }

    #[test]
    fn a_generation_that_is_announced_again_brings_everything_again() {
        let mut trickle = filled(3);
        assert_eq!(trickle.all_again("0").unwrap().len(), 3);
        assert!(trickle.next("0").unwrap().is_none());
        trickle.push("later".to_owned());
        assert_eq!(trickle.next("0").unwrap().unwrap().candidates().len(), 1);
        assert_eq!(trickle.all_again("0").unwrap().len(), 4);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let (trickle, mut held) = (filled(10_000), Held::default());
        assert_eq!(trickle.lines.len(), MAX_LINES);
        (0..10_000).for_each(|_| held.push("candidate"));
        assert_eq!(held.take().0.len(), zentalk_ice_nat::MAX_PARKED_CANDIDATES);
    }
}
