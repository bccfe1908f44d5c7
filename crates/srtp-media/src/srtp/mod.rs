//! The contexts that protect and unprotect packets, and what they are made of.

mod aes_cm;
mod coverage;
mod cryptex;
mod header;
mod header_extension;
mod index;
mod kdf;
mod master_key;
mod mki;
mod options;
mod profile;
mod receiver;
pub(crate) mod replay;
mod rtp_stream;
mod sender;
mod session_keys;
mod span;
mod streams;
mod transform;

pub use self::aes_cm::{aes_cm_counter_block, aes_cm_keystream};
pub use self::header_extension::HeaderExtensionCipher;
pub use self::index::estimate_index;
pub use self::kdf::{KeyLabel, derive_session_key};
pub use self::master_key::{SrtpMasterKey, SrtpMasterKeyPair};
pub use self::mki::MAX_MKI_LEN;
pub use self::options::{DangerousSrtpOptions, SrtpOptions};
pub use self::profile::SrtpProfile;
pub use self::receiver::SrtpReceiver;
pub use self::rtp_stream::REPLAY_WINDOW;
pub use self::sender::SrtpSender;
pub use self::session_keys::{SessionKeyParts, SessionKeys};

/// By how many bytes protection lengthens a packet at most, RTCP and every profile included, but no
/// options ([`SrtpOptions::max_trailer`]).
///
/// A `Vec` with that much spare capacity is protected without allocation; one without grows once.
pub const MAX_TRAILER: usize = 20;

/// The longest packet, protected, that contexts take: no datagram is longer, and counter mode ends
/// at 2^20 bytes (RFC 3711 §4.1.1).
pub const MAX_PACKET_LEN: usize = 65_535;

/// How many SSRCs a context keeps apart unless it is told otherwise, for RTP and for RTCP each.
///
/// Six people with one audio and three video layers each, retransmission streams included, need 48.
pub const DEFAULT_MAX_STREAMS: usize = 128;

/// Whether an RTCP packet is encrypted, or only authenticated: the E flag (RFC 3711 §3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RtcpProtection {
    /// Encrypted and authenticated. All that DTLS-SRTP peers send.
    Encrypted,
    /// In clear, yet authentic.
    AuthenticatedOnly,
}
