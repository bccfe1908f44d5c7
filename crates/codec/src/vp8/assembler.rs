use core::fmt;
use core::time::Duration;
use std::collections::VecDeque;

use zentalk_primitives::Instant;

use super::event::{AssemblerConfig, AssemblerStats, FrameEvent, LostFrames, Vp8Packet};
use super::partial_frame::{Fragment, PartialFrame};
use super::reassembly::{Head, Reassembly};
use crate::Error;

/// What [`Vp8Assembler::poll_output`] returns.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssemblerOutput {
    /// Something for the application.
    Event(FrameEvent),
    /// Nothing more for now: call [`Vp8Assembler::handle_timeout`] at this time, if there is one.
    Timeout(Option<Instant>),
}

/// Puts VP8 frames together from RTP packets that come in any order (RFC 7741 §4), and emits only what
/// can be decoded.
///
/// 1. It starts without a keyframe: nothing is emitted before the first whole one.
/// 2. Then frames are emitted in the order of their sequence numbers, each when it is whole and all
///    before it were emitted. So an inter frame never follows a gap.
/// 3. A packet that is missing while later ones are here is waited for, so that it can be
///    retransmitted. If it does not come in time, or if its frame cannot become whole, the stream broke:
///    [`FrameEvent::Lost`], and back to 1, with [`FrameEvent::NeedsKeyframe`] unless one is on its way.
///
/// **The drain contract.** After every call of `handle_input`, `handle_timeout` or a command, call
/// `poll_output` until it returns `Timeout`; then wait for the next input or that time, whichever comes
/// first, and call again. Until it has returned `Timeout`, what it would have returned is kept.
pub struct Vp8Assembler {
    config: AssemblerConfig,
    buffer: Reassembly,
    phase: Phase,
    /// Sequence number of the packet to be emitted next; none before it is taken.
    next: u64,
    events: VecDeque<FrameEvent>,
    stats: AssemblerStats,
}

/// Which frames can be decoded.
enum Phase {
    /// The one that follows.
    Flowing {
        /// The first packet missing, and since when.
        gap: Option<(u64, Instant)>,
    },
    /// A keyframe only.
    AwaitingKeyframe {
        /// Whether it has to be asked for: not at the start, where it may come by itself.
        wanted: bool,
        /// When it was asked for.
        asked: Option<Instant>,
    },
}

impl Phase {
    const START: Self = Self::AwaitingKeyframe { wanted: false, asked: None };
    const BROKEN: Self = Self::AwaitingKeyframe { wanted: true, asked: None };
}

impl Vp8Assembler {
    /// At the start of a stream.
    pub fn new(config: AssemblerConfig) -> Self {
        Self {
            config,
            buffer: Reassembly::default(),
            phase: Phase::START,
            next: 0,
            events: VecDeque::new(),
            stats: AssemblerStats::default(),
        }
    }

    /// Whether nothing but a keyframe can be emitted.
    pub fn needs_keyframe(&self) -> bool {
        matches!(self.phase, Phase::AwaitingKeyframe { .. })
    }

    /// What happened so far.
    pub fn stats(&self) -> &AssemblerStats {
        &self.stats
    }

    /// Takes one packet. Duplicates and latecomers are counted and are no error.
    ///
    /// # Errors
    /// [`Error::TruncatedDescriptor`], [`Error::EmptyFragment`], [`Error::InconsistentFragment`],
    /// [`Error::PayloadTooLarge`] or [`Error::FrameTooLarge`]: the packet is dropped, nothing else
    /// changed.
    pub fn handle_input(&mut self, now: Instant, packet: Vp8Packet) -> Result<(), Error> {
        if packet.sequence < self.next {
            self.stats.late_packets += 1;
            return Ok(());
        }
        let taken = if packet.payload.is_empty() {
            Ok(self.buffer.insert_padding(now, packet.sequence))
        } else {
            Fragment::parse(packet).and_then(|fragment| self.buffer.insert(now, fragment))
        };
        match taken {
            Ok(true) => self.advance(now),
            Ok(false) => self.stats.duplicate_packets += 1,
            Err(error) => {
                self.stats.refused_packets += 1;
                return Err(error);
            }
        }
        Ok(())
    }

    /// Gives up what was waited for too long, and asks again for a keyframe that did not come.
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.phase {
            Phase::Flowing { gap: Some((_, since)) } if since + self.config.max_wait <= now => {
                self.lose();
            }
            Phase::Flowing { .. } => {}
            Phase::AwaitingKeyframe { .. } => {
                self.discard_stale(now);
                self.repeat_request(now);
            }
        }
        self.advance(now);
    }

    /// Says how long to wait and how often to ask from now on, when the round trip is known better.
    pub fn set_config(&mut self, config: AssemblerConfig) {
        self.config = config;
    }

    /// Makes everything but a keyframe unwelcome: the last frame could not be opened or decoded. Asks
    /// for it, unless that has been done or a keyframe is here.
    pub fn require_keyframe(&mut self, now: Instant) {
        if let Phase::Flowing { .. } = self.phase {
            self.phase = Phase::BROKEN;
        }
        self.advance(now);
    }

    /// The next event, or until when there is none.
    pub fn poll_output(&mut self) -> AssemblerOutput {
        match self.events.pop_front() {
            Some(event) => AssemblerOutput::Event(event),
            None => AssemblerOutput::Timeout(self.deadline()),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Flowing { gap } => gap.map(|(_, since)| since + self.config.max_wait),
            Phase::AwaitingKeyframe { asked, .. } => {
                let repeat = asked.map(|asked| asked + self.config.keyframe_retry);
                let stale = self.buffer.progress().map(|then| then + self.config.max_wait);
                repeat.into_iter().chain(stale).min()
            }
        }
    }

    /// Emits what can be emitted.
    fn advance(&mut self, now: Instant) {
        loop {
            let progress = match self.phase {
                Phase::Flowing { .. } => self.flow(),
                Phase::AwaitingKeyframe { .. } => self.resume(now),
            };
            if !progress && !self.enforce_limits() {
                break;
            }
        }
        self.watch_gap();
    }

    /// One step while frames follow each other; false if there is nothing to do.
    fn flow(&mut self) -> bool {
        self.next = self.buffer.skip_padding(self.next);
        match self.buffer.head(self.next) {
            Head::Pending => false,
            Head::Broken => {
                self.lose();
                true
            }
            Head::Ready => {
                self.emit();
                true
            }
        }
    }

    fn emit(&mut self) {
        let Some(frame) = self.buffer.pop() else { return };
        self.next = frame.high().saturating_add(1);
        self.stats.frames += 1;
        self.stats.keyframes += u64::from(frame.is_keyframe());
        self.events.push_back(FrameEvent::Frame(frame.assemble()));
    }

    /// Goes on with the first whole keyframe; false if there is none.
    fn resume(&mut self, now: Instant) -> bool {
        if let Some(skipped) = self.buffer.seek_keyframe() {
            self.stats.discarded_frames += skipped as u64;
            self.next = self.buffer.low().unwrap_or(self.next).max(self.next);
            self.phase = Phase::Flowing { gap: None };
            return true;
        }
        if self.buffer.begins_with_inter() {
            self.want_keyframe();
        }
        while let Some(useless) = self.buffer.pop_inter() {
            self.discard(&useless);
        }
        if let Phase::AwaitingKeyframe { wanted: true, asked: None } = self.phase {
            self.request_keyframe(now);
        }
        false
    }

    /// Gives up the oldest frames as far as nothing more came of them in time.
    fn discard_stale(&mut self, now: Instant) {
        let Some(then) = earlier(now, self.config.max_wait) else { return };
        while let Some(stale) = self.buffer.pop_stale(then) {
            self.want_keyframe();
            self.discard(&stale);
        }
    }

    /// Notes that a frame was thrown away.
    fn discard(&mut self, frame: &PartialFrame) {
        self.stats.discarded_frames += 1;
        self.next = self.next.max(frame.high().saturating_add(1));
    }

    fn want_keyframe(&mut self) {
        if let Phase::AwaitingKeyframe { wanted, .. } = &mut self.phase {
            *wanted = true;
        }
    }

    fn repeat_request(&mut self, now: Instant) {
        if let Phase::AwaitingKeyframe { asked: Some(asked), .. } = self.phase
            && asked + self.config.keyframe_retry <= now
        {
            self.request_keyframe(now);
        }
    }

    /// Asks for a keyframe unless one is on its way; the next repetition counts from now.
    fn request_keyframe(&mut self, now: Instant) {
        if !self.buffer.expects_keyframe() {
            self.events.push_back(FrameEvent::NeedsKeyframe);
        }
        self.phase = Phase::AwaitingKeyframe { wanted: true, asked: Some(now) };
    }

    /// The stream broke at the first missing packet.
    fn lose(&mut self) {
        let sequence = self.buffer.frontier(self.next);
        let timestamp = self.buffer.damaged_timestamp();
        self.stats.losses += 1;
        self.events.push_back(FrameEvent::Lost(LostFrames { sequence, timestamp }));
        self.phase = Phase::BROKEN;
    }

    /// Gives up the oldest frame while too much is held; true if something was given up.
    fn enforce_limits(&mut self) -> bool {
        if !self.buffer.is_over_limit() {
            return false;
        }
        if let Phase::Flowing { .. } = self.phase {
            self.lose();
            return true;
        }
        let Some(oldest) = self.buffer.pop() else { return false };
        self.want_keyframe();
        self.discard(&oldest);
        true
    }

    /// Notes which packet is missing and since when.
    fn watch_gap(&mut self) {
        let Phase::Flowing { gap } = self.phase else { return };
        let frontier = self.buffer.frontier(self.next);
        if gap.is_some_and(|(sequence, _)| sequence == frontier) {
            return;
        }
        let since = self.buffer.missing_since(frontier);
        self.phase = Phase::Flowing { gap: since.map(|since| (frontier, since)) };
    }
}

/// Prints no contents.
impl fmt::Debug for Vp8Assembler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vp8Assembler").field("next", &self.next).finish_non_exhaustive()
    }
}

/// `now` less `wait`, if time had begun by then.
fn earlier(now: Instant, wait: Duration) -> Option<Instant> {
    let wait = u64::try_from(wait.as_micros()).ok()?;
    now.as_micros().checked_sub(wait).map(Instant::from_micros)
}
