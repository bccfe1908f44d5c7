//! What a link does to the frames that cross it: delay, jitter, loss, duplication, reordering, a rate.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// One direction of a link.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Impairment {
    pub(crate) delay: Duration,
    /// Added or taken away at random, evenly, up to so much.
    pub(crate) jitter: Duration,
    /// The share of frames that are lost, 0.0 to 1.0.
    pub(crate) loss: f64,
    /// How many frames are lost in a row, on average; up to 1.0, each is lost or not whatever became of others.
    pub(crate) burst: f64,
    /// The share of frames that come twice.
    pub(crate) duplicate: f64,
    /// The share of frames that come at once, before those that are under way.
    pub(crate) reorder: f64,
    /// Bits a second; none for no limit.
    pub(crate) rate: Option<u64>,
}

/// What waits for its turn longer than this before a link with a rate is dropped.
const QUEUE: Duration = Duration::from_millis(200);

/// The frames on one direction of a link. Time and chance come from outside.
pub(crate) struct Way {
    impairment: Impairment,
    rng: ChaCha8Rng,
    under_way: BinaryHeap<Reverse<Frame>>,
    /// In the order of their coming, so that equals keep it.
    count: u64,
    /// Until then the link sends what it has.
    busy: Option<Instant>,
    /// Nobody overtakes this one without being asked to.
    last: Option<Instant>,
    in_burst: bool,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Frame {
    due: Instant,
    number: u64,
    bytes: Vec<u8>,
}

impl Way {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            impairment: Impairment::default(),
            rng: ChaCha8Rng::seed_from_u64(seed),
            under_way: BinaryHeap::new(),
            count: 0,
            busy: None,
            last: None,
            in_burst: false,
        }
    }

    pub(crate) fn impair(&mut self, impairment: Impairment) {
        self.impairment = impairment;
    }

    /// Takes a frame that enters the link now.
    pub(crate) fn enter(&mut self, now: Instant, bytes: &[u8]) {
        if self.is_lost() {
            return;
        }
        let Some(sent) = self.transmit(now, bytes.len()) else { return };
        self.put(sent, bytes);
        if self.happens(self.impairment.duplicate) {
            self.put(sent, bytes);
        }
    }

    /// The next frame that has arrived.
    pub(crate) fn leave(&mut self, now: Instant) -> Option<Vec<u8>> {
        let Reverse(next) = self.under_way.peek()?;
        (next.due <= now).then(|| self.under_way.pop().map(|Reverse(frame)| frame.bytes))?
    }

    /// When the next frame arrives.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.under_way.peek().map(|Reverse(frame)| frame.due)
    }

    /// Losses in runs: the model of Gilbert, with a state in which everything is lost.
    fn is_lost(&mut self) -> bool {
        let Impairment { loss, burst, .. } = self.impairment;
        self.in_burst = if burst <= 1.0 {
            self.happens(loss)
        } else if self.in_burst {
            !self.happens(1.0 / burst)
        } else {
            // So often that the share of lost frames is `loss`.
            self.happens(loss / (burst * (1.0 - loss).max(f64::EPSILON)))
        };
        self.in_burst
    }

    /// When the last bit has been sent; nothing if the queue is full.
    fn transmit(&mut self, now: Instant, bytes: usize) -> Option<Instant> {
        let Some(rate) = self.impairment.rate else { return Some(now) };
        let start = self.busy.map_or(now, |busy| busy.max(now));
        if start - now > QUEUE {
            return None;
        }
        let sent = start + Duration::from_secs_f64(bytes as f64 * 8.0 / rate.max(1) as f64);
        self.busy = Some(sent);
        Some(sent)
    }

    fn put(&mut self, sent: Instant, bytes: &[u8]) {
        let mut due = sent + self.delay();
        if self.happens(self.impairment.reorder) {
            due = sent;
        } else {
            due = self.last.map_or(due, |last| last.max(due));
            self.last = Some(due);
        }
        self.count += 1;
        self.under_way.push(Reverse(Frame { due, number: self.count, bytes: bytes.to_vec() }));
    }

    fn delay(&mut self) -> Duration {
        let Impairment { delay, jitter, .. } = self.impairment;
        (delay + jitter.mul_f64(2.0 * self.chance())).saturating_sub(jitter)
    }

    fn happens(&mut self, share: f64) -> bool {
        share > 0.0 && self.chance() < share
    }

    /// From 0.0 up to, but without, 1.0.
    fn chance(&mut self) -> f64 {
        (self.rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// When each of `frames` frames, one every 10 ms, arrived, with its number.
    fn cross(impairment: Impairment, frames: u32) -> Vec<(Duration, u32)> {
        let start = Instant::now();
        let mut way = Way::new(7);
        way.impair(impairment);
        let mut arrived = Vec::new();
        for tick in 0..frames * 10 + 10_000 {
            let now = start + tick * MS;
            if tick % 10 == 0 && tick / 10 < frames {
                way.enter(now, &(tick / 10).to_be_bytes());
            }
            while let Some(bytes) = way.leave(now) {
                arrived.push((tick * MS, u32::from_be_bytes(bytes.try_into().unwrap())));
            }
        }
        assert_eq!(way.next(), None);
        arrived
    }

    fn share_lost(loss: f64, burst: f64) -> f64 {
        let arrived = cross(Impairment { loss, burst, ..Impairment::default() }, 20_000);
        1.0 - arrived.len() as f64 / 20_000.0
    }

    #[test]
    fn each_frame_takes_the_delay() {
        let arrived = cross(Impairment { delay: 20 * MS, ..Impairment::default() }, 100);
        assert_eq!(arrived.len(), 100);
        assert!(arrived.iter().all(|(at, number)| *at == (number * 10 + 20) * MS));
    }

    #[test]
    fn jitter_moves_frames_within_its_bounds_and_keeps_their_order() {
        let jitter = 15 * MS;
        let arrived = cross(Impairment { delay: 20 * MS, jitter, ..Impairment::default() }, 500);
        assert!(arrived.is_sorted_by_key(|(_, number)| *number));
        let delays: Vec<_> = arrived.iter().map(|(at, number)| *at - *number * 10 * MS).collect();
        assert!(delays.iter().all(|delay| (5 * MS..=37 * MS).contains(delay)));
        assert!(delays.iter().any(|delay| *delay < 12 * MS));
        assert!(delays.iter().any(|delay| *delay > 28 * MS));
    }

    #[test]
    fn the_share_of_losses_is_what_was_asked_whatever_the_bursts() {
        for (loss, burst) in [(0.02, 0.0), (0.3, 1.0), (0.1, 4.0), (0.3, 8.0)] {
            let lost = share_lost(loss, burst);
            assert!((lost - loss).abs() < 0.15 * loss, "{loss} in bursts of {burst}: {lost}");
        }
        assert_eq!(share_lost(0.0, 4.0), 0.0);
    }

    #[test]
    fn losses_come_in_runs_of_the_length_asked_for() {
        let arrived = cross(Impairment { loss: 0.1, burst: 5.0, ..Impairment::default() }, 20_000);
        let runs: Vec<_> = arrived
            .windows(2)
            .map(|pair| pair[1].1 - pair[0].1 - 1)
            .filter(|lost| *lost > 0)
            .collect();
        let mean = f64::from(runs.iter().sum::<u32>()) / runs.len() as f64;
        assert!((4.0..6.0).contains(&mean), "{mean}");
    }

    #[test]
    fn some_frames_come_twice() {
        let arrived = cross(Impairment { duplicate: 0.1, ..Impairment::default() }, 10_000);
        assert!((10_800..11_200).contains(&arrived.len()), "{}", arrived.len());
    }

    #[test]
    fn some_frames_overtake_others() {
        let impairment = Impairment { delay: 50 * MS, reorder: 0.1, ..Impairment::default() };
        let arrived = cross(impairment, 1_000);
        assert!(!arrived.is_sorted_by_key(|(_, number)| *number));
        assert_eq!(arrived.len(), 1_000);
    }

    #[test]
    fn a_rate_delays_and_its_full_queue_drops() {
        let start = Instant::now();
        let mut way = Way::new(1);
        way.impair(Impairment { rate: Some(1_000_000), ..Impairment::default() });
        // 12,000 bits each: 12 ms. What would begin after 200 ms is dropped: 17 begin before that.
        for _ in 0..100 {
            way.enter(start, &[0; 1_500]);
        }
        assert_eq!(way.next(), Some(start + 12 * MS));
        let arrived = std::iter::from_fn(|| way.leave(start + 1_000 * MS)).count();
        assert_eq!(arrived, 17);
    }
}
