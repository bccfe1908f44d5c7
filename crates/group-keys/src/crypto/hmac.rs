use hmac::{Hmac as KeyedHash, KeyInit, Mac};
use sha2::{Sha256, Sha512};

use super::Hash;
use crate::Error;

/// HMAC (RFC 2104) with both passes keyed once; each frame works on a copy, which is wiped.
///
/// From RustCrypto on every target: `aws-lc-rs` copies and wipes three states for a frame, which costs a short
/// one half as much time again.
pub(super) enum Hmac {
    Sha256(KeyedHash<Sha256>),
    Sha512(KeyedHash<Sha512>),
}

impl Hmac {
    pub(super) fn new(hash: Hash, key: &[u8]) -> Result<Self, Error> {
        match hash {
            Hash::Sha256 => KeyedHash::new_from_slice(key).map(Self::Sha256),
            Hash::Sha512 => KeyedHash::new_from_slice(key).map(Self::Sha512),
        }
        .map_err(|_| Error::KeyLength)
    }

    /// Fills `tag` with the first bytes of the HMAC of all `parts`.
    pub(super) fn tag(&self, parts: [&[u8]; 3], tag: &mut [u8]) {
        match self {
            Self::Sha256(mac) => first_bytes(mac.clone(), parts, tag),
            Self::Sha512(mac) => first_bytes(mac.clone(), parts, tag),
        }
    }
}

fn first_bytes(mut mac: impl Mac, parts: [&[u8]; 3], tag: &mut [u8]) {
    parts.into_iter().for_each(|part| mac.update(part));
    let whole = mac.finalize().into_bytes();
    tag.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
}
