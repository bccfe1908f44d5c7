//! No allocation per frame. A binary of its own, because it replaces the global allocator.
#![allow(clippy::unwrap_used)]

use allocation_counter::measure;
use zentalk_group_keys::{BaseKey, Error, FrameKeys, FrameSealer, PairRole, StreamId};
use zentalk_primitives::{CallId, Secret};

/// Allocations of this thread, reallocations included; those of C libraries are not seen.
fn allocations_of(work: impl FnOnce()) -> u64 {
    measure(work).count_total
}

#[test]
fn frames_are_sealed_and_opened_without_allocation() {
    assert_eq!(allocations_of(|| drop(vec![1_u8])), 1, "the counter counts");
    let keys = |own| {
        let base_key = BaseKey::new(Secret::new([1; 32]));
        FrameKeys::for_pair(base_key, CallId::from_bytes([2; 16]), own)
    };
    let mut sealer = keys(PairRole::Caller).sealer(StreamId::CAMERA).unwrap();
    let mut opener = keys(PairRole::Callee).opener(0, StreamId::CAMERA).unwrap();
    let frame = vec![0x31; 5_000];
    let mut sealed = Vec::with_capacity(frame.len() + FrameSealer::MAX_OVERHEAD);
    let mut opened = Vec::with_capacity(frame.len() + FrameSealer::MAX_OVERHEAD);
    let allocations = allocations_of(|| {
        for _ in 0..3_000 {
            sealer.seal(1, &frame, &mut sealed).unwrap();
            opener.open(&sealed, 1, &mut opened).unwrap();
            assert_eq!(opener.open(&sealed, 1, &mut opened), Err(Error::Replayed));
            if let Some(byte) = sealed.get_mut(2) {
                *byte ^= 1;
            }
            assert!(opener.open(&sealed, 1, &mut opened).is_err());
        }
    });
    assert_eq!(allocations, 0);
}
