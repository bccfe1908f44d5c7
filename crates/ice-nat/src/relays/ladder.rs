use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use zentalk_primitives::Instant;

use crate::TransportProtocol;
use crate::turn::TurnFailure;

use super::grant::telling;

/// The attempts at one server: one rung for each transport.
pub(super) struct Ladder {
    pub(super) id: u64,
    /// Of which grant, and which server of it.
    pub(super) grant: u64,
    pub(super) server: usize,
    pub(super) interfaces: Vec<IpAddr>,
    /// For an interface that came up while the server serves us over another one: when it fails, nothing has failed.
    pub(super) extra: bool,
    started: Instant,
    /// How many rungs were begun.
    begun: usize,
    /// When the next one is, or when there is none, its end is known.
    next_at: Option<Instant>,
    /// It refuses or takes its time: another server is tried beside it.
    pub(super) late: bool,
    /// The fastest transport that allocated.
    pub(super) best: Option<TransportProtocol>,
    /// Where a UDP socket is needed.
    pub(super) wanting: Vec<IpAddr>,
    /// Sockets of ours for which the server has another allocation.
    pub(super) spoilt: Vec<SocketAddr>,
    /// The most telling one.
    pub(super) failure: Option<TurnFailure>,
}

impl Ladder {
    pub(super) fn new(
        now: Instant,
        id: u64,
        (grant, server): (u64, usize),
        interfaces: Vec<IpAddr>,
    ) -> Self {
        Self {
            id,
            grant,
            server,
            interfaces,
            extra: false,
            started: now,
            begun: 0,
            next_at: Some(now),
            late: false,
            best: None,
            wanting: Vec::new(),
            spoilt: Vec::new(),
            failure: None,
        }
    }

    /// The next rung if its time has come; the one after it follows a step later. `Some(None)`: there is none.
    pub(super) fn climb(&mut self, now: Instant) -> Option<Option<TransportProtocol>> {
        self.next_at.filter(|at| *at <= now && self.best.is_none())?;
        let rung = RUNGS.get(self.begun).copied();
        self.begun += 1;
        self.next_at = rung.map(|_| now + STEP);
        Some(rung)
    }

    /// Whether the rung that was begun last was begun before.
    pub(super) fn repeats(&self) -> bool {
        matches!(self.rungs(), [.., before, last] if before == last)
    }

    /// The rungs that were begun.
    pub(super) fn rungs(&self) -> &'static [TransportProtocol] {
        RUNGS.get(..self.begun.min(RUNGS.len())).unwrap_or(&RUNGS)
    }

    /// Nothing more is to be expected on the rungs that were begun: no waiting for the next.
    pub(super) fn hurry(&mut self, now: Instant) {
        if self.next_at.is_some() {
            self.next_at = Some(now);
        }
    }

    /// No rung is left, and none has allocated.
    pub(super) fn is_exhausted(&self) -> bool {
        self.best.is_none() && self.next_at.is_none()
    }

    pub(super) fn succeeded(&mut self, rung: TransportProtocol) {
        self.best = Some(rung);
        self.next_at = None;
    }

    pub(super) fn failed(&mut self, failure: TurnFailure) {
        if self.failure.is_none_or(|known| telling(known) <= telling(failure)) {
            self.failure = Some(failure);
        }
        self.late |= telling(failure) >= telling(TurnFailure::NoCapacity);
    }

    pub(super) fn note_patience(&mut self, now: Instant) {
        self.late |= self.best.is_none() && self.started + PATIENCE <= now;
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let patience = (self.best.is_none() && !self.late).then(|| self.started + PATIENCE);
        self.next_at.into_iter().chain(patience).min()
    }
}

/// The transports of TURN, quickest and cheapest first. Where the last one gets no connection by its step, a second one is tried beside
/// it: a network that blocks all else and loses packets, too, must not lose the call with three SYNs in a row, which TCP sends ever more
/// seldom (RFC 6298 §5.5).
const RUNGS: [TransportProtocol; 4] = [
    TransportProtocol::Udp,
    TransportProtocol::Tcp,
    TransportProtocol::Tls,
    TransportProtocol::Tls,
];

/// Between the rungs: about two round trips, which an allocation takes, across half the world.
pub(super) const STEP: Duration = Duration::from_millis(600);

/// How long one server is waited for before another one is tried beside it: time for all rungs, and a round trip or two on the last.
pub(super) const PATIENCE: Duration = Duration::from_millis(2500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rungs_follow_each_other_by_a_step() {
        let mut ladder = Ladder::new(Instant::ZERO, 1, (1, 0), Vec::new());
        let mut begun = Vec::new();
        while let Some(at) = ladder.next_at {
            begun.push((at.as_millis(), ladder.climb(at).unwrap()));
        }
        let all = [
            (0, Some(TransportProtocol::Udp)),
            (600, Some(TransportProtocol::Tcp)),
            (1_200, Some(TransportProtocol::Tls)),
            (1_800, Some(TransportProtocol::Tls)),
            (2_400, None),
        ];
        assert_eq!(begun, all);
        assert!(ladder.is_exhausted());
    }

    #[test]
    fn the_most_telling_failure_is_kept() {
        let mut ladder = Ladder::new(Instant::ZERO, 1, (1, 0), Vec::new());
        ladder.failed(TurnFailure::Unreachable);
        assert!(!ladder.late);
        ladder.failed(TurnFailure::QuotaReached);
        ladder.failed(TurnFailure::Closed);
        assert_eq!((ladder.failure, ladder.late), (Some(TurnFailure::QuotaReached), true));
    }
}
