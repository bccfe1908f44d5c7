//! Every bound on what a peer, a relay or a caller can make grow, in one place.

use core::time::Duration;

// Ratchet (Signal's Double Ratchet specification §4, bounds of our own).
/// Message keys that one message may skip in one chain.
pub const SKIPPED_PER_STEP: u32 = 1_000;
/// Skipped message keys that a session keeps in all; the oldest go first.
pub const SKIPPED_IN_ALL: usize = 2_000;
/// Skipped message keys of a chain are dropped when the peer has taken this many ratchet steps since.
pub const SKIPPED_STEPS: u64 = 5;
/// Skipped message keys are dropped after this time.
pub const SKIPPED_AGE: Duration = Duration::from_secs(7 * DAY);
/// Longest encrypted header in bytes: one with ML-KEM-768 material has 1,255.
pub const HEADER_LEN: usize = 2_560;

// Set-up.
/// One-time prekeys in a batch.
pub const ONE_TIME_PREKEYS: usize = 100;
/// A new batch of one-time prekeys is made when fewer than this are unused.
pub const ONE_TIME_PREKEYS_LOW: usize = 20;
/// A prekey bundle is refused this long after it was made.
pub const PREKEY_LIFETIME: Duration = Duration::from_secs(7 * DAY);
/// Signed prekeys are replaced at this age, so that a valid bundle is always published.
pub const PREKEY_ROTATION: Duration = Duration::from_secs(6 * DAY);
/// A replaced signed prekey still opens late arrivals until this age, or until the next one is replaced.
pub const PREKEY_GRACE: Duration = Duration::from_secs(12 * DAY);
/// A set-up that stood unanswered for this long is given up: the prekeys it uses are about to be dropped
/// ([`PREKEY_GRACE`] less [`PREKEY_LIFETIME`]).
pub const UNANSWERED_SETUP_AGE: Duration = Duration::from_secs(5 * DAY);
/// Set-ups without one-time prekey that are remembered per signed prekey, to refuse their replay.
pub const REMEMBERED_SETUPS: usize = 4_096;
/// Signed prekeys are replaced before their time when this many are remembered, so that nobody fills the memory and with it
/// keeps others from beginning sessions.
pub const REMEMBERED_SETUPS_HIGH: usize = REMEMBERED_SETUPS / 4 * 3;
/// Longest prekey bundle in bytes.
pub const BUNDLE_LEN: usize = 4_096;
/// Longest one-time prekey blob in bytes.
pub const ONE_TIME_PREKEY_LEN: usize = 256;

// Postbox.
/// Peers with whom sessions are kept, strangers included.
pub const PEERS: usize = 1_024;
/// Peers among them that were never begun with or kept; the one longest unused makes room for the next.
pub const STRANGERS: usize = 64;
/// Sessions per peer; the one longest unused makes room for the next.
pub const SESSIONS_PER_PEER: usize = 4;
/// Messages sent in a row without an answer; equal to what the receiver can skip, so that no loss wedges it.
pub const UNANSWERED_MESSAGES: u32 = SKIPPED_PER_STEP;
/// How long a set-up of our own stands against one of the peer's that crossed it.
pub const GLARE_WINDOW: Duration = Duration::from_secs(60);
/// The only lengths that a sealed message has, in bytes.
pub const BUCKETS: [usize; 5] = [512, 1_024, 2_048, 4_096, SEALED_LEN];
/// ML-KEM material is put off once rather than that it makes a sealed message longer than this, in bytes.
pub const KEM_COMFORT_LEN: usize = 2_048;
/// Longest encoded call message in bytes: what fits the largest bucket behind a set-up header. Behind ML-KEM material there
/// is more room, so whether a message can be sent never depends on the state of the session.
pub const CALL_MESSAGE_LEN: usize = 6_319;
/// Longest sealed message in bytes: fits the payload of a relay cell (8 KiB) with its routing.
pub const SEALED_LEN: usize = 7_680;

// Call messages.
/// Longest session description in bytes, inflated.
pub const SDP_LEN: usize = 32 * 1_024;
/// Candidates in one message.
pub const CANDIDATES: usize = 32;
/// Longest candidate line in bytes.
pub const CANDIDATE_LEN: usize = 512;
/// Longest media id (`mid`) in bytes.
pub const MID_LEN: usize = 16;
/// Shortest ICE ufrag in bytes (RFC 8839 §5.4).
pub const ICE_UFRAG_LEN_MIN: usize = 4;
/// Longest ICE ufrag in bytes (RFC 8839 §5.4).
pub const ICE_UFRAG_LEN: usize = 256;
/// Shortest ICE password in bytes (RFC 8839 §5.4).
pub const ICE_PASSWORD_LEN_MIN: usize = 22;
/// Longest ICE password in bytes (RFC 8839 §5.4).
pub const ICE_PASSWORD_LEN: usize = 256;
/// Longest relay URL in bytes.
pub const RELAY_URL_LEN: usize = 256;
/// Longest contact card in bytes, before base64.
pub const CARD_LEN: usize = 768;

// Group calls.
/// Members of a group call, the invited included; their indices are smaller.
pub const GROUP_MEMBERS: usize = 16;
/// Longest encoded member in bytes: one with the longest relay URL has 493.
pub const GROUP_MEMBER_LEN: usize = 512;
/// SFUs in one invitation.
pub const GROUP_SFUS: usize = 4;
/// Longest message of the group's key distribution in bytes: with ids and framing it is within [`CALL_MESSAGE_LEN`].
pub const GROUP_KEYS_LEN: usize = 6_200;
/// Longest message of the verification in bytes.
pub const GROUP_SAS_LEN: usize = 256;

const DAY: u64 = 24 * 60 * 60;
