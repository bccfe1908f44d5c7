use core::time::Duration;

use zentalk_primitives::UnixTime;

use crate::Error;
use crate::bandwidth::BandwidthConfig;
use crate::limits::{DEFAULT_MTU, DEFAULT_SILENCE, MAX_MTU, MIN_MTU};

/// The settings of a session.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    pub(crate) wall_clock: UnixTime,
    pub(crate) mtu: usize,
    pub(crate) silence_after: Duration,
    pub(crate) reduced_size: bool,
    pub(crate) bandwidth: BandwidthConfig,
}

impl SessionConfig {
    /// The defaults. `wall_clock` is what the wall clock shows at the `now` that the session is made
    /// with; sender reports carry it, and later changes of the system's clock do not reach the session.
    pub fn new(wall_clock: UnixTime) -> Self {
        let (mtu, silence_after) = (DEFAULT_MTU, DEFAULT_SILENCE);
        let bandwidth = BandwidthConfig::default();
        Self { wall_clock, mtu, silence_after, reduced_size: false, bandwidth }
    }

    /// The largest RTP packet in bytes, header included, SRTP's trailer not:
    /// [`MIN_MTU`] to [`MAX_MTU`], by default [`DEFAULT_MTU`].
    #[must_use]
    pub fn mtu(mut self, bytes: usize) -> Self {
        self.mtu = bytes;
        self
    }

    /// After how long without packets a stream is reported silent; by default [`DEFAULT_SILENCE`].
    #[must_use]
    pub fn silence_after(mut self, duration: Duration) -> Self {
        self.silence_after = duration;
        self
    }

    /// Whether feedback is sent without report and CNAME in front (RFC 5506). Off by default: both
    /// sides must have agreed to it (`a=rtcp-rsize`). It is always accepted.
    #[must_use]
    pub fn reduced_size(mut self, on: bool) -> Self {
        self.reduced_size = on;
        self
    }

    /// Between which rates the estimate moves, where a send stream has
    /// [`transport_cc`](crate::SendStreamConfig::transport_cc).
    #[must_use]
    pub fn bandwidth(mut self, bandwidth: BandwidthConfig) -> Self {
        self.bandwidth = bandwidth;
        self
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let mtu_ok = (MIN_MTU..=MAX_MTU).contains(&self.mtu);
        if mtu_ok && !self.silence_after.is_zero() { Ok(()) } else { Err(Error::InvalidConfig) }
    }
}
