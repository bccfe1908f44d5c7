//! Every bound of the protocol, by name.
//!
//! A relay refuses what lies outside; a client does not send it.

use core::time::Duration;

/// The version that every frame carries.
pub const PROTOCOL_VERSION: u32 = 1;

/// The largest payload that a sender may seal into a blob: what a cell will hold, in bytes.
pub const MAX_PAYLOAD: usize = 8 * 1024;

/// What sealing may add to a payload, in bytes: header, tags, and for the first message of a
/// session the sender's keys with a post-quantum ciphertext and encapsulation key (about 2,300).
pub const SEALING_OVERHEAD: usize = 4 * 1024;

/// The largest blob, in bytes.
pub const MAX_BLOB: usize = MAX_PAYLOAD + SEALING_OVERHEAD;

/// The largest prekey bundle, in bytes.
pub const MAX_BUNDLE: usize = 4 * 1024;

/// The largest one-time prekey, in bytes.
pub const MAX_ONE_TIME_PREKEY: usize = 1_536;

/// The most one-time prekeys that a relay keeps for one mailbox: the hundred that a client
/// publishes, with room for a batch that arrives before the older one is used up.
pub const MAX_ONE_TIME_PREKEYS: usize = 128;

/// The largest frame, in bytes. Longer sets of one-time prekeys are published in several frames.
pub const MAX_FRAME: usize = 64 * 1024;

/// The bytes of prekeys that one publish frame may hold, so that it fits into [`MAX_FRAME`].
pub const MAX_PUBLISH_BYTES: usize = 56 * 1024;

/// The longest text of an error frame, in bytes.
pub const MAX_TEXT: usize = 256;

/// The shortest time to live of a blob.
pub const MIN_TIME_TO_LIVE: Duration = Duration::from_secs(1);

/// The longest time to live of a blob: as long as a signed prekey is valid.
pub const MAX_TIME_TO_LIVE: Duration = Duration::from_secs(7 * 24 * 3600);

/// A blob whose time to live is at most this is *ringing*: it belongs to a call that is being set
/// up, is worthless soon, and makes room when the mailbox is full.
pub const RINGING_TIME_TO_LIVE: Duration = Duration::from_secs(60);

/// How long published prekeys are kept after the last publication.
pub const PREKEYS_TIME_TO_LIVE: Duration = Duration::from_secs(30 * 24 * 3600);

/// The expiry of a blob outlives a stop of the relay in steps of this only, rounded up: what is written down finer
/// tells when a call was set up.
pub const EXPIRY_STEP: Duration = Duration::from_secs(600);

/// The expiry of prekeys is rounded up to steps of this.
pub const PREKEYS_EXPIRY_STEP: Duration = Duration::from_secs(3600);

/// How old a blob is at least said to be whose age the relay has forgotten: more than any ring lasts, so that a call that
/// may be long over does not ring.
pub const UNKNOWN_AGE: Duration = Duration::from_secs(61);

/// Blobs that one mailbox holds at most.
pub const QUOTA_BLOBS: usize = 256;

/// Bytes of blobs that one mailbox holds at most.
pub const QUOTA_BYTES: u64 = 4 * 1024 * 1024;

/// Bytes that all mailboxes of a relay together hold by default.
pub const DEFAULT_TOTAL_BYTES: u64 = 1024 * 1024 * 1024;

/// What each stored blob or set of prekeys counts beyond its own bytes, for index and bookkeeping.
pub const ENTRY_OVERHEAD: u64 = 256;

/// Deliveries that a relay sends before it wants an acknowledgement.
pub const DELIVERY_WINDOW: usize = 32;

/// Frames that a connection may send at once before its rate counts.
pub const FRAME_BURST: u32 = 512;

/// Frames per second that a connection may send for long. Beyond it the connection is closed.
pub const FRAMES_PER_SECOND: u32 = 64;

/// Prekey fetches that a connection may make at once before their rate counts.
pub const FETCH_BURST: u32 = 16;

/// The time in which a connection earns one more prekey fetch. Beyond it fetches are refused.
pub const FETCH_INTERVAL: Duration = Duration::from_secs(2);

/// TURN servers in one grant.
pub const MAX_TURN_SERVERS: usize = 16;

/// The longest TURN username or password, in bytes. RFC 8656 would take 508; those of the coturn scheme have 33.
pub const MAX_TURN_CREDENTIAL: usize = 256;

/// The longest host name, in bytes (RFC 1035 §2.3.4, without the root).
pub const MAX_HOST: usize = 253;

/// The longest that TURN credentials are valid.
pub const MAX_TURN_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// Requests for TURN credentials that a connection may make at once before their rate counts.
pub const TURN_BURST: u32 = 3;

/// The time in which a connection earns one more request for TURN credentials. Beyond it they are refused.
pub const TURN_INTERVAL: Duration = Duration::from_secs(20);

/// SFUs in one grant.
pub const MAX_SFU_SERVERS: usize = 4;

/// The longest URL of an SFU, in bytes.
pub const MAX_SFU_URL: usize = 256;

/// The longest SFU token, in bytes. Those of `zentalk-sfu-control` have 105.
pub const MAX_SFU_TOKEN: usize = 512;

/// The longest that an SFU token is valid.
pub const MAX_SFU_LIFETIME: Duration = Duration::from_secs(3600);

/// Requests for SFU tokens that a connection may make at once before their rate counts.
pub const SFU_BURST: u32 = 4;

/// The time in which a connection earns one more request for an SFU token. Beyond it they are refused.
pub const SFU_INTERVAL: Duration = Duration::from_secs(20);

/// Malformed messages after which a connection is closed.
pub const MAX_MALFORMED: u32 = 8;
