//! The rounds of ICE restarts that both sides of a call go through together.
//!
//! 1. Who wants a restart goes to the next round and says so ([`Rounds::begin`]).
//! 2. A message of one's own round brings the peer's credentials for it: an answer, or the peer began at the same time.
//! 3. A message of a later round takes this side there, and this side says its own ([`Heard::Join`]).
//! 4. A message of an earlier round is late and changes nothing.
//! 5. Until the peer's message of a round has come, one's own is said again from time to time; and whoever hears one twice
//!    says its own again, since the peer seems to lack it.
//!
//! What a peer can cause is bounded: it starts rounds out of a small purse that fills slowly, cannot run far ahead, and makes
//! this side repeat itself only so often.

use core::time::Duration;

use zentalk_primitives::Instant;

/// Where this side stands.
#[derive(Debug)]
pub(crate) struct Rounds {
    own: u32,
    /// Whether the peer's credentials for this round have come.
    peer_is_here: bool,
    begun: Instant,
    /// When to say ours (again).
    say_at: Option<Instant>,
    /// How often ours may still be said because the peer repeats itself.
    repeats: u32,
    said: Option<Instant>,
    /// Rounds that the peer may start, and until when that was counted.
    purse: u32,
    filled: Instant,
}

/// What a message of the peer's asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It is late.
    Late,
    /// It brings the peer's credentials for the round that this side is in.
    Answer,
    /// It starts this round: restart, take its credentials, say ours.
    Join(u32),
    /// It says again what is known.
    Again,
    /// The peer starts more rounds than a network could change.
    TooMany,
}

/// How long a side waits until it says again what the peer has not answered.
const SAY_AGAIN: Duration = Duration::from_secs(5);
/// The same, if the message could not be left at the peer's relay.
const SAY_AGAIN_UNDELIVERED: Duration = Duration::from_secs(1);
/// After this time nobody waits for an answer any more: the call has another path, or is over.
const SAY_FOR: Duration = zentalk_call_fsm::RECONNECT_TIMEOUT;
/// How often one round's message is said again because the peer repeats its own, and how long after the last time at least.
const REPEATS: u32 = 8;
const REPEAT_INTERVAL: Duration = Duration::from_secs(1);
/// Rounds that a peer may start at once.
pub(crate) const MAX_PEER_ROUNDS_AT_ONCE: u32 = 8;
/// How long until it may start one more.
pub(crate) const PEER_ROUND_INTERVAL: Duration = Duration::from_secs(4);
/// How far ahead of this side a peer may be: it lost as many of our messages, or we of its.
pub(crate) const MAX_ROUNDS_AHEAD: u32 = 16;

impl Rounds {
    /// Round 0, which the offer and the answer began.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            own: 0,
            peer_is_here: true,
            begun: now,
            say_at: None,
            repeats: 0,
            said: None,
            purse: MAX_PEER_ROUNDS_AT_ONCE,
            filled: now,
        }
    }

    /// The round that this side is in.
    pub(crate) fn own(&self) -> u32 {
        self.own
    }

    /// When this round began.
    pub(crate) fn begun(&self) -> Instant {
        self.begun
    }

    /// This side begins the next round, and says so now. `false` at the end of all numbers.
    pub(crate) fn begin(&mut self, now: Instant) -> bool {
        let Some(next) = self.own.checked_add(1) else { return false };
        self.enter(now, next, false);
        true
    }

    /// What to do about a message of this round of the peer's.
    pub(crate) fn hear(&mut self, now: Instant, round: u32) -> Heard {
        self.fill(now);
        if round < self.own {
            return Heard::Late;
        }
        if round == self.own {
            return if self.peer_is_here { Heard::Again } else { Heard::Answer };
        }
        if round - self.own > MAX_ROUNDS_AHEAD || self.purse == 0 {
            return Heard::TooMany;
        }
        Heard::Join(round)
    }

    /// The peer's credentials for the own round are known now.
    pub(crate) fn answered(&mut self) {
        self.peer_is_here = true;
        self.say_at = None;
    }

    /// Goes where the peer is, which pays for it.
    pub(crate) fn join(&mut self, now: Instant, round: u32) {
        self.purse = self.purse.saturating_sub(1);
        self.enter(now, round, true);
    }

    /// The peer repeated itself: says ours again soon, if that has not been done too often.
    pub(crate) fn repeat(&mut self, now: Instant) {
        if self.repeats > 0 && self.own > 0 {
            self.repeats -= 1;
            let earliest = self.said.map_or(now, |said| said + REPEAT_INTERVAL);
            self.say_at = Some(earliest.max(now));
        }
    }

    /// Our message could not be left for the peer.
    pub(crate) fn undelivered(&mut self, now: Instant) {
        if self.own > 0 && self.is_young(now) {
            self.say_at = Some(now + SAY_AGAIN_UNDELIVERED);
        }
    }

    /// When ours is to be said.
    pub(crate) fn timeout(&self) -> Option<Instant> {
        self.say_at
    }

    /// Whether ours is to be said now; then it counts as said.
    pub(crate) fn is_due(&mut self, now: Instant) -> bool {
        let due = self.say_at.is_some_and(|at| at <= now);
        if due {
            self.said = Some(now);
            self.say_at = (!self.peer_is_here && self.is_young(now)).then(|| now + SAY_AGAIN);
        }
        due
    }

    fn enter(&mut self, now: Instant, round: u32, peer_is_here: bool) {
        self.own = round;
        self.peer_is_here = peer_is_here;
        self.begun = now;
        self.say_at = Some(now);
        self.repeats = REPEATS;
    }

    fn is_young(&self, now: Instant) -> bool {
        now < self.begun + SAY_FOR
    }

    fn fill(&mut self, now: Instant) {
        while self.purse < MAX_PEER_ROUNDS_AT_ONCE && self.filled + PEER_ROUND_INTERVAL <= now {
            self.purse += 1;
            self.filled += PEER_ROUND_INTERVAL;
        }
        if self.purse >= MAX_PEER_ROUNDS_AT_ONCE {
            self.filled = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    /// Says what is due, as the engine would.
    fn said(rounds: &mut Rounds, now: Instant) -> Option<u32> {
        rounds.is_due(now).then(|| rounds.own())
    }

    #[test]
    fn a_restart_is_answered_in_its_round() {
        let (mut a, mut b) = (Rounds::new(at(0)), Rounds::new(at(0)));
        assert!(a.begin(at(10)));
        let round = said(&mut a, at(10)).unwrap();
        assert_eq!(b.hear(at(20), round), Heard::Join(1));
        b.join(at(20), 1);
        let round = said(&mut b, at(20)).unwrap();
        assert_eq!(a.hear(at(30), round), Heard::Answer);
        a.answered();
        assert_eq!((a.timeout(), b.timeout()), (None, None));
    }

    #[test]
    fn two_that_begin_at_once_are_each_others_answer() {
        let (mut a, mut b) = (Rounds::new(at(0)), Rounds::new(at(0)));
        assert!(a.begin(at(10)) && b.begin(at(11)));
        let (from_a, from_b) = (said(&mut a, at(10)).unwrap(), said(&mut b, at(11)).unwrap());
        for (rounds, round) in [(&mut a, from_b), (&mut b, from_a)] {
            assert_eq!(rounds.hear(at(20), round), Heard::Answer);
            rounds.answered();
            assert_eq!(rounds.timeout(), None);
        }
    }

    #[test]
    fn late_rounds_change_nothing() {
        let mut rounds = Rounds::new(at(0));
        assert!(rounds.begin(at(1)) && rounds.begin(at(2)));
        assert_eq!(rounds.hear(at(3), 1), Heard::Late);
        assert_eq!(rounds.hear(at(3), 0), Heard::Late);
        assert_eq!(rounds.hear(at(3), 2), Heard::Answer);
    }

    #[test]
    fn what_is_not_answered_is_said_again_for_half_a_minute() {
        let mut rounds = Rounds::new(at(0));
        assert!(rounds.begin(at(0)));
        let mut times = Vec::new();
        while let Some(next) = rounds.timeout() {
            assert_eq!(said(&mut rounds, next), Some(1));
            times.push(next.as_millis());
        }
        assert_eq!(times, [0, 5_000, 10_000, 15_000, 20_000, 25_000, 30_000]);
    }

    #[test]
    fn what_could_not_be_delivered_is_said_again_after_a_second() {
        let mut rounds = Rounds::new(at(0));
        rounds.undelivered(at(0));
        assert_eq!(rounds.timeout(), None, "there was nothing to say");
        assert!(rounds.begin(at(0)) && rounds.is_due(at(0)));
        rounds.undelivered(at(300));
        assert_eq!(rounds.timeout(), Some(at(1_300)));
    }

    /// Two sides that lack nothing must not keep each other talking for ever.
    #[test]
    fn repetitions_end() {
        let (mut a, mut b) = (Rounds::new(at(0)), Rounds::new(at(0)));
        assert!(a.begin(at(0)));
        b.join(at(0), 1);
        a.answered();
        b.repeat(at(0));
        let (mut now, mut count) = (at(0), 0);
        while let Some(next) = a.timeout().into_iter().chain(b.timeout()).min() {
            now = now.max(next);
            for (from, to) in [(true, false), (false, true)] {
                let (from, to) = if from && !to { (&mut a, &mut b) } else { (&mut b, &mut a) };
                if let Some(round) = said(from, now) {
                    count += 1;
                    assert_eq!(to.hear(now, round), Heard::Again);
                    to.repeat(now);
                }
            }
        }
        assert!(count <= 2 * REPEATS + 2, "{count}");
    }

    #[test]
    fn a_peer_starts_a_few_rounds_at_once_and_then_one_in_a_while() {
        let mut rounds = Rounds::new(at(0));
        let mut start = |now: Instant| match rounds.hear(now, rounds.own() + 1) {
            Heard::Join(round) => {
                rounds.join(now, round);
                true
            }
            heard => {
                assert_eq!(heard, Heard::TooMany);
                false
            }
        };
        let at_once = (0..100).filter(|_| start(at(0))).count();
        assert_eq!(at_once, MAX_PEER_ROUNDS_AT_ONCE as usize);
        let in_an_hour = (0..36_000_u64).filter(|tenth| start(at(tenth * 100))).count();
        let intervals = 3_600 / PEER_ROUND_INTERVAL.as_secs() as usize;
        assert!(in_an_hour <= intervals, "{in_an_hour}");
        assert!(in_an_hour >= intervals - 1, "{in_an_hour}");
    }

    /// Else one message would use up all numbers.
    #[test]
    fn a_peer_cannot_run_far_ahead() {
        let mut rounds = Rounds::new(at(0));
        assert_eq!(rounds.hear(at(0), u32::MAX), Heard::TooMany);
        assert_eq!(rounds.hear(at(0), MAX_ROUNDS_AHEAD + 1), Heard::TooMany);
        assert_eq!(rounds.hear(at(0), MAX_ROUNDS_AHEAD), Heard::Join(MAX_ROUNDS_AHEAD));
        rounds.own = u32::MAX;
        assert!(!rounds.begin(at(0)));
        assert_eq!(rounds.hear(at(0), u32::MAX), Heard::Again);
    }
}
