//! Every bound of the protocol, by name.
//!
//! Both sides refuse what lies outside, and do not send it.

use core::time::Duration;

/// The version that every frame carries.
pub const PROTOCOL_VERSION: u32 = 1;

/// The largest frame, in bytes: a session description and a token with room for the rest.
pub const MAX_FRAME: usize = 40 * 1024;

/// The longest session description, in bytes. Ours have less than 8 KiB.
pub const MAX_SDP: usize = 32 * 1024;

/// The longest token, in bytes. Those of version 1 have [`TOKEN_LEN`].
pub const MAX_TOKEN: usize = 512;

/// A token of version 1 has exactly this many bytes.
pub const TOKEN_LEN: usize = 1 + 16 + 16 + 8 + 64;

/// The longest that a token is valid.
pub const MAX_TOKEN_LIFETIME: Duration = Duration::from_secs(3_600);

/// How far an issuer's clock may be ahead of the verifier's before a token of the longest lifetime is refused.
pub const CLOCK_LEEWAY: Duration = Duration::from_secs(60);

/// Public keys that a verifier takes: the one in use, the next, and some for further operators.
pub const MAX_KEYS: usize = 8;

/// Slots that one participant may fill: audio and video of everybody else.
pub const MAX_SLOTS: usize = 2 * MAX_PARTICIPANTS;

/// Participants in a room at most, the one that is told about them included.
pub const MAX_PARTICIPANTS: usize = 16;

/// The longest media id (`mid`) of a slot, in bytes.
pub const MAX_MID: usize = 16;

/// The highest simulcast layer; the lowest is 0.
pub const MAX_LAYER: u8 = 2;

/// The longest time that an SFU may give its participants to move on.
pub const MAX_DRAINING: Duration = Duration::from_secs(3_600);
