use super::{SILENCE, level};
use crate::AudioFrame;

/// How fast the smoothed level follows the sound, of each 20 ms: speech begins fast and ends slowly.
const ATTACK: f32 = 0.4;
const RELEASE: f32 = 0.08;

/// The background rises by so many dB with each 20 ms above it, 3 dB in a second; it falls faster.
const FLOOR_RISE: f32 = 0.06;
const FLOOR_FALL: f32 = 0.2;

/// How far above the background speech begins and ends, in dB.
const BEGIN_ABOVE: f32 = 14.0;
const END_ABOVE: f32 = 8.0;

/// No sound softer than this is speech, in dBov.
const SOFTEST: f32 = -55.0;

/// The background assumed at the start, in dBov: a quiet room.
const FIRST_FLOOR: f32 = -65.0;

/// Whether one person speaks: the level, smoothed, against the background behind it. Speech has to rise
/// farther above that to begin than it has to sink to end, so that the answer does not flutter.
#[derive(Clone, Debug)]
pub struct VoiceActivity {
    /// dBov, smoothed.
    level: f32,
    /// dBov of what is there without speech.
    floor: f32,
    speaking: bool,
}

impl VoiceActivity {
    /// Nobody has spoken yet.
    pub fn new() -> Self {
        Self { level: -f32::from(SILENCE), floor: FIRST_FLOOR, speaking: false }
    }

    /// Takes the next 20 ms of sound; whether it is speech.
    pub fn push(&mut self, frame: &AudioFrame) -> bool {
        let now = -f32::from(level(frame));
        let speed = if now > self.level { ATTACK } else { RELEASE };
        self.level += speed * (now - self.level);
        self.floor = if now < self.floor {
            self.floor + FLOOR_FALL * (now - self.floor)
        } else {
            (self.floor + FLOOR_RISE).min(now)
        };
        // A muted microphone is no background: the first breath would be speech.
        self.floor = self.floor.max(FIRST_FLOOR);
        let above = if self.speaking { END_ABOVE } else { BEGIN_ABOVE };
        self.speaking = self.level > SOFTEST && self.level > self.floor + above;
        self.speaking
    }

    /// Whether the person speaks.
    pub fn is_speaking(&self) -> bool {
        self.speaking
    }

    /// The smoothed level in -dBov: 0 is loud, 127 silence (RFC 6464 §3).
    pub fn level(&self) -> u8 {
        (-self.level).round().max(0.0).min(f32::from(SILENCE)) as u8
    }
}

impl Default for VoiceActivity {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Channels, FRAME_SAMPLES};

    /// 20 ms of noise, or of a tone, as loud as told.
    fn sound(amplitude: f64, at: usize, tone: bool) -> AudioFrame {
        let mut state = at as u32 + 1;
        let mut noise = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            f64::from(state) / f64::from(u32::MAX) * 2.0 - 1.0
        };
        let sine = |at: usize| (at as f64 * core::f64::consts::TAU * 300.0 / 48_000.0).sin();
        let sample = |at| amplitude * if tone { sine(at) } else { noise() };
        let samples = (0..FRAME_SAMPLES).map(sample).map(|sample| sample as i16).collect();
        AudioFrame::new(samples, Channels::Mono, 0).unwrap()
    }

    /// How many of `frames` are speech.
    fn speech(activity: &mut VoiceActivity, amplitude: f64, tone: bool, frames: usize) -> usize {
        (0..frames).filter(|at| activity.push(&sound(amplitude, *at, tone))).count()
    }

    #[test]
    fn silence_and_soft_noise_are_no_speech() {
        let mut activity = VoiceActivity::new();
        assert_eq!(speech(&mut activity, 0.0, false, 100), 0);
        assert_eq!(activity.level(), SILENCE);
        assert_eq!(speech(&mut activity, 30.0, false, 500), 0);
    }

    #[test]
    fn noise_that_stays_becomes_background() {
        let mut activity = VoiceActivity::new();
        speech(&mut activity, 600.0, false, 500);
        assert_eq!(speech(&mut activity, 600.0, false, 500), 0, "a fan");
        assert!(speech(&mut activity, 9_000.0, true, 25) > 15, "and a voice over it");
    }

    #[test]
    fn a_sound_begins_at_once_and_ends_a_little_later() {
        let mut activity = VoiceActivity::new();
        speech(&mut activity, 5.0, false, 50);
        assert!(speech(&mut activity, 5_000.0, true, 10) >= 8);
        let after = speech(&mut activity, 5.0, false, 200);
        assert!((3..40).contains(&after), "{after} frames of 20 ms");
        assert!(!activity.is_speaking());
    }

    #[test]
    fn a_level_between_beginning_and_end_changes_nothing() {
        let mut activity = VoiceActivity::new();
        // -54 dBov: 11 dB above the background at the start.
        let between = |activity: &mut VoiceActivity| {
            activity.floor = FIRST_FLOOR;
            speech(activity, 92.0, true, 1)
        };
        assert_eq!((0..50).map(|_| between(&mut activity)).sum::<usize>(), 0);
        speech(&mut activity, 5_000.0, true, 10);
        assert_eq!((0..50).map(|_| between(&mut activity)).sum::<usize>(), 50);
    }
}
