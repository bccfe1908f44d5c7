use zentalk_primitives::Instant;
use zentalk_srtp_media::rtcp::{Arrival, TransportCc};

use crate::limits::MAX_PACKETS_IN_FLIGHT;

/// The packets that may still be told about: a ring, by their number modulo its length.
pub(super) struct SendHistory {
    ring: Box<[Sent]>,
    /// The number of the next packet, without wrap.
    next: u64,
    /// The last message's reference time, without wrap, in its own units.
    reference: Option<i64>,
}

#[derive(Clone, Copy)]
struct Sent {
    at: Instant,
    bytes: u16,
    fate: Fate,
}

/// What feedback has said of a packet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Untold,
    Lost,
    Received,
}

/// What feedback says anew of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) sequence: u64,
    pub(super) sent: Instant,
    pub(super) bytes: u16,
    /// When it arrived, in µs of the receiver's clock; `None` if it did not.
    pub(super) arrived: Option<i64>,
    /// Whether it was told to be lost before.
    pub(super) was_lost: bool,
}

/// Microseconds of the units of arrival and reference times
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).
const TICK_MICROS: i64 = 250;
const REFERENCE_MICROS: i64 = 64_000;

impl SendHistory {
    pub(super) fn new() -> Self {
        let none = Sent { at: Instant::ZERO, bytes: 0, fate: Fate::Received };
        let ring = vec![none; MAX_PACKETS_IN_FLIGHT as usize].into_boxed_slice();
        Self { ring, next: 0, reference: None }
    }

    /// The number of the next packet.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// A packet leaves; its number.
    pub(super) fn sent(&mut self, now: Instant, bytes: usize) -> u64 {
        let sequence = self.next;
        let bytes = u16::try_from(bytes).unwrap_or(u16::MAX);
        if let Some(slot) = self.ring.get_mut((sequence % MAX_PACKETS_IN_FLIGHT) as usize) {
            *slot = Sent { at: now, bytes, fate: Fate::Untold };
        }
        self.next = sequence + 1;
        sequence
    }

    /// Hands what `feedback` says anew to `tell`, in the order of sending. Packets that were never sent or
    /// are forgotten, and what was said before, are left out.
    pub(super) fn told(&mut self, feedback: &TransportCc<'_>, mut tell: impl FnMut(Told)) {
        // Wraps where a peer has its clock run for ages; nobody believes such times.
        let reference = self.unwrap_reference(feedback.reference_time());
        let mut time = reference.wrapping_mul(REFERENCE_MICROS);
        // What is beyond cannot be in the ring: a message of long runs costs no more than its size.
        for status in feedback.statuses().take(MAX_PACKETS_IN_FLIGHT as usize) {
            let arrived = match status.arrival {
                Arrival::Lost => None,
                Arrival::After(delta) => {
                    time = time.wrapping_add(i64::from(delta) * TICK_MICROS);
                    Some(time)
                }
                // It arrived, but nobody knows when: it serves neither purpose.
                Arrival::Unknown => continue,
            };
            if let Some(told) = self.settle(status.sequence_number, arrived) {
                tell(told);
            }
        }
    }

    /// Notes the fate of a packet, if it is news.
    fn settle(&mut self, number: u16, arrived: Option<i64>) -> Option<Told> {
        let newest = self.next.checked_sub(1)?;
        let behind = u64::from((newest as u16).wrapping_sub(number));
        let sequence = newest.checked_sub(behind).filter(|_| behind < MAX_PACKETS_IN_FLIGHT)?;
        let sent = self.ring.get_mut((sequence % MAX_PACKETS_IN_FLIGHT) as usize)?;
        let was_lost = sent.fate == Fate::Lost;
        let fate = if arrived.is_some() { Fate::Received } else { Fate::Lost };
        if sent.fate == Fate::Received || sent.fate == fate {
            return None;
        }
        sent.fate = fate;
        Some(Told { sequence, sent: sent.at, bytes: sent.bytes, arrived, was_lost })
    }

    /// 24 bits signed, which wrap, to the value nearest the last one.
    fn unwrap_reference(&mut self, reference: i32) -> i64 {
        let unwrapped = match self.reference {
            None => i64::from(reference),
            Some(last) => {
                last.wrapping_add(i64::from((reference.wrapping_sub(last as i32) << 8) >> 8))
            }
        };
        self.reference = Some(unwrapped);
        unwrapped
    }
}

#[cfg(test)]
mod tests {
    use zentalk_srtp_media::rtcp::{Compound, CompoundWriter, Packet, TransportCcHeader};

    use super::*;

    fn told(history: &mut SendHistory, base: u16, reference: i32, all: &[Arrival]) -> Vec<Told> {
        let mut bytes = Vec::new();
        let header =
            TransportCcHeader { base_sequence: base, reference_time: reference, feedback_count: 0 };
        CompoundWriter::new(&mut bytes).transport_cc(1, 2, &header, all.iter().copied()).unwrap();
        let Some(Packet::TransportFeedback(feedback)) =
            Compound::parse(&bytes).unwrap().packets().next()
        else {
            panic!()
        };
        let mut news = Vec::new();
        history.told(&feedback.transport_cc().unwrap().unwrap(), |told| news.push(told));
        news
    }

    fn sent(packets: u64) -> SendHistory {
        let mut history = SendHistory::new();
        (0..packets).for_each(|at| {
            history.sent(Instant::from_millis(at), 1_000);
        });
        history
    }

    #[test]
    fn each_packet_is_told_once_and_a_loss_may_be_taken_back() {
        let mut history = sent(3);
        let first = told(&mut history, 0, 0, &[Arrival::After(4), Arrival::Lost]);
        assert_eq!(first.len(), 2);
        assert_eq!((first[0].arrived, first[1].arrived), (Some(1_000), None));
        let again = [Arrival::After(4), Arrival::After(8), Arrival::After(-4)];
        let news = told(&mut history, 0, 0, &again);
        assert_eq!(news.iter().map(|told| told.sequence).collect::<Vec<_>>(), [1, 2]);
        assert_eq!((news[0].arrived, news[0].was_lost), (Some(3_000), true));
        assert_eq!((news[1].arrived, news[1].was_lost), (Some(2_000), false));
    }

    #[test]
    fn what_was_never_sent_or_is_forgotten_is_left_out() {
        let mut history = sent(10);
        assert!(told(&mut history, 10, 0, &[Arrival::After(1); 50]).is_empty());
        assert_eq!(told(&mut history, 65_530, 0, &[Arrival::After(1); 10]).len(), 4);
        let mut history = sent(100_000);
        let oldest = (100_000 - MAX_PACKETS_IN_FLIGHT) as u16;
        assert_eq!(told(&mut history, oldest.wrapping_sub(5), 0, &[Arrival::Lost; 10]).len(), 5);
    }

    #[test]
    fn the_reference_time_goes_on_through_its_wrap() {
        let mut history = sent(4);
        let last = told(&mut history, 0, 0x7f_ffff, &[Arrival::After(0)])[0].arrived;
        let next = told(&mut history, 1, -0x80_0000, &[Arrival::After(0)])[0].arrived;
        assert_eq!(next.unwrap() - last.unwrap(), REFERENCE_MICROS);
        let back = told(&mut history, 2, 0x7f_ffff, &[Arrival::After(0)])[0].arrived;
        assert_eq!(back, last);
    }
}
