//! The frame layer through its public interface.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod group;
mod malicious_server;
mod pair;
mod refusals;
mod reunion;
mod room;
mod roundtrip;
mod schedules;
mod suites;

use zentalk_group_keys::{FrameKeys, FrameSecret, PairRole, pair_base_key};
use zentalk_primitives::CallId;

const CALL: CallId = CallId::from_bytes([9; 16]);

/// One side's keys of a call of two.
fn keys(own: PairRole) -> FrameKeys {
    keys_for(own, CALL)
}

fn keys_for(own: PairRole, call_id: CallId) -> FrameKeys {
    let (caller, callee) = (FrameSecret::from_bytes([1; 32]), FrameSecret::from_bytes([2; 32]));
    let base_key = pair_base_key(&caller, &callee, call_id, b"alice", b"bob").unwrap();
    FrameKeys::for_pair(base_key, call_id, own)
}
