use core::time::Duration;

use crate::Error;

/// What one worker of an SFU allows. Every figure bounds what participants can make it hold or do.
///
/// ```
/// use zentalk_sfu::SfuConfig;
///
/// let config = SfuConfig { max_rooms: 200, ..SfuConfig::default() };
/// assert!(config.check().is_ok());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SfuConfig {
    /// Which worker this is, 0 to 4,095: it begins every ufrag, so that a socket in front can find the worker.
    pub worker: u16,
    /// Rooms at a time.
    pub max_rooms: usize,
    /// People in one room, 2 to [`MAX_PARTICIPANTS`](crate::limits::MAX_PARTICIPANTS).
    pub max_participants: usize,
    /// Bits per second that one participant may send, retransmissions included; of sound as much as sound can be
    /// ([`MAX_AUDIO_BIT_RATE`](crate::limits::MAX_AUDIO_BIT_RATE)). What exceeds it is dropped.
    pub max_bit_rate: u64,
    /// Packets per second that one participant may send. What exceeds it is dropped.
    pub max_packet_rate: u32,
    /// Bits per second that a path is believed to carry whose far end does not tell which packets came. At least 100,000.
    pub assumed_bit_rate: u64,
    /// Bytes of protected packets that may wait for one participant's socket; what exceeds it is dropped.
    pub max_queued: usize,
    /// Packets of equal size that leave with one system call at most (UDP segmentation offload takes 64).
    pub max_segments: usize,
    /// After this long without an authentic packet a participant is gone. 2 s to 60 s.
    pub silence: Duration,
}

impl SfuConfig {
    /// Checks that the figures make sense.
    ///
    /// # Errors
    /// [`Error::Config`] with the name of the first that does not.
    pub fn check(&self) -> Result<(), Error> {
        use crate::limits::{MAX_PARTICIPANTS, MAX_SEGMENTS, MAX_WORKERS, QUEUE_RANGE};
        let silence = Duration::from_secs(2)..=Duration::from_secs(60);
        let checks = [
            ("worker", self.worker < MAX_WORKERS),
            ("max_rooms", self.max_rooms > 0),
            ("max_participants", (2..=MAX_PARTICIPANTS).contains(&self.max_participants)),
            ("max_bit_rate", self.max_bit_rate >= 100_000),
            ("max_packet_rate", self.max_packet_rate >= 100),
            ("assumed_bit_rate", self.assumed_bit_rate >= 100_000),
            ("max_queued", QUEUE_RANGE.contains(&self.max_queued)),
            ("max_segments", (1..=MAX_SEGMENTS).contains(&self.max_segments)),
            ("silence", silence.contains(&self.silence)),
        ];
        match checks.into_iter().find(|(_, fits)| !fits) {
            Some((name, _)) => Err(Error::Config(name)),
            None => Ok(()),
        }
    }
}

impl Default for SfuConfig {
    fn default() -> Self {
        Self {
            worker: 0,
            max_rooms: 1_000,
            max_participants: 6,
            max_bit_rate: 6_000_000,
            max_packet_rate: 2_000,
            assumed_bit_rate: 1_500_000,
            max_queued: 128 * 1_024,
            max_segments: 64,
            silence: Duration::from_secs(10),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_out_of_range_is_named() {
        let good = SfuConfig::default();
        assert_eq!(good.check(), Ok(()));
        for (name, bad) in [
            ("worker", SfuConfig { worker: 4_096, ..good.clone() }),
            ("max_rooms", SfuConfig { max_rooms: 0, ..good.clone() }),
            ("max_participants", SfuConfig { max_participants: 17, ..good.clone() }),
            ("max_participants", SfuConfig { max_participants: 1, ..good.clone() }),
            ("max_bit_rate", SfuConfig { max_bit_rate: 0, ..good.clone() }),
            ("max_packet_rate", SfuConfig { max_packet_rate: 1, ..good.clone() }),
            ("assumed_bit_rate", SfuConfig { assumed_bit_rate: 99_999, ..good.clone() }),
            ("max_queued", SfuConfig { max_queued: 100, ..good.clone() }),
            ("max_segments", SfuConfig { max_segments: 65, ..good.clone() }),
            ("silence", SfuConfig { silence: Duration::from_secs(1), ..good.clone() }),
        ] {
            assert_eq!(bad.check(), Err(Error::Config(name)));
        }
    }
}
