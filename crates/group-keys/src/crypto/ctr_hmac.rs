use subtle::ConstantTimeEq;

use super::hmac::Hmac;
use super::{Crypto, Ctr, Hash, NONCE_LEN, Nonce};
use crate::Error;
use crate::suite::MAX_TAG_LEN;

/// AES in counter mode, then HMAC over the ciphertext (RFC 9605 §4.5.1).
///
/// The key schedule and the keyed state of HMAC are made once.
pub(crate) struct CtrHmac<C: Crypto> {
    cipher: C::Ctr,
    mac: Hmac,
}

impl<C: Crypto> CtrHmac<C> {
    /// The cipher's key is the first `aes_key_len` bytes of `key`, the rest is the MAC's.
    pub(super) fn new(hash: Hash, aes_key_len: usize, key: &[u8]) -> Result<Self, Error> {
        let (cipher, mac) = key.split_at_checked(aes_key_len).ok_or(Error::KeyLength)?;
        Ok(Self { cipher: C::Ctr::new(cipher)?, mac: Hmac::new(hash, mac)? })
    }

    pub(super) fn seal(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        plaintext: &[u8],
        sealed: &mut [u8],
    ) -> Result<(), Error> {
        let (data, tag) = sealed.split_at_mut_checked(plaintext.len()).ok_or(Error::Internal)?;
        data.copy_from_slice(plaintext);
        self.cipher.apply(first_block(nonce), data)?;
        self.tag(nonce, aad, data, tag);
        Ok(())
    }

    pub(super) fn open(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8],
        plaintext: &mut [u8],
    ) -> Result<(), Error> {
        let mut room = [0; MAX_TAG_LEN];
        let expected = room.get_mut(..tag.len()).ok_or(Error::Internal)?;
        self.tag(nonce, aad, ciphertext, expected);
        if !bool::from(expected.ct_eq(tag)) {
            return Err(Error::AuthenticationFailed);
        }
        plaintext.copy_from_slice(ciphertext);
        self.cipher.apply(first_block(nonce), plaintext)
    }

    /// The lengths of associated data, ciphertext and tag come first, so no two inputs read alike and a tag is
    /// not the beginning of a longer suite's.
    fn tag(&self, nonce: &Nonce, aad: &[u8], ciphertext: &[u8], tag: &mut [u8]) {
        let mut prefix = [0; 3 * 8 + NONCE_LEN];
        let lengths =
            [aad.len(), ciphertext.len(), tag.len()].map(|len| (len as u64).to_be_bytes());
        let values = lengths.as_flattened().iter().chain(nonce);
        prefix.iter_mut().zip(values).for_each(|(to, from)| *to = *from);
        self.mac.tag([&prefix, aad, ciphertext], tag);
    }
}

/// The nonce, then four bytes that count the blocks.
fn first_block(nonce: &Nonce) -> [u8; 16] {
    let mut block = [0; 16];
    block.iter_mut().zip(nonce).for_each(|(to, from)| *to = *from);
    block
}
