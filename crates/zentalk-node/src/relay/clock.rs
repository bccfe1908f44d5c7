use std::time::{Instant as StdInstant, SystemTime};

use zentalk_primitives::{Instant, UnixTime};

/// The relay's clocks. The wall clock is read once and goes on with the monotonic one, so that setting
/// the system's clock makes no blob older or younger while the relay runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    origin: StdInstant,
    unix_origin: UnixTime,
}

impl Clock {
    pub(super) fn start() -> Self {
        let since_epoch =
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let millis = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
        Self { origin: StdInstant::now(), unix_origin: UnixTime::from_millis(millis) }
    }

    pub(super) fn now(&self) -> Instant {
        Instant::ZERO + self.origin.elapsed()
    }

    pub(super) fn unix_now(&self) -> UnixTime {
        self.unix_origin + self.origin.elapsed()
    }
}
