//! What one member of a group saw of another: whose pictures they are, and how well they arrived.

use std::path::Path;

use zentalk_codec::{VideoFrame, Vp8Decoder};

use super::picture::{Sample, median, next_decoded};
use crate::files::{FileError, IvfReader};
use crate::pictures::{burn_index, psnr, read_scaled_index, shrink, tinted_pattern};
use crate::sources::{FIRST_INDEX, PATTERN_OF_SIZE};

/// What the pictures are worth that one member received of another.
#[derive(Clone, Debug, Default)]
pub struct TileVerdict {
    /// Pictures in the recording.
    pub pictures: usize,
    /// Those whose number says that they are this person's.
    pub identified: usize,
    /// Those whose number says that they are somebody else's.
    pub foreign: usize,
    /// The median of the PSNR of those identified, against the source at their size, in decibels.
    pub median_psnr: f64,
    /// One picture, for people to look at: the last one of the largest size.
    pub sample: Option<Sample>,
}

/// The comparison is slow, and every picture's number is read anyway.
const COMPARE_EVERY: usize = 5;

/// Compares the recording with what `person` sends ([`VideoSpec::PatternOf`](crate::sources::VideoSpec::PatternOf)).
///
/// # Errors
/// [`FileError`], if the recording cannot be read.
pub fn judge_tile(recording: &Path, person: u8) -> Result<TileVerdict, FileError> {
    let mut verdict = TileVerdict::default();
    let mut values = Vec::new();
    let mut file = IvfReader::open(recording)?;
    let mut decoder = Vp8Decoder::new();
    while let Some(picture) = next_decoded(recording, &mut file, &mut decoder)? {
        verdict.pictures += 1;
        let Some(index) = read_scaled_index(&picture, PATTERN_OF_SIZE.0) else { continue };
        if index / FIRST_INDEX != u32::from(person) {
            verdict.foreign += 1;
            continue;
        }
        verdict.identified += 1;
        if verdict.identified % COMPARE_EVERY == 1
            && let Some(sample) = compare(index, person, picture)
        {
            values.push(sample.psnr);
            let width = |sample: &Sample| sample.received.width();
            if verdict.sample.as_ref().is_none_or(|best| width(best) <= width(&sample)) {
                verdict.sample = Some(sample);
            }
        }
    }
    verdict.median_psnr = median(values);
    Ok(verdict)
}

fn compare(index: u32, person: u8, received: VideoFrame) -> Option<Sample> {
    let mut sent = tinted_pattern(PATTERN_OF_SIZE, index, person)?;
    burn_index(&mut sent, index);
    let sent = shrink(&sent, PATTERN_OF_SIZE.0.checked_div(received.width())?)?;
    let psnr = psnr(&sent, &received)?;
    Some(Sample { index, psnr, sent, received })
}

#[cfg(test)]
mod tests {
    use zentalk_codec::{Vp8Config, Vp8Encoder};

    use super::*;
    use crate::files::IvfWriter;
    use crate::sources::{VideoSource, VideoSpec};

    /// What a member would keep of `person` at a half of the size.
    fn recording(path: &Path, person: u8) {
        let mut source = VideoSource::open(VideoSpec::PatternOf(person), true).unwrap();
        let mut encoder = Vp8Encoder::new(&Vp8Config::new(240, 136).unwrap()).unwrap();
        let mut film = IvfWriter::create(path, (240, 136)).unwrap();
        for millis in (0..400).step_by(40) {
            let (_, picture) = source.next_picture().unwrap();
            let picture = shrink(&picture, 2).unwrap().at(u32::try_from(millis).unwrap() * 90);
            if let Some(encoded) = encoder.encode(&picture).unwrap() {
                film.write(millis, encoded.data()).unwrap();
            }
        }
        film.finish().unwrap();
    }

    #[test]
    fn a_tile_shows_whose_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ivf");
        recording(&path, 4);
        let verdict = judge_tile(&path, 4).unwrap();
        assert_eq!((verdict.identified, verdict.foreign), (verdict.pictures, 0), "{verdict:?}");
        assert!(verdict.pictures >= 9 && verdict.median_psnr > 28.0, "{}", verdict.median_psnr);
        let other = judge_tile(&path, 2).unwrap();
        assert_eq!((other.identified, other.foreign), (0, verdict.pictures));
    }
}
