//! Doors for the conformance runner: single steps of the agent's way with a datagram. Not for others.

use is::stun::StunMessage;
use is::{DefaultSha1HmacProvider, Sha1HmacProvider};

use crate::stun;

/// The transaction id of a Binding message, and whether it ends with a FINGERPRINT; `None` for what the agent drops as malformed
/// (RFC 8489 §5, §14.7).
pub fn open(datagram: &[u8]) -> Option<([u8; 12], bool)> {
    stun::open(datagram).ok().map(|envelope| (envelope.id, envelope.fingerprint))
}

/// Whether a check's or an answer's MESSAGE-INTEGRITY fits a password, by the ICE library, which asks nothing else here
/// (RFC 8489 §14.5). `None` for what is neither.
pub fn is_authentic(datagram: &[u8], password: &str) -> Option<bool> {
    let message = StunMessage::parse(datagram).ok()?;
    let hmac = |key: &[u8], parts: &[&[u8]]| DefaultSha1HmacProvider.sha1_hmac(key, parts);
    Some(message.verify(password.as_bytes(), hmac))
}
