//! The back end of wasm32, in pure Rust.

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce, Tag};
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use x25519_dalek::{PublicKey, StaticSecret};
use zentalk_primitives::Secret;

use super::{NONCE_LEN, SIGNATURE_LEN, TAG_LEN};

/// An X25519 private key with its public key.
pub(crate) struct DhPrivate {
    bytes: Secret<32>,
    key: StaticSecret,
    public: [u8; 32],
}

impl DhPrivate {
    pub(crate) fn new(bytes: Secret<32>) -> Self {
        let key = StaticSecret::from(*bytes.expose());
        let public = PublicKey::from(&key).to_bytes();
        Self { bytes, key, public }
    }

    pub(crate) fn bytes(&self) -> &Secret<32> {
        &self.bytes
    }

    pub(crate) fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// The shared secret; `None` if it is all zero (RFC 7748 §6.1).
    pub(crate) fn agree(&self, remote: &[u8; 32]) -> Option<Secret<32>> {
        let shared = self.key.diffie_hellman(&PublicKey::from(*remote));
        shared.was_contributory().then(|| Secret::new(shared.to_bytes()))
    }
}

/// An AES-256-GCM key, scheduled once.
pub(crate) struct GcmKey(Aes256Gcm);

impl GcmKey {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(Aes256Gcm::new(&(*key).into()))
    }

    /// Encrypts `in_out` in place and returns the tag.
    #[expect(clippy::expect_used, reason = "our buffers are far below AES-GCM's 64 GiB")]
    pub(crate) fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        in_out: &mut [u8],
    ) -> [u8; TAG_LEN] {
        let sealed = self.0.encrypt_inout_detached(&Nonce::from(*nonce), aad, in_out.into());
        sealed.expect("length is allowed").into()
    }

    /// Decrypts `in_out`, which ends with the tag, in place; the plaintext is all but the last 16 bytes.
    /// `None` if the tag is wrong: `in_out` must not be used then.
    pub(crate) fn open(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        in_out: &mut [u8],
    ) -> Option<usize> {
        let (ciphertext, tag) = in_out.split_last_chunk_mut::<TAG_LEN>()?;
        let tag = Tag::from(*tag);
        let len = ciphertext.len();
        let nonce = Nonce::from(*nonce);
        self.0.decrypt_inout_detached(&nonce, aad, ciphertext.into(), &tag).ok()?;
        Some(len)
    }
}

/// The public key of an Ed25519 seed (RFC 8032 §5.1.5).
pub(crate) fn ed25519_public(seed: &Secret<32>) -> [u8; 32] {
    SigningKey::from_bytes(seed.expose()).verifying_key().to_bytes()
}

/// Signs `message` (RFC 8032 §5.1.6).
pub(crate) fn ed25519_sign(seed: &Secret<32>, message: &[u8]) -> [u8; SIGNATURE_LEN] {
    SigningKey::from_bytes(seed.expose()).sign(message).to_bytes()
}

/// Whether `signature` is good (RFC 8032 §5.1.7).
pub(crate) fn ed25519_verify(
    public: &[u8; 32],
    message: &[u8],
    signature: &[u8; SIGNATURE_LEN],
) -> bool {
    VerifyingKey::from_bytes(public)
        .is_ok_and(|key| key.verify(message, &Signature::from_bytes(signature)).is_ok())
}
