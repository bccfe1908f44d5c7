//! Frames that must not be opened, each refused for its own reason and without a trace.

use zentalk_group_keys::{
    BaseKey, Error, FRAME_REPLAY_WINDOW, FrameCodec, FrameKeys, FrameOpener, MAX_CLEAR_BYTES,
    MediaKind, PairRole, SframeHeader, StreamId,
};
use zentalk_primitives::{CallId, Secret};

use crate::{CALL, keys, keys_for};

fn camera_frames(count: u8) -> Vec<Vec<u8>> {
    let mut sealer = keys(PairRole::Caller).sealer(StreamId::CAMERA).unwrap();
    (0..count)
        .map(|n| {
            let mut sealed = Vec::new();
            sealer.seal(1, &[0x31, n, 2, 3, 4], &mut sealed).unwrap();
            sealed
        })
        .collect()
}

fn camera_opener() -> FrameOpener {
    keys(PairRole::Callee).opener(0, StreamId::CAMERA).unwrap()
}

/// Tries `sealed` and checks that nothing comes out.
fn refused(opener: &mut FrameOpener, sealed: &[u8], clear_len: usize) -> Error {
    let mut out = vec![0xee; 3];
    let error = opener.open(sealed, clear_len, &mut out).unwrap_err();
    assert!(out.is_empty(), "bytes left after {error}");
    error
}

fn accepted(opener: &mut FrameOpener, sealed: &[u8]) -> u64 {
    opener.open(sealed, 1, &mut Vec::new()).unwrap().counter
}

/// RFC 9605 §9.3.
#[test]
fn replayed_frame_is_refused() {
    let frames = camera_frames(3);
    let mut opener = camera_opener();
    for sealed in &frames {
        accepted(&mut opener, sealed);
    }
    for sealed in &frames {
        assert_eq!(refused(&mut opener, sealed, 1), Error::Replayed);
    }
}

#[test]
fn rewound_counter_is_refused() {
    let frames = camera_frames(FRAME_REPLAY_WINDOW as u8 + 2);
    let mut opener = camera_opener();
    let last = frames.len() - 1;
    assert_eq!(accepted(&mut opener, &frames[last]), last as u64);
    for old in &frames[..2] {
        assert_eq!(refused(&mut opener, old, 1), Error::Rewound);
    }
    assert_eq!(accepted(&mut opener, &frames[2]), 2);
}

#[test]
fn every_flipped_bit_is_refused_and_the_frame_opens_afterwards() {
    let sealed = &camera_frames(1)[0];
    let mut opener = camera_opener();
    for bit in 0..sealed.len() * 8 {
        let mut forged = sealed.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        refused(&mut opener, &forged, 1);
    }
    accepted(&mut opener, sealed);
}

#[test]
fn every_truncation_is_refused() {
    let sealed = &camera_frames(1)[0];
    let mut opener = camera_opener();
    for len in 0..sealed.len() {
        refused(&mut opener, &sealed[..len], 1);
    }
    let mut longer = sealed.clone();
    longer.push(0);
    assert_eq!(refused(&mut opener, &longer, 1), Error::AuthenticationFailed);
    accepted(&mut opener, sealed);
}

/// The window moves only after authentication: a forged counter far ahead locks nobody out.
#[test]
fn forged_counter_far_ahead_does_not_move_the_window() {
    let frames = camera_frames(2);
    let mut opener = camera_opener();
    let (header, len) = SframeHeader::decode(&frames[0][1..]).unwrap();
    let mut forged = frames[0][..1].to_vec();
    SframeHeader { counter: u64::MAX, ..header }.encode(&mut forged);
    forged.extend_from_slice(&frames[0][1 + len..]);
    assert_eq!(refused(&mut opener, &forged, 1), Error::AuthenticationFailed);
    assert_eq!(accepted(&mut opener, &frames[0]), 0);
    assert_eq!(accepted(&mut opener, &frames[1]), 1);
}

#[test]
fn frame_of_another_stream_is_refused() {
    let sealed = &camera_frames(1)[0];
    let mut callee = keys(PairRole::Callee);
    for stream in [StreamId::MICROPHONE, StreamId::new(MediaKind::Camera, 1).unwrap()] {
        let mut opener = callee.opener(0, stream).unwrap();
        assert_eq!(refused(&mut opener, sealed, 1), Error::WrongStream);
    }
}

#[test]
fn frame_of_another_sender_is_refused() {
    let mut own = Vec::new();
    let mut callee = keys(PairRole::Callee);
    callee.sealer(StreamId::CAMERA).unwrap().seal(1, b"\x31frame", &mut own).unwrap();
    // A server reflects the callee's frame to the callee as if it were the caller's.
    let mut opener = callee.opener(0, StreamId::CAMERA).unwrap();
    assert_eq!(refused(&mut opener, &own, 1), Error::WrongSender);
}

#[test]
fn frame_of_another_epoch_is_refused() {
    let group = |epoch, own| FrameKeys::new(BaseKey::new(Secret::new([5; 32])), CALL, epoch, own);
    let mut sealed = Vec::new();
    group(1, 4).sealer(StreamId::CAMERA).unwrap().seal(1, b"\x31frame", &mut sealed).unwrap();
    let mut opener = group(2, 0).opener(4, StreamId::CAMERA).unwrap();
    assert_eq!(refused(&mut opener, &sealed, 1), Error::WrongEpoch);
    let mut opener = group(1, 0).opener(4, StreamId::CAMERA).unwrap();
    accepted(&mut opener, &sealed);
}

#[test]
fn key_id_with_upper_bits_is_refused() {
    let mut forged = vec![0x31];
    SframeHeader { kid: 1 << 32 | 0x10, counter: 0 }.encode(&mut forged);
    forged.extend_from_slice(&[0; 40]);
    assert_eq!(refused(&mut camera_opener(), &forged, 1), Error::UnknownKeyId);
}

/// Renaming a frame to the opener's key id does not help: the key is another, and the header is
/// authenticated.
#[test]
fn frame_renamed_to_another_stream_is_not_authentic() {
    let sealed = &camera_frames(1)[0];
    let (header, len) = SframeHeader::decode(&sealed[1..]).unwrap();
    let stream = StreamId::new(MediaKind::Screen, 0).unwrap();
    let mut opener = keys(PairRole::Callee).opener(0, stream).unwrap();
    let mut renamed = sealed[..1].to_vec();
    SframeHeader { kid: opener.key_id().to_kid(), ..header }.encode(&mut renamed);
    renamed.extend_from_slice(&sealed[1 + len..]);
    assert_eq!(refused(&mut opener, &renamed, 1), Error::AuthenticationFailed);
}

#[test]
fn frame_of_another_call_is_not_authentic() {
    let sealed = &camera_frames(1)[0];
    let other = CallId::from_bytes([8; 16]);
    let mut opener = keys_for(PairRole::Callee, other).opener(0, StreamId::CAMERA).unwrap();
    assert_eq!(refused(&mut opener, sealed, 1), Error::AuthenticationFailed);
    // Nor with the same base key: the call id is associated data as well.
    let keys = |call, own| FrameKeys::new(BaseKey::new(Secret::new([5; 32])), call, 0, own);
    let mut sealed = Vec::new();
    keys(CALL, 0).sealer(StreamId::CAMERA).unwrap().seal(1, b"\x31frame", &mut sealed).unwrap();
    let mut opener = keys(other, 1).opener(0, StreamId::CAMERA).unwrap();
    assert_eq!(refused(&mut opener, &sealed, 1), Error::AuthenticationFailed);
}

/// The clear byte that tells keyframes apart is authenticated, so a forwarder cannot make a receiver take
/// one for the other.
#[test]
fn changed_clear_bytes_are_not_authentic() {
    let mut sealer = keys(PairRole::Caller).sealer(StreamId::CAMERA).unwrap();
    let mut opener = camera_opener();
    let mut sealed = Vec::new();
    for first in [0x30, 0x31] {
        let frame = [first; 100];
        let clear_len = FrameCodec::Vp8.clear_len(&frame).unwrap();
        sealer.seal(clear_len, &frame, &mut sealed).unwrap();
        let mut forged = sealed.clone();
        forged[0] ^= 1;
        let clear_len = FrameCodec::Vp8.clear_len(&forged).unwrap();
        refused(&mut opener, &forged, clear_len);
        let mut forged = sealed.clone();
        forged[0] ^= 0x40;
        let clear_len = FrameCodec::Vp8.clear_len(&forged).unwrap();
        assert_eq!(refused(&mut opener, &forged, clear_len), Error::AuthenticationFailed);
    }
}

#[test]
fn clear_lengths_beyond_the_frame_or_the_format_are_the_callers_mistake() {
    let mut sealer = keys(PairRole::Caller).sealer(StreamId::CAMERA).unwrap();
    let mut out = vec![1];
    // A VP8 keyframe of five bytes is none.
    assert_eq!(sealer.seal(10, &[0; 5], &mut out), Err(Error::ClearLength));
    assert_eq!(sealer.seal(MAX_CLEAR_BYTES + 1, &[0; 50], &mut out), Err(Error::ClearLength));
    assert!(out.is_empty());
    assert_eq!(sealer.sealed_frames(), 0);
    let opener = &mut camera_opener();
    assert_eq!(refused(opener, &[0; 100], MAX_CLEAR_BYTES + 1), Error::ClearLength);
    assert_eq!(refused(opener, &[0; 5], 10), Error::Malformed);
}
