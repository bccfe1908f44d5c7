//! What people say and show: real speech, and pictures with a number.

use core::time::Duration;

use zentalk_call::{AudioFrame, Channels, VideoFrame};
use zentalk_cli::files::Wav;
use zentalk_cli::pictures::{burn_index, pattern};
use zentalk_codec::FRAME_SAMPLES;

/// Between two pictures: 15 a second.
pub const PICTURE_INTERVAL: Duration = Duration::from_micros(66_667);
/// Between two frames of sound.
pub(crate) const SOUND_INTERVAL: Duration = Duration::from_millis(20);
/// By how many Hz a second the tone of [`Talk::rising`] rises.
pub const RISE: u32 = 100;
/// Half a minute of it.
const RISING_SAMPLES: u32 = 30 * 48_000;
const SAMPLE_RATE: f64 = 48_000.0;
/// Wide enough for the burned-in number.
const SIZE: (u32, u32) = (384, 216);
const VIDEO_CLOCK: u32 = 90_000;

/// Somebody's camera and microphone.
#[derive(Clone)]
pub struct Talk {
    speech: Vec<i16>,
    /// Frames of sound handed out.
    pub sounds: u32,
    /// Pictures handed out; the number burned into the next one.
    pub pictures: u32,
}

impl Talk {
    /// One of the recordings in `tests/media`, again and again, and a generated picture.
    ///
    /// # Panics
    /// If the recording cannot be read.
    pub fn new(recording: &str) -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/media/");
        #[allow(clippy::expect_used)] // A test without its media cannot go on.
        let wav = Wav::read(format!("{path}{recording}").as_ref()).expect("the media of the tests");
        Self { speech: wav.to_mono(), sounds: 0, pictures: 0 }
    }

    /// A tone that rises from this many Hz by [`RISE`] a second, for as long as a scenario takes: from what is heard it can be told whose it
    /// is, and when it was said.
    pub fn rising(from: u32) -> Self {
        let mut phase = 0.0_f64;
        let samples = (0..RISING_SAMPLES).map(|at| {
            let seconds = f64::from(at) / SAMPLE_RATE;
            phase += (f64::from(from) + f64::from(RISE) * seconds) / SAMPLE_RATE;
            // Within ±10,000.
            ((phase * core::f64::consts::TAU).sin() * 10_000.0) as i16
        });
        Self { speech: samples.collect(), sounds: 0, pictures: 0 }
    }

    /// The same with pictures whose numbers begin here, so that it can be told whose they are.
    #[must_use]
    pub fn numbered_from(mut self, first: u32) -> Self {
        self.pictures = first;
        self
    }

    pub(crate) fn next_sound(&mut self) -> AudioFrame {
        let start = self.sounds as usize * FRAME_SAMPLES;
        let samples = self.speech.iter().cycle().skip(start % self.speech.len());
        let samples = samples.take(FRAME_SAMPLES).copied().collect();
        let timestamp = self.sounds.wrapping_mul(FRAME_SAMPLES as u32);
        self.sounds += 1;
        AudioFrame::new(samples, Channels::Mono, timestamp)
            .unwrap_or_else(|_| AudioFrame::silence(Channels::Mono, timestamp))
    }

    pub(crate) fn next_picture(&mut self) -> Option<VideoFrame> {
        let mut picture = pattern(SIZE, self.pictures)?;
        burn_index(&mut picture, self.pictures);
        let timestamp = self.pictures.wrapping_mul(VIDEO_CLOCK / 15);
        self.pictures += 1;
        Some(picture.at(timestamp))
    }
}
