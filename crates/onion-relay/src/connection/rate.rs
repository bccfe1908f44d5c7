use core::time::Duration;

use zentalk_primitives::Instant;

/// An allowance that refills with time: `burst` at once, then one per `interval`.
#[derive(Debug)]
pub(crate) struct TokenBucket {
    tokens: u32,
    burst: u32,
    interval: Duration,
    /// Tokens are accounted for up to here.
    filled_at: Instant,
}

impl TokenBucket {
    pub(crate) fn new(now: Instant, burst: u32, interval: Duration) -> Self {
        Self { tokens: burst, burst, interval, filled_at: now }
    }

    /// Takes one token, if there is one.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        self.refill(now);
        match self.tokens.checked_sub(1) {
            Some(left) => {
                self.tokens = left;
                true
            }
            None => false,
        }
    }

    fn refill(&mut self, now: Instant) {
        let waited = (now - self.filled_at).as_micros();
        let earned = waited.checked_div(self.interval.as_micros()).unwrap_or(waited);
        match u32::try_from(earned) {
            Ok(earned) if earned < self.burst - self.tokens => {
                self.tokens += earned;
                // The rest of the time counts towards the next token.
                self.filled_at += self.interval * earned;
            }
            _ => {
                self.tokens = self.burst;
                self.filled_at = now;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn burst_first_then_one_per_interval() {
        let mut bucket = TokenBucket::new(at(0), 3, Duration::from_millis(100));
        assert!((0..3).all(|_| bucket.take(at(0))));
        assert!(!bucket.take(at(99)));
        assert!(bucket.take(at(100)));
        assert!(!bucket.take(at(199)));
        assert!(bucket.take(at(200)));
    }

    #[test]
    fn idle_time_earns_no_more_than_the_burst() {
        let mut bucket = TokenBucket::new(at(0), 3, Duration::from_millis(100));
        assert!((0..3).all(|_| bucket.take(at(1_000_000))));
        assert!(!bucket.take(at(1_000_000)));
    }

    #[test]
    fn clock_that_stands_still_or_goes_back_earns_nothing() {
        let mut bucket = TokenBucket::new(at(500), 1, Duration::from_millis(100));
        assert!(bucket.take(at(500)));
        assert!(!bucket.take(at(500)));
        assert!(!bucket.take(at(0)));
    }
}
