use core::time::Duration;
use std::time::Instant as StdInstant;

use crate::Instant;

/// Translates [`Instant`] to and from `std::time::Instant`, for layers whose dependency wants the latter.
///
/// It fixes one arbitrary `std` instant and measures from there. Only differences ever reach the
/// dependency, so the same sequence of [`Instant`]s gives the same behaviour on every run.
#[derive(Clone, Copy, Debug)]
pub struct StdClock {
    std_origin: StdInstant,
    origin: Instant,
}

impl StdClock {
    /// A clock on which `now` is the earliest time that can be expressed.
    pub fn new(now: Instant) -> Self {
        // The value is never compared with another clock: see the type's documentation.
        #[allow(clippy::disallowed_methods)]
        let std_origin = StdInstant::now();
        Self { std_origin, origin: now }
    }

    /// `now` on the standard library's clock; times before the origin become the origin.
    pub fn to_std(&self, now: Instant) -> StdInstant {
        self.std_origin + now.saturating_since(self.origin)
    }

    /// `at` on our clock, rounded up to whole microseconds; times before the origin become the origin.
    ///
    /// Rounded up, because a timer that a dependency set must be due when it is told the time again: a
    /// microsecond too early, and it asks to be woken at the same instant for ever.
    pub fn from_std(&self, at: StdInstant) -> Instant {
        let nanos = at.saturating_duration_since(self.std_origin).as_nanos();
        let micros = u64::try_from(nanos.div_ceil(1_000)).unwrap_or(u64::MAX);
        self.origin + Duration::from_micros(micros)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_again() {
        let origin = Instant::from_millis(50);
        let clock = StdClock::new(origin);
        let later = origin + Duration::from_micros(1_234_567);
        assert_eq!(clock.from_std(clock.to_std(later)), later);
        assert_eq!(clock.to_std(Instant::ZERO), clock.to_std(origin));
    }

    #[test]
    fn a_timer_is_due_at_the_time_that_it_is_told() {
        let clock = StdClock::new(Instant::ZERO);
        let timer = clock.to_std(Instant::from_micros(5)) + Duration::from_nanos(1);
        assert!(clock.to_std(clock.from_std(timer)) >= timer);
    }
}
