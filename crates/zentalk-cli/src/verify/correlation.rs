//! How alike two recordings are, wherever in the longer one the shorter one starts.

/// Where a recording matches best, and how well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alignment {
    /// Samples of the recording before the original begins; negative if the beginning is missing.
    pub offset: isize,
    /// Pearson correlation at this offset, -1.0 to 1.0.
    pub correlation: f64,
}

/// The coarse search looks at every `COARSE`th sample: speech has its energy far below 3 kHz.
const COARSE: usize = 8;

/// Finds the offset, at most `max_offset` samples either way, at which `recording` is most like `original`.
///
/// Both are samples of one channel at the same rate. Nothing is returned for silence.
pub fn align(original: &[i16], recording: &[i16], max_offset: usize) -> Option<Alignment> {
    let coarse_original = decimate(original);
    let coarse_recording = decimate(recording);
    let reach = isize::try_from(max_offset / COARSE).ok()?;
    let coarse = best(&coarse_original, &coarse_recording, -reach..=reach)?;
    let step = isize::try_from(COARSE).ok()?;
    let around = coarse.offset.checked_mul(step)?;
    best(&samples(original), &samples(recording), around - step..=around + step)
}

fn best(
    original: &[f32],
    recording: &[f32],
    offsets: core::ops::RangeInclusive<isize>,
) -> Option<Alignment> {
    offsets
        .filter_map(|offset| {
            correlation(original, recording, offset)
                .map(|correlation| Alignment { offset, correlation })
        })
        .max_by(|a, b| a.correlation.total_cmp(&b.correlation))
}

/// Pearson's correlation of the original with the stretch of the recording that it covers. Where the
/// recording is too short it counts as silent, so that what is missing makes the two less alike.
fn correlation(original: &[f32], recording: &[f32], offset: isize) -> Option<f64> {
    let skip = offset.unsigned_abs();
    let (a, b) = if offset >= 0 {
        (original, recording.get(skip..)?)
    } else {
        (original.get(skip..)?, recording)
    };
    // Audio has no mean worth the name; what an encoder's offset leaves does not change the verdict.
    let (mut ab, mut bb) = (0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        ab += f64::from(*a) * f64::from(*b);
        bb += f64::from(*b) * f64::from(*b);
    }
    let aa: f64 = original.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    (aa > 0.0 && bb > 0.0).then(|| ab / (aa * bb).sqrt())
}

fn samples(samples: &[i16]) -> Vec<f32> {
    samples.iter().copied().map(f32::from).collect()
}

/// Averages each `COARSE` samples into one, which also removes what would alias.
fn decimate(samples: &[i16]) -> Vec<f32> {
    let average = |chunk: &[i16]| chunk.iter().copied().map(f32::from).sum::<f32>();
    samples.chunks_exact(COARSE).map(average).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A signal that resembles itself at one offset only.
    fn chirp(len: usize) -> Vec<i16> {
        (0..len)
            .map(|n| {
                let t = n as f64 / 48_000.0;
                ((t * (300.0 + 900.0 * t) * core::f64::consts::TAU).sin() * 9_000.0) as i16
            })
            .collect()
    }

    #[test]
    fn a_delayed_copy_is_found_exactly() {
        let original = chirp(48_000);
        let mut recording = vec![0; 4_321];
        recording.extend_from_slice(&original);
        let found = align(&original, &recording, 10_000).unwrap();
        assert_eq!(found.offset, 4_321);
        assert!(found.correlation > 0.999);
    }

    #[test]
    fn a_missing_beginning_is_a_negative_offset() {
        let original = chirp(48_000);
        let found = align(&original, &original[1_000..], 2_000).unwrap();
        assert_eq!(found.offset, -1_000);
    }

    #[test]
    fn half_a_recording_is_not_a_match() {
        let original = chirp(48_000);
        let found = align(&original, &original[..24_000], 2_000).unwrap();
        assert!(found.correlation < 0.8, "{found:?}");
    }

    #[test]
    fn another_signal_does_not_match() {
        let original = chirp(48_000);
        let mut reversed = original.clone();
        reversed.reverse();
        assert!(align(&original, &reversed, 4_000).unwrap().correlation < 0.5);
    }

    #[test]
    fn silence_matches_nothing() {
        assert!(align(&chirp(1_000), &[0; 1_000], 100).is_none());
    }
}
