//! What is sent: speech and a film, in real time.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use zentalk_call::engine::PlainPeer;
use zentalk_call::{AudioFrame, Channels, VideoFrame};
use zentalk_cli::files::{FileError, Wav};
use zentalk_cli::sources::{VideoSource, VideoSpec};
use zentalk_codec::FRAME_SAMPLES;
use zentalk_primitives::Instant;

/// Between two frames of sound.
const SOUND_INTERVAL: Duration = Duration::from_millis(20);
/// Ticks a second of the RTP clock of video (RFC 7741 §4.1).
const VIDEO_CLOCK: f64 = 90_000.0;
/// What is later than this is not made up for.
const MAX_LATE: Duration = Duration::from_millis(200);

/// What every connection sends.
#[derive(Clone)]
pub(crate) struct Material {
    speech: Arc<Vec<i16>>,
    film: PathBuf,
}

impl Material {
    /// Reads the speech and looks whether the film can be played.
    pub(crate) fn open(speech: &Path, film: &Path) -> Result<Self, FileError> {
        let speech = Arc::new(Wav::read(speech)?.to_mono());
        VideoSource::open(VideoSpec::from_argument(film), false)?.check()?;
        Ok(Self { speech, film: film.to_owned() })
    }
}

/// What one connection sends, once it may.
pub(crate) struct Sending {
    speech: Arc<Vec<i16>>,
    film: VideoSource,
    sound_pace: Option<Pace>,
    picture_pace: Option<Pace>,
    pub(crate) counts: Sent,
}

/// What was sent.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sent {
    pub(crate) sounds: u64,
    pub(crate) pictures: u64,
    /// What the encoders or the connection refused.
    pub(crate) refused: u64,
}

/// An even cadence from a beginning on.
struct Pace {
    start: Instant,
    interval: Duration,
    next: u32,
}

impl Sending {
    pub(crate) fn new(material: &Material) -> Result<Self, FileError> {
        let film = VideoSource::open(VideoSpec::from_argument(&material.film), false)?;
        let speech = Arc::clone(&material.speech);
        Ok(Self { speech, film, sound_pace: None, picture_pace: None, counts: Sent::default() })
    }

    /// Begins now, with the media that may be sent.
    pub(crate) fn start(&mut self, now: Instant, peer: &PlainPeer) {
        let sends = |kind| peer.media().iter().any(|medium| medium.kind == kind && medium.sends);
        self.sound_pace = sends("audio").then(|| Pace::new(now, SOUND_INTERVAL));
        let interval = Duration::from_secs_f64(1.0 / self.film.frame_rate().clamp(1.0, 60.0));
        self.picture_pace = sends("video").then(|| Pace::new(now, interval));
    }

    pub(crate) fn stop(&mut self) {
        (self.sound_pace, self.picture_pace) = (None, None);
    }

    /// When something is due next.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.sound_pace.iter().chain(&self.picture_pace).map(Pace::next_due).min()
    }

    /// Sends what is due.
    pub(crate) fn send_due(&mut self, now: Instant, peer: &mut PlainPeer) {
        while let Some(index) = self.sound_pace.as_mut().and_then(|pace| pace.take_due(now)) {
            let frame = self.sound(index);
            match frame.map(|frame| peer.send_audio(now, &frame)) {
                Some(Ok(())) => self.counts.sounds += 1,
                _ => self.counts.refused += 1,
            }
        }
        if let Some(index) = self.picture_pace.as_mut().and_then(|pace| pace.take_due(now)) {
            let picture = self.picture(index);
            match picture.map(|picture| peer.send_video(now, &picture)) {
                Some(Ok(())) => self.counts.pictures += 1,
                _ => self.counts.refused += 1,
            }
        }
    }

    fn sound(&self, index: u32) -> Option<AudioFrame> {
        let start = (index as usize).wrapping_mul(FRAME_SAMPLES) % self.speech.len().max(1);
        let samples = self.speech.iter().cycle().skip(start).take(FRAME_SAMPLES).copied().collect();
        let timestamp = index.wrapping_mul(FRAME_SAMPLES as u32);
        AudioFrame::new(samples, Channels::Mono, timestamp).ok()
    }

    fn picture(&mut self, index: u32) -> Option<VideoFrame> {
        let (_, picture) = self.film.next_picture().ok()?;
        let ticks = f64::from(index) * VIDEO_CLOCK / self.film.frame_rate().max(1.0);
        // RTP timestamps wrap; the remainder fits.
        Some(picture.at((ticks % f64::from(u32::MAX)) as u32))
    }
}

impl Pace {
    fn new(start: Instant, interval: Duration) -> Self {
        Self { start, interval, next: 0 }
    }

    fn next_due(&self) -> Instant {
        self.start + self.interval.saturating_mul(self.next)
    }

    /// The number of what is due now, if anything is. After a pause, what was missed is left out.
    fn take_due(&mut self, now: Instant) -> Option<u32> {
        let late = now.saturating_since(self.next_due());
        if now < self.next_due() {
            return None;
        }
        if late > MAX_LATE {
            let missed = late.as_nanos() / self.interval.as_nanos().max(1);
            self.next = self.next.saturating_add(u32::try_from(missed).unwrap_or(0));
        }
        let index = self.next;
        self.next = self.next.saturating_add(1);
        Some(index)
    }
}
