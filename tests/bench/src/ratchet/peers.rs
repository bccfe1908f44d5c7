use std::hint::black_box;

use double_ratchet_signal::signal::{KeyPair, PublicKey, SignalDR, SymmetricKey};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use vodozemac::olm::{Account, OlmMessage, Session, SessionConfig};
use zentalk_primitives::Secret;
use zentalk_signaling_ratchet::DhKeyPair;

use super::{PLAINTEXT, Pair};

/// Olm in Rust: no header encryption.
pub(crate) struct Vodozemac {
    sides: [Session; 2],
}

impl Vodozemac {
    pub(crate) fn new() -> Self {
        let (alice, mut bob) = (Account::new(), Account::new());
        bob.generate_one_time_keys(1);
        let one_time = *bob.one_time_keys().values().next().unwrap();
        let config = SessionConfig::version_1();
        let mut to_bob =
            alice.create_outbound_session(config, bob.curve25519_key(), one_time).unwrap();
        let OlmMessage::PreKey(first) = to_bob.encrypt(PLAINTEXT).unwrap() else { unreachable!() };
        let accepted = bob.create_inbound_session(config, alice.curve25519_key(), &first).unwrap();
        Self { sides: [to_bob, accepted.session] }
    }
}

impl Pair for Vodozemac {
    fn name(&self) -> &'static str {
        "vodozemac"
    }

    fn pass(&mut self, from: usize) -> Vec<u8> {
        let message = self.sides[from].encrypt(black_box(&PLAINTEXT)).unwrap();
        self.sides[1 - from].decrypt(&message).unwrap()
    }
}

/// Signal's ratchet with plain headers.
pub(crate) struct DoubleRatchetSignal {
    sides: [SignalDR; 2],
    rng: OldRng,
}

impl DoubleRatchetSignal {
    pub(crate) fn new() -> Self {
        let mut rng = OldRng(ChaCha20Rng::seed_from_u64(2));
        let public = DhKeyPair::from_private(Secret::new([5; 32])).public();
        let shared = SymmetricKey::from([1; 32]);
        let alice =
            SignalDR::new_alice(&shared, PublicKey::from(*public.as_bytes()), None, &mut rng);
        let bob = SignalDR::new_bob(shared, KeyPair::from([5; 32]), None);
        Self { sides: [alice, bob], rng }
    }
}

impl Pair for DoubleRatchetSignal {
    fn name(&self) -> &'static str {
        "double-ratchet-signal"
    }

    fn pass(&mut self, from: usize) -> Vec<u8> {
        let associated = [0; 128];
        let plaintext = black_box(&PLAINTEXT);
        let (header, ciphertext) =
            self.sides[from].ratchet_encrypt(plaintext, &associated, &mut self.rng);
        self.sides[1 - from].ratchet_decrypt(&header, &ciphertext, &associated).unwrap()
    }
}

/// The generator as the peer's old traits want it.
struct OldRng(ChaCha20Rng);

impl rand_core_04::CryptoRng for OldRng {}

impl rand_core_04::RngCore for OldRng {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        self.0.fill_bytes(out);
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rand_core_04::Error> {
        self.0.fill_bytes(out);
        Ok(())
    }
}
