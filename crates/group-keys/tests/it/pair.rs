//! Calls of two: the format byte for byte, and who can get which key.

use zentalk_group_keys::{Error, FrameSealer, MediaKind, PairRole, StreamId};

use crate::keys;

/// Computed with an independent implementation (HKDF and AES-GCM of Python's `cryptography`).
#[test]
fn frames_are_sealed_byte_for_byte_as_the_format_says() {
    let mut caller = keys(PairRole::Caller).sealer(StreamId::CAMERA).unwrap();
    let mut out = Vec::new();
    caller.seal(1, b"\x11a frame of a picture", &mut out).unwrap();
    let expected = [
        // Clear byte; header: KID 0x10 in one byte, counter 0; ciphertext; tag.
        0x11, 0x80, 0x10, 0x22, 0x96, 0x2a, 0xb4, 0x0b, 0x34, 0xc6, 0x17, 0x49, 0xe4, 0x78, 0xaf,
        0xf4, 0x5d, 0x55, 0xaf, 0x93, 0x6b, 0xdc, 0xc1, 0x41, 0x88, 0xc9, 0x4e, 0x5b, 0x9e, 0xfa,
        0x6d, 0xe9, 0xed, 0x70, 0xda, 0x5c, 0x9e, 0x8e, 0x55,
    ];
    assert_eq!(out, expected);

    let mut callee = keys(PairRole::Callee).sealer(StreamId::MICROPHONE).unwrap();
    callee.seal(0, b"the first frame", &mut out).unwrap();
    callee.seal(0, b"a frame of speech", &mut out).unwrap();
    let expected = [
        // Header: KID 0x0100 in two bytes, counter 1 in the first byte; ciphertext; tag.
        0x91, 0x01, 0x00, 0x42, 0xd5, 0x94, 0x89, 0xec, 0xcc, 0xfe, 0x57, 0xac, 0x0c, 0x3b, 0x4f,
        0x95, 0xd4, 0x1c, 0x04, 0x29, 0xe6, 0x5f, 0x34, 0x18, 0xe8, 0x69, 0x37, 0x51, 0x48, 0x5f,
        0xaa, 0x0b, 0x59, 0xfe, 0xb5, 0x09,
    ];
    assert_eq!(out, expected);
}

/// RFC 9605 §9.1: a pair of base key and key id has one counter.
#[test]
fn a_key_id_is_given_out_once() {
    let mut own = keys(PairRole::Caller);
    own.sealer(StreamId::CAMERA).unwrap();
    assert_eq!(own.sealer(StreamId::CAMERA).err(), Some(Error::KeyIdInUse));
    own.sealer(StreamId::MICROPHONE).unwrap();
    own.sealer(StreamId::new(MediaKind::Camera, 1).unwrap()).unwrap();
    let peer = PairRole::Caller.other().index();
    own.opener(peer, StreamId::CAMERA).unwrap();
    assert_eq!(own.opener(peer, StreamId::CAMERA).err(), Some(Error::KeyIdInUse));
}

/// A server that sends our own frames back finds nobody who could open them.
#[test]
fn nobody_opens_frames_of_their_own() {
    let mut own = keys(PairRole::Callee);
    let result = own.opener(PairRole::Callee.index(), StreamId::CAMERA);
    assert_eq!(result.err(), Some(Error::OwnFrames));
}

#[test]
fn overhead_is_never_more_than_announced() {
    let mut sealer = keys(PairRole::Callee).sealer(StreamId::CAMERA).unwrap();
    let mut out = Vec::new();
    for counter in 0..300 {
        sealer.seal(10, &[0; 50], &mut out).unwrap();
        assert!(out.len() <= 50 + FrameSealer::MAX_OVERHEAD);
        assert_eq!(sealer.sealed_frames(), counter + 1);
    }
}

#[test]
fn debug_output_shows_no_key() {
    let mut keys = keys(PairRole::Caller);
    let sealer = keys.sealer(StreamId::CAMERA).unwrap();
    let opener = keys.opener(1, StreamId::CAMERA).unwrap();
    let shown = format!("{keys:?} {sealer:?} {opener:?}");
    assert_eq!(
        shown,
        "FrameKeys { epoch: 0, own_index: 0, .. } FrameSealer { next_counter: 0, .. } \
         FrameOpener { key_id: KeyId { epoch: 0, sender: 1, stream: StreamId(16) }, .. }"
    );
}
