//! The primitives, from one back end per target: aws-lc-rs natively, RustCrypto and dalek on wasm32.
//!
//! Both back ends offer the same items; tests compile both and hold them to the same vectors.

mod kdf;
mod kem;

#[cfg(not(target_arch = "wasm32"))]
mod aws_lc;
#[cfg(any(test, target_arch = "wasm32"))]
mod rust_crypto;
#[cfg(test)]
mod tests;

#[cfg(not(target_arch = "wasm32"))]
use aws_lc as backend;
#[cfg(target_arch = "wasm32")]
use rust_crypto as backend;

pub(crate) use backend::{DhPrivate, GcmKey, ed25519_public, ed25519_sign, ed25519_verify};
pub(crate) use kdf::{HmacSha256, hkdf_expand, hkdf_sha256};
pub(crate) use kem::{KEM_CIPHERTEXT_LEN, KEM_PUBLIC_LEN, KemPrivate, KemPublic};

/// Length of an AES-256-GCM tag in bytes.
pub(crate) const TAG_LEN: usize = 16;
/// Length of an AES-256-GCM nonce in bytes.
pub(crate) const NONCE_LEN: usize = 12;
/// Length of an Ed25519 signature in bytes.
pub(crate) const SIGNATURE_LEN: usize = 64;

/// [`GcmKey::seal`] with a key that is used once.
pub(crate) fn gcm_seal(
    key: &[u8; 32],
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    in_out: &mut [u8],
) -> [u8; TAG_LEN] {
    GcmKey::new(key).seal(nonce, aad, in_out)
}

/// [`GcmKey::open`] with a key that is used once.
pub(crate) fn gcm_open(
    key: &[u8; 32],
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    in_out: &mut [u8],
) -> Option<usize> {
    GcmKey::new(key).open(nonce, aad, in_out)
}
