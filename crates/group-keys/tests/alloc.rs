//! No allocation per frame. A binary of its own, because it replaces the global allocator.
#![allow(clippy::unwrap_used)]

use allocation_counter::measure;
use zentalk_group_keys::{
    BaseKey, CipherSuite, Error, FrameKeys, FrameSealer, PairRole, ShortTag, StreamId,
};
use zentalk_primitives::{CallId, Secret};

/// Allocations of this thread, reallocations included; those of C libraries are not seen.
fn allocations_of(work: impl FnOnce()) -> u64 {
    measure(work).count_total
}

#[test]
fn frames_are_sealed_and_opened_without_allocation() {
    assert_eq!(allocations_of(|| drop(vec![1_u8])), 1, "the counter counts");
    for id in 1..=8 {
        let suite = CipherSuite::from_id_or_short_tag(id, ShortTag::dangerous()).unwrap();
        assert_eq!(allocations_in(suite), 0, "{}", suite.name());
    }
}

fn allocations_in(suite: CipherSuite) -> u64 {
    let keys = |own| {
        let base_key = BaseKey::new(Secret::new([1; 32]));
        FrameKeys::for_pair(base_key, CallId::from_bytes([2; 16]), own).with_suite(suite)
    };
    let mut sealer = keys(PairRole::Caller).sealer(StreamId::CAMERA).unwrap();
    let mut opener = keys(PairRole::Callee).opener(0, StreamId::CAMERA).unwrap();
    let frame = vec![0x31; 5_000];
    let mut sealed = Vec::with_capacity(frame.len() + FrameSealer::MAX_OVERHEAD);
    let mut opened = Vec::with_capacity(frame.len() + FrameSealer::MAX_OVERHEAD);
    allocations_of(|| {
        for _ in 0..500 {
            sealer.seal(1, &frame, &mut sealed).unwrap();
            opener.open(&sealed, 1, &mut opened).unwrap();
            assert_eq!(opener.open(&sealed, 1, &mut opened), Err(Error::Replayed));
            if let Some(byte) = sealed.get_mut(2) {
                *byte ^= 1;
            }
            assert!(opener.open(&sealed, 1, &mut opened).is_err());
        }
    })
}
