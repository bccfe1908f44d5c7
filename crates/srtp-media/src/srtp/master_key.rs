use core::fmt;

use zentalk_primitives::Secret;

use super::SrtpProfile;
use crate::Error;

/// The master key and master salt of one direction, for one profile.
///
/// It can be used up only once (contexts take it by value): two contexts that send under one key
/// repeat nonces.
pub struct SrtpMasterKey {
    profile: SrtpProfile,
    key: Secret<MAX_KEY_LEN>,
    salt: Secret<MAX_SALT_LEN>,
}

impl SrtpMasterKey {
    /// Copies `key` and `salt`; the caller's copies are the caller's to wipe.
    ///
    /// # Errors
    /// [`Error::KeyLength`] unless they have the profile's lengths.
    pub fn new(profile: SrtpProfile, key: &[u8], salt: &[u8]) -> Result<Self, Error> {
        if key.len() != profile.key_len() || salt.len() != profile.salt_len() {
            return Err(Error::KeyLength);
        }
        let mut master = Self {
            profile,
            key: Secret::new([0; MAX_KEY_LEN]),
            salt: Secret::new([0; MAX_SALT_LEN]),
        };
        master.key.expose_mut().iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        master.salt.expose_mut().iter_mut().zip(salt).for_each(|(to, from)| *to = *from);
        Ok(master)
    }

    /// Splits what DTLS exported (RFC 5764 §4.2: client key, server key, client salt, server salt)
    /// into the key under which the DTLS client sends and the one under which the server sends.
    ///
    /// # Errors
    /// [`Error::KeyLength`] unless there are [`SrtpProfile::keying_material_len`] bytes.
    pub fn pair_from_keying_material(
        profile: SrtpProfile,
        material: &[u8],
    ) -> Result<SrtpMasterKeyPair, Error> {
        if material.len() != profile.keying_material_len() {
            return Err(Error::KeyLength);
        }
        let (keys, salts) = material.split_at(2 * profile.key_len());
        let (client_key, server_key) = keys.split_at(profile.key_len());
        let (client_salt, server_salt) = salts.split_at(profile.salt_len());
        Ok(SrtpMasterKeyPair {
            client: Self::new(profile, client_key, client_salt)?,
            server: Self::new(profile, server_key, server_salt)?,
        })
    }

    /// The profile it is for.
    pub fn profile(&self) -> SrtpProfile {
        self.profile
    }

    pub(super) fn key(&self) -> &[u8] {
        self.key.expose().get(..self.profile.key_len()).unwrap_or_default()
    }

    pub(super) fn salt(&self) -> &[u8] {
        self.salt.expose().get(..self.profile.salt_len()).unwrap_or_default()
    }
}

impl fmt::Debug for SrtpMasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SrtpMasterKey({}, [redacted])", self.profile)
    }
}

/// The master keys of both directions, named after the DTLS roles.
///
/// The DTLS client sends under `client` and receives under `server`; the server the other way round.
#[derive(Debug)]
pub struct SrtpMasterKeyPair {
    /// The key under which the DTLS client sends.
    pub client: SrtpMasterKey,
    /// The key under which the DTLS server sends.
    pub server: SrtpMasterKey,
}

const MAX_KEY_LEN: usize = 32;
const MAX_SALT_LEN: usize = 14;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_lengths_are_refused() {
        let profile = SrtpProfile::AeadAes128Gcm;
        assert!(SrtpMasterKey::new(profile, &[0; 16], &[0; 12]).is_ok());
        for (key, salt) in [(15, 12), (17, 12), (16, 11), (16, 14), (32, 12), (0, 0)] {
            let result = SrtpMasterKey::new(profile, &vec![0; key], &vec![0; salt]);
            assert_eq!(result.err(), Some(Error::KeyLength));
        }
        let result = SrtpMasterKey::pair_from_keying_material(profile, &[0; 60]);
        assert_eq!(result.err(), Some(Error::KeyLength));
    }

    /// RFC 5764 §4.2: client key, server key, client salt, server salt.
    #[test]
    fn keying_material_is_split_in_the_order_of_the_rfc() {
        let material: Vec<u8> = (0..60).collect();
        let pair =
            SrtpMasterKey::pair_from_keying_material(SrtpProfile::Aes128CmHmacSha1_80, &material)
                .unwrap();
        assert_eq!(pair.client.key(), &material[..16]);
        assert_eq!(pair.server.key(), &material[16..32]);
        assert_eq!(pair.client.salt(), &material[32..46]);
        assert_eq!(pair.server.salt(), &material[46..]);
    }

    #[test]
    fn debug_shows_no_key() {
        let key = SrtpMasterKey::new(SrtpProfile::AeadAes128Gcm, &[0xab; 16], &[0xcd; 12]).unwrap();
        let shown = format!("{key:?}");
        assert!(shown.contains("redacted") && !shown.contains("171") && !shown.contains("ab,"));
    }
}
