use std::time::{Instant as StdInstant, SystemTime};

use zentalk_primitives::{Instant, UnixTime};

/// The relay's clocks. The wall clock is read once and goes on with the monotonic one, so that setting
/// the system's clock makes no blob older or younger while the relay runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: StdInstant,
    unix_origin: UnixTime,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { origin: StdInstant::now(), unix_origin: Self::system_time() }
    }

    /// The system's clock as it is now, for what other machines judge by theirs.
    pub(crate) fn system_time() -> UnixTime {
        let since_epoch =
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        UnixTime::from_millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::ZERO + self.origin.elapsed()
    }

    pub(crate) fn unix_now(&self) -> UnixTime {
        self.unix_origin + self.origin.elapsed()
    }
}
