use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, HKDF_SHA512, KeyType, Salt};

use super::{Aead, Crypto, Hash, NONCE_LEN, TAG_LEN};
use crate::Error;

/// Primitives of `aws-lc-rs`.
pub(crate) struct AwsLc;

impl Crypto for AwsLc {
    type Aead = AwsLcAead;

    fn hkdf(
        hash: Hash,
        salt: &[u8],
        secret: &[u8],
        info: &[&[u8]],
        out: &mut [u8],
    ) -> Result<(), Error> {
        let algorithm = match hash {
            Hash::Sha256 => HKDF_SHA256,
            Hash::Sha512 => HKDF_SHA512,
        };
        Salt::new(algorithm, salt)
            .extract(secret)
            .expand(info, Length(out.len()))
            .and_then(|key| key.fill(out))
            .map_err(|_| Error::Internal)
    }
}

/// AES key schedule and GHASH tables, made once.
pub(crate) struct AwsLcAead(LessSafeKey);

impl Aead for AwsLcAead {
    fn new(key: &[u8]) -> Result<Self, Error> {
        let algorithm = match key.len() {
            16 => &AES_128_GCM,
            32 => &AES_256_GCM,
            _ => return Err(Error::Internal),
        };
        let key = UnboundKey::new(algorithm, key).map_err(|_| Error::Internal)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    fn seal(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        data: &mut [u8],
        tag: &mut [u8; TAG_LEN],
    ) -> Result<(), Error> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.0
            .seal_in_place_scatter(nonce, Aad::from(aad), data, &[], tag)
            .map_err(|_| Error::Internal)
    }

    fn open(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        data: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), Error> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.0
            .open_in_place_separate_tag(nonce, Aad::from(aad), tag, data)
            .map(|_| ())
            .map_err(|_| Error::AuthenticationFailed)
    }
}

/// A length of key material that no algorithm prescribes.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}
