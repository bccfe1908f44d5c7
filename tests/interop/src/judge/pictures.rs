//! Recorded pictures against the film.
//!
//! Each picture is compared with the one of the film that it resembles most. A sender may scale its
//! pictures down while it does not know the network, so that the film is scaled to the picture's size.

use std::collections::BTreeSet;
use std::path::PathBuf;

use zentalk_cli::pictures::psnr;
use zentalk_codec::{PlaneId, VideoFrame};

use super::{Verdict, expected_seconds, median};
use crate::error::Error;
use crate::material::each_picture;

/// The median PSNR of luma must reach this, in decibels.
const WANTED_LUMA: f64 = 28.0;
/// And that of both chroma planes this: chroma is smoother.
const WANTED_CHROMA: f64 = 32.0;
/// Pictures a second that must have come.
const MIN_RATE: f64 = 8.0;
/// So many different pictures of the film must be seen.
const MIN_DISTINCT: usize = 40;
/// This share of the pictures must come after their predecessor in the film, not before.
const WANTED_ORDER: f64 = 0.95;

/// Pictures are found by a small version of themselves.
const SMALL: (u32, u32) = (64, 36);

pub(super) fn judge(
    film: &[VideoFrame],
    recordings: &[PathBuf],
    seconds: u64,
) -> Result<Verdict, Error> {
    let mut comparison = Comparison::new(film);
    for path in recordings {
        each_picture(path, |picture| comparison.take(&picture))?;
    }
    Ok(comparison.verdict(seconds))
}

struct Comparison<'a> {
    film: &'a [VideoFrame],
    small: Vec<Vec<u8>>,
    luma: Vec<f64>,
    chroma: Vec<f64>,
    indices: Vec<usize>,
}

impl<'a> Comparison<'a> {
    fn new(film: &'a [VideoFrame]) -> Self {
        let small = film.iter().map(small).collect();
        Self { film, small, luma: Vec::new(), chroma: Vec::new(), indices: Vec::new() }
    }

    fn take(&mut self, picture: &VideoFrame) {
        let wanted = small(picture);
        let by_distance = |(_, small): &(usize, &Vec<u8>)| distance(small, &wanted);
        let Some((index, _)) = self.small.iter().enumerate().min_by_key(by_distance) else {
            return;
        };
        let Some(original) = self.film.get(index) else { return };
        let original = scaled(original, (picture.width(), picture.height()));
        let luma = original.as_ref().and_then(|original| psnr(original, picture));
        let chroma = original.as_ref().map(|original| chroma_psnr(original, picture));
        self.luma.extend(luma);
        self.chroma.extend(chroma);
        self.indices.push(index);
    }

    fn verdict(self, seconds: u64) -> Verdict {
        let pictures = self.luma.len();
        let distinct = self.indices.iter().collect::<BTreeSet<_>>().len();
        let order = self.order();
        let (luma, chroma) = (median(self.luma), median(self.chroma));
        Verdict::of(
            format!("PSNR {luma:.1} dB, chroma {chroma:.1} dB, {distinct} different"),
            &[
                (pictures as f64 >= MIN_RATE * expected_seconds(seconds), "8 pictures a second"),
                (luma >= WANTED_LUMA, "a median PSNR of 28 dB"),
                (chroma >= WANTED_CHROMA, "a median PSNR of 32 dB in chroma"),
                (distinct >= MIN_DISTINCT, "40 different pictures of the film"),
                (order >= WANTED_ORDER, "95 % of the pictures in the film's order"),
            ],
        )
    }

    /// The share of steps that go forward by less than half of the film, which goes round.
    fn order(&self) -> f64 {
        let length = self.film.len().max(1);
        let steps = self.indices.iter().zip(self.indices.iter().skip(1));
        let count = steps.clone().count().max(1);
        let forward = steps.filter(|(a, b)| (*b + length - *a) % length < length / 2).count();
        forward as f64 / count as f64
    }
}

fn small(picture: &VideoFrame) -> Vec<u8> {
    scaled(picture, SMALL).map(|small| small.to_i420()).unwrap_or_default()
}

fn distance(a: &[u8], b: &[u8]) -> u64 {
    a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum()
}

/// Mean over both planes, as one.
fn chroma_psnr(a: &VideoFrame, b: &VideoFrame) -> f64 {
    let (mut error, mut count) = (0, 0);
    for plane in [PlaneId::U, PlaneId::V] {
        for (a, b) in a.rows(plane).zip(b.rows(plane)) {
            error += distance(a, b);
            count += a.len();
        }
    }
    // Identical planes would be infinitely alike.
    let mean = (error as f64 / count.max(1) as f64).max(1e-5);
    10.0 * (255.0 * 255.0 / mean).log10()
}

/// The picture in another size, each pixel the mean of those that it covers.
fn scaled(picture: &VideoFrame, size: (u32, u32)) -> Option<VideoFrame> {
    if (picture.width(), picture.height()) == size {
        return Some(picture.clone());
    }
    let mut scaled = VideoFrame::black(size, 0).ok()?;
    for plane in [PlaneId::Y, PlaneId::U, PlaneId::V] {
        let from: Vec<&[u8]> = picture.rows(plane).collect();
        let (width, height) = picture.plane_size(plane);
        let target = scaled.plane_size(plane);
        for (y, row) in scaled.rows_mut(plane).enumerate() {
            let rows = from.get(span(y, target.1, height)).unwrap_or_default();
            for (x, pixel) in row.iter_mut().enumerate() {
                *pixel = mean(rows, span(x, target.0, width));
            }
        }
    }
    Some(scaled)
}

/// The pixels that pixel `at` of `to` covers in a line of `from`: one at least.
fn span(at: usize, to: usize, from: usize) -> core::ops::Range<usize> {
    let start = at * from / to;
    start..((at + 1) * from / to).max(start + 1)
}

fn mean(rows: &[&[u8]], span: core::ops::Range<usize>) -> u8 {
    let pixels = rows.iter().filter_map(|row| row.get(span.clone())).flatten();
    let (sum, count) =
        pixels.fold((0u32, 0u32), |(sum, count), pixel| (sum + u32::from(*pixel), count + 1));
    u8::try_from((sum + count / 2) / count.max(1)).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::material::{mirror, read_film};
    use std::path::Path;

    fn film() -> Vec<VideoFrame> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../media");
        read_film(&folder.join("bbb-640x360-25fps.ivf")).unwrap()
    }

    fn verdict<'a>(
        film: &[VideoFrame],
        pictures: impl Iterator<Item = &'a VideoFrame> + Clone,
    ) -> Verdict {
        let mut comparison = Comparison::new(film);
        pictures.cycle().take(100).for_each(|picture| comparison.take(picture));
        comparison.verdict(6)
    }

    #[test]
    fn the_film_is_recognised_also_at_half_its_size() {
        let film = film();
        let verdict_same = verdict(&film, film.iter());
        assert_eq!(verdict_same.cause, None, "{verdict_same:?}");
        let half: Vec<_> = film.iter().filter_map(|p| scaled(p, (320, 180))).collect();
        assert_eq!(verdict(&film, half.iter()).cause, None);
    }

    #[test]
    fn what_is_not_the_film_is_refused() {
        let film = film();
        let mirrored: Vec<_> = film.iter().map(mirror).collect();
        let black = [VideoFrame::black((640, 360), 0).unwrap()];
        let mut noise = black.clone();
        let mut state = 1u32;
        for plane in [PlaneId::Y, PlaneId::U, PlaneId::V] {
            for pixel in noise[0].rows_mut(plane).flatten() {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *pixel = (state >> 24) as u8;
            }
        }
        for (name, other) in
            [("mirrored", &mirrored[..]), ("black", &black[..]), ("noise", &noise[..])]
        {
            let verdict = verdict(&film, other.iter());
            let cause = verdict.cause.unwrap();
            assert!(cause.contains("PSNR of 28"), "{name}: {} {cause}", verdict.figure);
        }
    }

    #[test]
    fn a_film_that_stands_still_or_runs_backwards_is_refused() {
        let film = film();
        assert!(verdict(&film, film.iter().take(1)).cause.unwrap().contains("different"));
        assert!(verdict(&film, film.iter().rev()).cause.unwrap().contains("order"));
    }

    #[test]
    fn exchanged_colours_are_refused() {
        let film = film();
        let exchange = |picture: &VideoFrame| {
            let mut exchanged = picture.clone();
            for (plane, other) in [(PlaneId::U, PlaneId::V), (PlaneId::V, PlaneId::U)] {
                let rows: Vec<Vec<u8>> = picture.rows(other).map(<[u8]>::to_vec).collect();
                exchanged
                    .rows_mut(plane)
                    .zip(&rows)
                    .for_each(|(row, from)| row.copy_from_slice(from));
            }
            exchanged
        };
        let exchanged: Vec<_> = film.iter().map(exchange).collect();
        let verdict = verdict(&film, exchanged.iter());
        assert!(verdict.cause.unwrap().contains("chroma"), "{}", verdict.figure);
    }
}
