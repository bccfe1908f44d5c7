//! The named bounds of everything that a participant can make grow, and the times that limit what it can cause.

use core::time::Duration;

/// Simulcast layers of one track.
pub const MAX_LAYERS: usize = 3;

/// Temporal layers of one simulcast layer: what the two bits of VP8's `TID` name (RFC 7741 §4.2).
pub const MAX_TEMPORAL_LAYERS: usize = 4;

/// The longest RTP payload that is taken, in bytes. What a path of 1,500 bytes carries is less.
pub const MAX_PAYLOAD: usize = 1_460;

/// The most bytes by which a packet that goes out, or its repetition, is longer than its payload: a header with
/// transport-wide sequence number and the longest mid, and the number of the packet that is repeated.
pub const MAX_OVERHEAD: usize = 12 + 4 + 20 + 2;

/// Bytes of video that a track remembers: about 1.5 s of three layers with 2.5 Mbit/s together.
pub const VIDEO_CACHE_BYTES: usize = 512 * 1_024;

/// Packets of video that a track remembers.
pub const VIDEO_CACHE_PACKETS: usize = 1_024;

/// Bytes of audio that a track remembers: about 1.5 s of 64 kbit/s.
pub const AUDIO_CACHE_BYTES: usize = 12 * 1_024;

/// Packets of audio that a track remembers.
pub const AUDIO_CACHE_PACKETS: usize = 128;

/// Packets that an outlet can find again by the number under which they went out. A power of two.
pub const MAX_HISTORY_PACKETS: usize = 512;

/// How long a packet may be repeated after it went out.
pub const MAX_HISTORY_AGE: Duration = Duration::from_secs(2);

/// Bytes of repetition that an outlet may have saved up. Each byte that goes out earns one, so that a receiver that asks
/// for everything again doubles its stream at most.
pub const MAX_REPEAT_BURST: usize = 64 * 1_024;

/// Bytes of repetition that an outlet starts with.
pub const INITIAL_REPEAT_BURST: usize = 8 * 1_024;

/// The least time between two repetitions of one packet, where the round trip is shorter.
pub const MIN_REPEAT_INTERVAL: Duration = Duration::from_millis(10);

/// How far behind the newest packet a late one may still take its place. Less than SRTP's replay window.
pub const MAX_LATENESS: u64 = 512;

/// Changes of numbering that an outlet remembers for late packets.
pub const MAX_NUMBERING_CHANGES: usize = 64;

/// The least time between two keyframes that receivers can cause in one layer.
pub const MIN_KEYFRAME_INTERVAL: Duration = Duration::from_millis(1_000);

/// The least time between two requests for one keyframe, where the round trip is shorter.
pub const MIN_KEYFRAME_REQUEST_INTERVAL: Duration = Duration::from_millis(250);

/// How often a keyframe is asked for, while nothing of its layer comes, before the wish lapses: it may be off.
pub const MAX_KEYFRAME_REQUESTS: u8 = 12;

/// The least time between two requests for one missing packet, where the round trip is shorter.
pub const MIN_NACK_INTERVAL: Duration = Duration::from_millis(20);

/// How long more must be to be had before a slot gets a higher layer.
pub const FIRST_RAISE_HOLD: Duration = Duration::from_millis(500);

/// The longest that it becomes where higher layers had to be taken back.
pub const MAX_RAISE_HOLD: Duration = Duration::from_secs(30);

/// A higher layer that is taken back within this time was too much.
pub const RAISE_PROBATION: Duration = Duration::from_secs(10);
