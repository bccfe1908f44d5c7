use core::time::Duration;

/// How long a call rings, on either side. The callee's ring counts from when the caller's began:
/// the time that the offer spent queued is taken off.
pub const RING_TIMEOUT: Duration = Duration::from_secs(60);

/// An offer that was queued for longer than this never rings.
pub const OFFER_MAX_AGE: Duration = Duration::from_secs(60);

/// How long a lost connection is tried to be restored, from the detection of the loss.
pub const RECONNECT_TIMEOUT: Duration = Duration::from_secs(30);
