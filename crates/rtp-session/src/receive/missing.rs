use core::time::Duration;
use std::collections::VecDeque;

use zentalk_primitives::Instant;

use crate::limits::{
    MAX_MISSING, MAX_MISSING_AGE, MAX_NACK_TRIES, MAX_NACKS_PER_FEEDBACK, REORDER_TOLERANCE,
};

/// The packets of a stream that have not come, in sequence order, and when to ask for them: at most
/// [`MAX_MISSING`].
#[derive(Debug, Default)]
pub struct Missing {
    packets: VecDeque<MissingPacket>,
    given_up: u64,
}

#[derive(Clone, Copy, Debug)]
struct MissingPacket {
    sequence: u64,
    noticed: Instant,
    due: Instant,
    tries: u8,
}

impl Missing {
    /// The packets from `first` up to but without `end` have not come.
    pub fn add(&mut self, now: Instant, first: u64, end: u64) {
        let newest = end.saturating_sub(MAX_MISSING as u64).max(first);
        self.given_up += newest - first;
        for sequence in newest..end {
            if self.packets.len() == MAX_MISSING {
                self.packets.pop_front();
                self.given_up += 1;
            }
            let due = now + REORDER_TOLERANCE;
            self.packets.push_back(MissingPacket { sequence, noticed: now, due, tries: 0 });
        }
    }

    /// This packet came after all.
    pub fn remove(&mut self, sequence: u64) {
        if let Ok(index) = self.packets.binary_search_by_key(&sequence, |packet| packet.sequence) {
            self.packets.remove(index);
        }
    }

    /// Numbering began anew: nothing before counts.
    pub fn clear(&mut self) {
        self.given_up += self.packets.len() as u64;
        self.packets.clear();
    }

    /// Whether every packet has come, or is not waited for any more.
    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// When the next packet is to be asked for or given up.
    pub fn next_due(&self) -> Option<Instant> {
        self.packets.iter().map(|packet| packet.due).min()
    }

    /// Fills `numbers` with those that are to be asked for now, at most one feedback's worth; they are
    /// asked for again after `interval`. Those asked for too long are given up.
    pub fn take_due(&mut self, now: Instant, interval: Duration, numbers: &mut Vec<u16>) {
        numbers.clear();
        let before = self.packets.len();
        self.packets.retain(|packet| packet.due > now || packet.is_worth_asking(now));
        self.given_up += (before - self.packets.len()) as u64;
        let due = self.packets.iter_mut().filter(|packet| packet.due <= now);
        for packet in due.take(MAX_NACKS_PER_FEEDBACK) {
            packet.tries += 1;
            packet.due = now + interval;
            numbers.push(packet.sequence as u16);
        }
    }

    /// How many were never got.
    pub fn given_up(&self) -> u64 {
        self.given_up
    }
}

impl MissingPacket {
    fn is_worth_asking(&self, now: Instant) -> bool {
        self.tries < MAX_NACK_TRIES && now.saturating_since(self.noticed) <= MAX_MISSING_AGE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(100);

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    fn due(missing: &mut Missing, now: Instant) -> Vec<u16> {
        let mut numbers = vec![];
        missing.take_due(now, INTERVAL, &mut numbers);
        numbers
    }

    #[test]
    fn a_reordered_packet_is_not_asked_for() {
        let mut missing = Missing::default();
        missing.add(at(0), 70_000, 70_003);
        assert_eq!(missing.next_due(), Some(at(10)));
        assert!(due(&mut missing, at(9)).is_empty());
        missing.remove(70_001);
        assert_eq!(due(&mut missing, at(10)), [4_464, 4_466]);
        assert!(due(&mut missing, at(10)).is_empty());
        assert_eq!(missing.next_due(), Some(at(110)));
    }

    #[test]
    fn asking_ends_after_the_last_try() {
        let mut missing = Missing::default();
        missing.add(at(0), 5, 6);
        let asked = (0..3_000).filter(|&ms| !due(&mut missing, at(ms)).is_empty()).count();
        assert_eq!(asked, usize::from(MAX_NACK_TRIES));
        assert_eq!((missing.next_due(), missing.given_up()), (None, 1));
    }

    #[test]
    fn a_huge_gap_keeps_only_the_newest() {
        let mut missing = Missing::default();
        missing.add(at(0), 0, 3_000);
        missing.add(at(0), 3_001, 3_501);
        assert_eq!(missing.packets.len(), MAX_MISSING);
        assert_eq!(missing.packets.front().unwrap().sequence, 2_500);
        assert_eq!(missing.given_up(), 2_500);
        assert_eq!(due(&mut missing, at(10)).len(), MAX_NACKS_PER_FEEDBACK);
    }
}
