use std::time::Duration;

/// Pauses between attempts to connect: they double, and half of each is chance, so that the clients of a
/// relay that comes back do not all come at once.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    attempts: u32,
    /// The next attempt waits for nothing.
    at_once: bool,
}

impl Backoff {
    /// The next pause, at most `longest`; `chance` is any random number.
    pub(super) fn pause(&mut self, chance: u32, longest: Duration) -> Duration {
        if std::mem::take(&mut self.at_once) {
            return Duration::ZERO;
        }
        let doubled = FIRST.saturating_mul(1 << self.attempts.min(MAX_DOUBLINGS));
        self.attempts = self.attempts.saturating_add(1);
        let half = doubled.min(longest) / 2;
        half + half.mul_f64(f64::from(chance) / f64::from(u32::MAX))
    }

    /// A connection was good.
    pub(super) fn reset(&mut self) {
        self.attempts = 0;
    }

    /// There is a reason to believe that the next attempt is a good one.
    pub(super) fn at_once(&mut self) {
        *self = Self { attempts: 0, at_once: true };
    }
}

const FIRST: Duration = Duration::from_millis(500);
const MAX_DOUBLINGS: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Duration = Duration::from_secs(30);

    #[test]
    fn pauses_double_up_to_the_longest_and_start_over() {
        let mut backoff = Backoff::default();
        let whole: Vec<_> = (0..20).map(|_| backoff.pause(u32::MAX, LONGEST)).collect();
        assert_eq!(whole[..3], [FIRST, FIRST * 2, FIRST * 4]);
        assert!(whole[10..].iter().all(|pause| *pause == LONGEST));
        assert_eq!(backoff.pause(0, LONGEST), LONGEST / 2);
        backoff.reset();
        assert_eq!(backoff.pause(0, LONGEST), FIRST / 2);
    }

    #[test]
    fn hurried_pauses_stay_short() {
        let mut backoff = Backoff::default();
        assert!((0..20).all(|_| backoff.pause(u32::MAX, FIRST) == FIRST));
    }

    #[test]
    fn attempt_at_once_is_followed_by_pauses_from_the_first() {
        let mut backoff = Backoff::default();
        let _: Vec<_> = (0..20).map(|_| backoff.pause(0, LONGEST)).collect();
        backoff.at_once();
        assert_eq!(backoff.pause(u32::MAX, LONGEST), Duration::ZERO);
        assert_eq!(backoff.pause(u32::MAX, LONGEST), FIRST);
    }
}
