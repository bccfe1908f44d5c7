//! The two primitives this crate needs, from `aws-lc-rs` natively and from RustCrypto on wasm32. The
//! target decides, never a feature; tests compile both and run them on the same vectors.

#[cfg(not(target_arch = "wasm32"))]
mod aws_lc;
#[cfg(any(test, target_arch = "wasm32"))]
mod rust_crypto;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use self::aws_lc::AwsLc as Platform;
#[cfg(test)]
pub(crate) use self::rust_crypto::RustCrypto;
#[cfg(all(not(test), target_arch = "wasm32"))]
pub(crate) use self::rust_crypto::RustCrypto as Platform;

use crate::Error;

/// A source of primitives.
pub(crate) trait Crypto {
    /// AES-GCM under one expanded key.
    type Aead: Aead;

    /// Fills `out` by HKDF (RFC 5869): extract with `salt` and `secret`, expand with the pieces of `info`.
    fn hkdf(
        hash: Hash,
        salt: &[u8],
        secret: &[u8],
        info: &[&[u8]],
        out: &mut [u8],
    ) -> Result<(), Error>;
}

/// AES-GCM with a 96-bit nonce and a 128-bit tag, in place.
pub(crate) trait Aead: Sized {
    /// Expands `key`, which has 16 or 32 bytes.
    fn new(key: &[u8]) -> Result<Self, Error>;

    /// Encrypts `data` and writes the tag.
    fn seal(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        data: &mut [u8],
        tag: &mut [u8; TAG_LEN],
    ) -> Result<(), Error>;

    /// Verifies and decrypts `data`; after an error its contents are unspecified.
    fn open(
        &self,
        nonce: [u8; NONCE_LEN],
        aad: &[u8],
        data: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), Error>;
}

/// The hash under HKDF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha256,
    Sha512,
}

pub(crate) const NONCE_LEN: usize = 12;
pub(crate) const TAG_LEN: usize = 16;
