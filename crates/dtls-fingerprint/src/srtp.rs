use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::DtlsRole;

/// An SRTP protection profile, as negotiated by `use_srtp` (RFC 5764 §4.1.2, RFC 7714 §14.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SrtpProfile {
    /// `SRTP_AES128_CM_HMAC_SHA1_80`, 0x0001 (RFC 5764 §4.1.2).
    Aes128CmHmacSha1_80,
    /// `SRTP_AEAD_AES_128_GCM`, 0x0007 (RFC 7714 §14.2).
    AeadAes128Gcm,
    /// `SRTP_AEAD_AES_256_GCM`, 0x0008 (RFC 7714 §14.2).
    AeadAes256Gcm,
}

impl SrtpProfile {
    /// The number that `use_srtp` carries.
    pub const fn id(self) -> u16 {
        match self {
            Self::Aes128CmHmacSha1_80 => 0x0001,
            Self::AeadAes128Gcm => 0x0007,
            Self::AeadAes256Gcm => 0x0008,
        }
    }

    /// The name in IANA's registry.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes128CmHmacSha1_80 => "SRTP_AES128_CM_HMAC_SHA1_80",
            Self::AeadAes128Gcm => "SRTP_AEAD_AES_128_GCM",
            Self::AeadAes256Gcm => "SRTP_AEAD_AES_256_GCM",
        }
    }

    /// The length of a master key, in bytes.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128CmHmacSha1_80 | Self::AeadAes128Gcm => 16,
            Self::AeadAes256Gcm => 32,
        }
    }

    /// The length of a master salt, in bytes.
    pub const fn salt_len(self) -> usize {
        match self {
            Self::Aes128CmHmacSha1_80 => 14,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 12,
        }
    }
}

impl fmt::Display for SrtpProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One direction's SRTP master key and master salt. Wiped when dropped, not shown by `Debug`.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SrtpMasterSecret {
    key: [u8; MAX_KEY_LEN],
    salt: [u8; MAX_SALT_LEN],
    #[zeroize(skip)]
    profile: SrtpProfile,
}

impl SrtpMasterSecret {
    /// The master key: 16 or 32 bytes, as [`SrtpProfile::key_len`] says.
    pub fn key(&self) -> &[u8] {
        self.key.get(..self.profile.key_len()).unwrap_or_default()
    }

    /// The master salt: 12 or 14 bytes, as [`SrtpProfile::salt_len`] says.
    pub fn salt(&self) -> &[u8] {
        self.salt.get(..self.profile.salt_len()).unwrap_or_default()
    }

    fn new(profile: SrtpProfile, key: &[u8], salt: &[u8]) -> Self {
        let mut secret = Self { key: [0; MAX_KEY_LEN], salt: [0; MAX_SALT_LEN], profile };
        secret.key.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        secret.salt.iter_mut().zip(salt).for_each(|(to, from)| *to = *from);
        secret
    }

    fn duplicate(&self) -> Self {
        Self::new(self.profile, self.key(), self.salt())
    }
}

impl fmt::Debug for SrtpMasterSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SrtpMasterSecret({}, [redacted])", self.profile)
    }
}

/// The SRTP keys of both directions, seen from this side.
#[derive(Debug)]
pub struct SrtpKeyingMaterial {
    profile: SrtpProfile,
    local: SrtpMasterSecret,
    remote: SrtpMasterSecret,
}

impl SrtpKeyingMaterial {
    /// The protection profile that both keys are for.
    pub const fn profile(&self) -> SrtpProfile {
        self.profile
    }

    /// Protects what this side sends.
    pub const fn local(&self) -> &SrtpMasterSecret {
        &self.local
    }

    /// Opens what the peer sends.
    pub const fn remote(&self) -> &SrtpMasterSecret {
        &self.remote
    }

    /// Splits the exporter's output: client key, server key, client salt, server salt (RFC 5764 §4.2).
    ///
    /// `None` if its length is not exactly the profile's.
    pub(crate) fn split(profile: SrtpProfile, role: DtlsRole, exported: &[u8]) -> Option<Self> {
        let (client_key, rest) = exported.split_at_checked(profile.key_len())?;
        let (server_key, rest) = rest.split_at_checked(profile.key_len())?;
        let (client_salt, server_salt) = rest.split_at_checked(profile.salt_len())?;
        if server_salt.len() != profile.salt_len() {
            return None;
        }
        let client = SrtpMasterSecret::new(profile, client_key, client_salt);
        let server = SrtpMasterSecret::new(profile, server_key, server_salt);
        let (local, remote) = match role {
            DtlsRole::Client => (client, server),
            DtlsRole::Server => (server, client),
        };
        Some(Self { profile, local, remote })
    }

    pub(crate) fn duplicate(&self) -> Self {
        Self {
            profile: self.profile,
            local: self.local.duplicate(),
            remote: self.remote.duplicate(),
        }
    }
}

const MAX_KEY_LEN: usize = 32;
const MAX_SALT_LEN: usize = 14;

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILES: [SrtpProfile; 3] =
        [SrtpProfile::Aes128CmHmacSha1_80, SrtpProfile::AeadAes128Gcm, SrtpProfile::AeadAes256Gcm];

    fn exported(profile: SrtpProfile) -> Vec<u8> {
        (0u8..).take(2 * (profile.key_len() + profile.salt_len())).collect()
    }

    #[test]
    fn order_is_that_of_rfc_5764_4_2() {
        for profile in PROFILES {
            let bytes = exported(profile);
            let (key, salt) = (profile.key_len(), profile.salt_len());
            let client = SrtpKeyingMaterial::split(profile, DtlsRole::Client, &bytes).unwrap();
            assert_eq!(client.local().key(), &bytes[..key]);
            assert_eq!(client.remote().key(), &bytes[key..2 * key]);
            assert_eq!(client.local().salt(), &bytes[2 * key..2 * key + salt]);
            assert_eq!(client.remote().salt(), &bytes[2 * key + salt..]);

            let server = SrtpKeyingMaterial::split(profile, DtlsRole::Server, &bytes).unwrap();
            assert_eq!(server.local().key(), client.remote().key());
            assert_eq!(server.remote().salt(), client.local().salt());
        }
    }

    #[test]
    fn another_length_is_refused() {
        for profile in PROFILES {
            let mut bytes = exported(profile);
            bytes.push(0);
            assert!(SrtpKeyingMaterial::split(profile, DtlsRole::Client, &bytes).is_none());
            bytes.truncate(bytes.len() - 2);
            assert!(SrtpKeyingMaterial::split(profile, DtlsRole::Client, &bytes).is_none());
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let profile = SrtpProfile::AeadAes128Gcm;
        let keys = SrtpKeyingMaterial::split(profile, DtlsRole::Client, &[0xab; 56]).unwrap();
        let shown = format!("{keys:?}").to_lowercase();
        assert!(!shown.contains("171") && !shown.contains("ab, ab"), "{shown}");
    }
}
