use crate::Error;
use crate::video_frame::check_dimensions;

/// Behind the three bytes of the frame tag a keyframe has its start code and its dimensions.
const START_CODE: [u8; 3] = [0x9d, 0x01, 0x2a];

/// What the uncompressed header of a VP8 frame says (RFC 6386 §9.1).
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vp8FrameHeader {
    /// Whether the frame stands alone.
    pub keyframe: bool,
    /// The bitstream version, 0 to 7.
    pub version: u8,
    /// Whether the frame is meant to be seen.
    pub shown: bool,
    /// Bytes of the first partition.
    pub first_partition: u32,
    /// Width and height in pixels, within [`crate::MAX_PIXELS`]; only keyframes say it.
    pub dimensions: Option<(u32, u32)>,
}

impl Vp8FrameHeader {
    /// Reads the header of a whole frame and checks what can be checked before decoding: the start
    /// code, the dimensions, and that the first partition is inside the frame.
    ///
    /// # Errors
    /// [`Error::MalformedFrameHeader`]; [`Error::DimensionsOutOfRange`].
    pub fn parse(frame: &[u8]) -> Result<Self, Error> {
        let (&[a, b, c], rest) = frame.split_first_chunk().ok_or(Error::MalformedFrameHeader)?;
        let tag = u32::from_le_bytes([a, b, c, 0]);
        let keyframe = tag & 1 == 0;
        let (dimensions, rest) = match keyframe {
            true => dimensions(rest).map(|(size, rest)| (Some(size), rest))?,
            false => (None, rest),
        };
        let first_partition = tag >> 5;
        if rest.len() < first_partition as usize || first_partition == 0 {
            return Err(Error::MalformedFrameHeader);
        }
        let (version, shown) = ((tag >> 1 & 7) as u8, tag & 0x10 != 0);
        Ok(Self { keyframe, version, shown, first_partition, dimensions })
    }
}

/// Whether a VP8 frame is a keyframe, from its first byte alone: the byte that stays in clear when the
/// frame is encrypted.
pub fn is_keyframe(first_byte: u8) -> bool {
    first_byte & 1 == 0
}

fn dimensions(bytes: &[u8]) -> Result<((u32, u32), &[u8]), Error> {
    let (start_code, rest) = bytes.split_first_chunk().ok_or(Error::MalformedFrameHeader)?;
    let (&[w0, w1, h0, h1], rest) = rest.split_first_chunk().ok_or(Error::MalformedFrameHeader)?;
    if *start_code != START_CODE {
        return Err(Error::MalformedFrameHeader);
    }
    // The upper two bits of each are a hint for upscaling on display, which nobody uses.
    let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
    let (width, height) = (side(w0, w1), side(h0, h1));
    check_dimensions(width, height)?;
    Ok(((width, height), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A keyframe's header that announces one byte of first partition, and that byte.
    fn keyframe(width: u16, height: u16) -> Vec<u8> {
        let mut frame = vec![0x30, 0, 0, 0x9d, 0x01, 0x2a];
        frame.extend(width.to_le_bytes());
        frame.extend(height.to_le_bytes());
        frame.push(0);
        frame
    }

    /// RFC 6386 §9.1.
    #[test]
    fn keyframe_says_its_size() {
        let header = Vp8FrameHeader::parse(&keyframe(640, 360)).unwrap();
        assert!(header.keyframe && header.shown);
        assert_eq!(header.dimensions, Some((640, 360)));
        assert_eq!(header.first_partition, 1);
    }

    #[test]
    fn scaling_bits_are_not_part_of_the_size() {
        let header = Vp8FrameHeader::parse(&keyframe(640 | 0x4000, 360 | 0xc000)).unwrap();
        assert_eq!(header.dimensions, Some((640, 360)));
    }

    #[test]
    fn every_truncation_is_refused() {
        let frame = keyframe(640, 360);
        for length in 0..frame.len() {
            assert_eq!(Vp8FrameHeader::parse(&frame[..length]), Err(Error::MalformedFrameHeader));
        }
    }

    #[test]
    fn wrong_start_code_and_empty_size_are_refused() {
        let mut frame = keyframe(640, 360);
        frame[4] = 0;
        assert_eq!(Vp8FrameHeader::parse(&frame), Err(Error::MalformedFrameHeader));
        assert!(Vp8FrameHeader::parse(&keyframe(0, 360)).is_err());
        assert!(Vp8FrameHeader::parse(&keyframe(640, 0)).is_err());
    }

    #[test]
    fn inter_frame_has_no_size() {
        let header = Vp8FrameHeader::parse(&[0x31, 0, 0, 7]).unwrap();
        assert!(!header.keyframe);
        assert_eq!(header.dimensions, None);
    }
}
