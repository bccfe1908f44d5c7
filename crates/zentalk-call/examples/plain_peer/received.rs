//! What is received: counted, looked at, and recorded.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use zentalk_call::engine::PlainEvent;
use zentalk_call::{AudioFrame, AudioSource, Picture, VideoFrame};
use zentalk_cli::record::Recorder;
use zentalk_codec::{PlaneId, SAMPLE_RATE};

/// How much sound the spectrum is taken of: 100 ms.
const WINDOW: usize = 4_800;
/// The highest frequency that is looked for, in hertz.
const HIGHEST: usize = 8_000;

/// What came in over one connection.
pub(crate) struct Received {
    sounds: u64,
    made_up: u64,
    rms: f64,
    recent: VecDeque<i16>,
    pictures: u64,
    keyframes: u64,
    last_picture: Option<LastPicture>,
    recording: Option<(PathBuf, Recorder)>,
    recorder_error: Option<String>,
}

struct LastPicture {
    size: (u32, u32),
    left: [u8; 3],
}

impl Received {
    /// `record` is where the recordings begin: `.wav` and `.ivf` are appended.
    pub(crate) fn new(record: Option<PathBuf>) -> Self {
        Self {
            sounds: 0,
            made_up: 0,
            rms: 0.0,
            recent: VecDeque::with_capacity(WINDOW),
            pictures: 0,
            keyframes: 0,
            last_picture: None,
            recording: record.map(|path| (path.clone(), Recorder::new(&path))),
            recorder_error: None,
        }
    }

    pub(crate) fn take(&mut self, event: &PlainEvent) {
        match event {
            PlainEvent::Audio { frame, source } => self.take_sound(frame, *source),
            PlainEvent::Video(picture) => self.take_picture(picture),
            _ => {}
        }
    }

    fn take_sound(&mut self, frame: &AudioFrame, source: AudioSource) {
        match source {
            AudioSource::Received | AudioSource::Recovered => self.sounds += 1,
            _ => self.made_up += 1,
        }
        let samples = frame.samples();
        let power: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
        self.rms = (power / samples.len().max(1) as f64).sqrt();
        self.recent.extend(samples);
        self.recent.drain(..self.recent.len().saturating_sub(WINDOW));
        self.record(|recorder| recorder.sound(frame));
    }

    fn take_picture(&mut self, picture: &Picture) {
        self.pictures += 1;
        self.keyframes += u64::from(picture.keyframe);
        let frame = &picture.frame;
        let (x, y) = (frame.width() as usize / 4, frame.height() as usize / 2);
        let size = (frame.width(), frame.height());
        self.last_picture = Some(LastPicture { size, left: pixel(frame, x, y) });
        self.record(|recorder| recorder.picture(picture));
    }

    fn record<E: ToString>(&mut self, take: impl FnOnce(&mut Recorder) -> Result<(), E>) {
        if let Some((_, recorder)) = &mut self.recording
            && let Err(error) = take(recorder)
        {
            self.recorder_error = Some(error.to_string());
        }
    }

    /// Completes the recordings.
    pub(crate) fn finish(&mut self) {
        if let Some((_, recorder)) = self.recording.take()
            && let Err(error) = recorder.finish()
        {
            self.recorder_error = Some(error.to_string());
        }
    }

    /// Under the names that aiortc's door uses, and more.
    pub(crate) fn to_json(&self) -> Value {
        let mut media = Map::new();
        if self.sounds > 0 {
            let audio = json!({
                "frames": self.sounds,
                "concealed": self.made_up,
                "rms": self.rms,
                "rate": SAMPLE_RATE,
                "peakHz": peak(&self.recent),
            });
            media.insert("audio".to_owned(), audio);
        }
        if let Some(last) = &self.last_picture {
            let video = json!({
                "frames": self.pictures,
                "keyframes": self.keyframes,
                "size": [last.size.0, last.size.1],
                "leftpx": last.left,
            });
            media.insert("video".to_owned(), video);
        }
        Value::Object(media)
    }

    pub(crate) fn recorder_error(&self) -> Option<&str> {
        self.recorder_error.as_deref()
    }

    pub(crate) fn recording(&self) -> Option<&Path> {
        self.recording.as_ref().map(|(path, _)| path.as_path())
    }
}

/// One pixel as red, green and blue (ITU-R BT.601, limited range).
fn pixel(frame: &VideoFrame, x: usize, y: usize) -> [u8; 3] {
    let sample = |plane, x, y| {
        let row = frame.rows(plane).nth(y).and_then(|row| row.get(x));
        f64::from(row.copied().unwrap_or(128))
    };
    let luma = 1.164 * (sample(PlaneId::Y, x, y) - 16.0);
    let blue = sample(PlaneId::U, x / 2, y / 2) - 128.0;
    let red = sample(PlaneId::V, x / 2, y / 2) - 128.0;
    // A clamped value fits; its fraction is of no interest.
    let byte = |value: f64| value.round().clamp(0.0, 255.0) as u8;
    [byte(luma + 1.596 * red), byte(luma - 0.392 * blue - 0.813 * red), byte(luma + 2.017 * blue)]
}

/// The loudest frequency in hertz, in steps of the window's resolution: one Goertzel filter for each.
fn peak(samples: &VecDeque<i16>) -> f64 {
    let len = samples.len();
    if len == 0 {
        return 0.0;
    }
    let step = f64::from(SAMPLE_RATE) / len as f64;
    let bins = (HIGHEST as f64 / step) as usize;
    let strength = |bin: usize| {
        let turn = std::f64::consts::TAU * bin as f64 / len as f64;
        let factor = 2.0 * turn.cos();
        let (mut one, mut two) = (0.0, 0.0);
        for (index, sample) in samples.iter().enumerate() {
            let window = 0.5 - 0.5 * (std::f64::consts::TAU * index as f64 / len as f64).cos();
            (one, two) = (f64::from(*sample) * window + factor * one - two, one);
        }
        one * one + two * two - factor * one * two
    };
    let loudest = (1..bins).map(|bin| (bin, strength(bin))).max_by(|a, b| a.1.total_cmp(&b.1));
    loudest.map_or(0.0, |(bin, _)| bin as f64 * step)
}
