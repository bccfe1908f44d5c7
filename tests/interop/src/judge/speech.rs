//! Recorded speech against the original, second by second.
//!
//! A jitter buffer stretches and shrinks sound while it adapts, so that a recording of ten seconds is no
//! sample-exact copy although each second of it is. Each second of the original is looked for by itself.
//!
//! Opus in its mode for speech removes what is below the voice by a filter that shifts phases (RFC 6716 §5.3
//! leaves pre-processing to the encoder), which no listener hears and every correlation shows. Both sides
//! are therefore compared above the lowest frequency of telephony.

use zentalk_cli::files::SAMPLE_RATE;
use zentalk_cli::verify::{Alignment, align};

use super::{Verdict, expected_seconds, median};

/// One window: a second.
const WINDOW: usize = SAMPLE_RATE as usize;
/// How far from its expected place a window is looked for: half a second.
const REACH: usize = WINDOW / 2;
/// Windows quieter than this are pauses between words, in which nothing can be recognised.
const QUIET: f64 = 150.0;
/// The median of the windows' correlations must reach this.
const WANTED: f64 = 0.9;
/// What is below is not compared, in hertz.
const LOWEST: f64 = 300.0;
/// As many windows must be found in the recording.
const MIN_WINDOWS: usize = 3;

pub(super) fn judge(original: &[i16], recording: &[i16], seconds: u64) -> Verdict {
    let found = correlations(&high_pass(original), &high_pass(recording));
    let count = found.len();
    let correlation = median(found);
    let length = recording.len() as f64 / f64::from(SAMPLE_RATE);
    let figure = format!("correlation {correlation:.3} ({count} x 1 s)");
    let is_long_enough = length >= 0.8 * expected_seconds(seconds);
    Verdict::of(
        figure,
        &[
            (is_long_enough, "sound for 80 % of the time"),
            (count >= MIN_WINDOWS, "3 seconds that can be compared"),
            (correlation >= WANTED, "a median correlation of 0.9"),
        ],
    )
}

/// How well each second of the original is found in the recording.
fn correlations(original: &[i16], recording: &[i16]) -> Vec<f64> {
    let windows: Vec<(usize, &[i16])> = original
        .chunks_exact(WINDOW)
        .enumerate()
        .filter(|(_, window)| loudness(window) >= QUIET)
        .map(|(index, window)| (index * WINDOW, window))
        .collect();
    // The loudest one is looked for everywhere; it says where to expect the others.
    let by_loudness =
        |a: &&(usize, &[i16]), b: &&(usize, &[i16])| loudness(a.1).total_cmp(&loudness(b.1));
    let Some((anchor, window)) = windows.iter().max_by(by_loudness) else { return Vec::new() };
    let Some(found) = align(window, recording, recording.len()) else { return Vec::new() };
    let start = found.offset - signed(*anchor);
    windows
        .iter()
        .filter_map(|(at, window)| {
            let place = place_of(start + signed(*at), original.len(), recording.len())?;
            near(window, recording, place).map(|found| found.correlation)
        })
        .collect()
}

/// Where a window is expected to lie wholly in the recording: the original comes again and again.
fn place_of(place: isize, period: usize, length: usize) -> Option<usize> {
    let period = signed(period);
    let first = place.rem_euclid(period);
    // The turn in which the window was expected, if it is there; else any other.
    [place, first, first + period]
        .into_iter()
        .filter_map(|place| usize::try_from(place).ok())
        .find(|place| place + WINDOW <= length)
}

fn near(window: &[i16], recording: &[i16], place: usize) -> Option<Alignment> {
    let from = place.saturating_sub(REACH);
    let to = (place + WINDOW + REACH).min(recording.len());
    align(window, recording.get(from..to)?, 2 * REACH)
}

/// Two second-order Butterworth sections one after the other: 24 dB an octave.
fn high_pass(samples: &[i16]) -> Vec<i16> {
    let mut sections = [Section::new(), Section::new()];
    let filter = |sample: &i16| {
        let filtered = sections.iter_mut().fold(f64::from(*sample), |x, section| section.next(x));
        // Saturates; speech does not come near.
        filtered.round() as i16
    };
    samples.iter().map(filter).collect()
}

/// A biquad in direct form I, as the bilinear transform of the analogue prototype gives it.
struct Section {
    gain: f64,
    feedback: [f64; 2],
    inputs: [f64; 2],
    outputs: [f64; 2],
}

impl Section {
    fn new() -> Self {
        let k = (core::f64::consts::PI * LOWEST / f64::from(SAMPLE_RATE)).tan();
        let norm = 1.0 / (1.0 + core::f64::consts::SQRT_2 * k + k * k);
        let damping = (1.0 - core::f64::consts::SQRT_2 * k + k * k) * norm;
        let feedback = [2.0 * (k * k - 1.0) * norm, damping];
        Self { gain: norm, feedback, inputs: [0.0; 2], outputs: [0.0; 2] }
    }

    fn next(&mut self, x: f64) -> f64 {
        let [x1, x2] = self.inputs;
        let [y1, y2] = self.outputs;
        let [a1, a2] = self.feedback;
        let y = self.gain * (x - 2.0 * x1 + x2) - a1 * y1 - a2 * y2;
        self.inputs = [x, x1];
        self.outputs = [y, y1];
        y
    }
}

fn loudness(samples: &[i16]) -> f64 {
    let squares: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    (squares / samples.len().max(1) as f64).sqrt()
}

/// Lengths of recordings fit by far.
fn signed(length: usize) -> isize {
    isize::try_from(length).unwrap_or(isize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use zentalk_cli::files::Wav;

    fn speech(name: &str) -> Vec<i16> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../media");
        Wav::read(&folder.join(name)).unwrap().to_mono()
    }

    /// Six seconds of speech that had begun before the recording did.
    fn recorded(original: &[i16]) -> Vec<i16> {
        original.iter().cycle().skip(150_000).take(288_000).copied().collect()
    }

    #[test]
    fn a_stretched_and_shifted_recording_of_the_speech_is_recognised() {
        let original = speech("speech-a-48k-mono.wav");
        let mut recording = recorded(&original);
        // What a jitter buffer does: 15 ms are missing here, 10 ms twice there.
        recording.drain(100_000..100_720);
        let again: Vec<_> = recording[200_000..200_480].to_vec();
        recording.splice(200_000..200_000, again);
        let verdict = judge(&original, &recording, 8);
        assert_eq!(verdict.cause, None, "{verdict:?}");
    }

    #[test]
    fn the_filter_takes_hum_and_leaves_voice() {
        let sine = |hertz: f64| -> Vec<i16> {
            let step = core::f64::consts::TAU * hertz / f64::from(SAMPLE_RATE);
            (0..WINDOW).map(|n| ((n as f64 * step).sin() * 10_000.0) as i16).collect()
        };
        let kept = |hertz| loudness(&high_pass(&sine(hertz))) / loudness(&sine(hertz));
        assert!(kept(75.0) < 0.01 && kept(1_000.0) > 0.97, "{} {}", kept(75.0), kept(1_000.0));
        assert!((kept(LOWEST) - 0.5).abs() < 0.02, "{}", kept(LOWEST));
    }

    #[test]
    fn other_speech_is_not() {
        let recording = recorded(&speech("speech-b-48k-mono.wav"));
        let verdict = judge(&speech("speech-a-48k-mono.wav"), &recording, 8);
        assert!(verdict.cause.unwrap().contains("correlation"), "{}", verdict.figure);
    }

    #[test]
    fn noise_and_silence_are_not() {
        let original = speech("speech-a-48k-mono.wav");
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 18) as i16 - 8_192
        };
        let noise: Vec<i16> = (0..144_000).map(|_| next()).collect();
        assert!(judge(&original, &noise, 5).cause.is_some());
        assert!(judge(&original, &vec![0; 144_000], 5).cause.is_some());
    }

    #[test]
    fn a_recording_that_stops_half_way_is_not() {
        let original = speech("speech-a-48k-mono.wav");
        let verdict = judge(&original, &recorded(&original)[..144_000], 8);
        assert!(verdict.cause.unwrap().contains("80 %"));
    }
}
