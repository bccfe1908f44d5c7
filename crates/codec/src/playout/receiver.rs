use core::fmt;
use std::collections::VecDeque;

use zentalk_primitives::Instant;

use super::{Playout, PlayoutBuffer, PlayoutConfig, PlayoutPacket, Pulled, Pushed};
use crate::{AudioFrame, Channels, Error, FRAME_SAMPLES, OpusDecoder};

/// Where the sound of a frame came from.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AudioSource {
    /// From its packet.
    Received,
    /// From the FEC data of the packet behind.
    Recovered,
    /// Made up: its packet is lost or damaged.
    Concealed,
    /// Made up while nothing was due or here. The sound of this timestamp may still follow.
    Stretched,
}

/// 20 ms of sound to be played now.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlayedAudio {
    /// The sound. Its timestamp says where a recorder must put it.
    pub frame: AudioFrame,
    /// Where it came from (its first sample, if packets are not of 20 ms).
    pub source: AudioSource,
}

/// How many frames came from where, and what was thrown away.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AudioStats {
    /// Frames from their packets.
    pub received: u64,
    /// Frames from FEC data.
    pub recovered: u64,
    /// Frames made up for lost packets.
    pub concealed: u64,
    /// Frames made up while waiting.
    pub stretched: u64,
    /// Packets that could not be opened or decoded.
    pub undecodable: u64,
}

/// Turns packets into an even stream of 20 ms frames: a [`Playout`] in front of an [`OpusDecoder`].
///
/// Payloads are Opus packets in clear with [`Self::pull`]; with [`Self::pull_with`] they are whatever
/// the given function opens, each once.
pub struct AudioReceiver<P = PlayoutBuffer> {
    playout: P,
    decoder: OpusDecoder,
    /// Sound that was decoded and not played yet, where it came from, and its first timestamp.
    pending: VecDeque<i16>,
    source: AudioSource,
    timestamp: u32,
    /// A packet that was opened for its FEC data before its own time.
    opened: Option<(u64, Option<Vec<u8>>)>,
    started: bool,
    stats: AudioStats,
}

/// Prints no contents.
impl<P: fmt::Debug> fmt::Debug for AudioReceiver<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (playout, stats) = (&self.playout, &self.stats);
        f.debug_struct("AudioReceiver")
            .field("playout", playout)
            .field("stats", stats)
            .finish_non_exhaustive()
    }
}

impl AudioReceiver {
    /// A receiver with the simple buffer.
    ///
    /// # Errors
    /// [`Error::SetUp`] if libopus has no memory.
    pub fn new(config: PlayoutConfig, channels: Channels) -> Result<Self, Error> {
        Self::with_playout(PlayoutBuffer::new(config), channels)
    }
}

impl<P: Playout> AudioReceiver<P> {
    /// A receiver with another buffer.
    ///
    /// # Errors
    /// [`Error::SetUp`] if libopus has no memory.
    pub fn with_playout(playout: P, channels: Channels) -> Result<Self, Error> {
        Ok(Self {
            playout,
            decoder: OpusDecoder::new(channels)?,
            pending: VecDeque::new(),
            source: AudioSource::Stretched,
            timestamp: 0,
            opened: None,
            started: false,
            stats: AudioStats::default(),
        })
    }

    /// The buffer.
    pub fn playout(&self) -> &P {
        &self.playout
    }

    /// What happened so far.
    pub fn stats(&self) -> &AudioStats {
        &self.stats
    }

    /// Takes a packet: its sequence number with rollovers counted, its RTP timestamp (48 kHz), its
    /// payload.
    ///
    /// # Errors
    /// [`Error::PayloadTooLarge`]: dropped, nothing changed.
    pub fn push(
        &mut self,
        now: Instant,
        sequence: u64,
        timestamp: u32,
        payload: Vec<u8>,
    ) -> Result<Pushed, Error> {
        self.playout.push(now, sequence, timestamp, payload)
    }

    /// The next 20 ms, to be called every 20 ms. `None` until the first packet is due.
    pub fn pull(&mut self, now: Instant) -> Option<PlayedAudio> {
        self.pull_with(now, |packet| Some(packet.payload))
    }

    /// As [`Self::pull`], with `open` called once for every packet that is played; `None` from it means
    /// that the packet is to be treated as lost.
    pub fn pull_with(
        &mut self,
        now: Instant,
        mut open: impl FnMut(PlayoutPacket) -> Option<Vec<u8>>,
    ) -> Option<PlayedAudio> {
        let wanted = FRAME_SAMPLES * self.decoder.channels().count();
        while self.pending.len() < wanted {
            match self.playout.pull(now) {
                Pulled::Packet(packet) => self.play(packet, &mut open),
                Pulled::Lost { timestamp, next, .. } => self.make_up(timestamp, next, &mut open),
                Pulled::Waiting if self.started => self.stretch(),
                Pulled::Waiting => return None,
            }
        }
        Some(self.take(wanted))
    }

    fn play(
        &mut self,
        packet: PlayoutPacket,
        open: &mut impl FnMut(PlayoutPacket) -> Option<Vec<u8>>,
    ) {
        let timestamp = packet.timestamp;
        let payload = match self.opened.take_if(|(sequence, _)| *sequence == packet.sequence) {
            Some((_, payload)) => payload,
            None => open(packet),
        };
        let frame = payload.and_then(|payload| self.decoder.decode(&payload, timestamp).ok());
        match frame {
            Some(frame) => self.append(frame, AudioSource::Received),
            None => {
                self.stats.undecodable += 1;
                self.conceal(timestamp, AudioSource::Concealed);
            }
        }
    }

    /// Fills the gap of a lost packet, from the next one's FEC data if it has some.
    fn make_up(
        &mut self,
        timestamp: u32,
        next: Option<PlayoutPacket>,
        open: &mut impl FnMut(PlayoutPacket) -> Option<Vec<u8>>,
    ) {
        let recovered = next.and_then(|next| {
            let sequence = next.sequence;
            let payload = open(next);
            let frame = payload.as_deref().map(|payload| self.decoder.recover(payload, timestamp));
            self.opened = Some((sequence, payload));
            frame?.ok()?
        });
        match recovered {
            Some(frame) => self.append(frame, AudioSource::Recovered),
            None => self.conceal(timestamp, AudioSource::Concealed),
        }
    }

    fn stretch(&mut self) {
        let next = self.playout.next_timestamp().unwrap_or(self.timestamp);
        self.conceal(next, AudioSource::Stretched);
    }

    fn conceal(&mut self, timestamp: u32, source: AudioSource) {
        let silence = AudioFrame::silence(self.decoder.channels(), timestamp);
        // Without a packet libopus has nothing to refuse; if it does, silence is the answer.
        let frame = self.decoder.conceal(timestamp).unwrap_or(silence);
        self.append(frame, source);
    }

    fn append(&mut self, frame: AudioFrame, source: AudioSource) {
        self.started = true;
        if self.pending.is_empty() {
            self.timestamp = frame.timestamp();
            self.source = source;
        }
        self.pending.extend(frame.into_samples());
    }

    fn take(&mut self, wanted: usize) -> PlayedAudio {
        let channels = self.decoder.channels();
        let samples = self.pending.drain(..wanted.min(self.pending.len())).collect();
        let silence = |_| AudioFrame::silence(channels, self.timestamp);
        // `pull_with` has gathered a whole frame: the constructor has nothing to refuse.
        let frame = AudioFrame::new(samples, channels, self.timestamp).unwrap_or_else(silence);
        let source = self.source;
        self.timestamp = self.timestamp.wrapping_add(FRAME_SAMPLES as u32);
        match source {
            AudioSource::Received => self.stats.received += 1,
            AudioSource::Recovered => self.stats.recovered += 1,
            AudioSource::Concealed => self.stats.concealed += 1,
            AudioSource::Stretched => self.stats.stretched += 1,
        }
        PlayedAudio { frame, source }
    }
}
