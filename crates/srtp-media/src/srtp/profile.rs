/// How packets are protected: one of the DTLS-SRTP protection profiles (RFC 5764 §4.1.2, RFC 7714 §14.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SrtpProfile {
    /// AES-128 in counter mode with an 80-bit HMAC-SHA1 tag (RFC 3711).
    Aes128CmHmacSha1_80,
    /// AES-128 in Galois/counter mode with a 128-bit tag (RFC 7714).
    AeadAes128Gcm,
    /// AES-256 in Galois/counter mode with a 128-bit tag (RFC 7714).
    AeadAes256Gcm,
}

impl SrtpProfile {
    /// The profile with this number in the DTLS `use_srtp` extension.
    pub const fn from_id(id: u16) -> Option<Self> {
        match id {
            0x0001 => Some(Self::Aes128CmHmacSha1_80),
            0x0007 => Some(Self::AeadAes128Gcm),
            0x0008 => Some(Self::AeadAes256Gcm),
            _ => None,
        }
    }

    /// Its number in the DTLS `use_srtp` extension.
    pub const fn id(self) -> u16 {
        match self {
            Self::Aes128CmHmacSha1_80 => 0x0001,
            Self::AeadAes128Gcm => 0x0007,
            Self::AeadAes256Gcm => 0x0008,
        }
    }

    /// Length of the master key, and of the session encryption key, in bytes.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128CmHmacSha1_80 | Self::AeadAes128Gcm => 16,
            Self::AeadAes256Gcm => 32,
        }
    }

    /// Length of the master salt, and of the session salt, in bytes.
    pub const fn salt_len(self) -> usize {
        match self {
            Self::Aes128CmHmacSha1_80 => 14,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 12,
        }
    }

    /// Length of the session authentication key in bytes; zero where the cipher authenticates itself.
    pub const fn auth_key_len(self) -> usize {
        match self {
            Self::Aes128CmHmacSha1_80 => 20,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 0,
        }
    }

    /// Length of what DTLS must export for both directions, in bytes (RFC 5764 §4.2).
    pub const fn keying_material_len(self) -> usize {
        2 * (self.key_len() + self.salt_len())
    }

    /// By how many bytes protection lengthens an RTP packet.
    pub const fn rtp_trailer_len(self) -> usize {
        match self {
            Self::Aes128CmHmacSha1_80 => 10,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 16,
        }
    }

    /// By how many bytes protection lengthens an RTCP packet: the tag, and the word with the E flag
    /// and the index.
    pub const fn rtcp_trailer_len(self) -> usize {
        self.rtp_trailer_len() + 4
    }

    /// Its registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes128CmHmacSha1_80 => "SRTP_AES128_CM_HMAC_SHA1_80",
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

    const ALL: [SrtpProfile; 3] =
        [SrtpProfile::Aes128CmHmacSha1_80, SrtpProfile::AeadAes128Gcm, SrtpProfile::AeadAes256Gcm];

    #[test]
    fn numbers_name_their_profile_and_no_other() {
        for profile in ALL {
            assert_eq!(SrtpProfile::from_id(profile.id()), Some(profile));
        }
        // RFC 5764 §4.1.2: 0x0005 has no encryption at all, 0x0002 a tag of 32 bits.
        for id in [0x0000, 0x0002, 0x0005, 0x0006, 0x0009] {
            assert_eq!(SrtpProfile::from_id(id), None);
        }
    }

    /// RFC 5764 §4.1.2 and RFC 7714 §12, tables of key and salt lengths.
    #[test]
    fn exported_lengths_are_those_of_the_rfcs() {
        assert_eq!(ALL.map(SrtpProfile::keying_material_len), [60, 56, 88]);
    }
}
