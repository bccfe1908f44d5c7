//! A server that does with frames what it likes: none of it reaches a decoder, and what it withholds is noticed.

use core::time::Duration;

use zentalk_group_keys::{Error, GroupEvent, KeyId, MediaKind, SframeHeader, StreamId};

use crate::room::Room;

const MICROPHONE: MediaKind = MediaKind::Microphone;

#[test]
fn a_replayed_frame_opens_once() {
    let mut room = Room::with(3);
    let frame = room.seal(1, StreamId::MICROPHONE, b"once");
    for receiver in [0, 2] {
        assert!(room.open(receiver, 1, MICROPHONE, &frame).is_ok());
        assert_eq!(room.open(receiver, 1, MICROPHONE, &frame), Err(Error::Replayed));
    }
    // Nor does a new epoch forget what was opened.
    room.join(3);
    room.pass(Duration::from_secs(3));
    assert_eq!(room.open(0, 1, MICROPHONE, &frame), Err(Error::Replayed));
}

#[test]
fn swapped_streams_do_not_open() {
    let mut room = Room::with(3);
    let voice = room.seal(1, StreamId::MICROPHONE, b"voice");
    let picture = room.seal(1, StreamId::CAMERA, b"picture");
    assert_eq!(room.open(0, 1, MediaKind::Camera, &voice), Err(Error::WrongStream));
    assert_eq!(room.open(0, 1, MICROPHONE, &picture), Err(Error::WrongStream));
    assert!(room.open(0, 1, MediaKind::Camera, &picture).is_ok());
}

#[test]
fn another_senders_frame_does_not_open_as_somebody_elses() {
    let mut room = Room::with(3);
    let bobs = room.seal(1, StreamId::MICROPHONE, b"bob");
    assert_eq!(room.open(0, 2, MICROPHONE, &bobs), Err(Error::WrongSender));
    assert_eq!(room.open(1, 1, MICROPHONE, &bobs), Err(Error::OwnFrames));
    // Renamed, it is not authentic.
    let renamed = renamed(&bobs, |key_id| KeyId::new(key_id.epoch(), 2, key_id.stream()));
    assert_eq!(room.open(0, 2, MICROPHONE, &renamed), Err(Error::AuthenticationFailed));
    assert!(room.open(0, 1, MICROPHONE, &bobs).is_ok());
}

#[test]
fn a_rewound_stream_does_not_open() {
    let mut room = Room::with(2);
    let frames: Vec<_> = (0..200).map(|_| room.seal(1, StreamId::MICROPHONE, b"frame")).collect();
    assert!(room.open(0, 1, MICROPHONE, &frames[199]).is_ok());
    assert_eq!(room.open(0, 1, MICROPHONE, &frames[0]), Err(Error::Rewound));
}

#[test]
fn a_picture_kept_back_is_not_shown_after_later_ones() {
    let mut room = Room::with(3);
    let pictures: Vec<_> = (0..3).map(|_| room.seal(1, StreamId::CAMERA, b"picture")).collect();
    let sounds: Vec<_> = (0..2).map(|_| room.seal(1, StreamId::MICROPHONE, b"sound")).collect();
    assert!(room.open(0, 1, MediaKind::Camera, &pictures[1]).is_ok());
    assert_eq!(room.open(0, 1, MediaKind::Camera, &pictures[0]), Err(Error::Rewound));
    assert!(room.open(0, 1, MediaKind::Camera, &pictures[2]).is_ok());
    // Sound may come in any order.
    assert!(room.open(0, 1, MICROPHONE, &sounds[1]).is_ok());
    assert!(room.open(0, 1, MICROPHONE, &sounds[0]).is_ok());
}

/// A server that passes on one layer and keeps back another could change over to the latter as it was a minute ago.
#[test]
fn a_layer_kept_back_is_not_shown_after_another_one() {
    let [low, high] = [0, 2].map(|layer| StreamId::new(MediaKind::Camera, layer).unwrap());
    let mut room = Room::with(3);
    let mut pictures = Vec::new();
    for _ in 0..200 {
        let layers = [low, high].map(|layer| room.seal(1, layer, b"picture"));
        assert!(room.open(0, 1, MediaKind::Camera, &layers[0]).is_ok());
        pictures.push(layers);
    }
    assert_eq!(room.open(0, 1, MediaKind::Camera, &pictures[0][1]), Err(Error::Rewound));
    assert_eq!(room.open(0, 1, MediaKind::Camera, &pictures[198][1]), Err(Error::Rewound));
    // An honest one changes over at the newest picture, or the next.
    assert!(room.open(0, 1, MediaKind::Camera, &pictures[199][1]).is_ok());
    let next = room.seal(1, high, b"picture");
    assert!(room.open(0, 1, MediaKind::Camera, &next).is_ok());
    assert_eq!(room.open(0, 1, MediaKind::Camera, &pictures[199][0]), Err(Error::Replayed));
}

/// A layer that is off for a while has counters to make up for.
#[test]
fn a_layer_that_comes_back_is_as_new_as_the_others() {
    let [low, high] = [0, 2].map(|layer| StreamId::new(MediaKind::Camera, layer).unwrap());
    let mut room = Room::with(2);
    for picture in 0..300 {
        let mut layers = vec![room.seal(1, low, b"picture")];
        if picture % 100 < 10 {
            layers.push(room.seal(1, high, b"picture"));
        }
        for layer in layers {
            assert!(room.open(0, 1, MediaKind::Camera, &layer).is_ok(), "{picture}");
        }
    }
}

#[test]
fn a_stream_is_not_rewound_into_the_epoch_before() {
    let mut room = Room::with(2);
    let old = room.seal(1, StreamId::MICROPHONE, b"old, and kept back");
    room.join(2);
    room.pass(Duration::from_secs(3));
    let new = room.seal(1, StreamId::MICROPHONE, b"new");
    assert!(room.open(0, 1, MICROPHONE, &new).is_ok());
    assert_eq!(room.open(0, 1, MICROPHONE, &old), Err(Error::WrongEpoch));
    room.pass(Duration::from_secs(10));
    assert_eq!(room.open(0, 1, MICROPHONE, &old), Err(Error::UnknownEpoch));
}

#[test]
fn an_injected_frame_does_not_open_and_changes_nothing() {
    let mut room = Room::with(3);
    let frame = room.seal(1, StreamId::MICROPHONE, b"genuine");
    for bit in 0..frame.len() * 8 {
        let mut forged = frame.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        assert!(room.open(0, 1, MICROPHONE, &forged).is_err(), "bit {bit}");
    }
    for len in 0..frame.len() {
        assert!(room.open(0, 1, MICROPHONE, &frame[..len]).is_err(), "{len} bytes");
    }
    let unknown = renamed(&frame, |key_id| KeyId::new(key_id.epoch() ^ 0x40, 1, key_id.stream()));
    assert_eq!(room.open(0, 1, MICROPHONE, &unknown), Err(Error::UnknownEpoch));
    let nobody = renamed(&frame, |key_id| KeyId::new(key_id.epoch(), 9, key_id.stream()));
    assert_eq!(room.open(0, 9, MICROPHONE, &nobody), Err(Error::NotMember));
    assert!(room.open(0, 1, MICROPHONE, &frame).is_ok());
}

#[test]
fn frames_of_an_unknown_epoch_are_told_within_two_seconds_and_so_is_their_end() {
    let mut room = Room::with(2);
    let frame = room.seal(1, StreamId::MICROPHONE, b"genuine");
    let unknown = renamed(&frame, |key_id| KeyId::new(key_id.epoch() ^ 0x40, 1, key_id.stream()));
    for _ in 0..20 {
        assert!(room.open(0, 1, MICROPHONE, &unknown).is_err());
        room.pass(Duration::from_millis(100));
    }
    assert!(room.has(0, &GroupEvent::KeyMissing { sender: Some(1) }));
    assert!(room.open(0, 1, MICROPHONE, &frame).is_ok());
    room.pass(Duration::from_secs(1));
    assert!(room.has(0, &GroupEvent::KeyFound { sender: Some(1) }));
}

/// The frame with another key id.
fn renamed(frame: &[u8], rename: impl FnOnce(KeyId) -> KeyId) -> Vec<u8> {
    let (header, len) = SframeHeader::decode(frame).unwrap();
    let kid = rename(KeyId::from_kid(header.kid).unwrap()).to_kid();
    let mut renamed = Vec::new();
    SframeHeader { kid, ..header }.encode(&mut renamed);
    renamed.extend_from_slice(&frame[len..]);
    renamed
}
