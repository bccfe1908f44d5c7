use core::time::Duration;

use zentalk_primitives::Instant;

use super::config::Bounds;
use super::path_limit::PathLimit;
use super::trend::Usage;

/// What remains of the rate that arrives when the queue fills (draft-ietf-rmcat-gcc-02 §5.5).
const DECREASE: f64 = 0.85;

/// Growth in a second while nothing is known of the path's limit (§5.5), and before it was ever met.
const INCREASE: f64 = 1.08;
const START_INCREASE: f64 = 2.0;

/// The estimate stays below this much of what arrives, in bit/s: a sender that has nothing to say learns
/// nothing (§5.5).
const HEADROOM: f64 = 1.5;
const EXTRA_HEADROOM: f64 = 10_000.0;

/// The least growth near the path's limit, in bit/s in a second.
const MIN_ADDITION: f64 = 4_000.0;

/// The packet and frame rate that growth near the limit is measured by: one packet in each response time.
const PACKET_BITS: f64 = 9_600.0;
const FRAMES_PER_SECOND: f64 = 30.0;
const DETECTION: Duration = Duration::from_millis(100);

/// Bounds of the time between two decreases, which is a round trip.
const BETWEEN_DECREASES: (Duration, Duration) =
    (Duration::from_millis(10), Duration::from_millis(200));

/// Raises and lowers the rate by what the queue does (draft-ietf-rmcat-gcc-02 §5.5).
#[derive(Debug)]
pub(super) struct RateControl {
    bounds: Bounds,
    rate: f64,
    phase: Phase,
    updated_at: Option<Instant>,
    decreased_at: Option<Instant>,
    limit: PathLimit,
    /// The queue has never filled: the path's limit has not been met.
    starting: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Hold,
    Increase,
}

impl RateControl {
    pub(super) fn new(bounds: Bounds, rate: f64) -> Self {
        Self {
            bounds,
            rate,
            phase: Phase::Hold,
            updated_at: None,
            decreased_at: None,
            limit: PathLimit::default(),
            starting: true,
        }
    }

    /// bit/s.
    pub(super) fn rate(&self) -> f64 {
        self.rate
    }

    /// `rate` brought within the bounds.
    pub(super) fn hold(&self, rate: f64) -> f64 {
        self.bounds.hold(rate)
    }

    /// Feedback was read: the queue does this, and `acknowledged` bit/s arrive.
    pub(super) fn update(
        &mut self,
        now: Instant,
        usage: Usage,
        acknowledged: Option<f64>,
        round_trip: Duration,
    ) {
        let elapsed = self.updated_at.map_or(Duration::ZERO, |at| now.saturating_since(at));
        self.updated_at = Some(now);
        match (usage, self.phase) {
            (Usage::Over, _) => self.decrease(now, acknowledged, round_trip),
            (Usage::Under, _) => self.phase = Phase::Hold,
            (Usage::Normal, Phase::Hold) => self.phase = Phase::Increase,
            (Usage::Normal, Phase::Increase) => {
                if let Some(acknowledged) = acknowledged {
                    self.increase(elapsed.min(Duration::from_secs(1)), acknowledged, round_trip);
                }
            }
        }
        self.rate = self.bounds.hold(self.rate);
    }

    /// Nothing is heard of what was sent.
    pub(super) fn halve(&mut self) {
        self.rate = self.bounds.hold(self.rate / 2.0);
        self.phase = Phase::Hold;
    }

    /// Loss met the path's limit.
    pub(super) fn limit_met(&mut self) {
        self.starting = false;
    }

    /// A probe showed that the path carries so much.
    pub(super) fn raise_to(&mut self, rate: f64) {
        self.rate = self.bounds.hold(self.rate.max(rate));
    }

    fn increase(&mut self, elapsed: Duration, acknowledged: f64, round_trip: Duration) {
        if self.limit.is_below(acknowledged) {
            self.limit = PathLimit::default();
        }
        let seconds = elapsed.as_secs_f64();
        let more = if self.limit.is_known() {
            self.addition(round_trip) * seconds
        } else {
            let factor = if self.starting { START_INCREASE } else { INCREASE };
            self.rate * (factor.powf(seconds) - 1.0)
        };
        let most = self.rate.max(HEADROOM * acknowledged + EXTRA_HEADROOM);
        self.rate = (self.rate + more).min(most);
    }

    /// bit/s in a second: one packet of the present size in each response time.
    fn addition(&self, round_trip: Duration) -> f64 {
        let frame = self.rate / FRAMES_PER_SECOND;
        let packet = frame / (frame / PACKET_BITS).ceil().max(1.0);
        (packet / (round_trip + DETECTION).as_secs_f64()).max(MIN_ADDITION)
    }

    fn decrease(&mut self, now: Instant, acknowledged: Option<f64>, round_trip: Duration) {
        self.starting = false;
        self.phase = Phase::Hold;
        let pause = round_trip.clamp(BETWEEN_DECREASES.0, BETWEEN_DECREASES.1);
        let early = self.decreased_at.is_some_and(|at| now.saturating_since(at) < pause);
        let far_below = acknowledged.is_some_and(|rate| rate < self.rate / 2.0);
        if early && !far_below {
            return;
        }
        self.decreased_at = Some(now);
        let Some(acknowledged) = acknowledged else {
            self.rate /= 2.0;
            return;
        };
        let mut lower = DECREASE * acknowledged;
        if lower > self.rate {
            // What arrives was sent before the last decrease.
            lower = self.limit.rate().map_or(self.rate, |limit| DECREASE * limit);
        }
        if self.limit.is_above(acknowledged) {
            self.limit = PathLimit::default();
        }
        self.limit.met(acknowledged);
        self.rate = self.rate.min(lower);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bandwidth::BandwidthConfig;

    const ROUND_TRIP: Duration = Duration::from_millis(100);

    fn control(rate: f64) -> RateControl {
        RateControl::new(BandwidthConfig::default().bounds(), rate)
    }

    /// Feedback every 100 ms for this long.
    fn run(control: &mut RateControl, now: &mut Instant, millis: u64, usage: Usage, arrives: f64) {
        for _ in 0..millis / 100 {
            *now += Duration::from_millis(100);
            control.update(*now, usage, Some(arrives), ROUND_TRIP);
        }
    }

    /// draft-ietf-rmcat-gcc-02 §5.5.
    #[test]
    fn over_use_leaves_85_percent_of_what_arrives() {
        let (mut control, mut now) = (control(1_000_000.0), Instant::ZERO);
        run(&mut control, &mut now, 100, Usage::Over, 800_000.0);
        assert_eq!(control.rate(), 680_000.0);
        run(&mut control, &mut now, 1_000, Usage::Under, 800_000.0);
        assert_eq!(control.rate(), 680_000.0, "the queue empties");
    }

    #[test]
    fn the_rate_grows_by_8_percent_far_from_the_limit_and_by_packets_near_it() {
        let (mut control, mut now) = (control(1_000_000.0), Instant::ZERO);
        run(&mut control, &mut now, 100, Usage::Over, 1_000_000.0);
        run(&mut control, &mut now, 1_100, Usage::Normal, 1_000_000.0);
        let near = control.rate() - 850_000.0;
        assert!((20_000.0..60_000.0).contains(&near), "{near}");
        // What arrives is far above the limit that was met: it is none any more.
        run(&mut control, &mut now, 1_000, Usage::Normal, 2_000_000.0);
        let far = control.rate() / (850_000.0 + near);
        assert!((1.07..1.09).contains(&far), "{far}");
    }

    #[test]
    fn the_rate_stays_near_what_is_sent() {
        let (mut control, mut now) = (control(300_000.0), Instant::ZERO);
        run(&mut control, &mut now, 60_000, Usage::Normal, 200_000.0);
        assert_eq!(control.rate(), 310_000.0);
        run(&mut control, &mut now, 10_000, Usage::Normal, 50_000.0);
        assert_eq!(control.rate(), 310_000.0, "a pause takes nothing away");
    }
}
