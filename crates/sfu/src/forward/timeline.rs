use zentalk_primitives::Instant;

/// The timestamps that a receiver sees: they never go back, whatever clocks the sources have.
#[derive(Debug)]
pub(super) struct Timeline {
    clock_rate: u32,
    /// The newest timestamp that went out and when, or where the first will begin.
    newest: u32,
    at: Option<Instant>,
}

impl Timeline {
    pub(super) fn new(clock_rate: u32, first: u32) -> Self {
        Self { clock_rate, newest: first, at: None }
    }

    /// The newest timestamp that went out.
    pub(super) fn newest(&self) -> u32 {
        self.newest
    }

    /// A packet with this timestamp goes out.
    pub(super) fn passed(&mut self, now: Instant, timestamp: u32) {
        if is_after(timestamp, self.newest) || self.at.is_none() {
            (self.newest, self.at) = (timestamp, Some(now));
        }
    }

    /// The timestamp with which another source takes over: `aligned`, what the clocks of both say, if that is within a second
    /// of the time that has passed, else the time that has passed. In any case later than everything before.
    pub(super) fn next(&self, now: Instant, aligned: Option<u32>) -> u32 {
        let Some(at) = self.at else { return self.newest };
        let elapsed =
            now.saturating_since(at).as_micros() * u128::from(self.clock_rate) / 1_000_000;
        let by_arrival = self.newest.wrapping_add(elapsed as u32);
        let believed = aligned
            .filter(|aligned| by_arrival.wrapping_sub(*aligned) as i32 <= self.clock_rate as i32);
        let believed = believed
            .filter(|aligned| aligned.wrapping_sub(by_arrival) as i32 <= self.clock_rate as i32);
        let timestamp = believed.unwrap_or(by_arrival);
        if is_after(timestamp, self.newest) { timestamp } else { self.newest.wrapping_add(1) }
    }
}

/// Whether `timestamp` lies after `other`, modulo 2³².
fn is_after(timestamp: u32, other: u32) -> bool {
    (timestamp.wrapping_sub(other) as i32) > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    fn timeline() -> Timeline {
        let mut timeline = Timeline::new(90_000, 7);
        timeline.passed(at(1_000), u32::MAX - 100);
        timeline
    }

    #[test]
    fn the_first_source_begins_where_it_was_told() {
        assert_eq!(Timeline::new(90_000, 7).next(at(5), Some(99)), 7);
    }

    #[test]
    fn clocks_are_believed_within_a_second() {
        let (timeline, newest) = (timeline(), u32::MAX - 100);
        let next =
            |aligned: i64| timeline.next(at(1_100), Some(newest.wrapping_add(aligned as u32)));
        assert_eq!(next(9_100), newest.wrapping_add(9_100));
        assert_eq!(next(95_000), newest.wrapping_add(95_000));
        // 100 ms have passed, so 9,000 units.
        assert_eq!(next(99_001), newest.wrapping_add(9_000));
        assert_eq!(next(-81_001), newest.wrapping_add(9_000));
        assert_eq!(timeline.next(at(1_100), None), newest.wrapping_add(9_000));
    }

    #[test]
    fn time_never_goes_back() {
        let (mut timeline, newest) = (timeline(), u32::MAX - 100);
        let after = newest.wrapping_add(1);
        assert_eq!(timeline.next(at(1_100), Some(newest)), after);
        assert_eq!(timeline.next(at(1_100), Some(newest.wrapping_sub(50_000))), after);
        assert_eq!(timeline.next(at(1_000), None), after);
        timeline.passed(at(2_000), newest.wrapping_sub(1));
        assert_eq!(timeline.next(at(1_000), None), after);
    }
}
