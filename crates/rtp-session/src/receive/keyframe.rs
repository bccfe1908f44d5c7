use core::time::Duration;

use zentalk_primitives::Instant;

use crate::limits::MIN_KEYFRAME_REQUEST_INTERVAL;

/// Whether a keyframe is wanted, and when to ask for it again.
#[derive(Debug, Default)]
pub(crate) struct WantedKeyframe {
    wanted: bool,
    asked_at: Option<Instant>,
}

impl WantedKeyframe {
    /// The decoder needs one.
    pub(crate) fn want(&mut self) {
        self.wanted = true;
    }

    /// It came.
    pub(crate) fn received(&mut self) {
        self.wanted = false;
    }

    /// When to ask, if one is wanted: once per round trip, but not too often.
    pub(crate) fn next_due(&self, round_trip: Duration) -> Option<Instant> {
        let interval = round_trip.max(MIN_KEYFRAME_REQUEST_INTERVAL);
        self.wanted.then(|| self.asked_at.map_or(Instant::ZERO, |at| at + interval))
    }

    /// Whether to ask now; it then counts as asked.
    pub(crate) fn take_due(&mut self, now: Instant, round_trip: Duration) -> bool {
        let due = self.next_due(round_trip).is_some_and(|due| due <= now);
        if due {
            self.asked_at = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_once_per_interval_until_the_keyframe_is_there() {
        let mut wanted = WantedKeyframe::default();
        let round_trip = Duration::from_millis(400);
        let mut asked = vec![];
        for ms in 0..2_000 {
            if ms == 5 {
                wanted.want();
            }
            if ms == 1_000 {
                wanted.received();
            }
            if ms == 1_100 {
                wanted.want();
            }
            if wanted.take_due(Instant::from_millis(ms), round_trip) {
                asked.push(ms);
            }
        }
        assert_eq!(asked, [5, 405, 805, 1_205, 1_605]);
    }
}
