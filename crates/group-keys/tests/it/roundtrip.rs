//! What was sealed is opened, whatever the codec, the size and, within the window, the order.

use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use zentalk_group_keys::{FRAME_REPLAY_WINDOW, FrameCodec, PairRole, StreamId};

use crate::keys;

#[test]
fn frames_of_every_codec_arrive_as_they_were() {
    let vp8_key: Vec<u8> = [0x50, 0x2a, 0, 0x9d, 0x01, 0x2a, 0x40, 1, 0xf0, 0].repeat(40);
    let frames = [
        (FrameCodec::Opus, vec![0x78, 1, 2, 3]),
        (FrameCodec::Opus, Vec::new()),
        (FrameCodec::Vp9, vec![0x82; 2_000]),
        (FrameCodec::Vp8, vp8_key.clone()),
        (FrameCodec::Vp8, vp8_key[..10].to_vec()),
        (FrameCodec::Vp8, vec![0x31]),
        (FrameCodec::Vp8, vec![0x31; 70_000]),
    ];
    let mut sealer = keys(PairRole::Caller).sealer(StreamId::CAMERA).unwrap();
    let mut opener = keys(PairRole::Callee).opener(0, StreamId::CAMERA).unwrap();
    let (mut sealed, mut opened) = (Vec::new(), Vec::new());
    for (counter, (codec, frame)) in frames.iter().enumerate() {
        let clear_len = codec.clear_len(frame).unwrap();
        sealer.seal(clear_len, frame, &mut sealed).unwrap();
        assert_eq!(sealed[..clear_len], frame[..clear_len]);
        // The receiver finds the same number in what it received.
        let clear_len = codec.clear_len(&sealed).unwrap_or(0);
        let info = opener.open(&sealed, clear_len, &mut opened).unwrap();
        assert_eq!((&opened, info.counter), (frame, counter as u64));
    }
}

#[test]
fn nothing_but_the_clear_bytes_is_readable() {
    let mut sealer = keys(PairRole::Caller).sealer(StreamId::CAMERA).unwrap();
    let frame = [0x31; 64];
    let mut sealed = Vec::new();
    sealer.seal(1, &frame, &mut sealed).unwrap();
    assert!(!sealed.windows(4).any(|part| part == [0x31; 4]));
}

#[test]
fn frames_arrive_in_any_order_within_the_window() {
    let mut sealer = keys(PairRole::Callee).sealer(StreamId::MICROPHONE).unwrap();
    let mut opener = keys(PairRole::Caller).opener(1, StreamId::MICROPHONE).unwrap();
    let frames: Vec<Vec<u8>> = (0..FRAME_REPLAY_WINDOW as u8)
        .map(|n| {
            let mut sealed = Vec::new();
            sealer.seal(0, &[n; 20], &mut sealed).unwrap();
            sealed
        })
        .collect();
    let mut opened = Vec::new();
    for (n, sealed) in frames.iter().enumerate().rev() {
        opener.open(sealed, 0, &mut opened).unwrap();
        assert_eq!(opened, [n as u8; 20]);
    }
}

/// No allocation when the buffer is large enough: it stays where it is.
#[test]
fn buffers_with_room_are_not_replaced() {
    let mut sealer = keys(PairRole::Caller).sealer(StreamId::CAMERA).unwrap();
    let mut opener = keys(PairRole::Callee).opener(0, StreamId::CAMERA).unwrap();
    let (mut sealed, mut opened) = (Vec::with_capacity(600), Vec::with_capacity(600));
    let places = (sealed.as_ptr(), opened.as_ptr());
    for len in [500, 3, 560, 0] {
        sealer.seal(0, &vec![7; len], &mut sealed).unwrap();
        opener.open(&sealed, 0, &mut opened).unwrap();
        assert_eq!((sealed.as_ptr(), opened.as_ptr()), places);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_frame_survives(
        frame in proptest::collection::vec(any::<u8>(), 16..300),
        clear_len in 0_usize..=16,
    ) {
        let mut sealer = keys(PairRole::Caller).sealer(StreamId::CAMERA).unwrap();
        let mut opener = keys(PairRole::Callee).opener(0, StreamId::CAMERA).unwrap();
        let (mut sealed, mut opened) = (Vec::new(), vec![1, 2, 3]);
        sealer.seal(clear_len, &frame, &mut sealed).unwrap();
        opener.open(&sealed, clear_len, &mut opened).unwrap();
        prop_assert_eq!(opened, frame);
    }

    #[test]
    fn any_bytes_are_refused_and_change_nothing(
        bytes in proptest::collection::vec(any::<u8>(), 0..100),
        clear_len in 0_usize..=20,
    ) {
        let mut sealer = keys(PairRole::Caller).sealer(StreamId::CAMERA).unwrap();
        let mut opener = keys(PairRole::Callee).opener(0, StreamId::CAMERA).unwrap();
        let (mut sealed, mut opened) = (Vec::new(), vec![1, 2, 3]);
        assert!(opener.open(&bytes, clear_len, &mut opened).is_err());
        assert!(opened.is_empty());
        sealer.seal(1, b"a frame", &mut sealed).unwrap();
        opener.open(&sealed, 1, &mut opened).unwrap();
    }
}
