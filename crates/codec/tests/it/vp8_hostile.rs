//! Frames that mean harm.

use proptest::prelude::*;
use zentalk_codec::{Error, Vp8Decoder};

use crate::media::bunny_frames;

/// A keyframe header that announces this size and one byte of first partition.
fn keyframe_header(width: u16, height: u16) -> Vec<u8> {
    let mut frame = vec![0x30, 0, 0, 0x9d, 0x01, 0x2a];
    frame.extend(width.to_le_bytes());
    frame.extend(height.to_le_bytes());
    frame.extend([0; 64]);
    frame
}

/// regressions `vp8-huge-dimensions`: libvpx allocates 1.4 GB for it.
#[test]
fn vp8_huge_dimensions() {
    let mut decoder = Vp8Decoder::new();
    let error = Error::DimensionsOutOfRange { width: 16_256, height: 13_557 };
    assert_eq!(decoder.decode(&keyframe_header(16_256, 13_557), 0), Err(error));
    assert!(decoder.needs_keyframe());
}

#[test]
fn damage_is_followed_by_nothing_but_a_keyframe() {
    let frames = bunny_frames();
    let mut decoder = Vp8Decoder::new();
    assert!(decoder.decode(&frames[0], 0).is_ok());
    assert!(decoder.decode(&frames[1], 0).is_ok());
    let half = &frames[2][..frames[2].len() / 2];
    assert_eq!(decoder.decode(half, 0), Err(Error::DamagedFrame));
    assert!(decoder.needs_keyframe());
    assert_eq!(decoder.decode(&frames[3], 0), Err(Error::KeyframeNeeded));
    assert!(decoder.decode(&frames[0], 0).unwrap().is_some());
    assert!(decoder.decode(&frames[1], 0).unwrap().is_some());
}

#[test]
fn truncated_frames_never_crash_the_decoder() {
    let frames = bunny_frames();
    let mut lengths: Vec<usize> = (0..40).collect();
    lengths.extend((40..frames[0].len()).step_by(997));
    for length in lengths {
        let mut decoder = Vp8Decoder::new();
        assert!(decoder.decode(&frames[0][..length], 0).is_err());
        assert!(decoder.needs_keyframe());
    }
    for length in (0..frames[1].len()).step_by(101) {
        let mut decoder = Vp8Decoder::new();
        decoder.decode(&frames[0], 0).unwrap();
        let _ = decoder.decode(&frames[1][..length], 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn random_bytes_never_crash_the_decoder(
        mut bytes in prop::collection::vec(any::<u8>(), 0..2_000),
        width in 1_u16..200,
        height in 1_u16..200,
        dressed in any::<bool>(),
    ) {
        let mut decoder = Vp8Decoder::new();
        if dressed && bytes.len() > 10 {
            // A believable header, so that libvpx sees the rest.
            let head = keyframe_header(width, height);
            bytes[..10].copy_from_slice(&head[..10]);
            let partition = (bytes.len() - 10).min(200) as u32;
            bytes[..3].copy_from_slice(&(partition << 5 | 0x10).to_le_bytes()[..3]);
        }
        let _ = decoder.decode(&bytes, 0);
        bytes.reverse();
        let _ = decoder.decode(&bytes, 0);
    }

    #[test]
    fn flipped_bits_never_crash_the_decoder(flips in prop::collection::vec(any::<(u16, u8)>(), 1..20)) {
        let mut frames = bunny_frames();
        for (at, bit) in &flips {
            let length = frames[1].len();
            frames[1][usize::from(*at) % length] ^= 1 << (bit % 8);
        }
        let mut decoder = Vp8Decoder::new();
        decoder.decode(&frames[0], 0).unwrap();
        if decoder.decode(&frames[1], 0).is_err() {
            prop_assert!(decoder.needs_keyframe());
            prop_assert_eq!(decoder.decode(&frames[2], 0), Err(Error::KeyframeNeeded));
        }
        prop_assert!(decoder.decode(&frames[0], 0).unwrap().is_some());
    }
}
