//! Hybrid ratchet steps: FIPS 203's ML-KEM-768 in the root chain.

use core::convert::Infallible;

use rand_core::{Rng, TryCryptoRng, TryRng};

use super::*;
use crate::crypto::{KEM_CIPHERTEXT_LEN, KEM_PUBLIC_LEN};
use crate::ratchet::kem::KemField;

/// Draws of one ratchet step: first the X25519 key, then what ML-KEM takes, then nonces.
struct Draws {
    classical: ChaCha20Rng,
    kem: ChaCha20Rng,
    drawn: usize,
}

impl Draws {
    fn new(classical: u64, kem: u64) -> Self {
        let [classical, kem] = [classical, kem].map(ChaCha20Rng::seed_from_u64);
        Self { classical, kem, drawn: 0 }
    }
}

impl TryRng for Draws {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("whole keys are drawn")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("whole keys are drawn")
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        let source = if self.drawn == 1 { &mut self.kem } else { &mut self.classical };
        source.fill_bytes(out);
        self.drawn += 1;
        Ok(())
    }
}

impl TryCryptoRng for Draws {}

/// The attacker has both sides' whole states from before the round, and learns every X25519 secret that is drawn after.
/// All that it lacks is what ML-KEM draws; with that, as the control shows, it would have the root too.
#[test]
fn healing_is_post_quantum() {
    let attack = |kem: u64| {
        let mut pair = Pair::established();
        let ping = pair.alice_sends("ping");
        pair.bob.decrypt(NOW, &ping).unwrap();
        let mut stolen = [restored(&snapshot(&pair.alice)), restored(&snapshot(&pair.bob))];
        let [alice, bob] = &mut stolen;

        // Bob's step, which offers a key.
        let offer = pair.bob.encrypt(b"offer", &mut Draws::new(1, 10)).unwrap();
        bob.encrypt(b"offer", &mut Draws::new(1, kem)).unwrap();
        assert_eq!(bob.root(), pair.bob.root(), "a classical step is within the attacker's reach");
        assert_eq!(pair.alice.decrypt(NOW, &offer).unwrap(), b"offer");
        assert_eq!(alice.decrypt(NOW, &offer).unwrap(), b"offer");

        // Alice's step, which answers it.
        let answer = pair.alice.encrypt(b"answer", &mut Draws::new(2, 10)).unwrap();
        alice.encrypt(b"answer", &mut Draws::new(2, kem)).unwrap();
        assert_eq!(alice.local_public(), pair.alice.local_public(), "all X25519 secrets are known");
        let read = bob.decrypt(NOW, &answer);
        assert_eq!(pair.bob.decrypt(NOW, &answer).unwrap(), b"answer");
        assert_eq!(pair.bob.root(), pair.alice.root());
        (*alice.root() == *pair.alice.root(), *bob.root() == *pair.bob.root(), read)
    };
    assert_eq!(attack(10), (true, true, Ok(b"answer".to_vec())));
    assert_eq!(attack(11), (false, false, Err(Error::AuthenticationFailed)));
}

/// The same, with nothing but the ML-KEM secret between two roots.
#[test]
fn root_depends_on_the_kem_secret() {
    let root = RootKey::new(Secret::new([1; 32]));
    let peer = DhKeyPair::from_private(Secret::new([3; 32])).public();
    let shared = DhKeyPair::from_private(Secret::new([2; 32])).agree(&peer).unwrap();
    let secrets = [None, Some(Secret::new([0; 32])), Some(Secret::new([1; 32]))];
    let steps = secrets.map(|kem| Zentalk::root_step(&root, &shared, kem.as_ref()));
    for (i, one) in steps.iter().enumerate() {
        for other in &steps[..i] {
            assert_ne!(one.root.expose(), other.root.expose());
            assert_ne!(one.chain.expose(), other.chain.expose());
        }
    }
}

/// The first flight has the set-up's ML-KEM; after it, every round trip has its own.
#[test]
fn every_round_trip_completes_a_round() {
    let mut pair = Pair::established();
    for rounds in 1..10 {
        pair.ping_pong();
        assert_eq!((pair.alice.kem_rounds(), pair.bob.kem_rounds()), (rounds, rounds));
    }
}

/// Whichever message of the chain comes first, it brings the ciphertext; the others open after it.
#[test]
fn any_message_of_a_chain_completes_the_round() {
    for first in 0..4 {
        let mut pair = Pair::established();
        let messages = pair.alice_sends_many(4);
        assert_eq!(pair.bob.decrypt(NOW, &messages[first]).unwrap(), first.to_string().as_bytes());
        assert_eq!(pair.bob.kem_rounds(), 1);
        for other in (0..4).filter(|other| *other != first) {
            pair.bob.decrypt(NOW, &messages[other]).unwrap();
        }
        assert_eq!(pair.bob.kem_rounds(), 1);
    }
}

/// A key shown by a later message of the chain only, before the step that can answer it; and after, when it is too late.
#[test]
fn key_counts_from_any_message_before_the_step() {
    for in_time in [true, false] {
        let mut pair = Pair::established();
        let ping = pair.alice_sends("ping");
        pair.bob.decrypt(NOW, &ping).unwrap();
        let mut messages = [false, true].map(|carry| {
            let mut message = Vec::new();
            pair.bob.encrypt_into(b"pong", carry, &mut message, &mut pair.rng).unwrap();
            message
        });
        assert_eq!(messages[1].len() - messages[0].len(), Header::KEM_LEN);
        if !in_time {
            messages.swap(0, 1);
            let keyless = &messages[1];
            pair.alice.decrypt(NOW, keyless).unwrap();
            let ping = pair.alice_sends("ping");
            pair.bob.decrypt(NOW, &ping).unwrap();
            pair.alice.decrypt(NOW, &messages[0]).unwrap();
            assert_eq!(pair.alice.overhead(), 87, "a classical chain stays one");
            assert_eq!((pair.alice.kem_rounds(), pair.bob.kem_rounds()), (1, 1));
        } else {
            for message in &messages {
                pair.alice.decrypt(NOW, message).unwrap();
            }
            let ping = pair.alice_sends("ping");
            pair.bob.decrypt(NOW, &ping).unwrap();
            assert_eq!((pair.alice.kem_rounds(), pair.bob.kem_rounds()), (2, 2));
        }
        pair.ping_pong();
        pair.ping_pong();
    }
}

/// What only a peer that breaks the rules sends: material of the wrong kind, or what nothing asked for.
#[test]
fn unexpected_kem_material_is_refused() {
    let key = || KemField::Key(Box::new([0; KEM_PUBLIC_LEN]));
    let ciphertext = || KemField::Ciphertext(Box::new([0; KEM_CIPHERTEXT_LEN]));
    let invalid = KemField::Key(Box::new([0xff; KEM_PUBLIC_LEN]));
    let cases = [
        // The responder offers keys itself, and has not yet.
        (false, key(), Error::UnexpectedKem),
        (false, ciphertext(), Error::UnexpectedKem),
        // The initiator never offers; a key must have its coefficients below the modulus (FIPS 203 §7.2).
        (true, ciphertext(), Error::UnexpectedKem),
        (true, invalid, Error::Malformed("ML-KEM key")),
    ];
    for (initiator, field, error) in cases {
        let mut pair = Pair::new();
        let ratchet_key = DhKeyPair::random(&mut pair.rng).public();
        let header = Header { ratchet_key, previous: 0, number: 0, kem: Some(field) };
        let mut message = Vec::new();
        let (side, header_key) = match initiator {
            true => (&mut pair.alice, Secret::new([3; 32])),
            false => (&mut pair.bob, Secret::new([2; 32])),
        };
        Zentalk::seal_header(&HeaderKey::new(header_key), &header, &mut pair.rng, &mut message);
        message.extend_from_slice(&[0; 64]);
        refused(side, NOW, &message, error);
        pair.ping_pong();
    }
}

/// The key of an unanswered round does not live on: what is stored of it is replaced.
#[test]
fn every_chain_offers_another_key() {
    let mut pair = Pair::established();
    let mut offered = || {
        let ping = pair.alice_sends("ping");
        pair.bob.decrypt(NOW, &ping).unwrap();
        let mut pong = Vec::new();
        pair.bob.encrypt_into(b"pong", false, &mut pong, &mut pair.rng).unwrap();
        pair.alice.decrypt(NOW, &pong).unwrap();
        pair.bob.kem_field()
    };
    assert_ne!(offered(), offered());
}
