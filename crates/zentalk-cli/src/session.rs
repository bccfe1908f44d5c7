//! One call, the same for both sides: sends from files, keeps and counts what arrives, tells what happens.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::{self, MissedTickBehavior};
use zentalk_call::{
    AudioSender, Call, Channels, EndReason, Event, MediaConfig, PublicState, VideoSender,
};
use zentalk_codec::AudioSource as Heard;

use crate::cli;
use crate::error::Error;
use crate::files::FileError;
use crate::interrupt::Interrupt;
use crate::journal::Happening;
use crate::record::Recorder;
use crate::reporter::Reporter;
use crate::sources::{AudioSource, VideoSource, VideoSpec};

mod continuity;
mod translate;

use continuity::Continuity;

/// What this side sends.
pub(crate) struct Sources {
    audio: AudioSource,
    video: Option<VideoSource>,
}

impl Sources {
    /// Opens the files, so that a bad one is known before anything is sent.
    pub(crate) fn open(options: &cli::Session) -> Result<Self, FileError> {
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
}

const STEREO_BIT_RATE: u32 = 64_000;
/// What the VP8 encoder takes at most.
const MAX_FRAME_RATE: f64 = 120.0;
/// RTP's clock for video.
const VIDEO_CLOCK: f64 = 90_000.0;
/// How long the end of a call may take, from hanging up until the other side has been told.
const FAREWELL: Duration = Duration::from_secs(5);

/// A call that goes on.
pub(crate) struct Session<'a> {
    call: Call,
    reporter: &'a Reporter,
    interrupt: &'a mut Interrupt,
    recorder: Option<Recorder>,
    hang_up_after: Option<Duration>,
    sources: Option<Sources>,
    feeders: JoinSet<Result<(), FileError>>,
    has_path: bool,
    is_secured: bool,
    was_up: bool,
    continuity: Continuity,
    heard: bool,
    seen: bool,
    /// When to hang up.
    hang_up_at: Option<Instant>,
    /// When to stop waiting for the end.
    give_up_at: Option<Instant>,
}

impl<'a> Session<'a> {
    pub(crate) fn new(
        call: Call,
        sources: Sources,
        reporter: &'a Reporter,
        interrupt: &'a mut Interrupt,
    ) -> Self {
        Self {
            call,
            reporter,
            interrupt,
            recorder: None,
            hang_up_after: None,
            sources: Some(sources),
            feeders: JoinSet::new(),
            has_path: false,
            is_secured: false,
            was_up: false,
            continuity: Continuity::default(),
            heard: false,
            seen: false,
            hang_up_at: None,
            give_up_at: None,
        }
    }

    pub(crate) fn record(mut self, recorder: Option<Recorder>) -> Self {
        self.recorder = recorder;
        self
    }

    pub(crate) fn hang_up_after(mut self, after: Option<Duration>) -> Self {
        self.hang_up_after = after;
        self
    }

    /// Runs the call until it has ended.
    ///
    /// # Errors
    /// [`Error::Ended`] unless it was up and ended in good order; [`Error::File`] if it cannot be recorded.
    pub(crate) async fn run(mut self) -> Result<(), Error> {
        let reason = self.follow().await;
        self.feeders.shutdown().await;
        let recorded = self.recorder.take().map_or(Ok(()), Recorder::finish);
        let reason = reason?;
        let completed =
            self.was_up && matches!(reason, EndReason::HungUpLocal | EndReason::HungUpRemote);
        self.reporter.tell(Happening::Ended { reason: reason.to_string(), completed });
        recorded?;
        if completed || reason == EndReason::AnsweredElsewhere {
            Ok(())
        } else {
            Err(Error::Ended(reason))
        }
    }

    async fn follow(&mut self) -> Result<EndReason, Error> {
        let mut interrupt = self.interrupt.clone();
        loop {
            tokio::select! {
                event = self.call.next() => match event {
                    Some(Event::Ended { reason, .. }) => return Ok(reason),
                    Some(event) => self.take(&event)?,
                    // The driver stopped before it could say why the call ended.
                    None => return Ok(EndReason::ConnectionLost),
                },
                () = interrupt.asked(), if self.give_up_at.is_none() => self.hang_up().await,
                () = until(self.hang_up_at) => self.hang_up().await,
                () = until(self.give_up_at) => return Ok(EndReason::HungUpLocal),
                Some(outcome) = self.feeders.join_next() => self.take_feeder(outcome),
            }
        }
    }

    async fn hang_up(&mut self) {
        self.hang_up_at = None;
        self.give_up_at = Some(Instant::now() + FAREWELL);
        self.call.hang_up().await;
    }

    fn take(&mut self, event: &Event) -> Result<(), Error> {
        match event {
            // Media leave once there are both. CONNECTED comes with the first packet of the other side,
            // which would wait for ours as we for theirs.
            Event::Secured { .. } => {
                self.is_secured = true;
                self.begin_to_send();
            }
            Event::Path { .. } => {
                self.has_path = true;
                self.begin_to_send();
            }
            Event::State { state, detail, .. } => {
                if *state == PublicState::Connected {
                    self.note_up();
                }
                if let Some(news) = self.continuity.state(Instant::now(), *state, detail.as_deref())
                {
                    // Programs are told the state, too.
                    self.reporter.note(Happening::State {
                        state: state.to_string(),
                        reason: detail.clone(),
                    });
                    self.reporter.tell(news);
                    return Ok(());
                }
            }
            // Stretched sound is a player's stopgap: what belongs there may still follow.
            Event::Audio { frame, source, .. } if *source != Heard::Stretched => {
                if *source != Heard::Concealed
                    && let Some(gap) = self.continuity.sound(Instant::now())
                {
                    self.reporter.tell(gap);
                }
                self.note_first("audio", |session| &mut session.heard);
                self.recorder.as_mut().map_or(Ok(()), |recorder| recorder.sound(frame))?;
            }
            Event::Video { picture, .. } => {
                self.note_first("video", |session| &mut session.seen);
                self.recorder.as_mut().map_or(Ok(()), |recorder| recorder.picture(picture))?;
            }
            _ => {}
        }
        if let Some(happening) = translate::to_journal(event) {
            self.reporter.tell(happening);
        }
        Ok(())
    }

    fn note_up(&mut self) {
        if !self.was_up {
            self.was_up = true;
            self.hang_up_at = self.hang_up_after.map(|after| Instant::now() + after);
        }
    }

    fn note_first(&mut self, kind: &str, flag: impl FnOnce(&mut Self) -> &mut bool) {
        if !core::mem::replace(flag(self), true) {
            self.reporter.tell(Happening::FirstMedia { kind: kind.to_owned() });
        }
    }

    fn begin_to_send(&mut self) {
        if !(self.has_path && self.is_secured) {
            return;
        }
        let Some(sources) = self.sources.take() else { return };
        self.feeders.spawn(feed_audio(self.call.audio_sender(), sources.audio));
        if let Some(video) = sources.video {
            self.feeders.spawn(feed_video(self.call.video_sender(), video));
        }
    }

    /// A source that ends in mid-call is told; the call goes on without it.
    fn take_feeder(&self, outcome: Result<Result<(), FileError>, tokio::task::JoinError>) {
        if let Ok(Err(error)) = outcome {
            self.reporter.tell(Happening::Warning { text: error.to_string() });
        }
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

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
