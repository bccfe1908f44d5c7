//! What sealing and opening one frame with SFrame costs: an Opus frame of 100 bytes, a small video frame of 5 kB.
//!
//! The bare primitives have the frame where it is to be encrypted already, and the associated data made ahead; ours and
//! the peer take it from one buffer and leave it in another, as a sender does that keeps its encoder's buffer.

mod bare;
mod batch;
mod call;
mod ours;
mod peer;

use zentalk_group_keys::CipherSuite;

use self::bare::{Bare, Primitive};
use self::batch::{Frames, Operation};
use crate::kit::Race;

const LENGTHS: [(usize, &str); 2] = [(100, "100 B"), (5_000, "5 kB")];
const OPERATIONS: [Operation; 2] = [Operation::Seal, Operation::Open];

pub(crate) fn races() -> Vec<Race> {
    let mut races = Vec::new();
    for (len, size) in LENGTHS {
        for operation in OPERATIONS {
            races.push(suite(
                CipherSuite::Aes128GcmSha256_128,
                "AES-128-GCM",
                len,
                size,
                operation,
            ));
            races.push(suite(
                CipherSuite::Aes256GcmSha512_128,
                "AES-256-GCM",
                len,
                size,
                operation,
            ));
            races.push(counter_mode(len, size, operation));
            races.push(in_a_call(len, size, operation));
        }
    }
    races
}

fn suite(suite: CipherSuite, name: &str, len: usize, size: &str, operation: Operation) -> Race {
    let frames = || Frames::new(suite, len, operation);
    Race::new(format!("{name} {size} {}", operation.name()), frames().count())
        .with(Bare::new(Primitive::gcm(suite), frames()))
        .with(ours::Ours::new(suite, frames()))
        .with(peer::Sframe::new(suite, frames()))
}

/// No peer: the `sframe` crate has this suite with other primitives than its usual ones only.
fn counter_mode(len: usize, size: &str, operation: Operation) -> Race {
    let suite = CipherSuite::Aes128CtrHmacSha256_80;
    let frames = || Frames::new(suite, len, operation);
    Race::new(format!("AES-128-CTR-HMAC {size} {}", operation.name()), frames().count())
        .with(Bare::new(Primitive::counter_mode(suite), frames()))
        .with(ours::Ours::new(suite, frames()))
}

/// What a call does: AES-256-GCM with the call id authenticated, counters and replay window included.
fn in_a_call(len: usize, size: &str, operation: Operation) -> Race {
    let suite = CipherSuite::Aes256GcmSha512_128;
    let frames = || Frames::of_a_call(suite, len, operation);
    Race::new(format!("call {size} {}", operation.name()), frames().count())
        .with(Bare::new(Primitive::gcm(suite), frames()))
        .with(call::Ours::new(frames()))
}
