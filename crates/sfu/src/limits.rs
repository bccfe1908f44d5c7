//! The bounds of everything that somebody outside can make grow, and the times that are not configured.

use core::ops::RangeInclusive;
use core::time::Duration;

/// People in one room at most, whatever the configuration says.
pub const MAX_PARTICIPANTS: usize = 16;

/// Workers that ufrags can tell apart: two characters of 64.
pub const MAX_WORKERS: u16 = 4_096;

/// Media that one participant sends: one of each kind.
pub const MAX_UPLINKS: usize = 2;

/// Encodings of one medium: `l`, `m`, `h`.
pub const MAX_ENCODINGS: usize = 3;

/// Slots in which one participant receives: audio and video of everybody else.
pub const MAX_SLOTS: usize = 2 * (MAX_PARTICIPANTS - 1);

/// Bits per second of one participant's sound, lower layers included: what Opus has at most (RFC 6716 §2.1.1: 510 kbit/s), in frames of 5 ms.
/// An eighth of [`SfuConfig::max_bit_rate`](crate::SfuConfig::max_bit_rate), where that is more.
pub const MAX_AUDIO_BIT_RATE: u64 = 768_000;

/// Longest ufrag of a participant, in bytes (RFC 8839 §5.4 allows as much).
pub const MAX_REMOTE_UFRAG: usize = 256;

/// Length of a participant's ICE password, in bytes (RFC 8839 §5.4).
pub const PASSWORD_RANGE: RangeInclusive<usize> = 22..=256;

/// Addresses of one participant that are taken for its own at a time: those of the connectivity checks it made last.
pub const MAX_PATHS: usize = 8;

/// How long an address that one participant uses is not believed to be another's.
pub const ADDRESS_HELD: Duration = Duration::from_secs(5);

/// The same for an address that a participant has only claimed. A question to it is answered within a round trip.
pub const CLAIM_HELD: Duration = Duration::from_secs(1);

/// Bounds of [`SfuConfig::max_queued`](crate::SfuConfig::max_queued): a keyframe must fit.
pub const QUEUE_RANGE: RangeInclusive<usize> = 16 * 1_024..=4 * 1_024 * 1_024;

/// Datagrams of equal size that one [`Burst`](crate::Burst) holds at most.
pub const MAX_SEGMENTS: usize = 64;

/// Bytes of one [`Burst`](crate::Burst): what one call of UDP segmentation offload takes, headers left aside.
pub const MAX_BURST: usize = 64_000;

/// Longest datagram that is looked at, in bytes.
pub const MAX_DATAGRAM: usize = 2_048;

/// Bytes of answers to connectivity checks and of DTLS that may wait for the socket.
pub const MAX_QUEUED_ANSWERS: usize = 256 * 1_024;
