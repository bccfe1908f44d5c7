use core::time::Duration;

use zentalk_primitives::{Instant, UnixTime};

/// Seconds from the origin of NTP time, 1900, to that of Unix time, 1970 (RFC 868).
const UNIX_EPOCH_IN_NTP_SECS: u64 = 2_208_988_800;

const MICROS_PER_SEC: u64 = 1_000_000;

/// Maps the monotonic clock to NTP time: the wall clock is read once, when the session begins, and
/// runs on with the monotonic clock, so that reports never jump.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WallClock {
    origin: Instant,
    at_origin: UnixTime,
}

impl WallClock {
    pub(crate) fn new(now: Instant, wall_clock: UnixTime) -> Self {
        Self { origin: now, at_origin: wall_clock }
    }

    /// NTP time in 32.32 fixed point (RFC 3550 §4); like NTP itself it wraps in 2036.
    pub(crate) fn ntp(&self, now: Instant) -> u64 {
        let elapsed = now.saturating_since(self.origin).as_micros() as u64;
        let micros = self.at_origin.as_millis().saturating_mul(1_000).saturating_add(elapsed);
        let secs = micros / MICROS_PER_SEC + UNIX_EPOCH_IN_NTP_SECS;
        let fraction = ((micros % MICROS_PER_SEC) << 32) / MICROS_PER_SEC;
        secs << 32 | fraction
    }
}

/// The middle 32 bits of an NTP time, which reports echo (RFC 3550 §6.4.1, LSR).
pub(crate) fn ntp_middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}

/// A duration in 1/65,536 s, saturating (RFC 3550 §6.4.1, DLSR).
pub(crate) fn to_short_ntp(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros() * 65_536 / u128::from(MICROS_PER_SEC)).unwrap_or(u32::MAX)
}

/// The duration of so many 1/65,536 s.
pub(crate) fn from_short_ntp(units: u32) -> Duration {
    Duration::from_micros(u64::from(units) * MICROS_PER_SEC / 65_536)
}

/// A duration in units of an RTP clock, modulo 2³².
pub(crate) fn to_rtp_units(duration: Duration, clock_rate: u32) -> u32 {
    (duration.as_micros() * u128::from(clock_rate) / u128::from(MICROS_PER_SEC)) as u32
}

/// The duration of so many units of an RTP clock.
pub(crate) fn from_rtp_units(units: u32, clock_rate: u32) -> Duration {
    Duration::from_micros(u64::from(units) * MICROS_PER_SEC / u64::from(clock_rate.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 3550 §4: the upper half counts seconds since 1900.
    #[test]
    fn ntp_time_counts_from_1900_and_follows_the_monotonic_clock() {
        let clock = WallClock::new(Instant::from_millis(7), UnixTime::from_millis(1_500));
        assert_eq!(clock.ntp(Instant::from_millis(7)) >> 32, 2_208_988_801);
        assert_eq!(clock.ntp(Instant::from_millis(7)) & 0xffff_ffff, 0x8000_0000);
        assert_eq!(clock.ntp(Instant::from_millis(257)) & 0xffff_ffff, 0xc000_0000);
    }

    // The example of RFC 3550 §6.4.1, figure 2: DLSR 5.250 s is 0x0005:4000.
    #[test]
    fn short_ntp_is_sixteen_sixteen_fixed_point() {
        assert_eq!(to_short_ntp(Duration::from_millis(5_250)), 0x0005_4000);
        assert_eq!(from_short_ntp(0x0005_4000), Duration::from_millis(5_250));
        assert_eq!(to_short_ntp(Duration::MAX), u32::MAX);
    }
}
