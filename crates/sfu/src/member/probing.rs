use core::time::Duration;

use zentalk_primitives::Instant;
use zentalk_rtp_session::bandwidth::{BandwidthEstimator, Usage};

/// When to find out, with padding, whether a path carries the next better layer.
///
/// What is sent says nothing about what could be: a receiver that gets small layers would get them for ever. So a short burst at the rate that
/// is wanted shows whether it arrives. What fails is tried again later and later.
#[derive(Debug)]
pub(crate) struct Probing {
    /// When the next one may begin.
    next: Instant,
    wait: Duration,
    running: Option<Running>,
    /// Since when the queue on the path has been told to fill.
    filling_since: Option<Instant>,
}

#[derive(Debug)]
struct Running {
    /// Bytes that have yet to leave, and how many of them at a time.
    left: usize,
    slice: usize,
    due: Instant,
}

impl Probing {
    pub(crate) fn new(now: Instant) -> Self {
        Self { next: now, wait: FIRST_WAIT, running: None, filling_since: None }
    }

    /// When the next slice of padding is due, while a probe runs.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.running.as_ref().map(|running| running.due)
    }

    /// Begins a probe, if `wanted` bits per second would be of use and are more than is known to arrive.
    pub(crate) fn consider(
        &mut self,
        now: Instant,
        wanted: Option<u64>,
        bandwidth: &mut BandwidthEstimator,
    ) {
        let Some(wanted) = wanted else {
            self.wait = FIRST_WAIT;
            return;
        };
        let state = bandwidth.state();
        let is_of_use = wanted > state.estimate && !self.is_filling(now, state.usage);
        // Whoever has never told which packets came does not do so for a probe either.
        let is_told = state.round_trip.is_some();
        if self.running.is_some() || self.next > now || !is_of_use || !is_told {
            return;
        }
        let probe = bandwidth.start_probe(wanted.saturating_mul(9) / 8);
        let left = probe.bytes.min(MAX_BYTES);
        self.running = Some(Running { left, slice: left.div_ceil(SLICES), due: now });
        self.next = now + self.wait;
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
    }

    /// Whether the queue on the path fills. Where nothing is sent any more nothing is told any more either, so that does not hold for long.
    fn is_filling(&mut self, now: Instant, usage: Usage) -> bool {
        if usage != Usage::Over {
            self.filling_since = None;
            return false;
        }
        let since = *self.filling_since.get_or_insert(now);
        now.saturating_since(since) < FILLING
    }

    /// How many bytes of padding are to leave now; 0 if none.
    pub(crate) fn take_slice(&mut self, now: Instant) -> usize {
        let Some(running) = self.running.as_mut().filter(|running| running.due <= now) else {
            return 0;
        };
        running.due = now + BETWEEN_SLICES;
        running.slice.min(running.left)
    }

    /// So many bytes of the slice have left. True once that was all of it.
    pub(crate) fn sent(&mut self, bytes: usize) -> bool {
        let Some(running) = &mut self.running else { return false };
        running.left = running.left.saturating_sub(bytes);
        let is_over = running.left == 0 || bytes == 0;
        if is_over {
            self.running = None;
        }
        is_over
    }
}

/// Between two probes, at first and at most.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// For how long a queue that fills keeps probes back.
const FILLING: Duration = Duration::from_secs(1);

/// Padding leaves in so many slices, so far apart.
const SLICES: usize = 5;
const BETWEEN_SLICES: Duration = Duration::from_millis(4);

/// No probe is larger, in bytes: 20 ms of 6 Mbit/s.
const MAX_BYTES: usize = 15_000;

#[cfg(test)]
mod tests {
    use zentalk_rtp_session::bandwidth::{BandwidthConfig, FeedbackGenerator};
    use zentalk_srtp_media::rtcp::{Compound, CompoundWriter, Packet};

    use super::*;

    /// An estimator that has heard from its receiver.
    fn told(now: Instant) -> BandwidthEstimator {
        let mut bandwidth = BandwidthEstimator::new(BandwidthConfig::default());
        let mut feedback = FeedbackGenerator::new();
        feedback.received(now, bandwidth.packet_sent(now, 100), 100);
        let mut compound = Vec::new();
        feedback.write(now, 1, 1, &mut CompoundWriter::new(&mut compound));
        for packet in Compound::parse(&compound).unwrap().packets() {
            let Packet::TransportFeedback(packet) = packet else { panic!() };
            bandwidth.handle_feedback(now, &packet.transport_cc().unwrap().unwrap());
        }
        bandwidth
    }

    /// When probes begin in five minutes in which `wanted` is wanted and no probe shows it.
    fn begins(wanted: Option<u64>, bandwidth: &mut BandwidthEstimator) -> Vec<u64> {
        let mut probing = Probing::new(Instant::ZERO);
        let mut times = Vec::new();
        for ms in (0..300_000).step_by(20) {
            let now = Instant::from_millis(ms);
            probing.consider(now, wanted, bandwidth);
            let slice = probing.take_slice(now);
            if probing.sent(slice) {
                bandwidth.end_probe();
            }
            if slice > 0 && times.last().is_none_or(|last| ms > last + 200) {
                times.push(ms);
            }
        }
        times
    }

    #[test]
    fn what_fails_is_tried_later_and_later() {
        let times = begins(Some(2_000_000), &mut told(Instant::ZERO));
        let waits: Vec<_> = times.windows(2).map(|pair| (pair[1] - pair[0]) / 1_000).collect();
        assert_eq!(waits[..7], [1, 2, 4, 8, 16, 30, 30]);
    }

    #[test]
    fn nothing_is_probed_that_is_not_wanted_or_not_told() {
        assert_eq!(begins(None, &mut told(Instant::ZERO)), []);
        assert_eq!(begins(Some(1), &mut told(Instant::ZERO)), []);
        let mut silent = BandwidthEstimator::new(BandwidthConfig::default());
        assert_eq!(begins(Some(2_000_000), &mut silent), []);
    }
}
