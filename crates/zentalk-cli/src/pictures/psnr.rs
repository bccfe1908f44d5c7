use zentalk_codec::{PlaneId, VideoFrame};

/// Identical pictures would be infinitely alike; they count as this many decibels.
const IDENTICAL: f64 = 100.0;

/// How alike two pictures are in luma, as peak signal-to-noise ratio in decibels (8 bit, peak 255).
///
/// Nothing is returned for pictures of different size.
pub fn psnr(a: &VideoFrame, b: &VideoFrame) -> Option<f64> {
    if (a.width(), a.height()) != (b.width(), b.height()) {
        return None;
    }
    let error: u64 = a.rows(PlaneId::Y).zip(b.rows(PlaneId::Y)).map(|(a, b)| row_error(a, b)).sum();
    if error == 0 {
        return Some(IDENTICAL);
    }
    let pixels = f64::from(a.width()) * f64::from(a.height());
    Some(10.0 * (255.0 * 255.0 * pixels / error as f64).log10())
}

fn row_error(a: &[u8], b: &[u8]) -> u64 {
    a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_step_everywhere_is_48_decibels() {
        let black = VideoFrame::black((64, 64), 0).unwrap();
        let mut brighter = black.clone();
        brighter.rows_mut(PlaneId::Y).flatten().for_each(|pixel| *pixel += 1);
        assert!((psnr(&black, &brighter).unwrap() - 48.13).abs() < 0.01);
        assert_eq!(psnr(&black, &black), Some(IDENTICAL));
    }

    #[test]
    fn sizes_must_agree() {
        let small = VideoFrame::black((64, 64), 0).unwrap();
        let large = VideoFrame::black((64, 66), 0).unwrap();
        assert_eq!(psnr(&small, &large), None);
    }
}
