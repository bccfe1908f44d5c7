use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce as GcmNonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, HKDF_SHA512, KeyType, Salt};

use super::{Crypto, Ctr, Gcm, Hash, Nonce};
use crate::Error;

/// Primitives of `aws-lc-rs`.
pub(crate) struct AwsLc;

impl Crypto for AwsLc {
    type Gcm = AwsLcGcm;
    type Ctr = AwsLcCtr;

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
pub(crate) struct AwsLcGcm(LessSafeKey);

impl Gcm for AwsLcGcm {
    fn new(key: &[u8]) -> Result<Self, Error> {
        let algorithm = match key.len() {
            16 => &AES_128_GCM,
            32 => &AES_256_GCM,
            _ => return Err(Error::KeyLength),
        };
        let key = UnboundKey::new(algorithm, key).map_err(|_| Error::Internal)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    fn seal(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        plaintext: &[u8],
        sealed: &mut [u8],
    ) -> Result<(), Error> {
        let nonce = GcmNonce::assume_unique_for_key(*nonce);
        // Nothing in place: all of the plaintext is the "extra" that goes from one buffer to the other.
        self.0
            .seal_in_place_scatter(nonce, Aad::from(aad), &mut [], plaintext, sealed)
            .map_err(|_| Error::Internal)
    }

    fn open(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8],
        plaintext: &mut [u8],
    ) -> Result<(), Error> {
        let nonce = GcmNonce::assume_unique_for_key(*nonce);
        self.0
            .open_separate_gather(nonce, Aad::from(aad), ciphertext, tag, plaintext)
            .map_err(|_| Error::AuthenticationFailed)
    }
}

/// AES key schedule, made once.
pub(crate) struct AwsLcCtr(EncryptingKey);

impl Ctr for AwsLcCtr {
    fn new(key: &[u8]) -> Result<Self, Error> {
        let algorithm = match key.len() {
            16 => &AES_128,
            32 => &AES_256,
            _ => return Err(Error::KeyLength),
        };
        UnboundCipherKey::new(algorithm, key)
            .and_then(EncryptingKey::ctr)
            .map(Self)
            .map_err(|_| Error::Internal)
    }

    fn apply(&self, first_block: [u8; 16], data: &mut [u8]) -> Result<(), Error> {
        self.0
            .less_safe_encrypt(data, EncryptionContext::Iv128(first_block.into()))
            .map(|_| ())
            .map_err(|_| Error::Internal)
    }
}

/// A length of key material that no algorithm prescribes.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}
