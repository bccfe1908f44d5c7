use core::time::Duration;

use zentalk_primitives::Instant;

use crate::clock::{from_rtp_units, to_rtp_units};

/// What a receiver report says about a source: loss and jitter (RFC 3550 appendices A.3 and A.8).
#[derive(Debug)]
pub struct Reception {
    clock_rate: u32,
    /// Packets expected before numbering last restarted.
    expected_before: u64,
    /// The first number since.
    base: u64,
    highest: u64,
    received: u64,
    expected_at_report: u64,
    received_at_report: u64,
    fraction_lost: u8,
    last_transit: Option<u32>,
    /// Sixteen times the jitter, in clock units.
    scaled_jitter: u32,
}

impl Reception {
    /// A source whose clock counts `clock_rate` Hz and whose first packet has the number `first`.
    pub fn new(clock_rate: u32, first: u64) -> Self {
        Self {
            clock_rate,
            expected_before: 0,
            base: first,
            highest: first,
            received: 0,
            expected_at_report: 0,
            received_at_report: 0,
            fraction_lost: 0,
            last_transit: None,
            scaled_jitter: 0,
        }
    }

    /// A packet came on the stream's own source; late and duplicate ones count (appendix A.3).
    pub fn received(&mut self, now: Instant, timestamp: u32, highest: u64) {
        self.received += 1;
        self.highest = highest;
        let arrival = to_rtp_units(now.saturating_since(Instant::ZERO), self.clock_rate);
        let transit = arrival.wrapping_sub(timestamp);
        if let Some(last) = self.last_transit.replace(transit) {
            // Appendix A.8, in integers: J += (|D| - J) / 16.
            let difference = (transit.wrapping_sub(last) as i32).unsigned_abs();
            let decay = (self.scaled_jitter.saturating_add(8)) >> 4;
            self.scaled_jitter =
                self.scaled_jitter.saturating_add(difference).saturating_sub(decay);
        }
    }

    /// A retransmission was ahead of everything that came before it.
    pub fn advanced(&mut self, highest: u64) {
        self.highest = highest;
    }

    /// Numbering goes on from `first`; what was lost before stays counted.
    pub fn restarted(&mut self, first: u64) {
        self.expected_before = self.expected();
        self.base = first;
        self.highest = first;
        self.last_transit = None;
    }

    /// Ends a report interval: the share of packets lost in it, in 1/256 (appendix A.3).
    pub fn close_interval(&mut self) -> u8 {
        let expected = self.expected() - self.expected_at_report;
        let received = self.received - self.received_at_report;
        self.expected_at_report = self.expected();
        self.received_at_report = self.received;
        let lost = expected.saturating_sub(received);
        self.fraction_lost = (lost * 256).checked_div(expected).unwrap_or(0).min(255) as u8;
        self.fraction_lost
    }

    /// The share of packets lost in the last closed interval, 0 to 1.
    pub fn fraction_lost(&self) -> f32 {
        f32::from(self.fraction_lost) / 256.0
    }

    /// Packets expected less packets received.
    pub fn lost(&self) -> i64 {
        self.expected() as i64 - self.received as i64
    }

    /// Jitter in clock units.
    pub fn jitter_units(&self) -> u32 {
        self.scaled_jitter >> 4
    }

    /// Jitter as a time.
    pub fn jitter(&self) -> Duration {
        from_rtp_units(self.jitter_units(), self.clock_rate)
    }

    fn expected(&self) -> u64 {
        self.expected_before + (self.highest - self.base) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: u64 = 65_536;

    // RFC 3550 appendix A.3
    #[test]
    fn loss_is_expected_less_received() {
        let mut reception = Reception::new(90_000, BASE);
        for sequence in (BASE..BASE + 100).filter(|sequence| sequence % 4 != 1) {
            reception.received(Instant::ZERO, 0, sequence);
        }
        assert_eq!(reception.lost(), 25);
        assert_eq!(reception.close_interval(), 64);
        assert_eq!(reception.close_interval(), 0);
        // Duplicates outnumber losses: cumulative loss sinks, the interval's share is 0.
        for _ in 0..30 {
            reception.received(Instant::ZERO, 0, BASE + 100);
        }
        assert_eq!(reception.lost(), -4);
        assert_eq!(reception.close_interval(), 0);
    }

    // RFC 3550 appendix A.8: packets every 20 ms, each second one 5 ms late: |D| is 240 units at 48 kHz.
    #[test]
    fn jitter_converges_to_the_mean_difference() {
        let mut reception = Reception::new(48_000, BASE);
        for i in 0..400u32 {
            let late = if i % 2 == 1 { 5 } else { 0 };
            let now = Instant::from_millis(u64::from(i) * 20 + late);
            reception.received(now, (i * 960).wrapping_sub(1_000), BASE + u64::from(i));
        }
        assert!((235..=240).contains(&reception.jitter_units()), "{}", reception.jitter_units());
        assert_eq!(reception.jitter().as_millis(), 4);
    }

    #[test]
    fn the_first_two_packets_of_the_appendix_formula() {
        let mut reception = Reception::new(90_000, BASE);
        reception.received(Instant::from_millis(0), 0, BASE);
        reception.received(Instant::from_millis(10), 0, BASE + 1);
        // D = 900, J = 900 / 16 = 56.25
        assert_eq!(reception.jitter_units(), 56);
    }

    #[test]
    fn a_restart_keeps_what_was_lost() {
        let mut reception = Reception::new(90_000, BASE);
        reception.received(Instant::ZERO, 0, BASE);
        reception.received(Instant::ZERO, 0, BASE + 9);
        reception.restarted(BASE + 30_000);
        reception.received(Instant::ZERO, 0, BASE + 30_000);
        assert_eq!(reception.lost(), 8);
    }
}
