//! The primitives, keyed once, in place, with everything else made ahead.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, HKDF_SHA512, KeyType, Salt};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zentalk_group_keys::CipherSuite;

use super::batch::{BASE_KEY, Frames, Operation, kid};
use crate::kit::{Contestant, Standing};

pub(crate) enum Primitive {
    Gcm { key: LessSafeKey, salt: [u8; 12] },
    CounterMode { cipher: Box<EncryptingKey>, mac: Box<Hmac<Sha256>>, salt: [u8; 12] },
}

impl Primitive {
    pub(crate) fn gcm(suite: CipherSuite) -> Self {
        let algorithm = match suite {
            CipherSuite::Aes128GcmSha256_128 => &AES_128_GCM,
            _ => &AES_256_GCM,
        };
        let key = UnboundKey::new(algorithm, &derived(suite, "key", suite.key_len())).unwrap();
        Self::Gcm { key: LessSafeKey::new(key), salt: salt(suite) }
    }

    pub(crate) fn counter_mode(suite: CipherSuite) -> Self {
        let key = derived(suite, "key", suite.key_len());
        let (cipher, mac) = key.split_at(16);
        let cipher = UnboundCipherKey::new(&AES_128, cipher).unwrap();
        let cipher = EncryptingKey::ctr(cipher).unwrap();
        let mac = Hmac::new_from_slice(mac).unwrap();
        Self::CounterMode { cipher: Box::new(cipher), mac: Box::new(mac), salt: salt(suite) }
    }

    const fn tag_len(&self) -> usize {
        match self {
            Self::Gcm { .. } => 16,
            Self::CounterMode { .. } => 10,
        }
    }

    fn nonce(&self, counter: u64) -> [u8; 12] {
        let (Self::Gcm { salt, .. } | Self::CounterMode { salt, .. }) = self;
        let mut nonce = *salt;
        nonce[4..].iter_mut().zip(counter.to_be_bytes()).for_each(|(to, from)| *to ^= from);
        nonce
    }

    fn seal(&self, counter: u64, aad: &[u8], data: &mut [u8], tag: &mut [u8]) {
        let nonce = self.nonce(counter);
        match self {
            Self::Gcm { key, .. } => {
                let nonce = Nonce::assume_unique_for_key(nonce);
                key.seal_in_place_scatter(nonce, Aad::from(aad), data, &[], tag).unwrap();
            }
            Self::CounterMode { cipher, mac, .. } => {
                encrypt(cipher, nonce, data);
                tag.copy_from_slice(&hash(mac, nonce, aad, data)[..10]);
            }
        }
    }

    fn open(&self, counter: u64, aad: &[u8], data: &mut [u8], tag: &[u8]) {
        let nonce = self.nonce(counter);
        match self {
            Self::Gcm { key, .. } => {
                let nonce = Nonce::assume_unique_for_key(nonce);
                key.open_in_place_separate_tag(nonce, Aad::from(aad), tag, data).unwrap();
            }
            Self::CounterMode { cipher, mac, .. } => {
                assert!(bool::from(hash(mac, nonce, aad, data)[..10].ct_eq(tag)));
                encrypt(cipher, nonce, data);
            }
        }
    }
}

/// RFC 9605 §4.5.1: the nonce, then a block count of 32 bits.
fn encrypt(cipher: &EncryptingKey, nonce: [u8; 12], data: &mut [u8]) {
    let mut block = [0; 16];
    block[..12].copy_from_slice(&nonce);
    cipher.less_safe_encrypt(data, EncryptionContext::Iv128(block.into())).unwrap();
}

/// RFC 9605 §4.5.1: three lengths, nonce, associated data, ciphertext.
fn hash(key: &Hmac<Sha256>, nonce: [u8; 12], aad: &[u8], data: &[u8]) -> [u8; 32] {
    let mut mac = key.clone();
    let mut lengths = [0; 24];
    let values = [aad.len(), data.len(), 10];
    for (to, len) in lengths.chunks_exact_mut(8).zip(values) {
        to.copy_from_slice(&(len as u64).to_be_bytes());
    }
    [&lengths[..], &nonce, aad, data].iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// Frames that lie where they are encrypted, each with room for its tag.
pub(crate) struct Bare {
    primitive: Primitive,
    frames: Frames,
    aad: Vec<Vec<u8>>,
    work: Vec<Vec<u8>>,
}

impl Bare {
    pub(crate) fn new(primitive: Primitive, frames: Frames) -> Self {
        let (aad, work) = (vec![Vec::new(); frames.count()], vec![Vec::new(); frames.count()]);
        Self { primitive, frames, aad, work }
    }

    /// Where the tag begins.
    fn end(&self) -> usize {
        self.frames.plain()[0].len()
    }
}

impl Contestant for Bare {
    fn name(&self) -> &'static str {
        match self.primitive {
            Primitive::Gcm { .. } => "aws-lc-rs AEAD, in place",
            Primitive::CounterMode { .. } => "aws-lc-rs CTR + sha2 HMAC, in place",
        }
    }

    fn standing(&self) -> Standing {
        Standing::Bare
    }

    fn prepare(&mut self, round: u64) {
        self.frames.fill(round);
        for (at, (aad, work)) in self.aad.iter_mut().zip(&mut self.work).enumerate() {
            let header = self.frames.header(at);
            *aad = [&header, self.frames.metadata()].concat();
            work.clear();
            match self.frames.operation {
                Operation::Seal => work.extend_from_slice(&self.frames.plain()[at]),
                Operation::Open => {
                    work.extend_from_slice(&self.frames.sealed()[at][header.len()..]);
                }
            }
            work.resize(self.frames.plain()[at].len() + self.primitive.tag_len(), 0);
        }
    }

    fn run(&mut self) {
        let end = self.end();
        for (at, (aad, work)) in self.aad.iter().zip(&mut self.work).enumerate() {
            let counter = self.frames.counter(at);
            let (data, tag) = work.split_at_mut(end);
            match self.frames.operation {
                Operation::Seal => self.primitive.seal(counter, aad, data, tag),
                Operation::Open => self.primitive.open(counter, aad, data, tag),
            }
        }
    }

    fn outcome(&self) -> Vec<u8> {
        let work = self.work.last().unwrap();
        match self.frames.operation {
            Operation::Seal => [&self.frames.header(self.work.len() - 1), &work[..]].concat(),
            Operation::Open => work[..self.end()].to_vec(),
        }
    }
}

fn salt(suite: CipherSuite) -> [u8; 12] {
    derived(suite, "salt", 12).try_into().unwrap()
}

/// RFC 9605 §4.4.2.
fn derived(suite: CipherSuite, what: &str, len: usize) -> Vec<u8> {
    let algorithm = match suite {
        CipherSuite::Aes256GcmSha512_128 => HKDF_SHA512,
        _ => HKDF_SHA256,
    };
    let label = format!("SFrame 1.0 Secret {what} ");
    let info = [label.as_bytes(), &kid().to_be_bytes(), &suite.id().to_be_bytes()];
    let mut out = vec![0; len];
    let secret = Salt::new(algorithm, &[]).extract(&BASE_KEY);
    secret.expand(&info, Length(len)).unwrap().fill(&mut out).unwrap();
    out
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}
