use crate::crypto::Hash;

/// A cipher suite of SFrame: RFC 9605 §4.5, and draft-barnes-sframe-iana-256 for AES-256 in counter mode.
///
/// All of the SFrame Cipher Suites registry that is assigned. Those with a tag of 64 or 32 bits need a [`ShortTag`],
/// so that nobody gets them by a number that was negotiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CipherSuite {
    /// `AES_128_CTR_HMAC_SHA256_80`.
    Aes128CtrHmacSha256_80,
    /// `AES_128_CTR_HMAC_SHA256_64`.
    Aes128CtrHmacSha256_64(ShortTag),
    /// `AES_128_CTR_HMAC_SHA256_32`.
    Aes128CtrHmacSha256_32(ShortTag),
    /// `AES_128_GCM_SHA256_128`.
    Aes128GcmSha256_128,
    /// `AES_256_GCM_SHA512_128`.
    Aes256GcmSha512_128,
    /// `AES_256_CTR_HMAC_SHA512_80`.
    Aes256CtrHmacSha512_80,
    /// `AES_256_CTR_HMAC_SHA512_64`.
    Aes256CtrHmacSha512_64(ShortTag),
    /// `AES_256_CTR_HMAC_SHA512_32`.
    Aes256CtrHmacSha512_32(ShortTag),
}

impl CipherSuite {
    /// The suite with this number in the SFrame Cipher Suites registry (RFC 9605 §8.1); `None` for one that is not
    /// assigned, and for those with a short tag.
    pub const fn from_id(id: u16) -> Option<Self> {
        match id {
            1 => Some(Self::Aes128CtrHmacSha256_80),
            4 => Some(Self::Aes128GcmSha256_128),
            5 => Some(Self::Aes256GcmSha512_128),
            6 => Some(Self::Aes256CtrHmacSha512_80),
            _ => None,
        }
    }

    /// The same, those with a short tag included.
    pub const fn from_id_or_short_tag(id: u16, consent: ShortTag) -> Option<Self> {
        match id {
            2 => Some(Self::Aes128CtrHmacSha256_64(consent)),
            3 => Some(Self::Aes128CtrHmacSha256_32(consent)),
            7 => Some(Self::Aes256CtrHmacSha512_64(consent)),
            8 => Some(Self::Aes256CtrHmacSha512_32(consent)),
            _ => Self::from_id(id),
        }
    }

    /// Its number in the registry.
    pub const fn id(self) -> u16 {
        self.parameters().id
    }

    /// Its name in the registry.
    pub const fn name(self) -> &'static str {
        self.parameters().name
    }

    /// Length of its AEAD key in bytes, in counter mode that of the cipher's and the MAC's key together (`Nk`).
    pub const fn key_len(self) -> usize {
        let parameters = self.parameters();
        match parameters.hmac_key_len {
            Some(hmac_key_len) => parameters.aes_key_len + hmac_key_len,
            None => parameters.aes_key_len,
        }
    }

    /// Length of its tag in bytes (`Nt`).
    pub const fn tag_len(self) -> usize {
        self.parameters().tag_len
    }

    pub(crate) const fn hash(self) -> Hash {
        self.parameters().hash
    }

    /// Length of the AES key in bytes (`Nka`).
    pub(crate) const fn aes_key_len(self) -> usize {
        self.parameters().aes_key_len
    }

    /// Whether it is counter mode with HMAC (RFC 9605 §4.5.1) rather than GCM.
    pub(crate) const fn is_counter_mode(self) -> bool {
        self.parameters().hmac_key_len.is_some()
    }

    /// RFC 9605 §4.5, Table 1, and the registry.
    const fn parameters(self) -> Parameters {
        match self {
            Self::Aes128CtrHmacSha256_80 => {
                Parameters::counter_mode_128(1, "AES_128_CTR_HMAC_SHA256_80", 10)
            }
            Self::Aes128CtrHmacSha256_64(_) => {
                Parameters::counter_mode_128(2, "AES_128_CTR_HMAC_SHA256_64", 8)
            }
            Self::Aes128CtrHmacSha256_32(_) => {
                Parameters::counter_mode_128(3, "AES_128_CTR_HMAC_SHA256_32", 4)
            }
            Self::Aes128GcmSha256_128 => Parameters {
                id: 4,
                name: "AES_128_GCM_SHA256_128",
                hash: Hash::Sha256,
                aes_key_len: 16,
                hmac_key_len: None,
                tag_len: 16,
            },
            Self::Aes256GcmSha512_128 => Parameters {
                id: 5,
                name: "AES_256_GCM_SHA512_128",
                hash: Hash::Sha512,
                aes_key_len: 32,
                hmac_key_len: None,
                tag_len: 16,
            },
            Self::Aes256CtrHmacSha512_80 => {
                Parameters::counter_mode_256(6, "AES_256_CTR_HMAC_SHA512_80", 10)
            }
            Self::Aes256CtrHmacSha512_64(_) => {
                Parameters::counter_mode_256(7, "AES_256_CTR_HMAC_SHA512_64", 8)
            }
            Self::Aes256CtrHmacSha512_32(_) => {
                Parameters::counter_mode_256(8, "AES_256_CTR_HMAC_SHA512_32", 4)
            }
        }
    }
}

/// That the caller takes tags of 32 or 64 bits.
///
/// Of forged frames with a 32-bit tag one in four billion opens: at a million guesses a second, which one fast link
/// carries, about one an hour (RFC 9605 §7.5). It is bearable for audio inside SRTP, where guesses do not get so
/// far, and nowhere else. What it saves is 6 to 12 bytes a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShortTag(());

impl ShortTag {
    /// Takes the risk.
    pub const fn dangerous() -> Self {
        Self(())
    }
}

/// A row of the registry.
struct Parameters {
    id: u16,
    name: &'static str,
    hash: Hash,
    aes_key_len: usize,
    hmac_key_len: Option<usize>,
    tag_len: usize,
}

impl Parameters {
    const fn counter_mode_128(id: u16, name: &'static str, tag_len: usize) -> Self {
        let hash = Hash::Sha256;
        Self { id, name, hash, aes_key_len: 16, hmac_key_len: Some(hash.len()), tag_len }
    }

    const fn counter_mode_256(id: u16, name: &'static str, tag_len: usize) -> Self {
        let hash = Hash::Sha512;
        Self { id, name, hash, aes_key_len: 32, hmac_key_len: Some(hash.len()), tag_len }
    }
}

/// The longest AEAD key (`Nk`): AES-256 and HMAC-SHA512.
pub(crate) const MAX_KEY_LEN: usize = 96;

/// The longest tag (`Nt`).
pub(crate) const MAX_TAG_LEN: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9605 §4.5, Table 1, draft-barnes-sframe-iana-256, and the registry: number, Nk, Nt.
    #[test]
    fn numbers_are_those_of_the_registry() {
        let rows = [
            (1, "AES_128_CTR_HMAC_SHA256_80", 48, 10),
            (2, "AES_128_CTR_HMAC_SHA256_64", 48, 8),
            (3, "AES_128_CTR_HMAC_SHA256_32", 48, 4),
            (4, "AES_128_GCM_SHA256_128", 16, 16),
            (5, "AES_256_GCM_SHA512_128", 32, 16),
            (6, "AES_256_CTR_HMAC_SHA512_80", 96, 10),
            (7, "AES_256_CTR_HMAC_SHA512_64", 96, 8),
            (8, "AES_256_CTR_HMAC_SHA512_32", 96, 4),
        ];
        for (id, name, key_len, tag_len) in rows {
            let suite = CipherSuite::from_id_or_short_tag(id, ShortTag::dangerous()).unwrap();
            assert_eq!((suite.id(), suite.name()), (id, name));
            assert_eq!((suite.key_len(), suite.tag_len()), (key_len, tag_len));
            assert!(key_len <= MAX_KEY_LEN && tag_len <= MAX_TAG_LEN);
        }
    }

    /// RFC 9605 §7.5: who has not asked for a short tag does not get one.
    #[test]
    fn a_number_alone_never_means_a_short_tag() {
        for id in 0..=u16::MAX {
            let suite = CipherSuite::from_id(id);
            assert_eq!(suite.is_some(), matches!(id, 1 | 4 | 5 | 6), "{id}");
            assert!(suite.is_none_or(|suite| suite.tag_len() >= 10));
            let any = CipherSuite::from_id_or_short_tag(id, ShortTag::dangerous());
            assert_eq!(any.map(CipherSuite::id), matches!(id, 1..=8).then_some(id));
        }
    }
}
