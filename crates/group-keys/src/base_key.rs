use core::fmt;

use rand_core::CryptoRng;
use zentalk_primitives::{CallId, Secret};

use crate::Error;
use crate::crypto::{Crypto, Hash, Platform};
use crate::key_bytes::KeyBytes;

/// One side's contribution to the key of a call of two: 32 random bytes, sent inside the ratchet.
pub struct FrameSecret(Secret<32>);

impl FrameSecret {
    /// A fresh contribution, for one call only.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        Self(Secret::random(rng))
    }

    /// The contribution that the other side sent.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// The bytes, to be sent inside the ratchet and nowhere else.
    pub const fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

impl fmt::Debug for FrameSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FrameSecret([redacted])")
    }
}

/// The SFrame `base_key` of one epoch of one call, from which every sender's and stream's key derives.
pub struct BaseKey(KeyBytes);

impl BaseKey {
    /// A base key made elsewhere: the Media Key of a group call's epoch.
    pub fn new(key: Secret<32>) -> Self {
        Self(KeyBytes::from(key))
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

impl From<KeyBytes> for BaseKey {
    fn from(key: KeyBytes) -> Self {
        Self(key)
    }
}

impl fmt::Debug for BaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BaseKey([redacted])")
    }
}

/// The base key of a call of two: HKDF-SHA256 over the caller's secret followed by the callee's, with
/// the call id as salt.
///
/// The identities are the long-term public keys as each side knows them from its ratchet session. They
/// enter the key (as HKDF's info, each after its length), so both sides get one key only if they agree
/// on who calls whom; and neither side alone decides the key.
///
/// # Errors
/// [`Error::Identity`] if an identity is empty, longer than [`MAX_IDENTITY_LEN`], or both are the same.
pub fn pair_base_key(
    caller_secret: &FrameSecret,
    callee_secret: &FrameSecret,
    call_id: CallId,
    caller_identity: &[u8],
    callee_identity: &[u8],
) -> Result<BaseKey, Error> {
    let caller_len = identity_len(caller_identity)?;
    let callee_len = identity_len(callee_identity)?;
    if caller_identity == callee_identity {
        return Err(Error::Identity);
    }
    let mut secrets = Secret::new([0; 64]);
    let halves = caller_secret.expose().iter().chain(callee_secret.expose());
    secrets.expose_mut().iter_mut().zip(halves).for_each(|(to, from)| *to = *from);
    let info = [LABEL, &[caller_len][..], caller_identity, &[callee_len][..], callee_identity];
    let (salt, secret) = (call_id.as_bytes(), secrets.expose());
    KeyBytes::try_filled(|key| Platform::hkdf(Hash::Sha256, salt, secret, &info, key)).map(BaseKey)
}

fn identity_len(identity: &[u8]) -> Result<u8, Error> {
    match u8::try_from(identity.len()) {
        Ok(len) if len > 0 => Ok(len),
        _ => Err(Error::Identity),
    }
}

/// The longest identity in bytes: its length is one byte of what is hashed.
pub const MAX_IDENTITY_LEN: usize = u8::MAX as usize;

const LABEL: &[u8] = b"zentalk/frames/pair base key v1";

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: CallId = CallId::from_bytes([9; 16]);

    fn key(caller: u8, callee: u8, call: CallId, a: &[u8], b: &[u8]) -> [u8; 32] {
        let (caller, callee) =
            (FrameSecret::from_bytes([caller; 32]), FrameSecret::from_bytes([callee; 32]));
        *pair_base_key(&caller, &callee, call, a, b).unwrap().expose()
    }

    #[test]
    fn every_input_changes_the_key() {
        let base = key(1, 2, CALL, b"alice", b"bob");
        assert_eq!(base, key(1, 2, CALL, b"alice", b"bob"));
        for other in [
            key(3, 2, CALL, b"alice", b"bob"),
            key(1, 3, CALL, b"alice", b"bob"),
            key(2, 1, CALL, b"alice", b"bob"),
            key(1, 2, CallId::from_bytes([8; 16]), b"alice", b"bob"),
            key(1, 2, CALL, b"mallory", b"bob"),
            key(1, 2, CALL, b"alice", b"mallory"),
            key(1, 2, CALL, b"bob", b"alice"),
            // The lengths keep the identities apart.
            key(1, 2, CALL, b"aliceb", b"ob"),
        ] {
            assert_ne!(other, base);
        }
    }

    #[test]
    fn identities_that_prove_nothing_are_refused() {
        let secret = FrameSecret::from_bytes([1; 32]);
        let long = [7; MAX_IDENTITY_LEN + 1];
        for (a, b) in [(&b""[..], &b"bob"[..]), (b"alice", b""), (b"me", b"me"), (b"me", &long)] {
            let result = pair_base_key(&secret, &secret, CALL, a, b);
            assert_eq!(result.err(), Some(Error::Identity));
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", FrameSecret::from_bytes([1; 32])), "FrameSecret([redacted])");
        assert_eq!(format!("{:?}", BaseKey::new(Secret::new([1; 32]))), "BaseKey([redacted])");
    }
}
