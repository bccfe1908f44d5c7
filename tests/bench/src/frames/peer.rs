use std::hint::black_box;

use sframe::frame::{EncryptedFrameView, MediaFrameView, PanickingMonotonicCounter};
use sframe::key::{DecryptionKey, EncryptionKey};
use zentalk_group_keys::CipherSuite;

use super::batch::{BASE_KEY, Frames, Operation, kid};
use crate::kit::{Contestant, Standing};

/// The crate `sframe`, on `ring`, with one buffer for what comes out. It has no replay window in this use.
pub(crate) struct Sframe {
    sealing: EncryptionKey,
    opening: DecryptionKey,
    frames: Frames,
    counter: PanickingMonotonicCounter,
    out: Vec<u8>,
    outcome: Vec<u8>,
}

impl Sframe {
    pub(crate) fn new(suite: CipherSuite, frames: Frames) -> Self {
        let suite = match suite {
            CipherSuite::Aes128GcmSha256_128 => sframe::CipherSuite::AesGcm128Sha256,
            _ => sframe::CipherSuite::AesGcm256Sha512,
        };
        Self {
            sealing: EncryptionKey::derive_from(suite, kid(), BASE_KEY).unwrap(),
            opening: DecryptionKey::derive_from(suite, kid(), BASE_KEY).unwrap(),
            frames,
            counter: PanickingMonotonicCounter::new(u64::MAX),
            out: Vec::new(),
            outcome: Vec::new(),
        }
    }
}

impl Contestant for Sframe {
    fn name(&self) -> &'static str {
        "sframe"
    }

    fn standing(&self) -> Standing {
        Standing::Peer
    }

    fn prepare(&mut self, round: u64) {
        self.frames.fill(round);
    }

    fn run(&mut self) {
        let Self { sealing, opening, frames, counter, out, outcome } = self;
        let last = frames.count() - 1;
        for (at, frame) in frames.input().iter().enumerate() {
            let frame = black_box(frame);
            match frames.operation {
                Operation::Seal => {
                    let sealed = MediaFrameView::new(counter, frame);
                    let sealed = sealed.encrypt_into(sealing, out).unwrap();
                    if at == last {
                        *outcome = sealed.sframe_cipher_text().to_vec();
                    }
                }
                Operation::Open => {
                    let sealed = EncryptedFrameView::try_new(frame).unwrap();
                    let opened = sealed.decrypt_into(&*opening, out).unwrap();
                    if at == last {
                        *outcome = opened.payload().to_vec();
                    }
                }
            }
        }
    }

    fn outcome(&self) -> Vec<u8> {
        self.outcome.clone()
    }
}
