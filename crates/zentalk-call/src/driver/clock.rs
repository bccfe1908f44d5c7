use std::time::{Duration, Instant as StdInstant, SystemTime, UNIX_EPOCH};

use zentalk_primitives::{Instant, UnixTime};

/// How long to wait for what comes first where nothing is due: longer than any call.
pub(crate) const FOREVER: Duration = Duration::from_secs(86_400);

/// The clock that the engine is told the time from: monotonic, started with the driver.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(StdInstant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(StdInstant::now())
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::ZERO + self.0.elapsed()
    }

    /// How long until `at`; zero if it has come.
    pub(crate) fn until(&self, at: Instant) -> Duration {
        at.saturating_since(self.now())
    }
}

/// The wall clock. One that stands before 1970 counts as 1970.
pub(crate) fn unix_time() -> UnixTime {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixTime::from_millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}
