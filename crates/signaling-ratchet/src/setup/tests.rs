use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::Deserialize;
use zentalk_primitives::{Secret, UnixTime};

use super::agreement::Agreement;
use super::*;
use crate::Error;
use crate::crypto::KemPrivate;
use crate::identity::Identity;
use crate::keys::{DhKeyPair, DhPublic};
use crate::prekeys::{PrekeyBundle, PrekeyStore};

const VECTORS: &str = include_str!("../../tests/vectors/pqxdh.json");
const NOW: UnixTime = UnixTime::from_millis(1_000_000);

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    #[serde(rename = "in")]
    input: Input,
    out: Output,
}

#[derive(Deserialize)]
struct Input {
    ik_a_private: String,
    ek_a_private: String,
    ik_b_private: String,
    spk_b_private: String,
    opk_b_private: Option<String>,
    info: String,
    kem_seed: String,
    kem_ciphertext: String,
}

#[derive(Deserialize)]
struct Output {
    kem_shared: String,
    sk: String,
}

fn hex(text: &str) -> Vec<u8> {
    let digit = |c: u8| (c as char).to_digit(16).unwrap() as u8;
    text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

fn pair(text: &str) -> DhKeyPair {
    DhKeyPair::from_private(Secret::from_slice(&hex(text)).unwrap())
}

/// PQXDH specification §2.2 and §3.3, computed from both sides.
#[test]
fn pqxdh_key_formula() {
    let file: File = serde_json::from_str(VECTORS).unwrap();
    assert_eq!(file.cases.len(), 2);
    for Case { input, out } in file.cases {
        let (ik_a, ek_a) = (pair(&input.ik_a_private), pair(&input.ek_a_private));
        let (ik_b, spk_b) = (pair(&input.ik_b_private), pair(&input.spk_b_private));
        let opk_b = input.opk_b_private.as_deref().map(pair);
        let kem = KemPrivate::from_seed(Secret::from_slice(&hex(&input.kem_seed)).unwrap());
        let ciphertext = hex(&input.kem_ciphertext).try_into().unwrap();
        let shared = kem.decapsulate(&ciphertext);
        assert_eq!(shared.expose().as_slice(), hex(&out.kem_shared));
        let agree = |ours: &DhKeyPair, theirs: &DhKeyPair| ours.agree(&theirs.public()).unwrap();
        let initiator = Agreement {
            dh1: agree(&ik_a, &spk_b),
            dh2: agree(&ek_a, &ik_b),
            dh3: agree(&ek_a, &spk_b),
            dh4: opk_b.as_ref().map(|opk_b| agree(&ek_a, opk_b)),
            kem: shared.duplicate(),
        };
        let responder = Agreement {
            dh1: agree(&spk_b, &ik_a),
            dh2: agree(&ik_b, &ek_a),
            dh3: agree(&spk_b, &ek_a),
            dh4: opk_b.as_ref().map(|opk_b| agree(opk_b, &ek_a)),
            kem: shared,
        };
        for side in [initiator, responder] {
            let mut sk = [0; 32];
            side.derive(&hex(&input.info), &mut sk);
            assert_eq!(sk.as_slice(), hex(&out.sk));
        }
    }
}

struct World {
    alice: Identity,
    bob: Identity,
    prekeys: PrekeyStore,
    rng: ChaCha20Rng,
}

impl World {
    fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let (alice, bob) = (Identity::generate(&mut rng), Identity::generate(&mut rng));
        let prekeys = PrekeyStore::generate(&bob, NOW, &mut rng);
        Self { alice, bob, prekeys, rng }
    }

    fn bundle(&self, one_time: Option<usize>) -> PrekeyBundle {
        let published = self.prekeys.publishable();
        let one_time = one_time.map(|index| published.one_time[index].as_slice());
        PrekeyBundle::parse(&published.bundle, one_time, self.bob.public(), NOW).unwrap()
    }

    /// A first message: the header and what follows it.
    fn first_message(&mut self, one_time: Option<usize>) -> Vec<u8> {
        let bundle = self.bundle(one_time);
        let mut session = initiate(&self.alice, &bundle, &mut self.rng).unwrap();
        let message = session.ratchet.encrypt(b"hello", &mut self.rng).unwrap();
        assert_eq!(session.header.len(), SetupHeader::LEN);
        [session.header, message].concat()
    }

    fn open(&mut self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let (header, message) = SetupHeader::split(message)?;
        let mut accepted = respond(&self.bob, &self.prekeys, &header)?;
        let text = accepted.ratchet.decrypt(NOW, message)?;
        assert_eq!(accepted.peer, *self.alice.public());
        self.prekeys.commit(&accepted.used);
        Ok(text)
    }
}

#[test]
fn both_sides_agree_with_and_without_one_time_prekey() {
    for one_time in [None, Some(0), Some(99)] {
        let mut world = World::new();
        let message = world.first_message(one_time);
        assert_eq!(world.open(&message).unwrap(), b"hello");
    }
}

#[test]
fn one_time_prekey_serves_once() {
    let mut world = World::new();
    let (first, second) = (world.first_message(Some(4)), world.first_message(Some(4)));
    world.open(&first).unwrap();
    assert_eq!(world.prekeys.one_time_left(), 99);
    assert_eq!(world.open(&first), Err(Error::UnknownPrekey));
    assert_eq!(world.open(&second), Err(Error::UnknownPrekey));
}

#[test]
fn replayed_set_up_without_one_time_prekey_is_refused() {
    let mut world = World::new();
    let (first, second) = (world.first_message(None), world.first_message(None));
    world.open(&first).unwrap();
    assert_eq!(world.open(&first), Err(Error::SetupReplayed));
    world.open(&second).unwrap();
}

#[test]
fn nothing_is_used_up_by_a_forged_first_message() {
    let mut world = World::new();
    let message = world.first_message(Some(0));
    let mut forged = message.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(world.open(&forged), Err(Error::AuthenticationFailed));
    assert_eq!(world.prekeys.one_time_left(), 100);
    assert_eq!(world.open(&message).unwrap(), b"hello");
}

#[test]
fn every_changed_byte_of_the_header_is_refused() {
    let mut world = World::new();
    let message = world.first_message(Some(0));
    for index in 0..SetupHeader::LEN {
        let mut bad = message.clone();
        bad[index] ^= 1;
        assert!(world.open(&bad).is_err(), "byte {index}");
    }
    for len in 0..SetupHeader::LEN {
        assert_eq!(world.open(&message[..len]), Err(Error::Malformed("set-up header")));
    }
}

#[test]
fn initiator_is_not_visible() {
    let mut world = World::new();
    let message = world.first_message(Some(0));
    let keys = world.alice.public().keys();
    for key in keys.chunks(32) {
        assert!(!message.windows(8).any(|window| window == &key[..8]));
    }
}

#[test]
fn weak_ephemeral_key_is_refused() {
    let mut world = World::new();
    let mut message = world.first_message(None);
    message[1..33].fill(0);
    assert_eq!(world.open(&message), Err(Error::WeakKey));
    assert!(DhPublic::from_bytes([0; 32]).is_err());
}

#[test]
fn newer_set_up_is_named() {
    let mut world = World::new();
    let mut message = world.first_message(None);
    message[0] = 0x82;
    let error = Error::UnsupportedVersion { part: "set-up header", version: 2 };
    assert_eq!(world.open(&message), Err(error));
}
