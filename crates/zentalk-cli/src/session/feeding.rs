//! What this side sends: opened before the call, fed into it in real time.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{self, MissedTickBehavior};
use zentalk_call::{AudioSender, Call, Channels, MediaConfig, VideoSender};

use crate::cli;
use crate::files::FileError;
use crate::record::Recorder;
use crate::sources::{AudioSource, VideoSource, VideoSpec};

/// What this side sends.
pub(crate) struct Sources {
    audio: AudioSource,
    video: Option<VideoSource>,
}

impl Sources {
    /// Opens the files, so that a bad one is known before anything is sent; so is a place where nothing can be kept.
    pub(crate) fn open(options: &cli::Session) -> Result<Self, FileError> {
        options.record.as_deref().map_or(Ok(()), Recorder::check)?;
        let audio = match &options.audio {
            Some(path) => AudioSource::open(path)?,
            None => AudioSource::silence(),
        };
        let open = |path| VideoSource::open(VideoSpec::from_argument(path), options.burn_index);
        let mut video = options.video.as_deref().map(open).transpose()?;
        if let Some(video) = &mut video {
            video.check()?;
        }
        Ok(Self { audio, video })
    }

    pub(crate) fn has_video(&self) -> bool {
        self.video.is_some()
    }

    /// The media settings that fit these files.
    pub(crate) fn config(&self, options: &cli::Session) -> MediaConfig {
        let mut config = MediaConfig::default();
        config.channels = self.audio.channels();
        if config.channels == Channels::Stereo {
            config.audio_bit_rate = STEREO_BIT_RATE;
        }
        config.video_bit_rate = options.video_kbps * 1_000;
        if let Some(video) = &self.video {
            config.video_frame_rate = video.frame_rate().ceil().clamp(1.0, MAX_FRAME_RATE) as u32;
        }
        config
    }

    /// Begins to send, until the tasks are ended.
    pub(super) fn feed(self, call: &Call, tasks: &mut JoinSet<Result<(), FileError>>) {
        tasks.spawn(feed_audio(call.audio_sender(), self.audio));
        if let Some(video) = self.video {
            tasks.spawn(feed_video(call.video_sender(), video));
        }
    }
}

const STEREO_BIT_RATE: u32 = 64_000;
/// What the VP8 encoder takes at most.
const MAX_FRAME_RATE: f64 = 120.0;
/// RTP's clock for video.
const VIDEO_CLOCK: f64 = 90_000.0;
/// Sends 20 ms every 20 ms. After a pause of this process it catches up, so that nothing is left out.
async fn feed_audio(sender: AudioSender, mut source: AudioSource) -> Result<(), FileError> {
    let mut clock = time::interval(Duration::from_millis(20));
    clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
    loop {
        clock.tick().await;
        if !sender.send(source.next_frame()).await {
            return Ok(());
        }
    }
}

/// Sends pictures at their own rate. After a pause the rest are shown later rather than faster.
async fn feed_video(sender: VideoSender, mut source: VideoSource) -> Result<(), FileError> {
    let rate = source.frame_rate().clamp(1.0, MAX_FRAME_RATE);
    let mut clock = time::interval(Duration::from_secs_f64(1.0 / rate));
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let start = clock.tick().await;
    loop {
        // Decoding and drawing take milliseconds: not on the threads that carry the call.
        let next = tokio::task::spawn_blocking(move || {
            let picture = source.next_picture();
            (source, picture)
        });
        let Ok((returned, picture)) = next.await else { return Ok(()) };
        source = returned;
        let shown = clock.tick().await;
        // RTP timestamps wrap: the cast to 64 bits is exact for years, and the rest is meant.
        let ticks = (shown - start).as_secs_f64() * VIDEO_CLOCK;
        if !sender.send(picture?.1.at(ticks as u64 as u32)).await {
            return Ok(());
        }
    }
}
