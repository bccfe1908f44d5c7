//! No allocation per frame. A binary of its own, because it replaces the global allocator.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use allocation_counter::measure;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use zentalk_group_keys::{
    BaseKey, CipherSuite, Error, FrameKeys, FrameSealer, GroupInput, GroupKeys, GroupOutput,
    MediaKind, PairRole, Roster, ShortTag, StreamId,
};
use zentalk_primitives::{CallId, Instant, Secret};

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

#[test]
fn a_keyring_seals_and_opens_without_allocation_once_it_is_warm() {
    let [mut alice, mut bob] = group_of_two();
    let frame = vec![0x31; 5_000];
    let mut sealed = Vec::with_capacity(frame.len() + FrameSealer::MAX_OVERHEAD);
    let mut opened = Vec::with_capacity(frame.len() + FrameSealer::MAX_OVERHEAD);
    let mut frames = |number| {
        for _ in 0..number {
            for (stream, kind) in [
                (StreamId::CAMERA, MediaKind::Camera),
                (StreamId::MICROPHONE, MediaKind::Microphone),
            ] {
                alice.keyring_mut().seal(stream, 1, &frame, &mut sealed).unwrap();
                bob.keyring_mut().open(0, kind, &sealed, 1, &mut opened).unwrap();
                assert!(bob.keyring_mut().open(0, kind, &sealed, 1, &mut opened).is_err());
            }
        }
    };
    frames(1);
    assert_eq!(allocations_of(|| frames(500)), 0);
}

/// Both in one epoch, and sending under it.
fn group_of_two() -> [GroupKeys; 2] {
    let (call, mut rng) = (CallId::from_bytes([2; 16]), ChaCha8Rng::seed_from_u64(1));
    let mut roster = Roster::new();
    roster.insert(0, b"alice".to_vec()).unwrap();
    let alice = GroupKeys::initiate(Instant::ZERO, call, 0, roster, &mut rng).unwrap();
    let bob = GroupKeys::joining(Instant::ZERO, call, 1, b"bob", 0, &mut rng).unwrap();
    let mut both = [alice, bob];
    let join = GroupInput::Join { index: 1, info: b"bob".to_vec() };
    both[0].handle_input(Instant::ZERO, join, &mut rng);
    for millis in [0, 200, 400, 600] {
        let now = Instant::from_millis(millis);
        both.iter_mut().for_each(|keys| keys.handle_timeout(now, &mut rng));
        for from in [0, 1, 0, 1] {
            loop {
                match both[usize::from(from)].poll_output() {
                    GroupOutput::Send { to, message } => {
                        let input = GroupInput::Message { from, message };
                        both[usize::from(to)].handle_input(now, input, &mut rng);
                    }
                    GroupOutput::Timeout(_) => break,
                    _ => {}
                }
            }
        }
    }
    both
}
