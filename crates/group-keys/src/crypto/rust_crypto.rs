use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{Aes128Gcm, Aes256Gcm, KeyInit};
use hkdf::Hkdf;
use sha2::{Sha256, Sha512};

use super::{Aead, Crypto, Hash, NONCE_LEN, TAG_LEN};
use crate::Error;

/// Primitives of RustCrypto.
pub(crate) struct RustCrypto;

impl Crypto for RustCrypto {
    type Aead = RustCryptoAead;

    fn hkdf(
        hash: Hash,
        salt: &[u8],
        secret: &[u8],
        info: &[&[u8]],
        out: &mut [u8],
    ) -> Result<(), Error> {
        match hash {
            Hash::Sha256 => Hkdf::<Sha256>::new(Some(salt), secret).expand_multi_info(info, out),
            Hash::Sha512 => Hkdf::<Sha512>::new(Some(salt), secret).expand_multi_info(info, out),
        }
        .map_err(|_| Error::Internal)
    }
}

/// An expanded key.
pub(crate) enum RustCryptoAead {
    Aes128(Box<Aes128Gcm>),
    Aes256(Box<Aes256Gcm>),
}

impl Aead for RustCryptoAead {
    fn new(key: &[u8]) -> Result<Self, Error> {
        match key.len() {
            16 => Aes128Gcm::new_from_slice(key).map(|key| Self::Aes128(Box::new(key))),
            _ => Aes256Gcm::new_from_slice(key).map(|key| Self::Aes256(Box::new(key))),
        }
        .map_err(|_| Error::Internal)
    }

    fn seal(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        data: &mut [u8],
        tag: &mut [u8; TAG_LEN],
    ) -> Result<(), Error> {
        let (nonce, data) = (&nonce.into(), InOutBuf::from(data));
        *tag = match self {
            Self::Aes128(key) => key.encrypt_inout_detached(nonce, aad, data),
            Self::Aes256(key) => key.encrypt_inout_detached(nonce, aad, data),
        }
        .map_err(|_| Error::Internal)?
        .into();
        Ok(())
    }

    fn open(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        data: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), Error> {
        let (nonce, data, tag) = (&nonce.into(), InOutBuf::from(data), tag.into());
        match self {
            Self::Aes128(key) => key.decrypt_inout_detached(nonce, aad, data, tag),
            Self::Aes256(key) => key.decrypt_inout_detached(nonce, aad, data, tag),
        }
        .map_err(|_| Error::AuthenticationFailed)
    }
}
