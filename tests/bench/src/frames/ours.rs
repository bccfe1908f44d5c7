use std::hint::black_box;

use zentalk_group_keys::{CipherSuite, SframeKey};

use super::batch::{BASE_KEY, Frames, Operation, kid};
use crate::kit::{Contestant, Standing};

/// SFrame as RFC 9605 defines it, with one buffer for what comes out.
pub(crate) struct Ours {
    key: SframeKey,
    frames: Frames,
    out: Vec<u8>,
}

impl Ours {
    pub(crate) fn new(suite: CipherSuite, frames: Frames) -> Self {
        let key = SframeKey::derive(suite, &BASE_KEY, kid()).unwrap();
        Self { key, frames, out: Vec::new() }
    }
}

impl Contestant for Ours {
    fn name(&self) -> &'static str {
        "ours"
    }

    fn standing(&self) -> Standing {
        Standing::Ours
    }

    fn prepare(&mut self, round: u64) {
        self.frames.fill(round);
    }

    fn run(&mut self) {
        let Self { key, frames, out } = self;
        for (at, frame) in frames.input().iter().enumerate() {
            let frame = black_box(frame);
            match frames.operation {
                Operation::Seal => {
                    key.seal_with_counter(frames.counter(at), &[], frame, out).unwrap();
                }
                Operation::Open => {
                    black_box(key.open(&[], frame, out)).unwrap();
                }
            }
        }
    }

    fn outcome(&self) -> Vec<u8> {
        self.out.clone()
    }
}
