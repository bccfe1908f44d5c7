use std::hint::black_box;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use aws_lc_rs::error::Unspecified;

use super::{MESSAGES, PLAINTEXT, Turns};
use crate::kit::{Contestant, Standing};

/// The ciphers and agreements that a message cannot do without: AES-256-GCM under a key of its own, sealed and opened; with
/// a step one key pair more, and its agreement on both sides. No key derivation, no headers, no second agreement.
pub(crate) struct Bare {
    turns: Turns,
    mine: PrivateKey,
    theirs: Vec<u8>,
    last: Vec<u8>,
}

impl Bare {
    pub(crate) fn new(turns: Turns) -> Self {
        let theirs = PrivateKey::generate(&X25519).unwrap();
        let theirs = theirs.compute_public_key().unwrap().as_ref().to_vec();
        Self { turns, mine: PrivateKey::generate(&X25519).unwrap(), theirs, last: Vec::new() }
    }

    fn step(&self) {
        let fresh = PrivateKey::generate(&X25519).unwrap();
        let public = fresh.compute_public_key().unwrap();
        for (mine, theirs) in [(&fresh, &self.theirs[..]), (&self.mine, public.as_ref())] {
            let theirs = UnparsedPublicKey::new(&X25519, theirs);
            let kept = |secret: &[u8]| -> Result<[u8; 32], Unspecified> {
                secret.try_into().map_err(|_| Unspecified)
            };
            black_box(agree(mine, theirs, Unspecified, kept).unwrap());
        }
    }
}

impl Contestant for Bare {
    fn name(&self) -> &'static str {
        "aws-lc-rs"
    }

    fn standing(&self) -> Standing {
        Standing::Bare
    }

    fn run(&mut self) {
        for message in 0..MESSAGES {
            if self.turns == Turns::Each {
                self.step();
            }
            let key = || {
                let key = UnboundKey::new(&AES_256_GCM, &[message as u8; 32]).unwrap();
                LessSafeKey::new(key)
            };
            let nonce = || Nonce::assume_unique_for_key([0; 12]);
            let mut text = black_box(PLAINTEXT).to_vec();
            key().seal_in_place_append_tag(nonce(), Aad::empty(), &mut text).unwrap();
            let opened = key().open_in_place(nonce(), Aad::empty(), black_box(&mut text)).unwrap();
            self.last = opened.to_vec();
        }
    }

    fn outcome(&self) -> Vec<u8> {
        self.last.clone()
    }
}
