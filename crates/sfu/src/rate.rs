use zentalk_primitives::Instant;

/// A token bucket: so much per second on average, and a burst of what one second brings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenBucket {
    per_second: u64,
    /// In millionths, so that every microsecond brings a whole number.
    tokens: u64,
    filled_at: Instant,
}

impl TokenBucket {
    /// A full one.
    pub(crate) fn new(now: Instant, per_second: u64) -> Self {
        let per_second = per_second.min(u64::MAX / MICROS);
        Self { per_second, tokens: per_second * MICROS, filled_at: now }
    }

    /// Takes `amount` out; false if there is less, and then nothing is taken.
    pub(crate) fn take(&mut self, now: Instant, amount: u64) -> bool {
        let passed = now.as_micros().saturating_sub(self.filled_at.as_micros()).min(MICROS);
        let brought = passed.saturating_mul(self.per_second);
        self.filled_at = self.filled_at.max(now);
        self.tokens = self.tokens.saturating_add(brought).min(self.per_second * MICROS);
        match self.tokens.checked_sub(amount.saturating_mul(MICROS)) {
            Some(rest) => {
                self.tokens = rest;
                true
            }
            None => false,
        }
    }
}

const MICROS: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_brings_the_rate_and_no_more_is_saved_up() {
        let mut bucket = TokenBucket::new(Instant::ZERO, 100);
        assert!(bucket.take(Instant::ZERO, 100));
        assert!(!bucket.take(Instant::ZERO, 1));
        assert!(bucket.take(Instant::from_millis(10), 1));
        assert!(!bucket.take(Instant::from_millis(10), 1));
        let later = Instant::from_millis(60_000);
        assert!(!bucket.take(later, 101));
        assert!(bucket.take(later, 100));
    }

    #[test]
    fn time_that_runs_back_brings_nothing() {
        let mut bucket = TokenBucket::new(Instant::from_millis(1_000), 10);
        assert!(bucket.take(Instant::from_millis(1_000), 10));
        assert!(!bucket.take(Instant::ZERO, 1));
        assert!(!bucket.take(Instant::from_millis(1_000), 1));
    }
}
