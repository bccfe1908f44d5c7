//! Records of DTLS 1.2 (RFC 6347 §4.1) and their protection (RFC 5288, RFC 7905).

use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};

use super::Hash;
use crate::case::Refusal;

/// One record as it was sent.
pub(crate) struct Record<'a> {
    pub(crate) content_type: u8,
    version: [u8; 2],
    pub(crate) epoch: u16,
    /// Epoch and sequence number.
    number: [u8; 8],
    pub(crate) fragment: &'a [u8],
}

impl<'a> Record<'a> {
    /// The records of a datagram.
    pub(crate) fn split(mut datagram: &'a [u8]) -> Result<Vec<Self>, Refusal> {
        let mut records = Vec::new();
        while !datagram.is_empty() {
            let (header, rest) = datagram.split_first_chunk::<13>().ok_or(Refusal::Rejected)?;
            let [content_type, v0, v1, number @ .., l0, l1] = *header;
            let len = usize::from(u16::from_be_bytes([l0, l1]));
            let (fragment, rest) = rest.split_at_checked(len).ok_or(Refusal::Rejected)?;
            let epoch = u16::from_be_bytes([number[0], number[1]]);
            records.push(Self { content_type, version: [v0, v1], epoch, number, fragment });
            datagram = rest;
        }
        Ok(records)
    }

    /// The sequence number within the epoch.
    pub(crate) fn sequence(&self) -> u64 {
        u64::from_be_bytes(self.number) & 0xffff_ffff_ffff
    }
}

/// How a cipher suite protects records.
#[derive(Clone, Copy)]
pub(crate) struct Protection {
    pub(crate) hash: Hash,
    algorithm: &'static aead::Algorithm,
    /// Whether records carry the nonce's second part, as GCM's do.
    explicit_nonce: bool,
}

impl Protection {
    /// For the suites that this project negotiates in DTLS 1.2.
    pub(crate) fn of_suite(suite: u16) -> Option<Self> {
        let (hash, algorithm) = match suite {
            0xc02b => (Hash::Sha256, &aead::AES_128_GCM),
            0xc02c => (Hash::Sha384, &aead::AES_256_GCM),
            0xcca9 => (Hash::Sha256, &aead::CHACHA20_POLY1305),
            _ => return None,
        };
        let explicit_nonce = suite != 0xcca9;
        Some(Self { hash, algorithm, explicit_nonce })
    }

    /// Lengths of MAC key, key and fixed initialization vector.
    pub(crate) fn lens(self) -> [usize; 3] {
        [0, self.algorithm.key_len(), if self.explicit_nonce { 4 } else { 12 }]
    }

    pub(crate) fn open(
        self,
        key: &[u8],
        iv: &[u8],
        record: &Record<'_>,
    ) -> Result<Vec<u8>, Refusal> {
        let (nonce, sealed) = if self.explicit_nonce {
            let (explicit, sealed) =
                record.fragment.split_at_checked(8).ok_or(Refusal::Rejected)?;
            ([iv, explicit].concat(), sealed)
        } else {
            let number = [&[0; 4], &record.number[..]].concat();
            (iv.iter().zip(number).map(|(a, b)| a ^ b).collect(), record.fragment)
        };
        let len = sealed.len().checked_sub(self.algorithm.tag_len()).ok_or(Refusal::Rejected)?;
        let head = [&record.number[..], &[record.content_type], &record.version];
        let additional = [&head.concat()[..], &(len as u16).to_be_bytes()].concat();
        let key = LessSafeKey::new(UnboundKey::new(self.algorithm, key)?);
        let mut data = sealed.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(&nonce)?;
        Ok(key.open_in_place(nonce, Aad::from(additional), &mut data)?.to_vec())
    }
}
