use zentalk_primitives::Instant;

/// Packets that leave within this time of the first are one group (draft-ietf-rmcat-gcc-02 §5.2).
const BURST_MICROS: i64 = 5_000;

/// The longest that a group stays open because its packets arrive back to back.
const MAX_BURST_MICROS: i64 = 100_000;

/// Groups that overtook their predecessor, one after the other, until all is begun anew.
const MAX_OVERTAKING: u8 = 3;

/// Joins packets that left together, so that their own sizes are not mistaken for a queue.
#[derive(Debug, Default)]
pub(super) struct ArrivalGroups {
    current: Option<Group>,
    previous: Option<Group>,
    overtaking: u8,
}

/// Two groups in a row, seen from both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    /// Between their last packets as they left, in µs.
    pub(super) sent: i64,
    /// Between their last packets as they arrived, in µs.
    pub(super) arrived: i64,
    /// When the later one arrived, in µs of the receiver's clock.
    pub(super) at: i64,
}

#[derive(Clone, Copy, Debug)]
struct Group {
    first_sent: i64,
    last_sent: i64,
    first_arrived: i64,
    last_arrived: i64,
}

impl ArrivalGroups {
    /// Takes a packet, in the order of sending; the gap between the two groups before it, if it begins a
    /// new one.
    pub(super) fn packet(&mut self, sent: Instant, arrived: i64) -> Option<Gap> {
        let sent = i64::try_from(sent.as_micros()).ok()?;
        let packet = Group {
            first_sent: sent,
            last_sent: sent,
            first_arrived: arrived,
            last_arrived: arrived,
        };
        let Some(current) = &mut self.current else {
            self.current = Some(packet);
            return None;
        };
        if sent < current.first_sent {
            // Told late: its group has been judged.
            return None;
        }
        if current.takes(sent, arrived) {
            current.last_sent = current.last_sent.max(sent);
            current.last_arrived = current.last_arrived.max(arrived);
            return None;
        }
        let closed = *current;
        let gap = self.previous.and_then(|previous| self.gap(previous, closed));
        // A group out of order is no measure of the next one.
        self.previous = Some(closed);
        self.current = Some(packet);
        if self.overtaking >= MAX_OVERTAKING {
            *self = Self { current: Some(packet), ..Self::default() };
        }
        gap
    }

    fn gap(&mut self, previous: Group, closed: Group) -> Option<Gap> {
        let arrived = closed.last_arrived.checked_sub(previous.last_arrived)?;
        if arrived < 0 {
            self.overtaking += 1;
            return None;
        }
        self.overtaking = 0;
        Some(Gap { sent: closed.last_sent - previous.last_sent, arrived, at: closed.last_arrived })
    }
}

impl Group {
    fn takes(&self, sent: i64, arrived: i64) -> bool {
        if sent - self.first_sent <= BURST_MICROS {
            return true;
        }
        // Queued behind each other on their way: they left apart and arrive together (§5.2).
        let apart = arrived.saturating_sub(self.last_arrived);
        let queued = apart < sent - self.last_sent;
        queued
            && apart <= BURST_MICROS
            && arrived.saturating_sub(self.first_arrived) < MAX_BURST_MICROS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(packets: &[(u64, i64)]) -> Vec<(i64, i64)> {
        let mut groups = ArrivalGroups::default();
        let gap = |&(sent, arrived): &(u64, i64)| {
            groups.packet(Instant::from_millis(sent), arrived * 1_000)
        };
        packets.iter().filter_map(gap).map(|gap| (gap.sent / 1_000, gap.arrived / 1_000)).collect()
    }

    /// draft-ietf-rmcat-gcc-02 §5.2.
    #[test]
    fn packets_that_leave_together_are_one_group() {
        let frames = [(0, 50), (1, 53), (2, 56), (33, 90), (34, 96), (66, 130), (100, 160)];
        assert_eq!(gaps(&frames), [(32, 40), (32, 34)]);
    }

    #[test]
    fn packets_that_arrive_back_to_back_are_one_group() {
        // Held up somewhere for 40 ms, then let go at once.
        let held = [(0, 50), (10, 100), (20, 101), (30, 102), (40, 150), (60, 170)];
        assert_eq!(gaps(&held), [(30, 52), (10, 48)]);
    }

    #[test]
    fn times_that_run_back_are_no_gap_and_begin_anew_in_the_end() {
        let backwards: Vec<_> = (0..20).map(|at| (at * 20, 10_000 - at as i64 * 100)).collect();
        assert!(gaps(&backwards).is_empty());
        // Times that nobody's clock shows.
        gaps(&[(0, i64::MIN / 1_000), (10, i64::MAX / 1_000), (20, 0), (30, 1), (40, 2)]);
    }
}
