use crate::{Error, PlaneId, VideoFrame};

impl VideoFrame {
    /// The picture at half its side lengths, rounded up: each pixel is the mean of four. Where a side is
    /// odd, the last row or column counts twice.
    ///
    /// # Errors
    /// None at present: half of a picture is one.
    pub fn half(&self) -> Result<Self, Error> {
        let size = (self.width().div_ceil(2), self.height().div_ceil(2));
        let mut half = Self::black(size, self.timestamp())?;
        self.halve_into(&mut half);
        Ok(half)
    }

    /// The picture at a quarter of its side lengths, rounded up.
    ///
    /// # Errors
    /// As [`VideoFrame::half`].
    pub fn quarter(&self) -> Result<Self, Error> {
        self.half()?.half()
    }

    /// Draws the picture at half its side lengths on `half`, which has that size.
    pub(crate) fn halve_into(&self, half: &mut Self) {
        half.set_timestamp(self.timestamp());
        for id in [PlaneId::Y, PlaneId::U, PlaneId::V] {
            let mut rows = self.rows(id);
            for out in half.rows_mut(id) {
                let Some(upper) = rows.next() else { break };
                halve_rows(upper, rows.next().unwrap_or(upper), out);
            }
        }
    }
}

/// One row out of two.
fn halve_rows(upper: &[u8], lower: &[u8], out: &mut [u8]) {
    let (upper, upper_rest) = upper.as_chunks::<2>();
    let (lower, lower_rest) = lower.as_chunks::<2>();
    for ((&[a, b], &[c, d]), pixel) in upper.iter().zip(lower).zip(out.iter_mut()) {
        *pixel = mean(a, b, c, d);
    }
    // An odd row has a pixel of its own for what is left.
    if let (&[a], &[c], Some(pixel)) = (upper_rest, lower_rest, out.last_mut()) {
        *pixel = mean(a, a, c, c);
    }
}

/// Rounded to the nearest.
fn mean(a: u8, b: u8, c: u8, d: u8) -> u8 {
    ((u16::from(a) + u16::from(b) + u16::from(c) + u16::from(d) + 2) / 4) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luma(width: u32, height: u32, pixel: impl Fn(usize, usize) -> u8) -> VideoFrame {
        let mut frame = VideoFrame::black((width, height), 7).unwrap();
        for (y, row) in frame.rows_mut(PlaneId::Y).enumerate() {
            row.iter_mut().enumerate().for_each(|(x, at)| *at = pixel(x, y));
        }
        frame
    }

    fn rows(frame: &VideoFrame, id: PlaneId) -> Vec<Vec<u8>> {
        frame.rows(id).map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn four_pixels_become_their_mean() {
        let half = luma(4, 2, |x, y| [[0, 10, 255, 255], [20, 31, 255, 254]][y][x]).half().unwrap();
        assert_eq!((half.width(), half.height(), half.timestamp()), (2, 1, 7));
        assert_eq!(rows(&half, PlaneId::Y), [[15, 255]]);
        assert_eq!(rows(&half, PlaneId::U), [[128]]);
    }

    #[test]
    fn odd_sides_are_rounded_up_and_their_edge_counts_twice() {
        let half = luma(3, 3, |x, y| (y * 30 + x * 10) as u8).half().unwrap();
        assert_eq!((half.width(), half.height()), (2, 2));
        assert_eq!(rows(&half, PlaneId::Y), [[20, 35], [65, 80]]);
        assert_eq!(half.plane_size(PlaneId::V), (1, 1));
    }

    #[test]
    fn every_size_has_a_half_and_a_quarter() {
        for (width, height) in [(1, 1), (1, 5), (2, 2), (5, 3), (17, 9), (640, 360), (641, 359)] {
            let frame = luma(width, height, |_, _| 200);
            let quarter = frame.quarter().unwrap();
            let size = (width.div_ceil(2).div_ceil(2), height.div_ceil(2).div_ceil(2));
            assert_eq!((quarter.width(), quarter.height()), size);
            assert!(quarter.rows(PlaneId::Y).flatten().all(|pixel| *pixel == 200));
            assert!(quarter.rows(PlaneId::U).flatten().all(|pixel| *pixel == 128));
        }
    }

    #[test]
    fn bytes_between_the_rows_are_not_seen() {
        let plane = |width: usize, rows: usize| {
            let row = [vec![90; width], vec![0; 5]].concat();
            crate::Plane::new(row.repeat(rows), width + 5)
        };
        let planes = [plane(6, 4), plane(3, 2), plane(3, 2)];
        let half = VideoFrame::new((6, 4), 0, planes).unwrap().half().unwrap();
        for id in [PlaneId::Y, PlaneId::U, PlaneId::V] {
            assert!(half.rows(id).flatten().all(|pixel| *pixel == 90));
        }
    }
}
