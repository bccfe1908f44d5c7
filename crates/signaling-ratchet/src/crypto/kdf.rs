//! HMAC and HKDF with SHA-256, from RustCrypto on every target.
//!
//! Natively too, because every message takes four short HMACs under two fresh keys, and there aws-lc-rs spends two to three
//! times as long on its contexts as on the hash.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zentalk_primitives::Secret;

const HASH_LEN: usize = 32;

/// HMAC-SHA256 (RFC 2104) with a key that is scheduled once.
pub(crate) struct HmacSha256(Hmac<Sha256>);

impl HmacSha256 {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length (RFC 2104 §2)")]
    pub(crate) fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("any length"))
    }

    /// The MAC of the parts, concatenated.
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> Secret<HASH_LEN> {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        Secret::new(mac.finalize().into_bytes().into())
    }
}

/// HKDF-SHA256 (RFC 5869 §2.2 and §2.3) of the concatenated `input`, for at most 255 blocks of output.
pub(crate) fn hkdf_sha256(salt: &[u8], input: &[&[u8]], info: &[u8], out: &mut [u8]) {
    let prk = HmacSha256::new(salt).mac(input);
    hkdf_expand(prk.expose(), [info, &[]], out);
}

/// The second half of HKDF-SHA256 alone (RFC 5869 §2.3), for a `key` that is uniformly random already (§3.3);
/// `info` in two parts. For at most 255 blocks of output.
pub(crate) fn hkdf_expand(key: &[u8; HASH_LEN], info: [&[u8]; 2], out: &mut [u8]) {
    debug_assert!(out.len() <= 255 * HASH_LEN, "RFC 5869 §2.3");
    let prf = HmacSha256::new(key);
    let [info, more] = info;
    let mut previous: Option<Secret<HASH_LEN>> = None;
    for (counter, block) in (1u8..=255).zip(out.chunks_mut(HASH_LEN)) {
        // T(n) = HMAC(PRK, T(n-1) | info | n)
        let before: &[u8] = previous.as_ref().map_or(&[], |block| block.expose());
        let next = prf.mac(&[before, info, more, &[counter]]);
        for (to, from) in block.iter_mut().zip(next.expose()) {
            *to = *from;
        }
        previous = Some(next);
    }
}
