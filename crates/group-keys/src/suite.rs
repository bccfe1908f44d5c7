use crate::crypto::Hash;

/// A cipher suite of SFrame (RFC 9605 §4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CipherSuite {
    /// `AES_128_GCM_SHA256_128`.
    Aes128GcmSha256_128,
    /// `AES_256_GCM_SHA512_128`.
    Aes256GcmSha512_128,
}

impl CipherSuite {
    /// The suite with this number in the SFrame Cipher Suites registry (RFC 9605 §8.1).
    pub const fn from_id(id: u16) -> Option<Self> {
        match id {
            4 => Some(Self::Aes128GcmSha256_128),
            5 => Some(Self::Aes256GcmSha512_128),
            _ => None,
        }
    }

    /// Its number in the registry.
    pub const fn id(self) -> u16 {
        match self {
            Self::Aes128GcmSha256_128 => 4,
            Self::Aes256GcmSha512_128 => 5,
        }
    }

    /// Its name in the registry.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes128GcmSha256_128 => "AES_128_GCM_SHA256_128",
            Self::Aes256GcmSha512_128 => "AES_256_GCM_SHA512_128",
        }
    }

    /// Length of its encryption key in bytes.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128GcmSha256_128 => 16,
            Self::Aes256GcmSha512_128 => 32,
        }
    }

    /// Length of its tag in bytes.
    pub const fn tag_len(self) -> usize {
        crate::crypto::TAG_LEN
    }

    pub(crate) const fn hash(self) -> Hash {
        match self {
            Self::Aes128GcmSha256_128 => Hash::Sha256,
            Self::Aes256GcmSha512_128 => Hash::Sha512,
        }
    }
}
