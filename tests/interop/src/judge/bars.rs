//! Bars: pictures whose left half is green, and whose right half changes.

use std::path::PathBuf;

use zentalk_codec::{PlaneId, VideoFrame};

use super::{Verdict, expected_seconds};
use crate::error::Error;
use crate::material::each_picture;

/// RGB (0, 200, 0) in Y, U, V (BT.601, limited range).
const GREEN: [f64; 3] = [116.8, 69.8, 54.4];
/// What colour conversion and the encoder may change.
const TOLERANCE: f64 = 12.0;
/// Pictures a second that must have come.
const MIN_RATE: f64 = 8.0;

pub(super) fn judge(films: &[PathBuf], seconds: u64) -> Result<Verdict, Error> {
    let (mut pictures, mut green) = (0u32, 0u32);
    let (mut least, mut most) = (f64::MAX, f64::MIN);
    for path in films {
        each_picture(path, |picture| {
            pictures += 1;
            green += u32::from(is_green(&picture));
            let right = mean(&picture, PlaneId::U, Half::Right);
            (least, most) = (least.min(right), most.max(right));
        })?;
    }
    Ok(Verdict::of(
        format!("{green} of {pictures} pictures with a green half"),
        &[
            (f64::from(pictures) >= MIN_RATE * expected_seconds(seconds), "8 pictures a second"),
            (f64::from(green) >= 0.9 * f64::from(pictures), "90 % green on the left"),
            (most - least >= TOLERANCE, "a right half that changes"),
        ],
    ))
}

#[derive(Clone, Copy)]
enum Half {
    Left,
    Right,
}

fn is_green(picture: &VideoFrame) -> bool {
    [PlaneId::Y, PlaneId::U, PlaneId::V]
        .into_iter()
        .zip(GREEN)
        .all(|(plane, wanted)| (mean(picture, plane, Half::Left) - wanted).abs() <= TOLERANCE)
}

/// The mean of one half of a plane, without its borders.
fn mean(picture: &VideoFrame, plane: PlaneId, half: Half) -> f64 {
    let width = picture.plane_size(plane).0;
    let skip = match half {
        Half::Left => width / 8,
        Half::Right => width * 5 / 8,
    };
    let (mut sum, mut count) = (0u64, 0u64);
    for pixel in picture.rows(plane).flat_map(|row| row.iter().skip(skip).take(width / 4)) {
        sum += u64::from(*pixel);
        count += 1;
    }
    sum as f64 / count.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn green_is_green_and_black_is_not() {
        let mut picture = VideoFrame::black((64, 64), 0).unwrap();
        assert!(!is_green(&picture));
        for (plane, value) in [(PlaneId::Y, 117), (PlaneId::U, 70), (PlaneId::V, 54)] {
            picture.rows_mut(plane).for_each(|row| row.fill(value));
        }
        assert!(is_green(&picture));
    }
}
