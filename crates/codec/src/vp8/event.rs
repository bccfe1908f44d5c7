use core::fmt;
use core::ops::RangeInclusive;
use core::time::Duration;

use crate::Error;

/// One RTP packet of a VP8 stream, authenticated and put into the order of its sequence numbers by
/// whoever received it.
#[derive(Clone, PartialEq, Eq)]
pub struct Vp8Packet {
    /// The sequence number with its rollovers counted: it never wraps.
    pub sequence: u64,
    /// RTP timestamp: 90 kHz, wraps.
    pub timestamp: u32,
    /// The RTP marker.
    pub marker: bool,
    /// Payload descriptor and a piece of a frame; empty for a packet of padding only.
    pub payload: Vec<u8>,
}

/// Prints no contents.
impl fmt::Debug for Vp8Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vp8Packet({}, {} bytes)", self.sequence, self.payload.len())
    }
}

/// What comes out of a [`crate::Vp8Assembler`].
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FrameEvent {
    /// A whole frame, whose predecessors were all emitted.
    Frame(AssembledFrame),
    /// Packets did not come in time: frames from here to the next keyframe are lost.
    Lost(LostFrames),
    /// Nothing can be emitted before a keyframe comes: ask the sender for one. Repeated while it does
    /// not come.
    NeedsKeyframe,
}

/// A whole frame as the sender packetized it, sealed or in clear.
#[non_exhaustive]
#[derive(Clone, PartialEq, Eq)]
pub struct AssembledFrame {
    /// The bytes.
    pub data: Vec<u8>,
    /// RTP timestamp: 90 kHz, wraps.
    pub timestamp: u32,
    /// Whether it stands alone, as its first byte says. True only once the frame is authenticated.
    pub keyframe: bool,
    /// Sequence number of its first packet.
    pub first_sequence: u64,
    /// Sequence number of its last packet.
    pub last_sequence: u64,
}

/// Prints no contents.
impl fmt::Debug for AssembledFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.keyframe { "keyframe" } else { "inter" };
        let (first, last) = (self.first_sequence, self.last_sequence);
        write!(f, "AssembledFrame({kind}, {first} to {last}, {} bytes)", self.data.len())
    }
}

/// Where a stream broke.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostFrames {
    /// Sequence number of the first packet that did not come (or that made its frame unusable).
    pub sequence: u64,
    /// RTP timestamp of the damaged frame, if anything of it came.
    pub timestamp: Option<u32>,
}

/// How long to wait, and how often to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssemblerConfig {
    pub(super) max_wait: Duration,
    pub(super) keyframe_retry: Duration,
}

impl AssemblerConfig {
    /// Waits and retries taken, in milliseconds.
    pub const MILLIS: RangeInclusive<u64> = 1..=10_000;

    /// How long a missing packet is waited for once a later one has come: at least a round trip, so
    /// that it can be retransmitted. 500 ms by default.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside [`Self::MILLIS`].
    pub fn max_wait(mut self, max_wait: Duration) -> Result<Self, Error> {
        check_millis("wait for a packet (ms)", max_wait)?;
        self.max_wait = max_wait;
        Ok(self)
    }

    /// After how long [`FrameEvent::NeedsKeyframe`] is repeated. 500 ms by default.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] outside [`Self::MILLIS`].
    pub fn keyframe_retry(mut self, keyframe_retry: Duration) -> Result<Self, Error> {
        check_millis("repetition of a keyframe request (ms)", keyframe_retry)?;
        self.keyframe_retry = keyframe_retry;
        Ok(self)
    }
}

impl Default for AssemblerConfig {
    fn default() -> Self {
        let half_second = Duration::from_millis(500);
        Self { max_wait: half_second, keyframe_retry: half_second }
    }
}

fn check_millis(setting: &'static str, given: Duration) -> Result<(), Error> {
    let millis = u64::try_from(given.as_millis()).unwrap_or(u64::MAX);
    Error::check_range(setting, millis, AssemblerConfig::MILLIS)
}

/// What happened so far.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AssemblerStats {
    /// Frames emitted.
    pub frames: u64,
    /// Of these, keyframes.
    pub keyframes: u64,
    /// Frames, whole or begun, that were thrown away because they could not be decoded.
    pub discarded_frames: u64,
    /// How often the stream broke: one for each [`FrameEvent::Lost`].
    pub losses: u64,
    /// Packets that came twice.
    pub duplicate_packets: u64,
    /// Packets that came after their frame was emitted or given up.
    pub late_packets: u64,
    /// Packets refused with an error.
    pub refused_packets: u64,
}
