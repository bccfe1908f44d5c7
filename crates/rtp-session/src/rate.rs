use zentalk_primitives::Instant;

const SLOTS: u64 = 10;
const SLOT_MICROS: u64 = 100_000;

/// Bytes of the last second, in tenths.
#[derive(Clone, Debug, Default)]
pub struct Rate {
    /// One more than a second, so that the tenth that is being filled is not counted.
    slots: [u64; SLOTS as usize + 1],
    current: u64,
}

impl Rate {
    /// Counts `bytes` at `now`.
    pub fn add(&mut self, now: Instant, bytes: usize) {
        let slot = now.as_micros() / SLOT_MICROS;
        if slot > self.current {
            // After a long pause clearing every slot once is enough.
            for passed in self.current + 1..=slot.min(self.current + SLOTS + 1) {
                self.update(passed, |_| 0);
            }
            self.current = slot;
        }
        self.update(self.current, |sum| sum + bytes as u64);
    }

    /// Bits in the last ten whole tenths of a second.
    pub fn bits_per_second(&self, now: Instant) -> u64 {
        let slot = now.as_micros() / SLOT_MICROS;
        let bytes: u64 = (1..=SLOTS)
            .filter_map(|back| slot.checked_sub(back))
            // Slots that are older than the ring, or not begun, hold something else.
            .filter(|&at| at <= self.current && at + SLOTS >= self.current)
            .filter_map(|at| self.slots.get((at % (SLOTS + 1)) as usize))
            .sum();
        bytes * 8
    }

    fn update(&mut self, at: u64, change: impl FnOnce(u64) -> u64) {
        if let Some(slot) = self.slots.get_mut((at % (SLOTS + 1)) as usize) {
            *slot = change(*slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_shows_its_rate() {
        let mut rate = Rate::default();
        for millis in (5_000..7_000).step_by(20) {
            rate.add(Instant::from_millis(millis), 160);
        }
        assert_eq!(rate.bits_per_second(Instant::from_millis(7_000)), 50 * 160 * 8);
    }

    #[test]
    fn what_is_older_than_a_second_does_not_count() {
        let mut rate = Rate::default();
        rate.add(Instant::from_millis(50), 1_000);
        assert_eq!(rate.bits_per_second(Instant::from_millis(99)), 0);
        assert_eq!(rate.bits_per_second(Instant::from_millis(100)), 8_000);
        assert_eq!(rate.bits_per_second(Instant::from_millis(1_050)), 8_000);
        assert_eq!(rate.bits_per_second(Instant::from_millis(1_100)), 0);
        rate.add(Instant::from_millis(500_050), 10);
        assert_eq!(rate.bits_per_second(Instant::from_millis(500_150)), 80);
    }
}
