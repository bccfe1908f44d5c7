use super::ctr_hmac::CtrHmac;
use super::{Crypto, Gcm, Nonce};
use crate::{CipherSuite, Error};

/// A suite's AEAD under one key (RFC 9605 §4.5).
pub(crate) enum Aead<C: Crypto> {
    Gcm(C::Gcm),
    CtrHmac(Box<CtrHmac<C>>),
}

impl<C: Crypto> Aead<C> {
    /// # Errors
    /// [`Error::KeyLength`] if `key` is not as long as the suite says.
    pub(crate) fn new(suite: CipherSuite, key: &[u8]) -> Result<Self, Error> {
        if key.len() != suite.key_len() {
            return Err(Error::KeyLength);
        }
        if suite.is_counter_mode() {
            let key = CtrHmac::new(suite.hash(), suite.aes_key_len(), key)?;
            Ok(Self::CtrHmac(Box::new(key)))
        } else {
            C::Gcm::new(key).map(Self::Gcm)
        }
    }

    /// Encrypts `plaintext` into `sealed`, which is longer by the suite's tag: ciphertext, then tag.
    pub(crate) fn seal(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        plaintext: &[u8],
        sealed: &mut [u8],
    ) -> Result<(), Error> {
        match self {
            Self::Gcm(key) => key.seal(nonce, aad, plaintext, sealed),
            Self::CtrHmac(key) => key.seal(nonce, aad, plaintext, sealed),
        }
    }

    /// Verifies `ciphertext` and decrypts it into `plaintext`, which is as long; after an error its contents
    /// are unspecified.
    ///
    /// # Errors
    /// [`Error::AuthenticationFailed`].
    pub(crate) fn open(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8],
        plaintext: &mut [u8],
    ) -> Result<(), Error> {
        match self {
            Self::Gcm(key) => key.open(nonce, aad, ciphertext, tag, plaintext),
            Self::CtrHmac(key) => key.open(nonce, aad, ciphertext, tag, plaintext),
        }
    }
}
