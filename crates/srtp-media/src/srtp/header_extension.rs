use core::fmt;
use core::ops::Range;

use aws_lc_rs::cipher::EncryptingKey;
use zentalk_primitives::Secret;

use super::aes_cm::{MAX_SALT_LEN, aes_cm_counter_block, counter_mode, keystream};
use super::header::{ONE_BYTE_PROFILE, TWO_BYTE_PROFILE};
use crate::Error;

/// Encrypts the values of chosen header extensions (RFC 6904), counter mode in every profile.
///
/// Contexts do this themselves ([`SrtpOptions::encrypted_extensions`](crate::SrtpOptions)); it is public
/// for those who hold a header key and nothing else.
pub struct HeaderExtensionCipher {
    cipher: EncryptingKey,
    salt: Secret<MAX_SALT_LEN>,
    ids: IdSet,
}

impl HeaderExtensionCipher {
    /// A cipher under a session key and salt for header extensions, for the elements with these ids.
    ///
    /// # Errors
    /// [`Error::KeyLength`] if `key` is not 16, 24 or 32 bytes long or `salt` longer than 14.
    pub fn new(key: &[u8], salt: &[u8], ids: &[u8]) -> Result<Self, Error> {
        Self::with_ids(key, salt, IdSet::new(ids))
    }

    pub(super) fn with_ids(key: &[u8], salt: &[u8], ids: IdSet) -> Result<Self, Error> {
        // A salt of 96 bits is extended with zeros, as in key derivation (RFC 7714 §11).
        let mut padded = Secret::new([0; MAX_SALT_LEN]);
        let to = padded.expose_mut().get_mut(..salt.len()).ok_or(Error::KeyLength)?;
        to.copy_from_slice(salt);
        Ok(Self { cipher: counter_mode(key)?, salt: padded, ids })
    }

    /// Encrypts, or decrypts, the elements in `data`: an extension block without its first four bytes,
    /// of which `profile` is the first half. `index` is the packet's 48-bit index.
    ///
    /// # Errors
    /// As [`Self::encrypted_ranges`]; `data` is then as before.
    pub fn apply(&self, ssrc: u32, index: u64, profile: u16, data: &mut [u8]) -> Result<(), Error> {
        self.check(profile, data)?;
        let block = u128::from_be_bytes(aes_cm_counter_block(self.salt.expose(), ssrc, index));
        let mut at = 0;
        while let Some((_, range)) = self.next(profile, data, at)? {
            at = range.end;
            self.add_keystream(block, range, data)?;
        }
        Ok(())
    }

    /// Which bytes of `data` [`Self::apply`] changes: the mask of RFC 6904 §4.1.
    ///
    /// # Errors
    /// [`Error::HeaderExtension`] unless `profile` is that of RFC 8285's one-byte or two-byte form,
    /// [`Error::Malformed`] if an element ends behind `data`. Nothing follows an error.
    pub fn encrypted_ranges(
        &self,
        profile: u16,
        data: &[u8],
    ) -> impl Iterator<Item = Result<Range<usize>, Error>> {
        let mut at = Some(0);
        core::iter::from_fn(move || {
            let next = self.next(profile, data, at?);
            at = next.as_ref().ok().and_then(|next| next.as_ref().map(|(_, range)| range.end));
            next.map(|next| next.map(|(_, range)| range)).transpose()
        })
    }

    /// Whether [`Self::apply`] will succeed.
    pub(super) fn check(&self, profile: u16, data: &[u8]) -> Result<(), Error> {
        self.encrypted_ranges(profile, data).try_for_each(|range| range.map(drop))
    }

    /// The id and the value's place of the next element to encrypt, from `at` on.
    fn next(
        &self,
        profile: u16,
        data: &[u8],
        mut at: usize,
    ) -> Result<Option<(u8, Range<usize>)>, Error> {
        while let Some((id, range)) = next_element(profile, data, at)? {
            if range.end > data.len() {
                return Err(Error::Malformed);
            }
            at = range.end;
            if self.ids.contains(id) {
                return Ok(Some((id, range)));
            }
        }
        Ok(None)
    }

    /// Adds the keystream to one element: the block's keystream begins with the block (§4.1), so the
    /// element's begins somewhere in an AES block.
    fn add_keystream(
        &self,
        first_block: u128,
        range: Range<usize>,
        data: &mut [u8],
    ) -> Result<(), Error> {
        let mut stream = [0; MAX_ELEMENT_LEN.next_multiple_of(16) + 16];
        let (skipped, value) =
            (range.start % 16, data.get_mut(range.clone()).ok_or(Error::Internal)?);
        let stream = stream.get_mut(..skipped + value.len()).ok_or(Error::Internal)?;
        let block = first_block.wrapping_add((range.start / 16) as u128);
        keystream(&self.cipher, block.to_be_bytes(), stream)?;
        value.iter_mut().zip(stream.iter().skip(skipped)).for_each(|(to, from)| *to ^= from);
        Ok(())
    }
}

impl fmt::Debug for HeaderExtensionCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeaderExtensionCipher([redacted])")
    }
}

/// Header extension ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IdSet([u64; 4]);

impl IdSet {
    pub(super) fn new(ids: &[u8]) -> Self {
        let mut set = [0; 4];
        for id in ids {
            if let Some(word) = set.get_mut(usize::from(id / 64)) {
                *word |= 1 << (id % 64);
            }
        }
        Self(set)
    }

    fn contains(self, id: u8) -> bool {
        self.0.get(usize::from(id / 64)).is_some_and(|word| word >> (id % 64) & 1 != 0)
    }
}

/// The id and the value's place of the next element at or after `at` (RFC 8285 §4.2, §4.3). The value
/// may end behind `data`.
fn next_element(profile: u16, data: &[u8], at: usize) -> Result<Option<(u8, Range<usize>)>, Error> {
    let padding = data.iter().skip(at).take_while(|byte| **byte == 0).count();
    let at = at + padding;
    let Some(&head) = data.get(at) else { return Ok(None) };
    if profile == ONE_BYTE_PROFILE {
        let start = at + 1;
        return Ok(match head >> 4 {
            0 | 15 => None,
            id => Some((id, start..start + usize::from(head & 0x0f) + 1)),
        });
    }
    if profile & 0xfff0 == TWO_BYTE_PROFILE {
        let len = data.get(at + 1).ok_or(Error::Malformed)?;
        return Ok(Some((head, at + 2..at + 2 + usize::from(*len))));
    }
    Err(Error::HeaderExtension)
}

/// The length of a two-byte element is one byte (RFC 8285 §4.3).
const MAX_ELEMENT_LEN: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    fn cipher(ids: &[u8]) -> HeaderExtensionCipher {
        let key = 0x5497_5205_4d6f_b708_622c_4a2e_596a_1b93_u128.to_be_bytes();
        let salt = 0xab01_8181_74c4_0d39_a378_1f7c_2d27_0000_u128.to_be_bytes();
        HeaderExtensionCipher::new(&key, &salt[..14], ids).unwrap()
    }

    fn ranges(profile: u16, data: &[u8], ids: &[u8]) -> Result<Vec<Range<usize>>, Error> {
        cipher(ids).encrypted_ranges(profile, data).collect()
    }

    /// RFC 6904 Appendix A.2, the values in clear under the ids that are not encrypted.
    #[test]
    fn elements_are_encrypted_as_in_rfc_6904() {
        let plain = [
            0x17, 0x41, 0x42, 0x73, 0xa4, 0x75, 0x26, 0x27, 0x48, 0x22, 0x00, 0x00, 0xc8, 0x30,
            0x8e, 0x46, 0x55, 0x99, 0x63, 0x86, 0xb3, 0x95, 0xfb, 0x00,
        ];
        let encrypted = [
            0x17, 0x58, 0x8a, 0x92, 0x70, 0xf4, 0xe1, 0x5e, 0x1c, 0x22, 0x00, 0x00, 0xc8, 0x30,
            0x95, 0x46, 0xa9, 0x94, 0xf0, 0xbc, 0x54, 0x78, 0x97, 0x00,
        ];
        let cipher = cipher(&[1, 3, 4]);
        let mut data = plain;
        cipher.apply(0xcafe_babe, 0x1234, 0xbede, &mut data).unwrap();
        assert_eq!(data, encrypted);
        cipher.apply(0xcafe_babe, 0x1234, 0xbede, &mut data).unwrap();
        assert_eq!(data, plain);
    }

    #[test]
    fn only_values_of_chosen_ids_are_encrypted() {
        assert_eq!(
            ranges(0xbede, &[0x10, 1, 0, 0x21, 2, 2, 0x30, 3], &[1, 3]),
            Ok(vec![1..2, 7..8])
        );
        // RFC 8285 §4.2: id 15 ends the one-byte form.
        let ended = [0x10, 1, 0x10, 2, 0xf0, 9, 0x10, 1];
        assert_eq!(ranges(0xbede, &ended, &[1, 15]), Ok(vec![1..2, 3..4]));
        assert_eq!(ranges(0x1007, &[200, 0, 0, 0, 7, 1, 9], &[7, 200]), Ok(vec![2..2, 6..7]));
        assert_eq!(ranges(0x1000, &[], &[7]), Ok(vec![]));
    }

    #[test]
    fn elements_that_do_not_fit_and_other_forms_are_refused_with_nothing_changed() {
        for (profile, bad, error) in [
            (0xbede, &[0x10, 1, 0x22, 2, 2][..], Error::Malformed),
            (0x1000, &[7, 2, 1][..], Error::Malformed),
            (0x1000, &[7, 1, 1, 7][..], Error::Malformed),
            (0x0001, &[7, 1, 1, 7][..], Error::HeaderExtension),
        ] {
            let mut data = bad.to_vec();
            assert_eq!(cipher(&[1, 7]).apply(1, 2, profile, &mut data), Err(error));
            assert_eq!(data, bad);
        }
    }

    /// §4.1: one keystream runs under the whole block, wherever its elements lie.
    #[test]
    fn long_elements_take_their_part_of_one_keystream() {
        let mut data = vec![0; 600];
        let mut expected = vec![0; 600];
        keystream(&cipher(&[]).cipher, aes_cm_counter_block(&SALT, 5, 6), &mut expected).unwrap();
        for at in [3, 260] {
            (data[at], data[at + 1]) = (9, 255);
        }
        let plain = data.clone();
        cipher(&[9]).apply(5, 6, 0x1000, &mut data).unwrap();
        for (at, (byte, plain)) in data.iter().zip(&plain).enumerate() {
            let is_value = (5..260).contains(&at) || (262..517).contains(&at);
            assert_eq!(*byte, if is_value { plain ^ expected[at] } else { *plain }, "{at}");
        }
    }

    const SALT: [u8; 14] =
        [0xab, 0x01, 0x81, 0x81, 0x74, 0xc4, 0x0d, 0x39, 0xa3, 0x78, 0x1f, 0x7c, 0x2d, 0x27];
}
