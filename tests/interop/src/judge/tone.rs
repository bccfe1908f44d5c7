//! A tone: how much of the sound is at its frequency.

use core::f64::consts::TAU;

use zentalk_cli::files::SAMPLE_RATE;

use super::{Verdict, expected_seconds, median};

/// The tone's frequency.
const HERTZ: f64 = 700.0;
/// A tenth of a second: 70 periods.
const WINDOW: usize = SAMPLE_RATE as usize / 10;
/// This share of the power must be at the frequency.
const WANTED: f64 = 0.9;
/// A tone softer than this is none.
const QUIET: f64 = 500.0;

pub(super) fn judge(recording: &[i16], seconds: u64) -> Verdict {
    let windows = recording.chunks_exact(WINDOW);
    let share = median(windows.clone().map(|window| at_frequency(window).0).collect());
    let loudness = median(windows.map(|window| at_frequency(window).1).collect());
    let length = recording.len() as f64 / f64::from(SAMPLE_RATE);
    Verdict::of(
        format!("{:.1} % of the power at 700 Hz", share * 100.0),
        &[
            (length >= 0.8 * expected_seconds(seconds), "sound for 80 % of the time"),
            (loudness >= QUIET, "a level of 500"),
            (share >= WANTED, "90 % of the power at the tone"),
        ],
    )
}

/// The share of the power at the frequency, and the level.
fn at_frequency(window: &[i16]) -> (f64, f64) {
    let (mut real, mut imaginary, mut power) = (0.0, 0.0, 0.0);
    for (n, sample) in window.iter().enumerate() {
        let x = f64::from(*sample);
        let phase = TAU * HERTZ * n as f64 / f64::from(SAMPLE_RATE);
        real += x * phase.cos();
        imaginary += x * phase.sin();
        power += x * x;
    }
    let length = window.len() as f64;
    if power <= 0.0 {
        return (0.0, 0.0);
    }
    // A sine of amplitude a has the power a²/2 and the sums (a·n/2)².
    let tone = 2.0 * (real * real + imaginary * imaginary) / (length * length);
    (tone / (power / length), (power / length).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hertz: f64) -> Vec<i16> {
        let at = |n: usize| ((TAU * hertz * n as f64 / 48_000.0).sin() * 10_000.0) as i16;
        (0..480_000).map(at).collect()
    }

    #[test]
    fn the_tone_is_recognised_and_another_or_silence_is_not() {
        assert_eq!(judge(&sine(700.0), 10).cause, None);
        assert!(judge(&sine(730.0), 10).cause.is_some());
        assert!(judge(&vec![0; 480_000], 10).cause.is_some());
    }
}
