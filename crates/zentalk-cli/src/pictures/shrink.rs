use zentalk_codec::{PlaneId, VideoFrame};

/// The picture at a half (`part` 2) or a quarter (4) of its side length, each pixel the mean of those in its place.
///
/// Nothing is returned for a picture that would have no pixels left.
pub fn shrink(frame: &VideoFrame, part: u32) -> Option<VideoFrame> {
    let part = part.max(1);
    let size = (frame.width() / part, frame.height() / part);
    let mut small = VideoFrame::black(size, frame.timestamp()).ok()?;
    let part = usize::try_from(part).ok()?;
    for plane in [PlaneId::Y, PlaneId::U, PlaneId::V] {
        let rows: Vec<&[u8]> = frame.rows(plane).collect();
        for (to, from) in small.rows_mut(plane).zip(rows.chunks(part)) {
            for (x, pixel) in to.iter_mut().enumerate() {
                *pixel = mean(from, x * part, part);
            }
        }
    }
    Some(small)
}

/// The mean of a square of pixels; at the edges, of what there is of it.
fn mean(rows: &[&[u8]], left: usize, side: usize) -> u8 {
    let pixels = || rows.iter().flat_map(|row| row.iter().skip(left).take(side));
    let count = u32::try_from(pixels().count()).unwrap_or(u32::MAX).max(1);
    let sum: u32 = pixels().copied().map(u32::from).sum();
    u8::try_from((sum + count / 2) / count).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pictures::{pattern, psnr};

    #[test]
    fn each_pixel_is_the_mean_of_its_place() {
        let mut frame = VideoFrame::black((8, 4), 7).unwrap();
        for (y, row) in frame.rows_mut(PlaneId::Y).enumerate() {
            row.iter_mut().enumerate().for_each(|(x, pixel)| *pixel = (10 * y + x) as u8);
        }
        let small = shrink(&frame, 2).unwrap();
        let rows: Vec<_> = small.rows(PlaneId::Y).map(<[u8]>::to_vec).collect();
        assert_eq!(rows, [[6, 8, 10, 12], [26, 28, 30, 32]]);
    }

    #[test]
    fn the_whole_is_itself() {
        let frame = pattern((64, 48), 3).unwrap();
        assert_eq!(psnr(&shrink(&frame, 1).unwrap(), &frame), Some(100.0));
    }
}
