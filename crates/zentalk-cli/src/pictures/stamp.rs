//! An index burned into a picture, in blocks large enough to survive encoding.
//!
//! The first rows of a picture carry [`BITS`] squares of [`SIDE`] pixels, black for 0 and white for 1,
//! most significant first: 16 bits of index, then 8 bits of a checksum that tells a damaged index.

use zentalk_codec::{PlaneId, VideoFrame};

/// The largest index; numbering wraps after it.
pub const MAX_INDEX: u32 = 0xffff;

const SIDE: usize = 16;
const BITS: usize = 24;
const BLACK: u8 = 16;
const WHITE: u8 = 235;
const GREY: u8 = 128;
/// This part of a square is left out on each of its sides when it is read: encoders smear edges.
const MARGIN: usize = 4;

/// Burns `index` into the upper left corner. Pictures narrower than 384 pixels or lower than 16 stay as
/// they are.
pub fn burn_index(frame: &mut VideoFrame, index: u32) {
    if !fits(frame) {
        return;
    }
    let code = encode(index);
    for row in frame.rows_mut(PlaneId::Y).take(SIDE) {
        for (bit, square) in row.chunks_mut(SIDE).take(BITS).enumerate() {
            square.fill(if is_set(code, bit) { WHITE } else { BLACK });
        }
    }
    for plane in [PlaneId::U, PlaneId::V] {
        for row in frame.rows_mut(plane).take(SIDE / 2) {
            row.iter_mut().take(BITS * SIDE / 2).for_each(|pixel| *pixel = GREY);
        }
    }
}

/// Reads the index, or nothing if the picture carries none that can be trusted.
pub fn read_index(frame: &VideoFrame) -> Option<u32> {
    fits(frame).then(|| read(frame, SIDE))?
}

/// As [`read_index`], of a picture that may have been made smaller since it was `full_width` pixels wide: to a half or a quarter.
pub fn read_scaled_index(frame: &VideoFrame, full_width: u32) -> Option<u32> {
    let width = u32::try_from(frame.plane_size(PlaneId::Y).0).ok()?;
    let part = [1, 2, 4].into_iter().find(|part| full_width / part == width)?;
    read(frame, SIDE / usize::try_from(part).ok()?)
}

/// Reads squares of `side` pixels.
fn read(frame: &VideoFrame, side: usize) -> Option<u32> {
    let margin = side / MARGIN;
    let mut sums = [0u32; BITS];
    for row in frame.rows(PlaneId::Y).take(side - margin).skip(margin) {
        for (sum, square) in sums.iter_mut().zip(row.chunks(side)) {
            let core = square.iter().take(side - margin).skip(margin);
            *sum += core.copied().map(u32::from).sum::<u32>();
        }
    }
    let pixels = (side - 2 * margin).pow(2);
    let middle = u32::from(GREY) * u32::try_from(pixels).ok()?;
    let code = sums.iter().fold(0, |code, sum| code << 1 | u32::from(*sum > middle));
    decode(code)
}

fn fits(frame: &VideoFrame) -> bool {
    let (width, height) = frame.plane_size(PlaneId::Y);
    width >= BITS * SIDE && height >= SIDE
}

fn is_set(code: u32, bit: usize) -> bool {
    code >> (BITS - 1 - bit) & 1 == 1
}

fn encode(index: u32) -> u32 {
    let index = index & MAX_INDEX;
    index << 8 | checksum(index)
}

fn decode(code: u32) -> Option<u32> {
    let index = code >> 8;
    (code & 0xff == checksum(index)).then_some(index)
}

/// Differs for indices that differ in few bits, and is not zero for an all-black picture.
fn checksum(index: u32) -> u32 {
    index.wrapping_add(0x5eed).wrapping_mul(0x9e37_79b1) >> 24
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_read_back() {
        for index in [0, 1, 255, 256, 12_345, MAX_INDEX] {
            let mut frame = VideoFrame::black((640, 360), 0).unwrap();
            burn_index(&mut frame, index);
            assert_eq!(read_index(&frame), Some(index));
        }
    }

    #[test]
    fn an_index_survives_being_made_smaller() {
        let mut frame = VideoFrame::black((480, 272), 0).unwrap();
        burn_index(&mut frame, 54_321);
        for part in [1, 2, 4] {
            let small = crate::pictures::shrink(&frame, part).unwrap();
            assert_eq!(read_scaled_index(&small, 480), Some(54_321), "{part}");
        }
        let other = VideoFrame::black((400, 200), 0).unwrap();
        assert_eq!(read_scaled_index(&other, 480), None);
    }

    #[test]
    fn a_picture_without_index_has_none() {
        let black = VideoFrame::black((640, 360), 0).unwrap();
        assert_eq!(read_index(&black), None);
        let small = VideoFrame::black((64, 64), 0).unwrap();
        assert_eq!(read_index(&small), None);
    }

    #[test]
    fn a_damaged_index_is_not_believed() {
        let mut frame = VideoFrame::black((640, 360), 0).unwrap();
        burn_index(&mut frame, 77);
        for row in frame.rows_mut(PlaneId::Y).take(SIDE) {
            row[..SIDE].fill(WHITE);
        }
        assert_eq!(read_index(&frame), None);
    }
}
