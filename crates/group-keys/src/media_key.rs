use core::fmt;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zentalk_primitives::CallId;

use crate::crypto::{Crypto, Hash, Platform};
use crate::key_bytes::KeyBytes;
use crate::{BaseKey, Epoch, Error, Roster};

/// The Media Key of one epoch: 32 bytes that its maker sends to each member through their own ratchet.
pub struct MediaKey(KeyBytes);

impl MediaKey {
    /// A fresh one: nobody who left can know anything of it.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        Self(KeyBytes::filled(|bytes| rng.fill_bytes(bytes)))
    }

    /// The key of a later epoch, by a step that cannot be taken back: whoever gets the new one only, cannot read the past. Whoever
    /// has the old one makes it alone.
    pub(crate) fn ratchet(&self, call: CallId, from: Epoch, to: Epoch) -> Result<Self, Error> {
        let info = [RATCHET, &from.to_u32().to_be_bytes()[..], &to.to_u32().to_be_bytes()];
        self.derive(call, &info).map(Self)
    }

    /// The SFrame base key. Epoch and roster enter it: members who were told of different rosters have different keys, and
    /// find out by their [`KeyCommitment`](crate::KeyCommitment)s.
    pub(crate) fn base_key(
        &self,
        call: CallId,
        epoch: Epoch,
        roster: &Roster,
    ) -> Result<BaseKey, Error> {
        let info = [BASE_KEY, &epoch.to_u32().to_be_bytes()[..], &roster.digest()];
        self.derive(call, &info).map(BaseKey::from)
    }

    fn derive(&self, call: CallId, info: &[&[u8]]) -> Result<KeyBytes, Error> {
        let (salt, secret) = (call.as_bytes(), self.expose());
        KeyBytes::try_filled(|key| Platform::hkdf(Hash::Sha256, salt, secret, info, key))
    }

    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 32] = bytes.try_into().ok()?;
        Some(Self(KeyBytes::filled(|key| key.copy_from_slice(bytes))))
    }

    pub(crate) fn duplicate(&self) -> Self {
        Self(KeyBytes::filled(|key| key.copy_from_slice(self.expose())))
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        self.expose().ct_eq(other.expose()).into()
    }
}

impl fmt::Debug for MediaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MediaKey([redacted])")
    }
}

const RATCHET: &[u8] = b"zentalk/frames/media key ratchet v1";
const BASE_KEY: &[u8] = b"zentalk/frames/group base key v1";

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: CallId = CallId::from_bytes([9; 16]);

    fn epoch(number: u32) -> Epoch {
        Epoch::new(number, 0).unwrap()
    }

    fn roster(info: &[u8]) -> Roster {
        let mut roster = Roster::new();
        roster.insert(3, info.to_vec()).unwrap();
        roster
    }

    #[test]
    fn a_ratchet_step_depends_on_call_and_both_epochs() {
        let key = MediaKey::from_slice(&[1; 32]).unwrap();
        let step = |call, from, to| *key.ratchet(call, epoch(from), epoch(to)).unwrap().expose();
        let base = step(CALL, 1, 2);
        assert_eq!(base, step(CALL, 1, 2));
        for other in [step(CallId::from_bytes([8; 16]), 1, 2), step(CALL, 0, 2), step(CALL, 1, 3)] {
            assert_ne!(other, base);
        }
        assert_ne!(base, *key.expose());
    }

    #[test]
    fn members_who_were_told_of_different_rosters_have_different_keys() {
        let key = MediaKey::from_slice(&[1; 32]).unwrap();
        let base = |number, info: &[u8]| {
            *key.base_key(CALL, epoch(number), &roster(info)).unwrap().expose()
        };
        assert_eq!(base(1, b"carol"), base(1, b"carol"));
        assert_ne!(base(1, b"carol"), base(1, b"mallory"));
        assert_ne!(base(1, b"carol"), base(2, b"carol"));
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(
            format!("{:?}", MediaKey::from_slice(&[1; 32]).unwrap()),
            "MediaKey([redacted])"
        );
    }
}
