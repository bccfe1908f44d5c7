use crate::AudioFrame;

/// The level of digital silence.
pub const SILENCE: u8 = 127;

/// The root mean square of a frame in -dBov: 0 is as loud as samples can be, [`SILENCE`] is silence
/// (RFC 6464 §3, computed as in RFC 6465 appendix A.1).
pub fn level(frame: &AudioFrame) -> u8 {
    let samples = frame.samples();
    let squares: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    let mean = (squares / samples.len().max(1) as f64).sqrt() / OVERLOAD;
    // Digital silence has an infinite one.
    let decibels = (-20.0 * mean.log10()).round();
    decibels.max(0.0).min(f64::from(SILENCE)) as u8
}

/// The largest sample.
const OVERLOAD: f64 = 32_767.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Channels, FRAME_SAMPLES};

    fn frame(sample: impl Fn(usize) -> f64) -> AudioFrame {
        let samples = (0..FRAME_SAMPLES).map(|at| sample(at) as i16).collect();
        AudioFrame::new(samples, Channels::Mono, 0).unwrap()
    }

    /// RFC 6464 §3, RFC 6465 appendix A.1.
    #[test]
    fn levels_are_decibels_below_overload() {
        assert_eq!(level(&AudioFrame::silence(Channels::Stereo, 0)), SILENCE);
        assert_eq!(level(&frame(|_| -32_768.0)), 0);
        assert_eq!(level(&frame(|at| if at % 2 == 0 { 32_767.0 } else { -32_767.0 })), 0);
        // A sine as loud as possible has 3 dB less, one of a tenth 23.
        let sine = |amplitude: f64| {
            frame(|at| amplitude * (at as f64 * core::f64::consts::TAU / 48.0).sin())
        };
        assert_eq!(level(&sine(32_767.0)), 3);
        assert_eq!(level(&sine(3_276.7)), 23);
        assert_eq!(level(&frame(|_| 1.0)), 90);
    }
}
