use std::hint::black_box;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zentalk_primitives::{Secret, UnixTime};
use zentalk_signaling_ratchet::DhKeyPair;
use zentalk_signaling_ratchet::ratchet::{DoubleRatchet, SessionSecrets, Suite};

use super::{PLAINTEXT, Pair};

const NOW: UnixTime = UnixTime::from_millis(0);

/// The crate that is measured, with either suite.
pub(crate) struct Ours<S: Suite> {
    sides: [DoubleRatchet<S>; 2],
    rng: ChaCha20Rng,
}

impl<S: Suite> Ours<S> {
    pub(crate) fn new() -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let secrets = || {
            SessionSecrets::new(Secret::new([1; 32]), Secret::new([2; 32]), Secret::new([3; 32]))
        };
        let prekey = DhKeyPair::random(&mut rng);
        let associated = vec![0; 128];
        let alice =
            DoubleRatchet::initiator(secrets(), associated.clone(), prekey.public(), &mut rng);
        let bob = DoubleRatchet::responder(secrets(), associated, prekey);
        Self { sides: [alice.unwrap(), bob], rng }
    }
}

impl<S: Suite> Pair for Ours<S> {
    fn name(&self) -> &'static str {
        "ours"
    }

    fn pass(&mut self, from: usize) -> Vec<u8> {
        let message = self.sides[from].encrypt(black_box(&PLAINTEXT), &mut self.rng).unwrap();
        self.sides[1 - from].decrypt(NOW, &message).unwrap().to_vec()
    }
}
