use core::time::Duration;

/// How long a probe lasts, as a rule, in µs, and the least bytes of one.
const PROBE_MICROS: u64 = 20_000;
const MIN_PROBE_BYTES: u64 = 1_536;

/// The least packets that show a rate, and the least share of them in percent that must arrive.
const MIN_PACKETS: u64 = 5;
const MIN_ARRIVED_PERCENT: u64 = 80;

/// Arrivals faster than this much of the sending rate were held up before: they show nothing.
const MAX_SPEED_UP: f64 = 2.0;

/// Below this share of the sending rate the path was full, and this share of what arrived is its limit.
const FULL: f64 = 0.9;
const SAFE: f64 = 0.95;

/// What to send to learn whether the path carries more: padding or repeats beside the media, in at least
/// five packets.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// How many bytes of RTP packets.
    pub bytes: usize,
    /// Within which time, evenly.
    pub duration: Duration,
}

impl Probe {
    /// A probe of so many bit/s.
    pub(super) fn of(bits_per_second: u64) -> Self {
        let rate = bits_per_second.clamp(1, u64::from(u32::MAX));
        let bytes = (rate * PROBE_MICROS / 8_000_000).max(MIN_PROBE_BYTES);
        let duration = Duration::from_micros(bytes * 8_000_000 / rate);
        Self { bytes: bytes as usize, duration }
    }
}

/// The packets of one probe, as they leave and arrive.
#[derive(Debug, Default)]
pub(super) struct ProbeCluster {
    /// bit/s that were to be shown.
    wanted: f64,
    first: u64,
    /// One after the last packet, once it left.
    end: Option<u64>,
    sent: Span,
    arrived: Span,
}

/// Packets in a row: the times of the first and the last in µs, the bytes of all, and of those two.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    ends: Option<(i64, i64)>,
    packets: u64,
    bytes: u64,
    first_bytes: u64,
    last_bytes: u64,
}

impl ProbeCluster {
    /// A probe of so many bit/s that begins with the packet of this number.
    pub(super) fn new(bits_per_second: u64, first: u64) -> Self {
        Self { wanted: bits_per_second as f64, first, ..Self::default() }
    }

    /// A packet leaves.
    pub(super) fn sent(&mut self, micros: u64, bytes: usize) {
        if self.end.is_none() {
            self.sent.add(i64::try_from(micros).unwrap_or(i64::MAX), bytes as u64);
        }
    }

    /// The last packet was the one before this number.
    pub(super) fn close(&mut self, end: u64) {
        self.end.get_or_insert(end);
    }

    /// Feedback told of a packet that arrived.
    pub(super) fn arrived(&mut self, sequence: u64, micros: i64, bytes: u16) {
        if sequence >= self.first && self.end.is_none_or(|end| sequence < end) {
            self.arrived.add(micros, u64::from(bytes));
        }
    }

    /// Whether feedback has told of everything up to this number, the probe's packets included.
    pub(super) fn is_told(&self, newest: u64) -> bool {
        self.end.is_some_and(|end| newest + 1 >= end)
    }

    /// bit/s that the probe showed, if it showed any.
    pub(super) fn result(&self) -> Option<f64> {
        let enough = self.sent.packets.max(MIN_PACKETS) * MIN_ARRIVED_PERCENT;
        if self.arrived.packets * 100 < enough {
            return None;
        }
        // The last packet leaves at the end of the time, the first arrives at its beginning: neither
        // belongs to what crossed in it.
        let sent = self.sent.rate(self.sent.last_bytes)?;
        let arrived = self.arrived.rate(self.arrived.first_bytes)?;
        if arrived > MAX_SPEED_UP * sent {
            return None;
        }
        let shown = if arrived < FULL * sent { SAFE * arrived } else { sent.min(arrived) };
        // Padding that leaves in clumps looks faster than it is.
        Some(shown.min(self.wanted))
    }
}

impl Span {
    fn add(&mut self, at: i64, bytes: u64) {
        if self.ends.is_none_or(|(first, _)| at < first) {
            self.first_bytes = bytes;
        }
        if self.ends.is_none_or(|(_, last)| at >= last) {
            self.last_bytes = bytes;
        }
        let (first, last) = self.ends.unwrap_or((at, at));
        self.ends = Some((first.min(at), last.max(at)));
        self.packets += 1;
        self.bytes += bytes;
    }

    /// bit/s without `apart` bytes.
    fn rate(&self, apart: u64) -> Option<f64> {
        let (first, last) = self.ends?;
        let micros = last.checked_sub(first).filter(|micros| *micros > 0)?;
        Some(self.bytes.saturating_sub(apart) as f64 * 8_000_000.0 / micros as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten packets of 500 bytes, 4 ms apart; arriving so many ms apart.
    fn result(arriving: i64, lost: u64) -> Option<f64> {
        let mut cluster = ProbeCluster::new(1_000_000, 100);
        for at in 0..10 {
            cluster.sent(at * 4_000, 500);
        }
        cluster.close(110);
        for at in lost..10 {
            cluster.arrived(100 + at, at as i64 * arriving * 1_000, 500);
        }
        cluster.arrived(110, 0, 500);
        assert!(cluster.is_told(109) && !cluster.is_told(108));
        cluster.result()
    }

    #[test]
    fn a_probe_shows_its_rate_or_what_the_path_made_of_it() {
        assert_eq!(result(4, 0), Some(1_000_000.0));
        assert_eq!(result(8, 0), Some(0.95 * 500_000.0));
        assert_eq!(result(1, 0), None, "held up and let go");
        assert_eq!(result(4, 3), None, "too much was lost");
        assert!(result(4, 2).is_some());
        assert_eq!(result(0, 0), None);
    }

    #[test]
    fn a_clump_shows_no_more_than_was_wanted() {
        let mut cluster = ProbeCluster::new(800_000, 0);
        for (sequence, at) in [(0, 0), (1, 0), (2, 5_000), (3, 5_000), (4, 10_000), (5, 10_000)] {
            cluster.sent(at, 500);
            cluster.arrived(sequence, at as i64, 500);
        }
        cluster.close(6);
        assert_eq!(cluster.result(), Some(800_000.0));
    }

    #[test]
    fn probes_have_the_rate_that_was_asked_for() {
        for rate in [0, 1, 64_000, 1_000_000, 50_000_000, u64::MAX] {
            let probe = Probe::of(rate);
            assert!(probe.bytes >= 1_536);
            if (64_000..=50_000_000).contains(&rate) {
                let shown = probe.bytes as f64 * 8.0 / probe.duration.as_secs_f64();
                assert!((shown / rate as f64 - 1.0).abs() < 0.01, "{shown} of {rate}");
            }
        }
    }
}
