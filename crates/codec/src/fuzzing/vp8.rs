use crate::{MAX_DIMENSION, MAX_PIXELS, Vp8Decoder, Vp8Descriptor, Vp8FrameHeader, is_keyframe};

/// Any bytes as an RTP payload of VP8 (RFC 7741 §4.2) and as a frame (RFC 6386 §9.1).
pub fn parse_vp8(data: &[u8]) {
    if let Ok((descriptor, rest)) = Vp8Descriptor::parse(data) {
        let mut bytes = Vec::new();
        descriptor.write(&mut bytes);
        assert!(bytes.len() <= Vp8Descriptor::MAX_LEN);
        bytes.extend_from_slice(rest);
        assert_eq!(Vp8Descriptor::parse(&bytes), Ok((descriptor, rest)));
    }
    if let Ok(header) = Vp8FrameHeader::parse(data) {
        assert_eq!(header.keyframe, is_keyframe(data[0]));
        assert_eq!(header.keyframe, header.dimensions.is_some());
        assert!(header.version < 8);
        assert!((header.first_partition as usize) < data.len());
        if let Some((width, height)) = header.dimensions {
            assert!((1..=MAX_DIMENSION).contains(&width) && (1..=MAX_DIMENSION).contains(&height));
            assert!(u64::from(width) * u64::from(height) <= u64::from(MAX_PIXELS));
        }
    }
}

/// Larger pictures only cost time.
const MAX_FUZZED_PIXELS: u32 = 128 * 128;

/// Any frames for the decoder: an inter frame never decodes before a keyframe, a picture has the size that its keyframe announced, and
/// damage asks for a keyframe.
pub fn engine_vp8_decoder(data: &[u8]) {
    let mut decoder = Vp8Decoder::new();
    assert!(decoder.needs_keyframe());
    let mut size = None;
    let mut rest = data;
    for timestamp in 0..8 {
        let Some(([high, low], behind)) = rest.split_first_chunk() else { return };
        let len = usize::from(u16::from_be_bytes([*high, *low])).min(behind.len());
        let (frame, behind) = behind.split_at(len);
        rest = behind;
        let announced = Vp8FrameHeader::parse(frame).ok().and_then(|header| header.dimensions);
        if announced.is_some_and(|(width, height)| width * height > MAX_FUZZED_PIXELS) {
            continue;
        }
        let blind = decoder.needs_keyframe();
        match decoder.decode(frame, timestamp) {
            Ok(picture) => {
                assert!(announced.is_some() || !blind, "an inter frame was decoded blindly");
                size = announced.or(size);
                if let Some(picture) = picture {
                    assert_eq!(Some((picture.width(), picture.height())), size);
                    assert_eq!(picture.timestamp(), timestamp);
                }
            }
            Err(crate::Error::DamagedFrame) => assert!(decoder.needs_keyframe()),
            Err(_) => {}
        }
    }
}
