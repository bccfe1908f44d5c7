use core::fmt;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use zentalk_primitives::Instant;

use super::timeline::Timeline;
use super::{Playout, PlayoutConfig, PlayoutPacket, PlayoutStats, Pulled, Pushed};
use crate::Error;

/// The most packets that wait at once: five seconds of 20 ms.
pub const MAX_PLAYOUT_PACKETS: usize = 256;

/// The longest payload of one packet in bytes: what fits an Ethernet frame.
pub const MAX_PLAYOUT_PAYLOAD: usize = 1_500;

/// The most bytes that wait at once.
pub const MAX_PLAYOUT_BYTES: usize = MAX_PLAYOUT_PACKETS * MAX_PLAYOUT_PAYLOAD;

/// The most lost packets that are remembered, to tell latecomers from duplicates.
const MAX_REMEMBERED_LOSSES: usize = 64;

/// A packet this far (in seconds) from what is played next belongs to another timeline.
const FAR_SECONDS: i64 = 10;

/// A packet this far away by its number belongs to another timeline (`MAX_DROPOUT`, RFC 3550 A.1).
const FAR_PACKETS: u64 = 3_000;

/// Overdue by more than this many packets, the player catches up.
const MAX_LAG_STEPS: i64 = 2;

/// A simple playout buffer: every packet is played a fixed time after it was captured, as far as the
/// first packets and the latest ones let it guess that.
///
/// - The first packet waits for the initial delay. After that, everything is due by its RTP timestamp.
/// - A packet that comes too late makes the delay longer by as much, up to the bound. While it grows,
///   [`Pulled::Waiting`] is returned. A delay that was not needed for some seconds shrinks, one packet
///   in two seconds, which is thrown away.
/// - A packet missing when it is due is [`Pulled::Lost`] if a later one is here. If none is, it may
///   still come: [`Pulled::Waiting`].
/// - It starts again where timestamps jump by ten seconds, or where two packets in a row show that the
///   sender did.
pub struct PlayoutBuffer {
    config: PlayoutConfig,
    packets: BTreeMap<u64, Buffered>,
    timeline: Option<Timeline>,
    lost: BTreeSet<u64>,
    suspect: Option<u64>,
    stats: PlayoutStats,
}

struct Buffered {
    tick: i64,
    payload: Vec<u8>,
}

impl PlayoutBuffer {
    /// An empty buffer.
    pub fn new(config: PlayoutConfig) -> Self {
        Self {
            config,
            packets: BTreeMap::new(),
            timeline: None,
            lost: BTreeSet::new(),
            suspect: None,
            stats: PlayoutStats::default(),
        }
    }

    /// What happened so far.
    pub fn stats(&self) -> &PlayoutStats {
        &self.stats
    }

    /// How long a packet that took the shortest way waits: the delay that the buffer adds.
    pub fn delay(&self) -> Duration {
        let delay = self.timeline.as_ref().map(Timeline::delay);
        delay.map_or(self.config.initial_delay, |delay| {
            Duration::from_micros(u64::try_from(delay).unwrap_or(0))
        })
    }

    /// Packets that wait to be played.
    pub fn len(&self) -> usize {
        self.packets.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Starts a new timeline with this packet.
    fn restart(&mut self, now: i64, sequence: u64, timestamp: u32, payload: Vec<u8>) -> Pushed {
        let first = self.timeline.is_none();
        self.stats.restarts += u64::from(!first);
        self.stats.skipped += self.packets.len() as u64;
        self.packets.clear();
        self.lost.clear();
        self.suspect = None;
        let timeline = Timeline::new(&self.config, now, sequence, timestamp);
        self.timeline = Some(timeline);
        self.packets.insert(sequence, Buffered { tick: 0, payload });
        if first { Pushed::Buffered } else { Pushed::Restarted }
    }

    /// Makes room: the oldest packet is thrown away.
    fn drop_oldest(&mut self) {
        let (Some((sequence, packet)), Some(timeline)) =
            (self.packets.pop_first(), self.timeline.as_mut())
        else {
            return;
        };
        self.stats.skipped += 1;
        timeline.next_sequence = sequence.saturating_add(1);
        timeline.next_tick = packet.tick.saturating_add(timeline.step);
    }

    /// Throws away what is overdue, as long as something newer is here.
    fn catch_up(&mut self, now: i64) {
        while let Some(timeline) = self.timeline.as_mut() {
            let Some((&first, packet)) = self.packets.first_key_value() else { return };
            let head = first == timeline.next_sequence;
            let tick = if head { packet.tick } else { timeline.next_tick };
            let lag = now.saturating_sub(timeline.due(tick));
            let lagging = lag >= timeline.micros(MAX_LAG_STEPS * timeline.step);
            if !head && (lagging || timeline.next_tick >= packet.tick) {
                // The whole gap at once: nobody would hear it where it belongs.
                self.stats.lost += first - timeline.next_sequence;
                timeline.next_sequence = first;
                timeline.next_tick = packet.tick;
            } else if head && self.packets.len() > 1 && (lagging || timeline.surplus) {
                timeline.surplus = false;
                self.drop_oldest();
            } else {
                return;
            }
        }
    }

    /// Plays the packet that is next, if it is due.
    fn play(&mut self, now: i64) -> Option<Pulled> {
        let timeline = self.timeline.as_mut()?;
        let (&first, packet) = self.packets.first_key_value()?;
        let head = first == timeline.next_sequence;
        let tick = if head { packet.tick } else { timeline.next_tick };
        if timeline.due(tick) > now {
            return Some(Pulled::Waiting);
        }
        let (sequence, timestamp) = (timeline.next_sequence, timeline.timestamp(tick));
        timeline.started = true;
        timeline.next_sequence = sequence.saturating_add(1);
        timeline.next_tick = tick.saturating_add(timeline.step);
        if head {
            let payload = self.packets.pop_first()?.1.payload;
            self.stats.played += 1;
            return Some(Pulled::Packet(PlayoutPacket { sequence, timestamp, payload }));
        }
        let next = (first == timeline.next_sequence).then(|| PlayoutPacket {
            sequence: first,
            timestamp: timeline.timestamp(packet.tick),
            payload: packet.payload.clone(),
        });
        self.remember_loss(sequence);
        Some(Pulled::Lost { sequence, timestamp, next })
    }

    fn remember_loss(&mut self, sequence: u64) {
        self.stats.lost += 1;
        self.lost.insert(sequence);
        if self.lost.len() > MAX_REMEMBERED_LOSSES {
            self.lost.pop_first();
        }
    }

    /// A packet behind what is played already.
    fn behind(&mut self, now: i64, sequence: u64, tick: i64) -> Pushed {
        if !self.lost.remove(&sequence) {
            self.stats.duplicates += 1;
            return Pushed::Duplicate;
        }
        if let Some(timeline) = self.timeline.as_mut() {
            timeline.note_arrival(now, tick);
        }
        self.stats.late += 1;
        Pushed::Late
    }
}

impl Playout for PlayoutBuffer {
    fn push(
        &mut self,
        now: Instant,
        sequence: u64,
        timestamp: u32,
        payload: Vec<u8>,
    ) -> Result<Pushed, Error> {
        if payload.len() > MAX_PLAYOUT_PAYLOAD {
            let (given, max) = (payload.len(), MAX_PLAYOUT_PAYLOAD);
            return Err(Error::PayloadTooLarge { given, max });
        }
        let now = micros(now);
        let Some(timeline) = self.timeline.as_mut() else {
            return Ok(self.restart(now, sequence, timestamp, payload));
        };
        let tick = timeline.tick(timestamp);
        let ahead = sequence >= timeline.next_sequence;
        let distance = tick.saturating_sub(timeline.next_tick).saturating_abs();
        let far = distance > FAR_SECONDS * i64::from(self.config.clock_rate)
            || sequence.abs_diff(timeline.next_sequence) > FAR_PACKETS;
        if far {
            // Forward over silence at once, else only if a second packet says so (RFC 3550 A.1).
            if self.suspect == Some(sequence) || (ahead && self.packets.is_empty()) {
                return Ok(self.restart(now, sequence, timestamp, payload));
            }
            self.suspect = Some(sequence.saturating_add(1));
            return Ok(Pushed::Suspect);
        }
        if self.packets.contains_key(&sequence) {
            self.stats.duplicates += 1;
            return Ok(Pushed::Duplicate);
        }
        if !ahead && timeline.started {
            return Ok(self.behind(now, sequence, tick));
        }
        if !ahead {
            // Overtaken by the packet that came first.
            (timeline.next_sequence, timeline.next_tick) = (sequence, tick);
        }
        let before = sequence.checked_sub(1).and_then(|before| self.packets.get(&before));
        if let Some(before) = before {
            timeline.learn_step(tick.saturating_sub(before.tick));
        }
        timeline.note_arrival(now, tick);
        self.packets.insert(sequence, Buffered { tick, payload });
        if self.packets.len() > MAX_PLAYOUT_PACKETS {
            self.drop_oldest();
        }
        Ok(Pushed::Buffered)
    }

    fn pull(&mut self, now: Instant) -> Pulled {
        let now = micros(now);
        self.catch_up(now);
        if let Some(pulled) = self.play(now) {
            return pulled;
        }
        if let Some(timeline) = &self.timeline
            && timeline.started
            && timeline.due(timeline.next_tick) <= now
        {
            self.stats.starved += 1;
        }
        Pulled::Waiting
    }

    fn next_timestamp(&self) -> Option<u32> {
        self.timeline.as_ref().map(|timeline| timeline.timestamp(timeline.next_tick))
    }
}

/// Prints no contents.
impl fmt::Debug for PlayoutBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlayoutBuffer({} packets)", self.packets.len())
    }
}

/// The end of time (292,000 years) stands for what is behind it.
fn micros(now: Instant) -> i64 {
    i64::try_from(now.as_micros()).unwrap_or(i64::MAX)
}
