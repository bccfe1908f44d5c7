use std::time::Duration;

/// Pauses between attempts to connect: they double, and half of each is chance, so that the clients of a
/// relay that comes back do not all come at once.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// The next pause; `chance` is any random number.
    pub(super) fn pause(&mut self, chance: u32) -> Duration {
        let doubled = FIRST.saturating_mul(1 << self.attempts.min(MAX_DOUBLINGS));
        self.attempts = self.attempts.saturating_add(1);
        let half = doubled.min(LONGEST) / 2;
        half + half.mul_f64(f64::from(chance) / f64::from(u32::MAX))
    }

    /// A connection was good.
    pub(super) fn reset(&mut self) {
        self.attempts = 0;
    }
}

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);
const MAX_DOUBLINGS: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_start_over() {
        let mut backoff = Backoff::default();
        let whole: Vec<_> = (0..20).map(|_| backoff.pause(u32::MAX)).collect();
        assert_eq!(whole[..3], [FIRST, FIRST * 2, FIRST * 4]);
        assert!(whole[10..].iter().all(|pause| *pause == LONGEST));
        assert_eq!(backoff.pause(0), LONGEST / 2);
        backoff.reset();
        assert_eq!(backoff.pause(0), FIRST / 2);
    }
}
