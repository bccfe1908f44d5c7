use core::fmt;
use core::time::Duration;

use zentalk_primitives::Instant;
use zentalk_srtp_media::rtcp::{Arrival, CompoundWriter, TransportCcHeader};

use crate::limits::{
    FEEDBACK_WINDOW, MAX_FEEDBACK_INTERVAL, MAX_FEEDBACK_STATUSES, MIN_FEEDBACK_INTERVAL,
};

/// Remembers when packets arrived and tells it to their sender
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3): one for each transport.
///
/// It holds [`FEEDBACK_WINDOW`] arrivals. What is older when it comes, or when feedback is written, is not
/// told any more; so a peer's numbers may jump as they like.
pub struct FeedbackGenerator {
    /// Arrivals by their number modulo the window.
    slots: Box<[Slot]>,
    newest: Option<u64>,
    /// The first number that the next message describes.
    begin: u64,
    due: Option<Instant>,
    last_written: Option<Instant>,
    interval: Duration,
    feedback_count: u8,
    bytes: usize,
}

/// A number and when its packet came; 0, which no packet has, where none came.
#[derive(Clone, Copy)]
struct Slot {
    sequence: u64,
    arrived: Instant,
}

const EMPTY: Slot = Slot { sequence: 0, arrived: Instant::ZERO };

/// Added to the first number, so that those before it are not negative.
const FIRST_OFFSET: u64 = 65_536;

impl FeedbackGenerator {
    /// A generator that has heard of no packet.
    pub fn new() -> Self {
        Self {
            slots: vec![EMPTY; FEEDBACK_WINDOW as usize].into_boxed_slice(),
            newest: None,
            begin: 0,
            due: None,
            last_written: None,
            interval: MIN_FEEDBACK_INTERVAL,
            feedback_count: 0,
            bytes: 0,
        }
    }

    /// When the next feedback is due, if there is something to tell: 50 to 100 ms after the last one, the
    /// sooner the more arrives.
    pub fn next_due(&self) -> Option<Instant> {
        self.due
    }

    /// An authentic packet arrived that carries this transport-wide number; `bytes` is its length.
    pub fn received(&mut self, now: Instant, sequence: u16, bytes: usize) {
        let Some(sequence) = self.extend(sequence) else { return };
        if self.slot(sequence).is_some() {
            return;
        }
        if let Some(slot) = self.slots.get_mut((sequence % FEEDBACK_WINDOW) as usize) {
            *slot = Slot { sequence, arrived: now };
        }
        let newest = self.newest.map_or(sequence, |newest| newest.max(sequence));
        let begin = if self.newest.is_none() { sequence } else { self.begin.min(sequence) };
        self.begin = begin.max((newest + 1).saturating_sub(FEEDBACK_WINDOW));
        self.newest = Some(newest);
        self.bytes = self.bytes.saturating_add(bytes);
        if self.due.is_none() {
            self.due = Some(match self.last_written {
                Some(last) => now.max(last + self.interval),
                None => now + self.interval,
            });
        }
    }

    /// Writes one message of at most 900 bytes, if there is something to tell; whether it did.
    /// [`next_due`](Self::next_due) is not later than `now` while more is left. `media_ssrc` is any source
    /// of the transport.
    pub fn write(
        &mut self,
        now: Instant,
        sender_ssrc: u32,
        media_ssrc: u32,
        writer: &mut CompoundWriter<'_>,
    ) -> bool {
        let Some(newest) = self.newest.filter(|newest| self.begin <= *newest) else {
            self.due = None;
            return false;
        };
        let message = self.plan(now, newest);
        let header = TransportCcHeader {
            base_sequence: message.begin as u16,
            // Cut to 24 bits on the wire.
            reference_time: (message.reference & 0x00ff_ffff) as i32,
            feedback_count: self.feedback_count,
        };
        // Fails over 65,535 statuses; there are at most `MAX_FEEDBACK_STATUSES`.
        let written =
            writer.transport_cc(sender_ssrc, media_ssrc, &header, self.arrivals(message)).is_ok();
        self.begin = message.end;
        self.feedback_count = self.feedback_count.wrapping_add(1);
        self.due = Some(now);
        if message.end > newest {
            self.adapt(now, message.end - message.begin);
        }
        written
    }

    /// Sets when to tell next: feedback takes at most a twentieth of what arrives, where that leaves a choice.
    fn adapt(&mut self, now: Instant, statuses: u64) {
        let feedback_bits = (MESSAGE_OVERHEAD + statuses) * 8;
        if let Some(last) = self.last_written {
            let elapsed = now.saturating_since(last);
            let twentieth = (self.bytes as u128 * 8 / 20).max(1);
            let wanted = elapsed.as_micros() * u128::from(feedback_bits) / twentieth;
            let wanted = Duration::from_micros(u64::try_from(wanted).unwrap_or(u64::MAX));
            self.interval = wanted.clamp(MIN_FEEDBACK_INTERVAL, MAX_FEEDBACK_INTERVAL);
        }
        self.bytes = 0;
        self.last_written = Some(now);
        self.due = None;
    }

    /// Which packets the next message describes: as many as fit, as far as each one's distance from the one
    /// before fits its field.
    fn plan(&self, now: Instant, newest: u64) -> Message {
        let longest = self.begin + MAX_FEEDBACK_STATUSES;
        let mut message = Message { begin: self.begin, end: longest.min(newest + 1), reference: 0 };
        let mut received = (message.begin..message.end)
            .filter_map(|sequence| Some((sequence, ticks(self.slot(sequence)?))));
        let first = received.next();
        message.reference = first.map_or(ticks(now), |(_, at)| at) / TICKS_PER_REFERENCE;
        let mut last = first.map_or(0, |(_, at)| at);
        for (sequence, at) in received {
            if i16::try_from(at - last).is_err() {
                message.end = sequence;
                break;
            }
            last = at;
        }
        message
    }

    fn arrivals(&self, message: Message) -> impl Iterator<Item = Arrival> + Clone {
        let start = message.reference * TICKS_PER_REFERENCE;
        (message.begin..message.end).scan(start, move |last, sequence| {
            Some(match self.slot(sequence).map(ticks) {
                Some(at) => {
                    // `plan` ended the message before one that does not fit.
                    let delta = (at - *last) as i16;
                    *last = at;
                    Arrival::After(delta)
                }
                None => Arrival::Lost,
            })
        })
    }

    /// When this packet came.
    fn slot(&self, sequence: u64) -> Option<Instant> {
        let slot = self.slots.get((sequence % FEEDBACK_WINDOW) as usize)?;
        (slot.sequence == sequence).then_some(slot.arrived)
    }

    /// The number without wrap; `None` if it is older than the window.
    fn extend(&self, sequence: u16) -> Option<u64> {
        let Some(newest) = self.newest else { return Some(FIRST_OFFSET + u64::from(sequence)) };
        let ahead = sequence.wrapping_sub(newest as u16) as i16;
        let extended = newest.checked_add_signed(i64::from(ahead))?;
        (extended + FEEDBACK_WINDOW > newest && extended > 0).then_some(extended)
    }
}

impl Default for FeedbackGenerator {
    fn default() -> Self {
        Self::new()
    }
}

/// Prints counts only.
impl fmt::Debug for FeedbackGenerator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedbackGenerator")
            .field("feedback_count", &self.feedback_count)
            .field("due", &self.due)
            .finish_non_exhaustive()
    }
}

/// The packets of one message, and its reference time in 64 ms.
#[derive(Clone, Copy)]
struct Message {
    begin: u64,
    end: u64,
    reference: i64,
}

/// The unit of arrival times on the wire, and how many make the unit of the reference time (§3.1).
const TICK_MICROS: u64 = 250;
const TICKS_PER_REFERENCE: i64 = 256;

/// Bytes of a datagram that carries nothing but feedback, beside one for each packet: UDP and IP, SRTCP,
/// the headers of RTCP and of the message.
const MESSAGE_OVERHEAD: u64 = 80;

/// So many ticks since the origin of time.
fn ticks(at: Instant) -> i64 {
    (at.as_micros() / TICK_MICROS) as i64
}

#[cfg(test)]
mod tests {
    use zentalk_srtp_media::rtcp::{Compound, Packet};

    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    /// What one message says: the count, then number and time in ms of each packet that came.
    fn message(generator: &mut FeedbackGenerator, now: Instant) -> Option<(u8, Vec<(u16, i64)>)> {
        let mut bytes = Vec::new();
        if !generator.write(now, 1, 2, &mut CompoundWriter::new(&mut bytes)) {
            assert!(bytes.is_empty());
            return None;
        }
        assert!(bytes.len() <= 900);
        let Some(Packet::TransportFeedback(feedback)) =
            Compound::parse(&bytes).unwrap().packets().next()
        else {
            panic!()
        };
        let feedback = feedback.transport_cc().unwrap().unwrap();
        let mut time = i64::from(feedback.reference_time()) * TICKS_PER_REFERENCE;
        let mut came = Vec::new();
        for status in feedback.statuses() {
            if let Arrival::After(delta) = status.arrival {
                time += i64::from(delta);
                came.push((status.sequence_number, time / 4));
            }
        }
        Some((feedback.feedback_count(), came))
    }

    #[test]
    fn arrivals_are_told_with_their_times_through_the_wrap() {
        let mut generator = FeedbackGenerator::new();
        for (sequence, millis) in [(65_534, 1_000), (65_535, 1_001), (1, 1_010), (0, 1_300)] {
            generator.received(at(millis), sequence, 1_000);
        }
        assert_eq!(generator.next_due(), Some(at(1_050)));
        let came = vec![(65_534, 1_000), (65_535, 1_001), (0, 1_300), (1, 1_010)];
        assert_eq!(message(&mut generator, at(1_300)), Some((0, came)));
        assert_eq!(message(&mut generator, at(1_300)), None);
        assert_eq!(generator.next_due(), None);
    }

    #[test]
    fn the_interval_follows_the_rate_between_50_and_100_ms() {
        let interval = |bytes: usize| {
            let mut generator = FeedbackGenerator::new();
            let (mut now, mut last, mut seen) = (at(0), at(0), Duration::ZERO);
            for sequence in 0..500 {
                now += Duration::from_millis(10);
                generator.received(now, sequence, bytes);
                if generator.next_due().is_some_and(|due| due <= now) {
                    message(&mut generator, now);
                    (seen, last) = (now - last, now);
                }
            }
            seen
        };
        assert_eq!(interval(1_200), Duration::from_millis(50));
        assert_eq!(interval(40), Duration::from_millis(100));
    }

    // A gap that no field can hold ends the message.
    #[test]
    fn a_long_pause_begins_another_message() {
        let mut generator = FeedbackGenerator::new();
        generator.received(at(0), 5, 100);
        generator.received(at(20_000), 6, 100);
        assert_eq!(message(&mut generator, at(20_000)), Some((0, vec![(5, 0)])));
        assert_eq!(generator.next_due(), Some(at(20_000)));
        assert_eq!(message(&mut generator, at(20_000)), Some((1, vec![(6, 20_000)])));
        assert_eq!(generator.next_due(), None);
    }

    #[test]
    fn a_packet_overtaken_by_the_feedback_is_told_later() {
        let mut generator = FeedbackGenerator::new();
        generator.received(at(0), 5, 100);
        generator.received(at(1), 7, 100);
        assert_eq!(message(&mut generator, at(60)), Some((0, vec![(5, 0), (7, 1)])));
        generator.received(at(61), 6, 100);
        assert_eq!(message(&mut generator, at(120)), Some((1, vec![(6, 61), (7, 1)])));
    }

    #[test]
    fn a_peer_that_jumps_makes_neither_long_messages_nor_many() {
        let mut generator = FeedbackGenerator::new();
        generator.received(at(0), 0, 100);
        generator.received(at(1), 30_000, 100);
        let mut messages = 0;
        while message(&mut generator, at(60)).is_some() {
            messages += 1;
        }
        assert!(messages <= FEEDBACK_WINDOW.div_ceil(MAX_FEEDBACK_STATUSES), "{messages}");
        // What lies too far behind is left out.
        generator.received(at(61), 1, 100);
        assert_eq!(generator.next_due(), None);
    }

    #[test]
    fn duplicates_are_told_once() {
        let mut generator = FeedbackGenerator::new();
        generator.received(at(0), 9, 100);
        assert!(message(&mut generator, at(60)).is_some());
        generator.received(at(61), 9, 100);
        assert_eq!(message(&mut generator, at(120)), None);
    }
}
