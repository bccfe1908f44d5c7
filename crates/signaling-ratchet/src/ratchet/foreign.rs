//! Transcripts of another implementation, replayed through the same core with a suite of their own: plain headers,
//! AES-256-CBC with HMAC.

use core::convert::Infallible;
use std::collections::VecDeque;

use aes::Aes256;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use rand_core::{CryptoRng, TryCryptoRng, TryRng};
use serde::Deserialize;
use subtle::ConstantTimeEq;
use zentalk_primitives::{Secret, UnixTime};

use super::suite::Sealed;
use super::*;
use crate::Error;
use crate::crypto::{HmacSha256, hkdf_sha256};
use crate::keys::{DhKeyPair, DhShared};

const TRANSCRIPTS: &str = include_str!("../../tests/vectors/double_ratchet.json");
const NOW: UnixTime = UnixTime::from_millis(0);

struct Foreign;

impl Sealed for Foreign {}

impl Suite for Foreign {
    const ENCRYPTED_HEADERS: bool = false;
    const HYBRID: bool = false;
    const OVERHEAD: usize = Header::LEN + 16 + 32;

    fn root_step(root: &RootKey, shared: &DhShared, _: Option<&Secret<32>>) -> RootStep {
        let mut keys = Secret::new([0; 96]);
        let (used, _) = keys.expose_mut().split_at_mut(64);
        hkdf_sha256(root.expose(), &[shared.expose()], b"conformance root", used);
        let [root, chain, next_header] = split_keys(&keys);
        RootStep {
            root: RootKey::new(root),
            chain: ChainKey::new(chain),
            next_header: HeaderKey::new(next_header),
        }
    }

    fn chain_step(chain: &ChainKey) -> ChainStep {
        let prf = HmacSha256::new(chain.expose());
        ChainStep {
            message: MessageKey::new(prf.mac(&[&[1]])),
            chain: ChainKey::new(prf.mac(&[&[2]])),
        }
    }

    fn seal_header(_: &HeaderKey, header: &Header, _: &mut impl CryptoRng, out: &mut Vec<u8>) {
        header.write(out);
    }

    fn split(message: &[u8]) -> Result<(&[u8], &[u8]), Error> {
        message.split_at_checked(Header::LEN).ok_or(Error::Malformed("message"))
    }

    fn open_header(_: &HeaderKey, sealed: &[u8]) -> Result<Option<Header>, Error> {
        Header::parse(sealed).map(Some)
    }

    fn seal_body(
        key: MessageKey,
        associated: &[u8],
        plaintext: &[u8],
        out: &mut Vec<u8>,
        start: usize,
    ) {
        let keys = BodyKeys::derive(&key);
        let ciphertext = keys.cbc_encrypt(plaintext);
        let mac = HmacSha256::new(&keys.mac).mac(&[associated, &out[start..], &ciphertext]);
        out.extend_from_slice(&ciphertext);
        out.extend_from_slice(mac.expose());
    }

    fn open_body(
        key: MessageKey,
        associated: &[u8],
        sealed_header: &[u8],
        body: &[u8],
    ) -> Option<Vec<u8>> {
        let keys = BodyKeys::derive(&key);
        let (ciphertext, tag) = body.split_last_chunk::<32>()?;
        let mac = HmacSha256::new(&keys.mac).mac(&[associated, sealed_header, ciphertext]);
        bool::from(mac.ct_eq(&Secret::new(*tag))).then(|| keys.cbc_decrypt(ciphertext))
    }
}

struct BodyKeys {
    cipher: Aes256,
    mac: [u8; 32],
    iv: [u8; 16],
}

impl BodyKeys {
    fn derive(key: &MessageKey) -> Self {
        let mut okm = [0; 80];
        hkdf_sha256(&[0; 32], &[key.expose()], b"conformance msg", &mut okm);
        Self {
            cipher: Aes256::new_from_slice(&okm[..32]).unwrap(),
            mac: okm[32..64].try_into().unwrap(),
            iv: okm[64..].try_into().unwrap(),
        }
    }

    fn cbc_encrypt(&self, plaintext: &[u8]) -> Vec<u8> {
        let padding = 16 - plaintext.len() % 16;
        let mut bytes = plaintext.to_vec();
        bytes.resize(plaintext.len() + padding, padding as u8);
        let mut previous = self.iv;
        for block in bytes.chunks_exact_mut(16) {
            let mut mixed: [u8; 16] = core::array::from_fn(|i| block[i] ^ previous[i]);
            self.cipher.encrypt_block((&mut mixed).into());
            block.copy_from_slice(&mixed);
            previous = mixed;
        }
        bytes
    }

    fn cbc_decrypt(&self, ciphertext: &[u8]) -> Vec<u8> {
        let mut plaintext = Vec::new();
        let mut previous = self.iv;
        for block in ciphertext.chunks_exact(16) {
            let mut clear: [u8; 16] = block.try_into().unwrap();
            self.cipher.decrypt_block((&mut clear).into());
            plaintext.extend(clear.iter().zip(previous).map(|(a, b)| a ^ b));
            previous = block.try_into().unwrap();
        }
        let padding = usize::from(*plaintext.last().unwrap());
        plaintext.truncate(plaintext.len() - padding);
        plaintext
    }
}

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    #[serde(rename = "in")]
    input: Input,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Input {
    shared_secret: String,
    bob_ratchet_private: String,
    associated_data: String,
}

#[derive(Deserialize)]
struct Step {
    #[serde(rename = "do")]
    action: String,
    who: String,
    label: String,
    #[serde(default)]
    plaintext: String,
    #[serde(default)]
    ciphertext: String,
    #[serde(default)]
    generated_ratchet_private: Vec<String>,
    reject: Option<String>,
}

/// Gives the transcript's ratchet keys, one per party and step.
struct Keys(VecDeque<Vec<u8>>);

impl Keys {
    fn of(case: &Case, who: &str) -> Self {
        let steps = case.steps.iter().filter(|step| step.who == who);
        Self(
            steps
                .flat_map(|step| step.generated_ratchet_private.iter().map(|key| hex(key)))
                .collect(),
        )
    }
}

impl TryRng for Keys {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("only keys are drawn")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("only keys are drawn")
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.copy_from_slice(&self.0.pop_front().expect("the transcript has a key for every step"));
        Ok(())
    }
}

impl TryCryptoRng for Keys {}

fn hex(text: &str) -> Vec<u8> {
    let digit = |c: u8| (c as char).to_digit(16).unwrap() as u8;
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

fn replay(case: &Case) {
    let secret = || Secret::from_slice(&hex(&case.input.shared_secret)).unwrap();
    let secrets = || SessionSecrets::new(secret(), Secret::new([0; 32]), Secret::new([0; 32]));
    let associated = hex(&case.input.associated_data);
    let bob_key = Secret::from_slice(&hex(&case.input.bob_ratchet_private)).unwrap();
    let bob_key = DhKeyPair::from_private(bob_key);
    let mut keys = [Keys::of(case, "alice"), Keys::of(case, "bob")];
    let bob_public = bob_key.public();
    let mut sides: [DoubleRatchet<Foreign>; 2] = [
        DoubleRatchet::initiator(secrets(), associated.clone(), bob_public, &mut keys[0]).unwrap(),
        DoubleRatchet::responder(secrets(), associated, bob_key),
    ];
    let mut sent: Vec<(String, Vec<u8>)> = Vec::new();
    for step in &case.steps {
        let context = format!("{} {} {}", case.id, step.who, step.label);
        let who = usize::from(step.who == "bob");
        if step.action == "send" {
            let message = sides[who].encrypt(&hex(&step.plaintext), &mut keys[who]).unwrap();
            assert_eq!(message[Header::LEN..], hex(&step.ciphertext), "{context}");
            sent.push((step.label.clone(), message));
            continue;
        }
        let (_, message) = sent.iter().find(|(label, _)| *label == step.label).unwrap();
        let opened = sides[who].decrypt(NOW, message);
        match &step.reject {
            Some(why) => assert!(opened.is_err(), "{context}: {why}"),
            None => assert_eq!(opened, Ok(hex(&step.plaintext)), "{context}"),
        }
    }
}

#[test]
fn transcripts_of_another_implementation() {
    let file: File = serde_json::from_str(TRANSCRIPTS).unwrap();
    assert_eq!(file.cases.len(), 2);
    file.cases.iter().for_each(replay);
}

/// The whole suite, where the shared vectors lie beside the checkout.
#[test]
fn transcripts_of_the_shared_vectors() {
    let Some(folder) = std::env::var_os("ZENTALK_VECTORS") else { return };
    let path = std::path::Path::new(&folder).join("ratchet/double-ratchet-transcripts.json");
    let file: File = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert!(!file.cases.is_empty());
    file.cases.iter().for_each(replay);
}
