use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::message::Signature;
use super::{HEADER_LEN, MAC_ATTRIBUTE_LEN};

/// HMAC-SHA1 keyed with a password (RFC 8489 §14.5); copied for each message, so that the key is set up once.
pub(super) struct Integrity(Hmac<Sha1>);

impl Integrity {
    // HMAC takes keys of any length.
    #[allow(clippy::expect_used)]
    pub(super) fn new(password: &[u8]) -> Self {
        Self(Hmac::new_from_slice(password).expect("a key of any length"))
    }

    /// The MAC over a message up to its MESSAGE-INTEGRITY.
    pub(super) fn sign(&self, signed: &[u8]) -> [u8; 20] {
        self.over(signed).finalize().into_bytes().into()
    }

    /// Whether the MAC is right; in constant time, whatever is wrong with it.
    pub(super) fn is_right(&self, signature: Signature<'_>) -> bool {
        self.over(signature.signed).verify_slice(signature.mac).is_ok()
    }

    /// Its length counts as if the message ended with the integrity.
    fn over(&self, signed: &[u8]) -> Hmac<Sha1> {
        let mut mac = self.0.clone();
        if let Some(([t0, t1, _, _], rest)) = signed.split_first_chunk() {
            let [l0, l1] = ((signed.len() + MAC_ATTRIBUTE_LEN - HEADER_LEN) as u16).to_be_bytes();
            mac.update(&[*t0, *t1, l0, l1]);
            mac.update(rest);
        }
        mac
    }
}
