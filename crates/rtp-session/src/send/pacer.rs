use core::time::Duration;
use std::collections::VecDeque;

use zentalk_primitives::Instant;

use crate::limits::{MAX_PACED_PACKETS, MAX_PACING_DELAY};

/// Packets leave this much faster than the estimate, so that the media never wait long.
const SPEED: f64 = 2.5;

/// Time that was not used for sending and may be made up for: drivers wake late.
const MAX_BURST: Duration = Duration::from_millis(5);

/// Spreads the packets of a burst, a keyframe for example, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Pacer {
    held: VecDeque<Held>,
    bytes: usize,
    /// The most bytes that were held since none were: they all have the same time to leave.
    peak: usize,
    /// From when the next packet may leave.
    free_at: Instant,
}

#[derive(Debug)]
struct Held {
    packet: Vec<u8>,
    since: Instant,
}

impl Pacer {
    /// Takes a packet. Those that may leave at once come out of [`next`](Self::next).
    pub(crate) fn push(&mut self, now: Instant, packet: Vec<u8>) {
        self.bytes += packet.len();
        self.peak = self.peak.max(self.bytes);
        self.held.push_back(Held { packet, since: now });
    }

    /// The next packet that may leave at `now`, where the path carries `estimate` bit/s.
    pub(crate) fn next(&mut self, now: Instant, estimate: u64) -> Option<Vec<u8>> {
        let full = self.held.len() > MAX_PACED_PACKETS;
        if !full && self.next_due()? > now {
            return None;
        }
        let rate = self.rate(estimate);
        let packet = self.held.pop_front()?.packet;
        self.bytes -= packet.len();
        if self.held.is_empty() {
            self.peak = 0;
        }
        let spacing = Duration::from_secs_f64(packet.len() as f64 * 8.0 / rate);
        let unused = now.saturating_since(self.free_at);
        self.free_at = if unused > MAX_BURST { now } else { self.free_at } + spacing;
        Some(packet)
    }

    /// When the next packet may leave, if one is held.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.held.front().map(|oldest| self.free_at.min(oldest.since + MAX_PACING_DELAY))
    }

    /// Gives everything up that is held, in order.
    pub(crate) fn flush(&mut self) -> impl Iterator<Item = Vec<u8>> {
        (self.bytes, self.peak) = (0, 0);
        self.held.drain(..).map(|held| held.packet)
    }

    /// bit/s: so much that what is held leaves in time; never 0.
    fn rate(&self, estimate: u64) -> f64 {
        let in_time = self.peak as f64 * 8.0 / MAX_PACING_DELAY.as_secs_f64();
        (estimate as f64 * SPEED).max(in_time).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The times in ms at which a burst leaves, served as soon as due.
    fn leaving(packets: usize, estimate: u64) -> Vec<u64> {
        let mut pacer = Pacer::default();
        let mut now = Instant::from_millis(1_000);
        (0..packets).for_each(|at| pacer.push(now, vec![at as u8; 1_000]));
        let mut times = Vec::new();
        let mut count = 0;
        loop {
            while let Some(packet) = pacer.next(now, estimate) {
                assert_eq!(packet[0], count as u8, "out of order");
                count += 1;
                times.push(now.as_millis() - 1_000);
            }
            let Some(due) = pacer.next_due() else { return times };
            assert!(due > now, "due but not given");
            now = due;
        }
    }

    #[test]
    fn a_burst_is_spread_at_two_and_a_half_times_the_estimate() {
        // 8,000 bits at 2.5 Mbit/s: 3.2 ms.
        assert_eq!(leaving(5, 1_000_000), [0, 3, 6, 9, 12]);
    }

    #[test]
    fn no_packet_waits_longer_than_the_bound() {
        let times = leaving(200, 100_000);
        assert_eq!(times.len(), 200);
        assert!(times.iter().all(|at| *at <= 100), "{times:?}");
        assert!(times.iter().filter(|at| **at < 50).count() <= 110, "not evenly: {times:?}");
        assert!(times.iter().filter(|at| **at >= 99).count() < 10, "not evenly: {times:?}");
    }

    #[test]
    fn what_exceeds_the_bound_on_packets_leaves_at_once() {
        let mut pacer = Pacer::default();
        (0..MAX_PACED_PACKETS + 10).for_each(|_| pacer.push(Instant::ZERO, vec![0; 10]));
        let mut at_once = 0;
        while pacer.next(Instant::ZERO, 1_000).is_some() {
            at_once += 1;
        }
        assert!(at_once >= 10);
        assert_eq!(pacer.flush().count(), MAX_PACED_PACKETS + 10 - at_once);
        assert_eq!(pacer.next_due(), None);
    }
}
