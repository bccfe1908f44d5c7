//! What the primitives themselves cost: keys expanded once, nonces from a counter, no SRTP around.

use std::hint::black_box;

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;
use zentalk_srtp_media::{KeyLabel, aes_cm_counter_block, derive_session_key};

use super::batch::{Batch, HEADER_LEN, SSRC, index};
use super::engine::{Engine, KEY, SALT};
use crate::kit::Standing;

/// The AEAD of `aws-lc-rs`.
pub(crate) struct BareGcm {
    key: LessSafeKey,
    salt: [u8; 12],
}

impl BareGcm {
    pub(crate) fn new() -> Self {
        let key: [u8; 16] = derived(&SALT[..12], KeyLabel::RtpEncryption);
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).unwrap());
        Self { key, salt: derived(&SALT[..12], KeyLabel::RtpSalt) }
    }

    fn nonce(&self, index: u64) -> Nonce {
        let mut nonce = [0; 12];
        nonce[2..6].copy_from_slice(&SSRC.to_be_bytes());
        nonce[6..].copy_from_slice(&index.to_be_bytes()[2..]);
        nonce.iter_mut().zip(self.salt).for_each(|(to, from)| *to ^= from);
        Nonce::assume_unique_for_key(nonce)
    }
}

impl Engine for BareGcm {
    fn name(&self) -> &'static str {
        "aws-lc-rs AEAD"
    }

    fn standing(&self) -> Standing {
        Standing::Bare
    }

    fn protect(&mut self, batch: &mut Batch, round: u64) {
        let len = batch.len();
        for (at, packet) in batch.packets().enumerate() {
            let (aad, rest) = packet.split_at_mut(HEADER_LEN);
            let (payload, rest) = rest.split_at_mut(len - HEADER_LEN);
            let (nonce, tag) = (self.nonce(index(round, at)), &mut rest[..16]);
            let sealed = self.key.seal_in_place_scatter(nonce, Aad::from(aad), payload, &[], tag);
            black_box(sealed).unwrap();
        }
    }

    fn unprotect(&mut self, batch: &mut Batch, round: u64) {
        let len = batch.len();
        for (at, packet) in batch.packets().enumerate() {
            let (aad, rest) = packet.split_at_mut(HEADER_LEN);
            let (payload, rest) = rest.split_at_mut(len - HEADER_LEN);
            let (nonce, tag) = (self.nonce(index(round, at)), &rest[..16]);
            let opened = self.key.open_in_place_separate_tag(nonce, Aad::from(aad), tag, payload);
            assert!(black_box(opened.is_ok()));
        }
    }
}

/// Counter mode of `aws-lc-rs` and HMAC-SHA1 of RustCrypto, keyed once: the fastest pair.
pub(crate) struct BareCm {
    cipher: EncryptingKey,
    mac: Hmac<Sha1>,
    salt: [u8; 14],
}

impl BareCm {
    pub(crate) fn new() -> Self {
        let key: [u8; 16] = derived(&SALT, KeyLabel::RtpEncryption);
        let mac: [u8; 20] = derived(&SALT, KeyLabel::RtpAuthentication);
        let key = UnboundCipherKey::new(&AES_128, &key).unwrap();
        Self {
            cipher: EncryptingKey::ctr(key).unwrap(),
            mac: Hmac::new_from_slice(&mac).unwrap(),
            salt: derived(&SALT, KeyLabel::RtpSalt),
        }
    }

    fn crypt(&self, index: u64, payload: &mut [u8]) {
        let iv = aes_cm_counter_block(&self.salt, SSRC, index);
        let context = EncryptionContext::Iv128(iv.into());
        black_box(self.cipher.less_safe_encrypt(payload, context).is_ok());
    }

    fn hash(&self, index: u64, packet: &[u8]) -> [u8; 20] {
        let mut mac = self.mac.clone();
        mac.update(packet);
        mac.update(&((index >> 16) as u32).to_be_bytes());
        mac.finalize().into_bytes().into()
    }
}

impl Engine for BareCm {
    fn name(&self) -> &'static str {
        "aws-lc-rs CTR + sha1 HMAC"
    }

    fn standing(&self) -> Standing {
        Standing::Bare
    }

    fn protect(&mut self, batch: &mut Batch, round: u64) {
        let len = batch.len();
        for (at, packet) in batch.packets().enumerate() {
            let (packet, rest) = packet.split_at_mut(len);
            self.crypt(index(round, at), &mut packet[HEADER_LEN..]);
            rest[..10].copy_from_slice(&self.hash(index(round, at), packet)[..10]);
        }
    }

    fn unprotect(&mut self, batch: &mut Batch, round: u64) {
        let len = batch.len();
        for (at, packet) in batch.packets().enumerate() {
            let (packet, rest) = packet.split_at_mut(len);
            let hash = self.hash(index(round, at), packet);
            assert!(bool::from(hash[..10].ct_eq(&rest[..10])));
            self.crypt(index(round, at), &mut packet[HEADER_LEN..]);
        }
    }
}

fn derived<const N: usize>(salt: &[u8], label: KeyLabel) -> [u8; N] {
    let mut key = [0; N];
    derive_session_key(&KEY, salt, label, &mut key).unwrap();
    key
}
