/// The longest session description that is read, in bytes. What a browser offers is 10 kB at most.
pub const MAX_SDP_BYTES: usize = 65_536;

/// Media sections of one offer or answer.
pub const MAX_MEDIA_SECTIONS: usize = 32;

/// Candidates of one media section.
pub const MAX_CANDIDATES: usize = 128;

/// Synchronisation sources of one media section.
pub const MAX_SOURCES: usize = 64;

/// Simulcast layers of one media section and direction.
pub const MAX_RIDS: usize = 8;

/// The length of a simulcast layer's name: what the one-byte form of an RTP header extension holds
/// (RFC 8285 §4.2, RFC 8852 §3.1).
pub const MAX_RID_BYTES: usize = 16;

/// Fingerprints of one offer or answer (RFC 8122 §5 allows several).
pub const MAX_FINGERPRINTS: usize = 8;

/// The length of a media section's name. It travels in an RTP header extension, so it is short
/// (RFC 9143 §15.1).
pub const MAX_MID_BYTES: usize = 32;
