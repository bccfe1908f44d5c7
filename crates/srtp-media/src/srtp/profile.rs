/// How packets are protected: one of the protection profiles of RFC 5764 §4.1.2, RFC 6188 §3 and RFC 7714 §14.2.
///
/// The `…_32` profiles shorten the tag of RTP packets to 32 bits: one forgery in four billion passes.
/// They exist for peers that know nothing better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SrtpProfile {
    /// AES-128 in counter mode with an 80-bit HMAC-SHA1 tag (RFC 3711).
    Aes128CmHmacSha1_80,
    /// AES-128 in counter mode with a 32-bit HMAC-SHA1 tag on RTP, 80 bits on RTCP (RFC 5764 §4.1.2).
    Aes128CmHmacSha1_32,
    /// AES-192 in counter mode with an 80-bit HMAC-SHA1 tag (RFC 6188). Not for DTLS-SRTP.
    Aes192CmHmacSha1_80,
    /// AES-192 in counter mode with a 32-bit HMAC-SHA1 tag on RTP (RFC 6188). Not for DTLS-SRTP.
    Aes192CmHmacSha1_32,
    /// AES-256 in counter mode with an 80-bit HMAC-SHA1 tag (RFC 6188). Not for DTLS-SRTP.
    Aes256CmHmacSha1_80,
    /// AES-256 in counter mode with a 32-bit HMAC-SHA1 tag on RTP (RFC 6188). Not for DTLS-SRTP.
    Aes256CmHmacSha1_32,
    /// AES-128 in Galois/counter mode with a 128-bit tag (RFC 7714).
    AeadAes128Gcm,
    /// AES-256 in Galois/counter mode with a 128-bit tag (RFC 7714).
    AeadAes256Gcm,
}

impl SrtpProfile {
    /// Every profile, the strongest last.
    pub const ALL: [Self; 8] = [
        Self::Aes128CmHmacSha1_32,
        Self::Aes192CmHmacSha1_32,
        Self::Aes256CmHmacSha1_32,
        Self::Aes128CmHmacSha1_80,
        Self::Aes192CmHmacSha1_80,
        Self::Aes256CmHmacSha1_80,
        Self::AeadAes128Gcm,
        Self::AeadAes256Gcm,
    ];

    /// The profile with this number in the DTLS `use_srtp` extension.
    pub const fn from_id(id: u16) -> Option<Self> {
        match id {
            0x0001 => Some(Self::Aes128CmHmacSha1_80),
            0x0002 => Some(Self::Aes128CmHmacSha1_32),
            0x0007 => Some(Self::AeadAes128Gcm),
            0x0008 => Some(Self::AeadAes256Gcm),
            _ => None,
        }
    }

    /// Its number in the DTLS `use_srtp` extension; RFC 6188 registered none for its profiles.
    pub const fn id(self) -> Option<u16> {
        match self {
            Self::Aes128CmHmacSha1_80 => Some(0x0001),
            Self::Aes128CmHmacSha1_32 => Some(0x0002),
            Self::AeadAes128Gcm => Some(0x0007),
            Self::AeadAes256Gcm => Some(0x0008),
            Self::Aes192CmHmacSha1_80
            | Self::Aes192CmHmacSha1_32
            | Self::Aes256CmHmacSha1_80
            | Self::Aes256CmHmacSha1_32 => None,
        }
    }

    /// Whether one cipher both encrypts and authenticates.
    pub const fn is_aead(self) -> bool {
        matches!(self, Self::AeadAes128Gcm | Self::AeadAes256Gcm)
    }

    /// Length of the master key, and of the session encryption key, in bytes.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128CmHmacSha1_80 | Self::Aes128CmHmacSha1_32 | Self::AeadAes128Gcm => 16,
            Self::Aes192CmHmacSha1_80 | Self::Aes192CmHmacSha1_32 => 24,
            Self::Aes256CmHmacSha1_80 | Self::Aes256CmHmacSha1_32 | Self::AeadAes256Gcm => 32,
        }
    }

    /// Length of the master salt, and of the session salt, in bytes.
    pub const fn salt_len(self) -> usize {
        if self.is_aead() { 12 } else { 14 }
    }

    /// Length of the session authentication key in bytes; zero where the cipher authenticates itself.
    pub const fn auth_key_len(self) -> usize {
        if self.is_aead() { 0 } else { 20 }
    }

    /// Length of what DTLS must export for both directions, in bytes (RFC 5764 §4.2).
    pub const fn keying_material_len(self) -> usize {
        2 * (self.key_len() + self.salt_len())
    }

    /// By how many bytes protection lengthens an RTP packet: the tag.
    pub const fn rtp_trailer_len(self) -> usize {
        match self {
            Self::Aes128CmHmacSha1_32 | Self::Aes192CmHmacSha1_32 | Self::Aes256CmHmacSha1_32 => 4,
            _ => self.rtcp_trailer_len() - 4,
        }
    }

    /// By how many bytes protection lengthens an RTCP packet: the tag, never a short one (RFC 3711
    /// §5.2), and the word with the E flag and the index.
    pub const fn rtcp_trailer_len(self) -> usize {
        4 + if self.is_aead() { 16 } else { 10 }
    }

    /// Its name, in DTLS where it is registered there.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes128CmHmacSha1_80 => "SRTP_AES128_CM_HMAC_SHA1_80",
            Self::Aes128CmHmacSha1_32 => "SRTP_AES128_CM_HMAC_SHA1_32",
            Self::Aes192CmHmacSha1_80 => "AES_192_CM_HMAC_SHA1_80",
            Self::Aes192CmHmacSha1_32 => "AES_192_CM_HMAC_SHA1_32",
            Self::Aes256CmHmacSha1_80 => "AES_256_CM_HMAC_SHA1_80",
            Self::Aes256CmHmacSha1_32 => "AES_256_CM_HMAC_SHA1_32",
            Self::AeadAes128Gcm => "SRTP_AEAD_AES_128_GCM",
            Self::AeadAes256Gcm => "SRTP_AEAD_AES_256_GCM",
        }
    }
}

impl core::fmt::Display for SrtpProfile {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7714 §14.2.
    #[test]
    fn numbers_name_their_profile_and_no_other() {
        for profile in SrtpProfile::ALL {
            if let Some(id) = profile.id() {
                assert_eq!(SrtpProfile::from_id(id), Some(profile));
            }
        }
        // RFC 5764 §4.1.2: 0x0005 and 0x0006 have no encryption at all.
        for id in [0x0000, 0x0003, 0x0005, 0x0006, 0x0009] {
            assert_eq!(SrtpProfile::from_id(id), None);
        }
    }

    /// RFC 5764 §4.1.2, RFC 6188 §3 and RFC 7714 §12, tables of key, salt and tag lengths.
    #[test]
    fn lengths_are_those_of_the_rfcs() {
        let lengths = SrtpProfile::ALL.map(SrtpProfile::keying_material_len);
        assert_eq!(lengths, [60, 76, 92, 60, 76, 92, 56, 88]);
        let tags = SrtpProfile::ALL.map(SrtpProfile::rtp_trailer_len);
        assert_eq!(tags, [4, 4, 4, 10, 10, 10, 16, 16]);
        let trailers = SrtpProfile::ALL.map(SrtpProfile::rtcp_trailer_len);
        assert_eq!(trailers, [14, 14, 14, 14, 14, 14, 20, 20]);
    }
}
