use core::time::Duration;

/// No consent, no media: 30 s after the last authenticated Binding success response
/// (RFC 7675 §5.1).
pub const CONSENT_TIMEOUT: Duration = Duration::from_secs(30);

/// A nominated pair that has not answered for this long shows as
/// [`IceState::Disconnected`](crate::IceState::Disconnected): two consent intervals and their
/// faster retries went unanswered. A hint only; consent itself lasts [`CONSENT_TIMEOUT`].
pub const DISCONNECTED_AFTER: Duration = Duration::from_secs(8);

/// Checking without a nominated pair for this long gives
/// [`Event::TimedOut`](crate::Event::TimedOut).
pub const ICE_TIMEOUT: Duration = Duration::from_secs(10);

/// The same where relays are on their way ([`IceAgent::expect_relays`](crate::IceAgent::expect_relays)): they get [`ICE_TIMEOUT`] from
/// the last one on, but all together no more than this. Less than the 30 s that a call looks for a lost path.
pub const ICE_TIMEOUT_AT_MOST: Duration = Duration::from_secs(25);

/// A gathering transaction is given up this long after it was started, so that a dead STUN server
/// does not hold back the end of candidates.
pub const GATHERING_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the path from before a restart still answers checks after the new one was nominated:
/// the peer may nominate later than we do.
pub const RESTART_LINGER: Duration = Duration::from_secs(10);

/// Local sockets per agent.
pub const MAX_LOCAL_SOCKETS: usize = 16;

/// Relayed addresses per agent: of [`SERVERS_IN_USE`] servers, both IP versions, before and after a renewal, on two interfaces.
pub const MAX_RELAYED: usize = 16;

/// TURN servers that allocate for a call at once: the second serves when the first goes down.
pub const SERVERS_IN_USE: usize = 2;

/// TURN servers of one [`Relays`](crate::relays::Relays) or [`ServerRanking`](crate::servers::ServerRanking); those past it are left out.
pub const MAX_RELAY_SERVERS: usize = 16;

/// Addresses of one TURN server, for each transport; those past it are left out.
pub const MAX_SERVER_ADDRESSES: usize = 4;

/// Allocations of one [`Relays`](crate::relays::Relays), those under way and those being released included. Where there are as many, no more
/// are begun.
pub const MAX_ALLOCATIONS: usize = 64;

/// Interfaces from which TURN servers are tried; those past it are left out.
pub const MAX_INTERFACES: usize = 8;

/// Measurements that one [`Prober`](crate::servers::Prober) makes at once; those past it are left out.
pub const MAX_PROBES: usize = 32;

/// Names of the peer's that are resolved in one generation; candidates past it are ignored.
pub const MAX_RESOLVED_NAMES: usize = 8;

/// STUN servers per agent; transactions are bounded by this times [`MAX_LOCAL_SOCKETS`].
pub const MAX_STUN_SERVERS: usize = 4;

/// Signalled remote candidates per generation.
pub const MAX_REMOTE_CANDIDATES: usize = 100;

/// Remote candidates held back until the direct phase opens or the remote credentials arrive.
pub const MAX_PARKED_CANDIDATES: usize = 100;

/// Addresses that authenticated checks came from, or that the peer said ours map to, without
/// being signalled; each counted per generation.
pub const MAX_PEER_REFLEXIVE: usize = 32;

/// Candidate pairs per generation (RFC 8445 §6.1.2.5 recommends 100).
pub const MAX_CANDIDATE_PAIRS: usize = 100;

/// Transmits, and events, that wait for [`IceAgent::poll_output`](crate::IceAgent::poll_output).
/// Reached only by a caller who does not drain; what is over is dropped and counted.
pub const MAX_QUEUED: usize = 1024;

/// Longest remote ufrag, in bytes. RFC 8839 §5.4 allows 256; the ICE library under this crate
/// writes USERNAME values of at most 128 bytes, and ours takes 9 of them.
pub const MAX_REMOTE_UFRAG: usize = 119;

/// Longest `candidate` attribute value that is read, in bytes.
pub const MAX_CANDIDATE_LEN: usize = 4096;

/// Most extensions of one `candidate` attribute.
pub const MAX_EXTENSIONS: usize = 64;

/// Checks whose answer is waited for, per generation.
pub(crate) const MAX_OUTSTANDING_CHECKS: usize = 1024;

/// Address pairs per generation on which a check was answered, by either side.
pub(crate) const MAX_PATHS: usize = 512;

/// How checks are repeated: the longest wait, and how many unanswered ones in a row make the ICE
/// library give a pair up (RFC 8445 §14.3). The first wait is 250 ms, doubling.
pub(crate) struct Pace {
    pub(crate) longest_wait: Duration,
    pub(crate) transmissions: usize,
}

/// Until a pair is nominated and the peer knows it, and while the nominated one is silent: quick,
/// and for 39 s, as long as RFC 8489 §6.2.1 would try.
pub(crate) const CHECKING: Pace =
    Pace { longest_wait: Duration::from_millis(500), transmissions: 80 };

/// After that. RFC 7675 §5.1 wants 5 s or less between consent checks; each interval is randomised
/// by 0.8 to 1.2. Unanswered pairs are given up after 34 s at the earliest, so that consent (30 s)
/// decides first.
pub(crate) const CONNECTED: Pace = Pace { longest_wait: Duration::from_secs(3), transmissions: 16 };

/// A nominated pair that was silent for this long missed an answer, and is checked quickly: on a
/// lossy network many tries are what keeps consent.
pub(crate) const HURRY_AFTER: Duration = Duration::from_secs(4);

/// A nominated pair that leaves a check unanswered for this long, or for two of its round trips, is left for one from which the peer
/// has just turned up. A check that was only lost brings it back with the next answer.
pub(crate) const DETOUR_AFTER: Duration = Duration::from_millis(300);

/// Answers on a nominated pair until its nomination has surely arrived: the first may have been
/// asked for without USE-CANDIDATE.
pub(crate) const ANSWERS_TO_SETTLE: u32 = 2;
