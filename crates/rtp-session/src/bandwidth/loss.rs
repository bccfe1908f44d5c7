use core::time::Duration;

use zentalk_primitives::Instant;

use super::history::Told;

/// A share of packets lost below which the rate may rise, and one above which it must fall
/// (draft-ietf-rmcat-gcc-02 §6).
const LOW: f64 = 0.02;
const HIGH: f64 = 0.10;

/// What the limit grows by with each interval of low loss (§6).
const GROWTH: f64 = 1.05;

/// The least packets and time of an interval.
const MIN_PACKETS: u32 = 20;
const MIN_INTERVAL: Duration = Duration::from_millis(200);

/// Falling once must show before it falls again: this and a round trip.
const MIN_BETWEEN_DECREASES: Duration = Duration::from_millis(300);

/// Bounds the rate by the packets that are lost, whatever the delays say.
#[derive(Debug, Default)]
pub(super) struct LossLimit {
    told: u32,
    lost: u32,
    since: Option<Instant>,
    fraction: f64,
    limit: Option<f64>,
    decreased_at: Option<Instant>,
}

impl LossLimit {
    /// The share lost of late, 0 to 1.
    pub(super) fn fraction(&self) -> f64 {
        self.fraction
    }

    /// The rate that loss allows, if it bounds it.
    pub(super) fn limit(&self) -> Option<f64> {
        self.limit
    }

    /// Feedback told of a packet.
    pub(super) fn packet(&mut self, told: &Told) {
        match told.arrived {
            Some(_) if told.was_lost => self.lost = self.lost.saturating_sub(1),
            Some(_) => self.told += 1,
            None => {
                self.told += 1;
                self.lost += 1;
            }
        }
    }

    /// Judges the interval, if it is long enough. `rate` is what the delays allow, `sending` the estimate.
    pub(super) fn update(&mut self, now: Instant, rate: f64, sending: f64, round_trip: Duration) {
        let since = *self.since.get_or_insert(now);
        if self.told < MIN_PACKETS || now.saturating_since(since) < MIN_INTERVAL {
            return;
        }
        // Half of the interval before: a few packets are a coarse measure.
        let share = f64::from(self.lost) / f64::from(self.told);
        self.fraction = (self.fraction + share) / 2.0;
        (self.told, self.lost, self.since) = (0, 0, Some(now));
        if self.fraction > HIGH {
            self.decrease(now, sending, round_trip);
        } else if self.fraction < LOW {
            self.limit = self.limit.map(|limit| limit * GROWTH).filter(|limit| *limit < rate);
        }
    }

    fn decrease(&mut self, now: Instant, sending: f64, round_trip: Duration) {
        let pause = MIN_BETWEEN_DECREASES + round_trip;
        if self.decreased_at.is_some_and(|at| now.saturating_since(at) < pause) {
            return;
        }
        self.decreased_at = Some(now);
        self.limit = Some(sending * (1.0 - self.fraction / 2.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 1_000_000.0;

    /// One interval of 100 packets; the limit after it.
    fn interval(limit: &mut LossLimit, now: &mut Instant, lost: u64) -> Option<f64> {
        for sequence in 0..100 {
            let arrived = (sequence >= lost).then_some(0);
            let sent = Instant::ZERO;
            limit.packet(&Told { sequence, sent, bytes: 1_000, arrived, was_lost: false });
        }
        *now += Duration::from_millis(500);
        let sending = limit.limit().unwrap_or(RATE);
        limit.update(*now, RATE, sending, Duration::from_millis(50));
        limit.limit()
    }

    /// draft-ietf-rmcat-gcc-02 §6: under 2 % rise, over 10 % fall by half the share, between them hold.
    #[test]
    fn the_limit_falls_holds_and_rises_by_the_share_lost() {
        let (mut limit, mut now) = (LossLimit::default(), Instant::ZERO);
        limit.update(now, RATE, RATE, Duration::ZERO);
        assert_eq!(interval(&mut limit, &mut now, 0), None);
        assert_eq!(interval(&mut limit, &mut now, 8), None);
        assert!(interval(&mut limit, &mut now, 40).is_some_and(|rate| rate < 0.9 * RATE + 1.0));
        let fallen = limit.limit();
        while limit.fraction() >= LOW {
            interval(&mut limit, &mut now, 3);
            interval(&mut limit, &mut now, 0);
        }
        assert!(limit.limit() <= fallen.map(|rate| rate * GROWTH));
        for _ in 0..40 {
            interval(&mut limit, &mut now, 0);
        }
        assert_eq!(limit.limit(), None, "the bound is gone once it is above the rate");
    }

    #[test]
    fn a_packet_that_came_late_is_no_loss() {
        let mut limit = LossLimit::default();
        let told = |arrived, was_lost| Told {
            sequence: 1,
            sent: Instant::ZERO,
            bytes: 1,
            arrived,
            was_lost,
        };
        limit.packet(&told(None, false));
        limit.packet(&told(Some(5), true));
        assert_eq!((limit.told, limit.lost), (1, 0));
    }
}
