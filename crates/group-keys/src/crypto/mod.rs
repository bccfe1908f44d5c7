//! The primitives this crate needs, from `aws-lc-rs` natively and from RustCrypto on wasm32; HMAC is the latter's everywhere. The
//! target decides, never a feature; tests compile both and run them on the same vectors.

mod aead;
#[cfg(not(target_arch = "wasm32"))]
mod aws_lc;
mod ctr_hmac;
mod hmac;
#[cfg(any(test, target_arch = "wasm32"))]
mod rust_crypto;

pub(crate) use self::aead::Aead;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use self::aws_lc::AwsLc as Platform;
#[cfg(test)]
pub(crate) use self::rust_crypto::RustCrypto;
#[cfg(all(not(test), target_arch = "wasm32"))]
pub(crate) use self::rust_crypto::RustCrypto as Platform;

use crate::Error;

/// A source of primitives. Every key is expanded once and wiped when dropped.
pub(crate) trait Crypto {
    /// AES-GCM.
    type Gcm: Gcm;
    /// AES in counter mode.
    type Ctr: Ctr;

    /// Fills `out` by HKDF (RFC 5869): extract with `salt` and `secret`, expand with the pieces of `info`.
    fn hkdf(
        hash: Hash,
        salt: &[u8],
        secret: &[u8],
        info: &[&[u8]],
        out: &mut [u8],
    ) -> Result<(), Error>;
}

/// AES-GCM with a 96-bit nonce and a 128-bit tag.
pub(crate) trait Gcm: Sized {
    /// Expands `key`, which has 16 or 32 bytes.
    fn new(key: &[u8]) -> Result<Self, Error>;

    /// Encrypts `plaintext` into `sealed`, which is 16 bytes longer: ciphertext, then tag.
    fn seal(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        plaintext: &[u8],
        sealed: &mut [u8],
    ) -> Result<(), Error>;

    /// Verifies `ciphertext` and decrypts it into `plaintext`, which is as long; after an error its contents
    /// are unspecified.
    fn open(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8],
        plaintext: &mut [u8],
    ) -> Result<(), Error>;
}

/// AES in counter mode with a counter of 128 bits.
pub(crate) trait Ctr: Sized {
    /// Expands `key`, which has 16 or 32 bytes.
    fn new(key: &[u8]) -> Result<Self, Error>;

    /// Adds the keystream that begins at this counter block to `data`.
    fn apply(&self, first_block: [u8; 16], data: &mut [u8]) -> Result<(), Error>;
}

/// The hash under HKDF and HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha512,
}

impl Hash {
    /// Length of its output in bytes.
    pub(crate) const fn len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// What is different for every frame under one key.
pub(crate) type Nonce = [u8; NONCE_LEN];

pub(crate) const NONCE_LEN: usize = 12;
