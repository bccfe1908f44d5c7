//! The native back end.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, PrivateKey, UnparsedPublicKey, X25519};
use aws_lc_rs::signature::{self, ED25519, Ed25519KeyPair, KeyPair};
use subtle::ConstantTimeEq;
use zentalk_primitives::Secret;

use super::{NONCE_LEN, SIGNATURE_LEN, TAG_LEN};

/// An X25519 private key with everything that agreeing needs computed once.
pub(crate) struct DhPrivate {
    bytes: Secret<32>,
    key: PrivateKey,
    public: [u8; 32],
}

impl DhPrivate {
    #[expect(clippy::expect_used, reason = "32 bytes are always an X25519 private key")]
    pub(crate) fn new(bytes: Secret<32>) -> Self {
        let key = PrivateKey::from_private_key(&X25519, bytes.expose()).expect("32 bytes");
        let public = key.compute_public_key().expect("has a private key");
        let public = public.as_ref().try_into().expect("X25519 public keys have 32 bytes");
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
        let remote = UnparsedPublicKey::new(&X25519, remote);
        let shared =
            agreement::agree(&self.key, remote, (), |shared| Secret::from_slice(shared).ok_or(()))
                .ok()?;
        let zero = shared.expose().ct_eq(&[0; 32]);
        (!bool::from(zero)).then_some(shared)
    }
}

/// An AES-256-GCM key, scheduled once.
pub(crate) struct GcmKey(LessSafeKey);

impl GcmKey {
    #[expect(clippy::expect_used, reason = "32 bytes are always an AES-256 key")]
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("32 bytes")))
    }

    /// Encrypts `in_out` in place and returns the tag (AES-256-GCM, SP 800-38D).
    #[expect(clippy::expect_used, reason = "our buffers are far below AES-GCM's 64 GiB")]
    pub(crate) fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        in_out: &mut [u8],
    ) -> [u8; TAG_LEN] {
        let sealed = self.0.seal_in_place_separate_tag(Nonce::from(nonce), Aad::from(aad), in_out);
        let tag = sealed.expect("length is allowed");
        tag.as_ref().try_into().expect("AES-GCM tags have 16 bytes")
    }

    /// Decrypts `in_out`, which ends with the tag, in place; the plaintext is all but the last 16 bytes.
    /// `None` if the tag is wrong: `in_out` must not be used then.
    pub(crate) fn open(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        in_out: &mut [u8],
    ) -> Option<usize> {
        let plaintext = self.0.open_in_place(Nonce::from(nonce), Aad::from(aad), in_out).ok()?;
        Some(plaintext.len())
    }
}

/// The public key of an Ed25519 seed (RFC 8032 §5.1.5).
#[expect(clippy::expect_used, reason = "Ed25519 public keys have 32 bytes")]
pub(crate) fn ed25519_public(seed: &Secret<32>) -> [u8; 32] {
    ed25519(seed).public_key().as_ref().try_into().expect("32 bytes")
}

/// Signs `message` (RFC 8032 §5.1.6).
#[expect(clippy::expect_used, reason = "Ed25519 signatures have 64 bytes")]
pub(crate) fn ed25519_sign(seed: &Secret<32>, message: &[u8]) -> [u8; SIGNATURE_LEN] {
    ed25519(seed).sign(message).as_ref().try_into().expect("64 bytes")
}

/// Whether `signature` is good (RFC 8032 §5.1.7).
pub(crate) fn ed25519_verify(
    public: &[u8; 32],
    message: &[u8],
    signature: &[u8; SIGNATURE_LEN],
) -> bool {
    signature::UnparsedPublicKey::new(&ED25519, public).verify(message, signature).is_ok()
}

#[expect(clippy::expect_used, reason = "32 bytes are always an Ed25519 seed")]
fn ed25519(seed: &Secret<32>) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(seed.expose()).expect("32 bytes")
}
