//! How well received pictures show what was sent.

use std::path::Path;

use zentalk_codec::{VideoFrame, Vp8Decoder};

use crate::files::{FileError, IvfReader};
use crate::pictures::{psnr, read_index};
use crate::sources::{VideoSource, VideoSpec};

/// What the received pictures of one direction are worth.
#[derive(Clone, Debug, Default)]
pub struct PictureVerdict {
    /// Pictures in the recording.
    pub pictures: usize,
    /// Pictures whose burned-in number could be read and belongs to a picture that was sent.
    pub identified: usize,
    /// The median of their PSNR against the picture with that number, in decibels.
    pub median_psnr: f64,
    /// Whether some picture stood where an earlier number had already been.
    pub out_of_order: bool,
    /// A few pictures, for people to look at.
    pub samples: Vec<Sample>,
}

/// A sent picture and the received one.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The number burned into both.
    pub index: u32,
    /// How alike they are, in decibels.
    pub psnr: f64,
    /// As sent.
    pub sent: VideoFrame,
    /// As received.
    pub received: VideoFrame,
}

/// A sample is kept of every this many pictures, the first one a second into the recording.
const SAMPLE_EVERY: usize = 75;
/// How many samples are kept.
const SAMPLES: usize = 2;

/// Compares the recording with what `spec` shows, number by number.
///
/// # Errors
/// [`FileError`], if the recording or the source cannot be read.
pub fn judge_pictures(recording: &Path, spec: VideoSpec) -> Result<PictureVerdict, FileError> {
    let mut verdict = PictureVerdict::default();
    let mut source = VideoSource::open(spec, true)?;
    let mut values = Vec::new();
    let mut current = source.next_picture()?;
    let mut file = IvfReader::open(recording)?;
    let mut decoder = Vp8Decoder::new();
    while let Some(picture) = next_decoded(recording, &mut file, &mut decoder)? {
        let position = verdict.pictures;
        verdict.pictures += 1;
        let Some(index) = read_index(&picture) else { continue };
        // Numbers only grow; one that does not is a picture out of order, and cannot be compared.
        if index < current.0 {
            verdict.out_of_order = true;
            continue;
        }
        while current.0 < index {
            current = source.next_picture()?;
        }
        let Some(value) = psnr(&current.1, &picture) else { continue };
        values.push(value);
        if position % SAMPLE_EVERY == SAMPLE_EVERY / 3 && verdict.samples.len() < SAMPLES {
            let sent = current.1.clone();
            verdict.samples.push(Sample { index, psnr: value, sent, received: picture });
        }
    }
    verdict.identified = values.len();
    verdict.median_psnr = median(values);
    Ok(verdict)
}

pub(super) fn next_decoded(
    path: &Path,
    file: &mut IvfReader,
    decoder: &mut Vp8Decoder,
) -> Result<Option<VideoFrame>, FileError> {
    while let Some((_, frame)) = file.next_frame()? {
        let picture = decoder
            .decode(&frame, 0)
            .map_err(|_| FileError::damaged(path, "a frame of it is not well-formed VP8"))?;
        if picture.is_some() {
            return Ok(picture);
        }
    }
    Ok(None)
}

pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
