use core::fmt;

use zentalk_primitives::Secret;

use super::kdf::{KeyLabel, derive_session_key};
use super::{SrtpMasterKey, SrtpProfile};
use crate::Error;

/// The session keys of one direction: what RTP and RTCP packets are really protected with.
///
/// Contexts derive them from the master key; they are given directly only by systems that derive
/// keys elsewhere, and by test vectors.
pub struct SessionKeys {
    profile: SrtpProfile,
    rtp: ProtocolKeys,
    rtcp: ProtocolKeys,
    /// Key and salt for header extensions, known only where a master key is.
    header: Option<HeaderKeys>,
}

/// Borrowed session keys of RTP or of RTCP, for [`SessionKeys::from_parts`].
#[derive(Clone, Copy)]
pub struct SessionKeyParts<'a> {
    /// The encryption key: [`SrtpProfile::key_len`] bytes.
    pub cipher_key: &'a [u8],
    /// The authentication key: [`SrtpProfile::auth_key_len`] bytes.
    pub auth_key: &'a [u8],
    /// The salt: [`SrtpProfile::salt_len`] bytes.
    pub salt: &'a [u8],
}

impl SessionKeys {
    /// Derives the session keys from the master key (RFC 3711 §4.3, RFC 7714 §11), with a key
    /// derivation rate of zero, as DTLS-SRTP has it (RFC 5764 §4.1.2).
    ///
    /// # Errors
    /// [`Error::Internal`] if the cryptographic library fails.
    pub fn derive(master: &SrtpMasterKey) -> Result<Self, Error> {
        use KeyLabel as Label;
        let rtp = [Label::RtpEncryption, Label::RtpAuthentication, Label::RtpSalt];
        let rtcp = [Label::RtcpEncryption, Label::RtcpAuthentication, Label::RtcpSalt];
        Ok(Self {
            profile: master.profile(),
            rtp: ProtocolKeys::derive(master, rtp)?,
            rtcp: ProtocolKeys::derive(master, rtcp)?,
            header: Some(HeaderKeys::derive(master)?),
        })
    }

    /// Copies session keys that were derived elsewhere. They cannot encrypt header extensions by
    /// RFC 6904, which takes a key of its own.
    ///
    /// # Errors
    /// [`Error::KeyLength`] unless every part has the profile's length.
    pub fn from_parts(
        profile: SrtpProfile,
        rtp: SessionKeyParts<'_>,
        rtcp: SessionKeyParts<'_>,
    ) -> Result<Self, Error> {
        Ok(Self {
            profile,
            rtp: ProtocolKeys::copy(profile, rtp)?,
            rtcp: ProtocolKeys::copy(profile, rtcp)?,
            header: None,
        })
    }

    /// The profile they are for.
    pub fn profile(&self) -> SrtpProfile {
        self.profile
    }

    pub(super) fn rtp(&self) -> SessionKeyParts<'_> {
        self.rtp.parts(self.profile)
    }

    pub(super) fn rtcp(&self) -> SessionKeyParts<'_> {
        self.rtcp.parts(self.profile)
    }

    /// Key and salt for header extensions.
    pub(super) fn header(&self) -> Option<(&[u8], &[u8])> {
        let HeaderKeys { cipher, salt } = self.header.as_ref()?;
        let cipher = cipher.expose().get(..self.profile.key_len())?;
        Some((cipher, salt.expose().get(..self.profile.salt_len())?))
    }
}

impl fmt::Debug for SessionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionKeys({}, [redacted])", self.profile)
    }
}

impl fmt::Debug for SessionKeyParts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKeyParts([redacted])")
    }
}

/// The three session keys of RTP or RTCP, each in room for the longest.
struct ProtocolKeys {
    cipher: Secret<32>,
    auth: Secret<20>,
    salt: Secret<14>,
}

impl ProtocolKeys {
    const fn zero() -> Self {
        Self {
            cipher: Secret::new([0; 32]),
            auth: Secret::new([0; 20]),
            salt: Secret::new([0; 14]),
        }
    }

    fn derive(master: &SrtpMasterKey, labels: [KeyLabel; 3]) -> Result<Self, Error> {
        let mut keys = Self::zero();
        for (label, out) in labels.into_iter().zip(keys.slots(master.profile())) {
            derive_session_key(master.key(), master.salt(), label, out)?;
        }
        Ok(keys)
    }

    fn copy(profile: SrtpProfile, parts: SessionKeyParts<'_>) -> Result<Self, Error> {
        let mut keys = Self::zero();
        let from = [parts.cipher_key, parts.auth_key, parts.salt];
        for (to, from) in keys.slots(profile).into_iter().zip(from) {
            if to.len() != from.len() {
                return Err(Error::KeyLength);
            }
            to.copy_from_slice(from);
        }
        Ok(keys)
    }

    /// Encryption key, authentication key and salt, cut to the profile's lengths.
    fn slots(&mut self, profile: SrtpProfile) -> [&mut [u8]; 3] {
        [
            self.cipher.expose_mut().get_mut(..profile.key_len()).unwrap_or_default(),
            self.auth.expose_mut().get_mut(..profile.auth_key_len()).unwrap_or_default(),
            self.salt.expose_mut().get_mut(..profile.salt_len()).unwrap_or_default(),
        ]
    }

    fn parts(&self, profile: SrtpProfile) -> SessionKeyParts<'_> {
        SessionKeyParts {
            cipher_key: self.cipher.expose().get(..profile.key_len()).unwrap_or_default(),
            auth_key: self.auth.expose().get(..profile.auth_key_len()).unwrap_or_default(),
            salt: self.salt.expose().get(..profile.salt_len()).unwrap_or_default(),
        }
    }
}

/// The session keys of RFC 6904 §4.3, each in room for the longest. They have the lengths of the
/// profile's other keys; the cipher is counter mode, whatever the profile's.
struct HeaderKeys {
    cipher: Secret<32>,
    salt: Secret<14>,
}

impl HeaderKeys {
    fn derive(master: &SrtpMasterKey) -> Result<Self, Error> {
        let (key, salt, profile) = (master.key(), master.salt(), master.profile());
        let mut keys = Self { cipher: Secret::new([0; 32]), salt: Secret::new([0; 14]) };
        let cipher = keys.cipher.expose_mut().get_mut(..profile.key_len()).unwrap_or_default();
        derive_session_key(key, salt, KeyLabel::RtpHeaderEncryption, cipher)?;
        let out = keys.salt.expose_mut().get_mut(..profile.salt_len()).unwrap_or_default();
        derive_session_key(key, salt, KeyLabel::RtpHeaderSalt, out)?;
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts<'a>(cipher_key: &'a [u8], auth_key: &'a [u8], salt: &'a [u8]) -> SessionKeyParts<'a> {
        SessionKeyParts { cipher_key, auth_key, salt }
    }

    #[test]
    fn wrong_lengths_are_refused() {
        let profile = SrtpProfile::Aes128CmHmacSha1_80;
        let good = parts(&[1; 16], &[2; 20], &[3; 14]);
        assert!(SessionKeys::from_parts(profile, good, good).is_ok());
        for bad in [
            parts(&[1; 32], &[2; 20], &[3; 14]),
            parts(&[1; 16], &[], &[3; 14]),
            parts(&[1; 16], &[2; 20], &[3; 12]),
        ] {
            for (rtp, rtcp) in [(bad, good), (good, bad)] {
                let result = SessionKeys::from_parts(profile, rtp, rtcp);
                assert_eq!(result.err(), Some(Error::KeyLength));
            }
        }
    }

    #[test]
    fn derived_keys_have_the_profiles_lengths_and_differ_between_rtp_and_rtcp() {
        for profile in [SrtpProfile::Aes128CmHmacSha1_80, SrtpProfile::AeadAes256Gcm] {
            let (key, salt) = (vec![1; profile.key_len()], vec![2; profile.salt_len()]);
            let master = SrtpMasterKey::new(profile, &key, &salt).unwrap();
            let keys = SessionKeys::derive(&master).unwrap();
            let (rtp, rtcp) = (keys.rtp(), keys.rtcp());
            assert_eq!(rtp.cipher_key.len(), profile.key_len());
            assert_eq!(rtp.auth_key.len(), profile.auth_key_len());
            assert_eq!(rtp.salt.len(), profile.salt_len());
            assert_ne!(rtp.cipher_key, rtcp.cipher_key);
            assert_ne!(rtp.salt, rtcp.salt);
        }
    }
}
