use std::hint::black_box;

use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair,
};

use super::AGREED;
use crate::kit::{Contestant, Standing};

/// The public-key operations that no handshake can do without: on each side an X25519 key pair, an agreement, a signature
/// made and one checked.
pub(crate) struct Bare {
    signers: [EcdsaKeyPair; 2],
    agreed: bool,
}

impl Bare {
    pub(crate) fn new() -> Self {
        let signer = || EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        Self { signers: [signer(), signer()], agreed: false }
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
        let random = SystemRandom::new();
        let keys = [(); 2].map(|()| PrivateKey::generate(&X25519).unwrap());
        let publics = keys.each_ref().map(|key| key.compute_public_key().unwrap());
        let secret = |at: usize| -> [u8; 32] {
            let theirs = UnparsedPublicKey::new(&X25519, publics[1 - at].as_ref());
            agree(&keys[at], theirs, Unspecified, |secret| {
                secret.try_into().map_err(|_| Unspecified)
            })
            .unwrap()
        };
        self.agreed = secret(0) == secret(1);
        for signer in &self.signers {
            let signature = signer.sign(&random, black_box(TRANSCRIPT)).unwrap();
            let public = signer.public_key().as_ref();
            let public = signature::UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, public);
            public.verify(TRANSCRIPT, signature.as_ref()).unwrap();
        }
    }

    fn outcome(&self) -> Vec<u8> {
        if self.agreed { AGREED.to_vec() } else { Vec::new() }
    }
}

/// As much as is signed in a handshake.
const TRANSCRIPT: &[u8] = &[0x55; 130];
