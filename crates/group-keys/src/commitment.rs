use core::fmt;

use zentalk_primitives::CallId;

use crate::crypto::{Crypto, Hash, Platform};
use crate::{BaseKey, Error};

/// What commits to the keys of one epoch of one call: equal for two participants only if they hold the same base
/// key.
///
/// AES-GCM does not commit to its key: whoever gives two members different keys can make frames that open under both, to
/// different pictures. So members of a group compare this over their own ratchets before they take an epoch's key;
/// then there is one key, and a frame has one meaning. It may be public: from it nobody learns the base key.
///
/// HKDF-SHA256 over the base key with the call id as salt; two base keys with one commitment would be a
/// collision of SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyCommitment([u8; Self::LEN]);

impl KeyCommitment {
    /// Its length in bytes: 128 bits against collisions.
    pub const LEN: usize = 32;

    pub(crate) fn new(base_key: &BaseKey, call_id: CallId, epoch: u16) -> Result<Self, Error> {
        let mut commitment = [0; Self::LEN];
        let info = [LABEL, &epoch.to_be_bytes()[..]];
        let salt = call_id.as_bytes();
        Platform::hkdf(Hash::Sha256, salt, base_key.expose(), &info, &mut commitment)?;
        Ok(Self(commitment))
    }

    /// The one that another member sent.
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be sent.
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Debug for KeyCommitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyCommitment(..)")
    }
}

const LABEL: &[u8] = b"zentalk/frames/key commitment v1";

#[cfg(test)]
mod tests {
    use zentalk_primitives::Secret;

    use super::*;

    fn commitment(key: u8, call: u8, epoch: u16) -> KeyCommitment {
        let base_key = BaseKey::new(Secret::new([key; 32]));
        KeyCommitment::new(&base_key, CallId::from_bytes([call; 16]), epoch).unwrap()
    }

    #[test]
    fn every_input_changes_the_commitment() {
        let base = commitment(1, 2, 3);
        assert_eq!(base, commitment(1, 2, 3));
        for other in [commitment(0, 2, 3), commitment(1, 0, 3), commitment(1, 2, 0x0300)] {
            assert_ne!(other, base);
        }
        assert_eq!(KeyCommitment::from_bytes(*base.as_bytes()), base);
        assert_eq!(format!("{base:?}"), "KeyCommitment(..)");
    }
}
