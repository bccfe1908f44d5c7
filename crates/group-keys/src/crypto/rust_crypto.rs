use aes::{Aes128, Aes256};
use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{Aes128Gcm, Aes256Gcm, KeyInit};
use ctr::cipher::{InnerIvInit, StreamCipher};
use ctr::{Ctr128BE, CtrCore};
use hkdf::Hkdf;
use sha2::{Sha256, Sha512};

use super::{Crypto, Ctr, Gcm, Hash, Nonce};
use crate::Error;

/// Primitives of RustCrypto.
pub(crate) struct RustCrypto;

impl Crypto for RustCrypto {
    type Gcm = RustCryptoGcm;
    type Ctr = RustCryptoCtr;

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

/// AES key schedule and GHASH key, made once.
pub(crate) enum RustCryptoGcm {
    Aes128(Box<Aes128Gcm>),
    Aes256(Box<Aes256Gcm>),
}

impl Gcm for RustCryptoGcm {
    fn new(key: &[u8]) -> Result<Self, Error> {
        match key.len() {
            16 => Aes128Gcm::new_from_slice(key).map(|key| Self::Aes128(Box::new(key))),
            _ => Aes256Gcm::new_from_slice(key).map(|key| Self::Aes256(Box::new(key))),
        }
        .map_err(|_| Error::KeyLength)
    }

    fn seal(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        plaintext: &[u8],
        sealed: &mut [u8],
    ) -> Result<(), Error> {
        let (data, tag) = sealed.split_at_mut_checked(plaintext.len()).ok_or(Error::Internal)?;
        let data = InOutBuf::new(plaintext, data).map_err(|_| Error::Internal)?;
        let nonce = &(*nonce).into();
        let whole: [u8; 16] = match self {
            Self::Aes128(key) => key.encrypt_inout_detached(nonce, aad, data),
            Self::Aes256(key) => key.encrypt_inout_detached(nonce, aad, data),
        }
        .map_err(|_| Error::Internal)?
        .into();
        tag.copy_from_slice(&whole);
        Ok(())
    }

    fn open(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8],
        plaintext: &mut [u8],
    ) -> Result<(), Error> {
        let data = InOutBuf::new(ciphertext, plaintext).map_err(|_| Error::Internal)?;
        let tag: &[u8; 16] = tag.try_into().map_err(|_| Error::Internal)?;
        let (nonce, tag) = (&(*nonce).into(), tag.into());
        match self {
            Self::Aes128(key) => key.decrypt_inout_detached(nonce, aad, data, tag),
            Self::Aes256(key) => key.decrypt_inout_detached(nonce, aad, data, tag),
        }
        .map_err(|_| Error::AuthenticationFailed)
    }
}

/// AES key schedule, made once.
pub(crate) enum RustCryptoCtr {
    Aes128(Box<Aes128>),
    Aes256(Box<Aes256>),
}

impl Ctr for RustCryptoCtr {
    fn new(key: &[u8]) -> Result<Self, Error> {
        match key.len() {
            16 => Aes128::new_from_slice(key).map(|key| Self::Aes128(Box::new(key))),
            _ => Aes256::new_from_slice(key).map(|key| Self::Aes256(Box::new(key))),
        }
        .map_err(|_| Error::KeyLength)
    }

    fn apply(&self, first_block: [u8; 16], data: &mut [u8]) -> Result<(), Error> {
        let iv = &first_block.into();
        match self {
            Self::Aes128(key) => {
                let stream = CtrCore::inner_iv_init(key.as_ref(), iv);
                Ctr128BE::from_core(stream).try_apply_keystream(data)
            }
            Self::Aes256(key) => {
                let stream = CtrCore::inner_iv_init(key.as_ref(), iv);
                Ctr128BE::from_core(stream).try_apply_keystream(data)
            }
        }
        .map_err(|_| Error::Internal)
    }
}
