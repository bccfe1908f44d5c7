use crate::limits::{MAX_DROPOUT, RECEIVE_WINDOW};

/// One bit for each number of the receive window.
const WORDS: usize = RECEIVE_WINDOW as usize / 64;

/// What is added to the first number of a stream, so that those before it are not negative.
pub const FIRST_OFFSET: u64 = 65_536;

/// Extends sequence numbers beyond their wrap and remembers which ones came (RFC 3550 appendix A.1).
#[derive(Debug)]
pub struct SequenceTracker {
    highest: u64,
    seen: [u64; WORDS],
    /// The number that would confirm a jump: one after that of the packet which did not fit.
    jump_to: Option<u16>,
}

/// Where a packet belongs. Closed: a number is new, old, or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// The newest so far; those from `first_missing` up to it have not come.
    Newest {
        /// Its number.
        sequence: u64,
        /// The first one that has not come; its own, if none is missing.
        first_missing: u64,
    },
    /// An older one that had not come.
    Late {
        /// Its number.
        sequence: u64,
    },
    /// One that came before.
    Duplicate,
    /// Too far from the others to be believed.
    Implausible,
    /// A second packet confirmed a jump: numbering goes on from here.
    Restarted {
        /// Its number.
        sequence: u64,
    },
}

impl SequenceTracker {
    /// Begins with the first packet of a stream.
    pub fn new(first: u16) -> Self {
        let highest = FIRST_OFFSET + u64::from(first);
        let mut tracker = Self { highest, seen: [0; WORDS], jump_to: None };
        tracker.mark(highest);
        tracker
    }

    /// The highest number so far.
    pub fn highest(&self) -> u64 {
        self.highest
    }

    /// Places a packet that came on the stream's own source. Two packets in a row that do not fit but
    /// follow each other mean that the sender jumped (RFC 3550 appendix A.1).
    pub fn place(&mut self, number: u16) -> Placement {
        let placement = self.place_near(number);
        if placement != Placement::Implausible {
            self.jump_to = None;
            return placement;
        }
        if self.jump_to == Some(number) {
            return Placement::Restarted { sequence: self.restart(number) };
        }
        self.jump_to = Some(number.wrapping_add(1));
        Placement::Implausible
    }

    /// Places a packet that came as a retransmission: it cannot confirm a jump.
    pub fn place_near(&mut self, number: u16) -> Placement {
        let ahead = number.wrapping_sub(self.highest as u16);
        if (1..=MAX_DROPOUT).contains(&ahead) {
            let first_missing = self.highest + 1;
            let sequence = self.highest + u64::from(ahead);
            self.advance(sequence);
            return Placement::Newest { sequence, first_missing };
        }
        let behind = u64::from(ahead.wrapping_neg());
        match self.highest.checked_sub(behind) {
            Some(_) if behind >= RECEIVE_WINDOW => Placement::Implausible,
            Some(sequence) if self.is_seen(sequence) => Placement::Duplicate,
            Some(sequence) => {
                self.mark(sequence);
                Placement::Late { sequence }
            }
            None => Placement::Implausible,
        }
    }

    /// Goes on from `number`, extended to the next value so far above all that came that no late packet gets a number
    /// that was given before.
    pub fn restart(&mut self, number: u16) -> u64 {
        let ahead = u64::from(number.wrapping_sub(self.highest as u16));
        let turn = if ahead < RECEIVE_WINDOW { FIRST_OFFSET } else { 0 };
        let sequence = self.highest + ahead + turn;
        *self = Self { highest: sequence, seen: [0; WORDS], jump_to: None };
        self.mark(sequence);
        sequence
    }

    fn advance(&mut self, sequence: u64) {
        if sequence - self.highest >= RECEIVE_WINDOW {
            self.seen = [0; WORDS];
        } else {
            (self.highest + 1..sequence).for_each(|passed| self.set(passed, false));
        }
        self.highest = sequence;
        self.mark(sequence);
    }

    fn mark(&mut self, sequence: u64) {
        self.set(sequence, true);
    }

    fn set(&mut self, sequence: u64, seen: bool) {
        let (word, bit) = Self::locate(sequence);
        if let Some(word) = self.seen.get_mut(word) {
            *word = if seen { *word | bit } else { *word & !bit };
        }
    }

    fn is_seen(&self, sequence: u64) -> bool {
        let (word, bit) = Self::locate(sequence);
        self.seen.get(word).is_some_and(|word| word & bit != 0)
    }

    fn locate(sequence: u64) -> (usize, u64) {
        let position = sequence % RECEIVE_WINDOW;
        ((position / 64) as usize, 1 << (position % 64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newest(sequence: u64, first_missing: u64) -> Placement {
        Placement::Newest { sequence, first_missing }
    }

    #[test]
    fn numbers_grow_through_the_wrap() {
        let mut tracker = SequenceTracker::new(65_534);
        assert_eq!(tracker.place(65_535), newest(131_071, 131_071));
        assert_eq!(tracker.place(2), newest(131_074, 131_072));
        assert_eq!(tracker.place(0), Placement::Late { sequence: 131_072 });
        assert_eq!(tracker.place(65_535), Placement::Duplicate);
        assert_eq!(tracker.place(0), Placement::Duplicate);
    }

    #[test]
    fn packets_sent_before_the_first_have_room() {
        let mut tracker = SequenceTracker::new(1);
        assert_eq!(tracker.place(65_535), Placement::Late { sequence: 65_535 });
    }

    // RFC 3550 appendix A.1
    /// RFC 3550 A.1.
    #[test]
    fn one_far_packet_changes_nothing_two_in_a_row_restart() {
        let mut tracker = SequenceTracker::new(100);
        assert_eq!(tracker.place(30_000), Placement::Implausible);
        assert_eq!(tracker.place(101), newest(65_637, 65_637));
        // The packets between disproved the jump.
        assert_eq!(tracker.place(30_001), Placement::Implausible);
        assert_eq!(tracker.place(30_002), Placement::Restarted { sequence: 65_536 + 30_002 });
        assert_eq!(tracker.place(30_003), newest(65_536 + 30_003, 65_536 + 30_003));
        // Backwards: numbering still grows.
        assert_eq!(tracker.place(10), Placement::Implausible);
        assert_eq!(tracker.place(11), Placement::Restarted { sequence: 131_072 + 11 });
    }

    /// Found by fuzzing: a new source began a little further, and its late packets got numbers of the old one.
    #[test]
    fn late_packets_after_a_restart_get_numbers_of_their_own() {
        let mut tracker = SequenceTracker::new(100);
        for (number, turns) in [(100, 2), (101, 3), (100 + 2_047, 4), (100 + 2 * 2_047 + 1, 4)] {
            let before = tracker.highest();
            let sequence = tracker.restart(number);
            assert_eq!(sequence, turns * FIRST_OFFSET + u64::from(number));
            let oldest = tracker.place(number.wrapping_sub(RECEIVE_WINDOW as u16 - 1));
            assert!(matches!(oldest, Placement::Late { sequence } if sequence > before));
        }
    }

    #[test]
    fn a_retransmission_does_not_confirm_a_jump() {
        let mut tracker = SequenceTracker::new(100);
        assert_eq!(tracker.place(30_000), Placement::Implausible);
        assert_eq!(tracker.place_near(30_001), Placement::Implausible);
        assert_eq!(tracker.highest(), 65_636);
    }

    #[test]
    fn window_bits_are_cleared_as_it_moves() {
        let mut tracker = SequenceTracker::new(0);
        for number in 1..=2_048 {
            tracker.place(number);
        }
        assert_eq!(tracker.place(2_050), newest(65_536 + 2_050, 65_536 + 2_049));
        assert_eq!(tracker.place(2_049), Placement::Late { sequence: 65_536 + 2_049 });
        assert_eq!(tracker.place(1), Placement::Implausible);
        assert_eq!(tracker.place(5_000), newest(65_536 + 5_000, 65_536 + 2_051));
        assert_eq!(tracker.place(4_999), Placement::Late { sequence: 65_536 + 4_999 });
        assert_eq!(tracker.place(3_001), Placement::Late { sequence: 65_536 + 3_001 });
    }
}
