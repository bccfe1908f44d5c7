use std::hint::black_box;

use zentalk_group_keys::{BaseKey, FrameKeys, FrameOpener, FrameSealer, PairRole, StreamId};
use zentalk_primitives::{CallId, Secret};

use super::batch::{BASE_KEY, CALL_ID, Frames, Operation};
use crate::kit::{Contestant, Standing};

/// The sealer and the opener of a call's camera.
pub(crate) struct Ours {
    sealer: FrameSealer,
    opener: FrameOpener,
    frames: Frames,
    out: Vec<u8>,
}

impl Ours {
    pub(crate) fn new(frames: Frames) -> Self {
        let keys = |role| {
            let call = CallId::from_bytes(CALL_ID);
            FrameKeys::for_pair(BaseKey::new(Secret::new(BASE_KEY)), call, role)
        };
        Self {
            sealer: keys(PairRole::Caller).sealer(StreamId::CAMERA).unwrap(),
            opener: keys(PairRole::Callee).opener(0, StreamId::CAMERA).unwrap(),
            frames,
            out: Vec::new(),
        }
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
        let Self { sealer, opener, frames, out } = self;
        for frame in frames.input() {
            let frame = black_box(frame);
            match frames.operation {
                Operation::Seal => sealer.seal(0, frame, out).unwrap(),
                Operation::Open => {
                    black_box(opener.open(frame, 0, out)).unwrap();
                }
            }
        }
    }

    fn outcome(&self) -> Vec<u8> {
        self.out.clone()
    }
}
