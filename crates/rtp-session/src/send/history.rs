use core::time::Duration;
use std::collections::VecDeque;

use zentalk_primitives::Instant;

use crate::buffers::Buffers;
use crate::limits::{
    INITIAL_RETRANSMISSION_BURST, MAX_HISTORY_AGE, MAX_HISTORY_BYTES, MAX_HISTORY_PACKETS,
    MAX_RETRANSMISSION_BURST,
};

/// The most by which a retransmission is longer than its original: the original sequence number and an
/// extension block with a transport-wide number, the longest mid and the longest rid.
const RETRANSMISSION_OVERHEAD: usize = 2 + 4 + 40;

/// The packets that may be asked for again, and the budget for sending them.
///
/// It holds consecutive sequence numbers, so that a packet is found by its distance from the oldest.
#[derive(Debug)]
pub(crate) struct History {
    packets: VecDeque<Sent>,
    oldest_sequence: u16,
    bytes: usize,
    budget: usize,
}

#[derive(Debug)]
struct Sent {
    packet: Vec<u8>,
    sent_at: Instant,
    resent_at: Option<Instant>,
}

impl History {
    pub(crate) fn new() -> Self {
        let budget = INITIAL_RETRANSMISSION_BURST;
        Self { packets: VecDeque::new(), oldest_sequence: 0, bytes: 0, budget }
    }

    /// Remembers `packet`, whose sequence number follows that of the packet before it.
    pub(crate) fn push(
        &mut self,
        now: Instant,
        sequence: u16,
        packet: Vec<u8>,
        buffers: &mut Buffers,
    ) {
        self.budget = (self.budget + packet.len()).min(MAX_RETRANSMISSION_BURST);
        while self.must_forget(now, packet.len()) {
            let Some(oldest) = self.packets.pop_front() else { break };
            self.bytes -= oldest.packet.len();
            self.oldest_sequence = self.oldest_sequence.wrapping_add(1);
            buffers.give(oldest.packet);
        }
        if self.packets.is_empty() {
            self.oldest_sequence = sequence;
        }
        self.bytes += packet.len();
        self.packets.push_back(Sent { packet, sent_at: now, resent_at: None });
    }

    fn must_forget(&self, now: Instant, incoming: usize) -> bool {
        self.packets.len() >= MAX_HISTORY_PACKETS
            || self.bytes + incoming > MAX_HISTORY_BYTES
            || self.packets.front().is_some_and(|oldest| oldest.is_old(now))
    }

    /// The packet with this number, if it is remembered, was not sent again within `interval`, and
    /// the budget allows. It then counts as sent again.
    pub(crate) fn resend(
        &mut self,
        now: Instant,
        sequence: u16,
        interval: Duration,
    ) -> Option<&[u8]> {
        let index = usize::from(sequence.wrapping_sub(self.oldest_sequence));
        let sent = self.packets.get_mut(index)?;
        let too_soon = sent.resent_at.is_some_and(|at| now.saturating_since(at) < interval);
        if too_soon || sent.is_old(now) {
            return None;
        }
        self.budget = self.budget.checked_sub(sent.packet.len() + RETRANSMISSION_OVERHEAD)?;
        sent.resent_at = Some(now);
        Some(&sent.packet)
    }
}

impl Sent {
    fn is_old(&self, now: Instant) -> bool {
        now.saturating_since(self.sent_at) > MAX_HISTORY_AGE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTT: Duration = Duration::from_millis(100);

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    fn filled(count: u16, len: usize) -> (History, Buffers) {
        let (mut history, mut buffers) = (History::new(), Buffers::new(1_200));
        for i in 0..count {
            let sequence = i.wrapping_sub(5);
            history.push(at(0), sequence, vec![i as u8; len], &mut buffers);
        }
        (history, buffers)
    }

    #[test]
    fn packets_are_found_across_the_wrap() {
        let (mut history, _) = filled(10, 10);
        assert_eq!(history.resend(at(1), 65_531, RTT), Some(&[0; 10][..]));
        assert_eq!(history.resend(at(1), 0, RTT), Some(&[5; 10][..]));
        assert_eq!(history.resend(at(1), 4, RTT), Some(&[9; 10][..]));
        assert_eq!(history.resend(at(1), 5, RTT), None);
        assert_eq!(history.resend(at(1), 65_530, RTT), None);
    }

    #[test]
    fn a_packet_is_resent_at_most_once_per_round_trip() {
        let (mut history, _) = filled(10, 10);
        let resent = |at: &Instant| history.resend(*at, 0, RTT).is_some();
        let times: Vec<_> = (0..350).map(at).filter(resent).collect();
        assert_eq!(times, [at(0), at(100), at(200), at(300)]);
    }

    #[test]
    fn number_bytes_and_age_are_bounded() {
        let (history, _) = filled(2_000, 10);
        assert_eq!(history.packets.len(), MAX_HISTORY_PACKETS);
        let (history, _) = filled(1_000, 9_000);
        assert!(history.bytes <= MAX_HISTORY_BYTES);
        let (mut history, mut buffers) = filled(10, 10);
        let later = at(1) + MAX_HISTORY_AGE;
        assert_eq!(history.resend(later, 0, RTT), None);
        history.push(later, 5, vec![0], &mut buffers);
        assert_eq!((history.packets.len(), history.bytes), (1, 1));
        assert!(history.resend(later, 5, RTT).is_some());
    }

    #[test]
    fn retransmission_never_outgrows_the_media() {
        let (mut history, _) = filled(1_000, 1_000);
        let mut resent = 0;
        for round in 0..15 {
            for sequence in 0..995 {
                resent += history.resend(at(round * 100), sequence, RTT).map_or(0, <[u8]>::len);
            }
        }
        assert!(resent > 100_000);
        assert!(resent <= MAX_RETRANSMISSION_BURST);
    }
}
