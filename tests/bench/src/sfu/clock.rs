use std::time::{Duration, Instant as StdInstant};

use zentalk_primitives::Instant;

/// The time since it was made, and what was skipped of it.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    start: StdInstant,
    skipped: Duration,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { start: StdInstant::now(), skipped: Duration::ZERO }
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_micros((self.start.elapsed() + self.skipped).as_micros() as u64)
    }

    /// Lets time pass that nobody waits for.
    pub(crate) fn skip(&mut self, time: Duration) {
        self.skipped += time;
    }
}
