//! What holds in every cipher suite: each refusal of `refusals.rs` again, and the edges of the format.

use zentalk_group_keys::{
    BaseKey, CipherSuite, Error, FRAME_REPLAY_WINDOW, FrameKeys, FrameOpener, FrameSealer,
    MAX_FRAME_LEN, MediaKind, SframeHeader, ShortTag, StreamId,
};
use zentalk_primitives::{CallId, Secret};

use crate::CALL;

const SENDER: u8 = 3;
const RECEIVER: u8 = 4;

fn suites() -> impl Iterator<Item = CipherSuite> {
    let suite = |id| CipherSuite::from_id_or_short_tag(id, ShortTag::dangerous());
    (0..=u16::MAX).filter_map(suite)
}

fn keys(suite: CipherSuite, epoch: u16, own: u8) -> FrameKeys {
    FrameKeys::new(BaseKey::new(Secret::new([5; 32])), CALL, epoch, own).with_suite(suite)
}

fn pair(suite: CipherSuite, stream: StreamId) -> (FrameSealer, FrameOpener) {
    let sealer = keys(suite, 1, SENDER).sealer(stream).unwrap();
    (sealer, keys(suite, 1, RECEIVER).opener(SENDER, stream).unwrap())
}

fn seal(sealer: &mut FrameSealer, frame: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::new();
    sealer.seal(1, frame, &mut sealed).unwrap();
    sealed
}

/// Tries `sealed`; what comes out must be nothing.
fn refused(opener: &mut FrameOpener, sealed: &[u8]) -> Error {
    let mut out = vec![0xee; 3];
    let error = opener.open(sealed, 1, &mut out).unwrap_err();
    assert!(out.is_empty(), "bytes left after {error}");
    error
}

fn accepted(opener: &mut FrameOpener, sealed: &[u8], frame: &[u8]) -> u64 {
    let mut out = Vec::new();
    let counter = opener.open(sealed, 1, &mut out).unwrap().counter;
    assert!(out == frame);
    counter
}

#[test]
fn there_are_eight() {
    assert_eq!(suites().map(CipherSuite::id).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn replayed_and_rewound_frames_are_refused() {
    for suite in suites() {
        let (mut sealer, mut opener) = pair(suite, StreamId::CAMERA);
        let count = FRAME_REPLAY_WINDOW as u8 + 2;
        let frames: Vec<_> = (0..count).map(|n| seal(&mut sealer, &[0x31, n])).collect();
        assert_eq!(accepted(&mut opener, &frames[0], &[0x31, 0]), 0);
        assert_eq!(refused(&mut opener, &frames[0]), Error::Replayed);
        let last = frames.len() - 1;
        accepted(&mut opener, &frames[last], &[0x31, last as u8]);
        assert_eq!(refused(&mut opener, &frames[last]), Error::Replayed);
        assert_eq!(refused(&mut opener, &frames[1]), Error::Rewound);
        assert_eq!(accepted(&mut opener, &frames[2], &[0x31, 2]), 2);
    }
}

#[test]
fn frames_of_another_stream_sender_epoch_or_call_are_refused() {
    for suite in suites() {
        let sealed =
            seal(&mut keys(suite, 1, SENDER).sealer(StreamId::CAMERA).unwrap(), b"\x31frame");
        let open = |mut keys: FrameKeys, sender, stream| {
            refused(&mut keys.opener(sender, stream).unwrap(), &sealed)
        };
        let layer = StreamId::new(MediaKind::Camera, 1).unwrap();
        for stream in [StreamId::MICROPHONE, layer] {
            assert_eq!(open(keys(suite, 1, RECEIVER), SENDER, stream), Error::WrongStream);
        }
        assert_eq!(open(keys(suite, 1, RECEIVER), 9, StreamId::CAMERA), Error::WrongSender);
        assert_eq!(open(keys(suite, 2, RECEIVER), SENDER, StreamId::CAMERA), Error::WrongEpoch);
        let base_key = BaseKey::new(Secret::new([5; 32]));
        let other_call = FrameKeys::new(base_key, CallId::from_bytes([8; 16]), 1, RECEIVER);
        let error = open(other_call.with_suite(suite), SENDER, StreamId::CAMERA);
        assert_eq!(error, Error::AuthenticationFailed);
        let other_key = FrameKeys::new(BaseKey::new(Secret::new([6; 32])), CALL, 1, RECEIVER);
        let error = open(other_key.with_suite(suite), SENDER, StreamId::CAMERA);
        assert_eq!(error, Error::AuthenticationFailed);
    }
}

/// RFC 9605 §4.4.2: the suite is part of the key. One that was sealed with a short tag does not open with another, either.
#[test]
fn frames_of_another_suite_are_not_authentic() {
    for sealing in suites() {
        let (mut sealer, _) = pair(sealing, StreamId::CAMERA);
        let sealed = seal(&mut sealer, b"\x31a frame with some length");
        for opening in suites().filter(|suite| *suite != sealing) {
            let (_, mut opener) = pair(opening, StreamId::CAMERA);
            assert_eq!(refused(&mut opener, &sealed), Error::AuthenticationFailed);
        }
    }
}

#[test]
fn every_flipped_bit_and_every_cut_is_refused_and_changes_nothing() {
    for suite in suites() {
        let (mut sealer, mut opener) = pair(suite, StreamId::CAMERA);
        let sealed = seal(&mut sealer, b"\x31frame");
        for bit in 0..sealed.len() * 8 {
            let mut forged = sealed.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            refused(&mut opener, &forged);
        }
        for len in 0..sealed.len() {
            refused(&mut opener, &sealed[..len]);
        }
        assert_eq!(
            refused(&mut opener, &[&sealed[..], &[0]].concat()),
            Error::AuthenticationFailed
        );
        assert_eq!(accepted(&mut opener, &sealed, b"\x31frame"), 0);
    }
}

#[test]
fn tag_cut_by_a_byte_is_not_authentic() {
    for suite in suites() {
        let (mut sealer, mut opener) = pair(suite, StreamId::CAMERA);
        let sealed = seal(&mut sealer, b"\x31frame");
        let cut = &sealed[..sealed.len() - 1];
        assert_eq!(refused(&mut opener, cut), Error::AuthenticationFailed);
        // Where no byte of the frame can stand in for it, there is no tag at all.
        let empty = seal(&mut sealer, b"\x31");
        assert_eq!(refused(&mut opener, &empty[..empty.len() - 1]), Error::Malformed);
    }
}

/// RFC 9605 §4.3: a header rewritten to another counter, of whatever length.
#[test]
fn rewritten_counters_are_not_authentic_and_do_not_move_the_window() {
    for suite in suites() {
        let (mut sealer, mut opener) = pair(suite, StreamId::CAMERA);
        let sealed = seal(&mut sealer, b"\x31frame");
        let (header, len) = SframeHeader::decode(&sealed[1..]).unwrap();
        for counter in [1, 7, 8, 0xff, 0x100, 1 << 32, u64::MAX] {
            let mut forged = sealed[..1].to_vec();
            SframeHeader { counter, ..header }.encode(&mut forged);
            forged.extend_from_slice(&sealed[1 + len..]);
            assert_eq!(refused(&mut opener, &forged), Error::AuthenticationFailed);
        }
        assert_eq!(accepted(&mut opener, &sealed, b"\x31frame"), 0);
    }
}

#[test]
fn the_largest_and_the_smallest_key_id_work() {
    let largest = StreamId::new(MediaKind::ScreenAudio, 15).unwrap();
    for suite in suites() {
        for (epoch, sender, stream) in [(0, 0, StreamId::MICROPHONE), (u16::MAX, u8::MAX, largest)]
        {
            let mut sealer = keys(suite, epoch, sender).sealer(stream).unwrap();
            let mut opener = keys(suite, epoch, 1).opener(sender, stream).unwrap();
            let sealed = seal(&mut sealer, b"\x31frame");
            assert_eq!(accepted(&mut opener, &sealed, b"\x31frame"), 0);
        }
    }
}

#[test]
fn empty_frames_are_sealed_and_opened() {
    for suite in suites() {
        let (mut sealer, mut opener) = pair(suite, StreamId::MICROPHONE);
        let (mut sealed, mut opened) = (Vec::new(), vec![1]);
        sealer.seal(0, b"", &mut sealed).unwrap();
        // Two bytes of epoch, one of sender and the stream's zero make a key id of three bytes.
        assert_eq!(sealed.len(), 1 + 3 + suite.tag_len());
        assert_eq!(opener.open(&sealed, 0, &mut opened).unwrap().counter, 0);
        assert!(opened.is_empty());
        assert_eq!(opener.open(&sealed, 0, &mut opened), Err(Error::Replayed));
    }
}

#[test]
fn frames_of_maximal_length_are_sealed_and_longer_ones_refused() {
    let frame = vec![0x31; MAX_FRAME_LEN + 2];
    let suite = CipherSuite::Aes256GcmSha512_128;
    let (mut sealer, mut opener) = pair(suite, StreamId::CAMERA);
    let mut sealed = Vec::new();
    assert_eq!(sealer.seal(1, &frame, &mut sealed), Err(Error::FrameTooLong));
    assert_eq!((sealer.sealed_frames(), sealed.len()), (0, 0));
    // The bound is on what is encrypted.
    sealer.seal(1, &frame[1..], &mut sealed).unwrap();
    assert!(sealed.len() <= frame.len() - 1 + FrameSealer::MAX_OVERHEAD);
    sealed.push(0);
    assert_eq!(refused(&mut opener, &sealed), Error::FrameTooLong);
    sealed.pop();
    assert_eq!(accepted(&mut opener, &sealed, &frame[1..]), 0);
}

/// Buffers that come back with an older, longer frame in them.
#[test]
fn nothing_of_an_older_frame_stays_in_the_buffer() {
    for suite in suites() {
        let (mut sealer, mut opener) = pair(suite, StreamId::CAMERA);
        let mut opened = vec![0xee; 5_000];
        for len in [1_000, 10, 3_000, 1] {
            let frame = vec![0x31; len];
            let sealed = seal(&mut sealer, &frame);
            opener.open(&sealed, 1, &mut opened).unwrap();
            assert!(opened == frame);
        }
    }
}

/// What the others hold is compared without being shown.
#[test]
fn commitments_are_equal_for_equal_keys_only() {
    let with = |key, call, epoch, own| {
        let base_key = BaseKey::new(Secret::new([key; 32]));
        FrameKeys::new(base_key, CallId::from_bytes([call; 16]), epoch, own).commitment().unwrap()
    };
    let ours = with(1, 2, 3, 4);
    assert_eq!(ours, with(1, 2, 3, 5), "whoever holds them");
    for other in [with(9, 2, 3, 4), with(1, 9, 3, 4), with(1, 2, 9, 4)] {
        assert_ne!(ours, other);
    }
}
