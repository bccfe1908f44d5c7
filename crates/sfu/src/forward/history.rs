use core::num::NonZeroU32;
use core::time::Duration;

use zentalk_primitives::Instant;

use super::limits::{
    INITIAL_REPEAT_BURST, MAX_HISTORY_PACKETS, MAX_OVERHEAD, MAX_REPEAT_BURST, MIN_REPEAT_INTERVAL,
};
use super::numbering::Numbers;
use super::track::TrackId;

/// Under which numbers packets went out, so that they can be repeated, and the budget for it.
///
/// The packets themselves stay in their track's ring.
#[derive(Debug)]
pub(super) struct History {
    /// By the lower bits of the number under which the packet went out. Empty until the first one.
    sent: Vec<Sent>,
    budget: usize,
}

/// A packet that went out. 32 bytes: every packet to every receiver writes one, to memory that is seldom in the processor's caches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub(super) track: TrackId,
    /// Its number in the track's ring.
    pub(super) packet: u64,
    pub(super) numbers: Numbers,
    /// As [`millis`] has it.
    repeated_at: Option<NonZeroU32>,
}

impl History {
    pub(super) fn new() -> Self {
        Self { sent: Vec::new(), budget: INITIAL_REPEAT_BURST }
    }

    /// Remembers a packet that went out with `len` bytes.
    pub(super) fn push(&mut self, track: TrackId, packet: u64, numbers: Numbers, len: usize) {
        self.budget = (self.budget + len).min(MAX_REPEAT_BURST);
        let sent = Sent { track, packet, numbers, repeated_at: None };
        if self.sent.is_empty() {
            // What is not of this number is never found, so that one packet may stand for those that did not go out yet.
            self.sent = vec![sent; MAX_HISTORY_PACKETS];
        }
        if let Some(place) = self.sent.get_mut(place_of(numbers.sequence)) {
            *place = sent;
        }
    }

    /// Something of what the packet with this number will take the place of.
    pub(super) fn touch(&self, sequence: u16) -> u64 {
        self.sent.get(place_of(sequence)).map_or(0, |sent| sent.packet)
    }

    /// The packet that went out under `sequence`, unless it was repeated within a round trip.
    pub(super) fn find(&self, now: Instant, sequence: u16, round_trip: Duration) -> Option<Sent> {
        let sent = *self.sent.get(place_of(sequence))?;
        let interval = round_trip.max(MIN_REPEAT_INTERVAL).as_millis();
        let since = |at: NonZeroU32| millis(now).map_or(0, |now| now.get().wrapping_sub(at.get()));
        let too_soon = sent.repeated_at.is_some_and(|at| u128::from(since(at)) < interval);
        (sent.numbers.sequence == sequence && !too_soon).then_some(sent)
    }

    /// Takes a repetition with `payload` bytes out of the budget; false if there is too little left.
    pub(super) fn spend(&mut self, now: Instant, sequence: u16, payload: usize) -> bool {
        let Some(left) = self.budget.checked_sub(payload + MAX_OVERHEAD) else { return false };
        self.budget = left;
        if let Some(sent) = self.sent.get_mut(place_of(sequence)) {
            sent.repeated_at = millis(now);
        }
        true
    }

    /// Bytes of memory held.
    pub(super) fn memory(&self) -> usize {
        self.sent.capacity() * size_of::<Sent>()
    }
}

/// A time in milliseconds, cut to 32 bits; `None` in one millisecond of 49 days.
fn millis(at: Instant) -> Option<NonZeroU32> {
    NonZeroU32::new((at.as_micros() / 1_000 + 1) as u32)
}

fn place_of(sequence: u16) -> usize {
    usize::from(sequence) % MAX_HISTORY_PACKETS
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACK: TrackId = TrackId(1);
    const ROUND_TRIP: Duration = Duration::from_millis(100);

    fn numbers(sequence: u16) -> Numbers {
        Numbers { sequence, timestamp: 0, picture_id: 0, base_layer_index: 0 }
    }

    fn filled(count: u16) -> History {
        let mut history = History::new();
        (0..count).for_each(|at| {
            history.push(TRACK, u64::from(at), numbers(65_500_u16.wrapping_add(at)), 100);
        });
        history
    }

    #[test]
    fn packets_are_found_across_the_wrap_until_others_take_their_place() {
        let history = filled(600);
        let find = |sequence| history.find(Instant::ZERO, sequence, ROUND_TRIP);
        let newest = 65_500_u16.wrapping_add(599);
        assert_eq!(find(newest).unwrap().packet, 599);
        let oldest = newest.wrapping_sub(MAX_HISTORY_PACKETS as u16 - 1);
        assert_eq!(find(oldest).unwrap().packet, 88);
        assert!(find(oldest.wrapping_sub(1)).is_none());
        assert!(find(newest.wrapping_add(1)).is_none());
        assert!(History::new().find(Instant::ZERO, 0, ROUND_TRIP).is_none());
    }

    #[test]
    fn one_packet_is_repeated_at_most_once_per_round_trip() {
        let mut history = filled(200);
        let repeated = |ms: &u64| {
            let now = Instant::from_millis(*ms);
            history.find(now, 0, ROUND_TRIP).is_some() && history.spend(now, 0, 1)
        };
        let times: Vec<_> = (0..350).filter(repeated).collect();
        assert_eq!(times, [0, 100, 200, 300]);
    }

    #[test]
    fn repetition_never_outgrows_what_went_out() {
        let mut history = filled(5);
        let now = Instant::ZERO;
        let repeated = (0..1_000).filter(|_| history.spend(now, 65_500, 100)).count();
        assert_eq!(repeated, (INITIAL_REPEAT_BURST + 500) / (100 + MAX_OVERHEAD));
        (0..10_000).for_each(|_| history.push(TRACK, 0, numbers(1), 1_000));
        assert_eq!(history.budget, MAX_REPEAT_BURST);
    }
}
