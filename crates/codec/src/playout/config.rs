use core::ops::RangeInclusive;
use core::time::Duration;

use crate::{Error, SAMPLE_RATE};

/// How long packets wait to be played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlayoutConfig {
    pub(super) initial_delay: Duration,
    pub(super) max_delay: Duration,
    pub(super) clock_rate: u32,
}

impl PlayoutConfig {
    /// Delays taken, in milliseconds.
    pub const DELAYS: RangeInclusive<u64> = 0..=5_000;

    /// RTP clock rates taken, in hertz.
    pub const CLOCK_RATES: RangeInclusive<u32> = 8_000..=192_000;

    /// Delays of a buffer for Opus (48 kHz): at the start, and at most. Grown by latecomers, it returns
    /// to the first when it has not been needed for a while.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside [`Self::DELAYS`], or if the first is above the second.
    pub fn new(initial_delay: Duration, max_delay: Duration) -> Result<Self, Error> {
        let millis = |delay: Duration| u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        let max = millis(max_delay);
        Error::check_range("largest playout delay (ms)", max, Self::DELAYS)?;
        Error::check_range("initial playout delay (ms)", millis(initial_delay), 0..=max)?;
        Ok(Self { initial_delay, max_delay, clock_rate: SAMPLE_RATE })
    }

    /// Another RTP clock rate than 48 kHz, in hertz.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside [`Self::CLOCK_RATES`].
    pub fn clock_rate(mut self, clock_rate: u32) -> Result<Self, Error> {
        let range = u64::from(*Self::CLOCK_RATES.start())..=u64::from(*Self::CLOCK_RATES.end());
        Error::check_range("RTP clock rate (Hz)", clock_rate, range)?;
        self.clock_rate = clock_rate;
        Ok(self)
    }
}

/// 60 ms at the start, 500 ms at most.
impl Default for PlayoutConfig {
    fn default() -> Self {
        let (initial_delay, max_delay) = (Duration::from_millis(60), Duration::from_millis(500));
        Self { initial_delay, max_delay, clock_rate: SAMPLE_RATE }
    }
}

/// What became of a pushed packet.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It will be played.
    Buffered,
    /// It was here before.
    Duplicate,
    /// Its gap has been concealed; the delay grows.
    Late,
    /// It is so far from the others that it is believed only if another one follows it.
    Suspect,
    /// It is the first of a new timeline: a long gap, or the sender started again.
    Restarted,
}

/// What happened so far.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlayoutStats {
    /// Packets that were pulled.
    pub played: u64,
    /// Packets that did not come before their time.
    pub lost: u64,
    /// Of these, those that came afterwards.
    pub late: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Packets thrown away to catch up, because the delay was too long or the buffer full.
    pub skipped: u64,
    /// Pulls for which nothing was there although something was due.
    pub starved: u64,
    /// New timelines after the first.
    pub restarts: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_outside_their_range_are_refused() {
        let millis = Duration::from_millis;
        assert!(PlayoutConfig::new(millis(60), millis(500)).is_ok());
        assert!(PlayoutConfig::new(millis(0), millis(0)).is_ok());
        assert!(PlayoutConfig::new(millis(501), millis(500)).is_err());
        assert!(PlayoutConfig::new(millis(60), millis(5_001)).is_err());
        assert!(PlayoutConfig::default().clock_rate(7_999).is_err());
    }
}
