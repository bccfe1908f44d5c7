//! MESSAGE-INTEGRITY with long-term credentials (RFC 8489 §9.2, §14.5, §14.6).
//!
//! Not by `stun-types`, whose keys are neither wiped nor kept from being copied.

use aws_lc_rs::{constant_time, digest, hmac};
use md5::{Digest, Md5};
use stun_types::attribute::{MessageIntegrity, MessageIntegritySha256};
use stun_types::message::{Message, MessageHeader};
use stun_types::prelude::{Attribute, AttributeStaticType};
use zeroize::Zeroizing;

/// How the key is made of the password (RFC 8489 §18.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PasswordAlgorithm {
    /// What clients use that do not name one.
    Md5,
    Sha256,
}

/// Which attribute proves the key: the answer has the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Integrity {
    Sha1,
    Sha256,
}

/// The key of a credential in a realm.
pub(super) struct LongTermKey {
    algorithm: PasswordAlgorithm,
    key: Zeroizing<Vec<u8>>,
}

impl LongTermKey {
    pub(super) fn new(
        algorithm: PasswordAlgorithm,
        username: &str,
        realm: &str,
        password: &str,
    ) -> Self {
        let text = Zeroizing::new([username, realm, password].join(":"));
        let key = match algorithm {
            PasswordAlgorithm::Md5 => Md5::digest(text.as_bytes()).to_vec(),
            PasswordAlgorithm::Sha256 => {
                digest::digest(&digest::SHA256, text.as_bytes()).as_ref().to_vec()
            }
        };
        Self { algorithm, key: Zeroizing::new(key) }
    }

    pub(super) const fn algorithm(&self) -> PasswordAlgorithm {
        self.algorithm
    }

    pub(super) fn duplicate(&self) -> Self {
        Self { algorithm: self.algorithm, key: self.key.clone() }
    }

    /// How `message` proves this key; `None` if it does not.
    pub(super) fn verify(&self, message: &Message<'_>) -> Option<Integrity> {
        let (integrity, offset, claimed) = integrity_attribute(message)?;
        let proven = self.code(integrity, message.as_bytes(), offset)?;
        constant_time::verify_slices_are_equal(proven.as_ref(), &claimed).ok()?;
        Some(integrity)
    }

    /// Adds the attribute that proves this key. Only FINGERPRINT may follow.
    pub(super) fn sign(&self, integrity: Integrity, message: &mut Vec<u8>) {
        let Some(code) = self.code(integrity, message, message.len()) else { return };
        let (kind, _) = integrity.attribute();
        append(message, kind, code.as_ref());
    }

    /// The code over what stands before `offset`, where the attribute stands or will stand.
    fn code(&self, integrity: Integrity, message: &[u8], offset: usize) -> Option<hmac::Tag> {
        let (_, length) = integrity.attribute();
        let (kind, covered) = (message.get(..2)?, message.get(4..offset)?);
        // The header's length ends with the attribute, whatever follows it.
        let end = offset.checked_add(4 + length)?.checked_sub(MessageHeader::LENGTH)?;
        let key = hmac::Key::new(integrity.hmac(), &self.key);
        let mut context = hmac::Context::with_key(&key);
        context.update(kind);
        context.update(&u16::try_from(end).ok()?.to_be_bytes());
        context.update(covered);
        Some(context.sign())
    }
}

impl Integrity {
    /// The attribute's type and the length of its value.
    const fn attribute(self) -> (u16, usize) {
        match self {
            Self::Sha1 => (0x0008, 20),
            // RFC 8489 §14.6 lets a usage of STUN truncate it; TURN does not.
            Self::Sha256 => (0x001c, 32),
        }
    }

    fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
        }
    }
}

/// Whether there is something to verify at all.
pub(super) fn has_integrity(message: &Message<'_>) -> bool {
    message.has_attribute(MessageIntegrity::TYPE)
        || message.has_attribute(MessageIntegritySha256::TYPE)
}

/// The attribute to verify, the stronger if there are both (RFC 8489 §9.2.4): where it stands, and its value.
fn integrity_attribute(message: &Message<'_>) -> Option<(Integrity, usize, Vec<u8>)> {
    let mut found = None;
    for (offset, attribute) in message.iter_attributes() {
        let integrity = match attribute.get_type() {
            MessageIntegrity::TYPE => Integrity::Sha1,
            MessageIntegritySha256::TYPE => Integrity::Sha256,
            _ => continue,
        };
        if integrity == Integrity::Sha256 || found.is_none() {
            found = Some((integrity, offset, attribute.value.to_vec()));
        }
    }
    found
}

/// Appends an attribute whose value needs no padding, and counts it in the header's length.
pub(super) fn append(message: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let length = u16::try_from(value.len()).unwrap_or_default();
    message.extend_from_slice(&kind.to_be_bytes());
    message.extend_from_slice(&length.to_be_bytes());
    message.extend_from_slice(value);
    let total =
        u16::try_from(message.len().saturating_sub(MessageHeader::LENGTH)).unwrap_or(u16::MAX);
    if let Some(field) = message.get_mut(2..4) {
        field.copy_from_slice(&total.to_be_bytes());
    }
}
