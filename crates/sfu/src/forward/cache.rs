use core::fmt;
use std::collections::VecDeque;

use zentalk_primitives::Instant;

use super::vp8::Vp8Head;

/// The last packets of a track: their payloads in one ring of bytes, bounded in bytes and in number.
///
/// Packets are numbered as they are stored. Nothing is allocated before the first one, and nothing after it.
pub(super) struct Cache {
    bytes: Vec<u8>,
    packets: VecDeque<Stored>,
    /// The number of the oldest packet that is held, and where its payload begins. The packet itself has long left the processor's caches
    /// when another takes its place.
    oldest: u64,
    oldest_at: usize,
    /// Where the next payload goes, unless it does not fit there.
    head: usize,
    max_bytes: usize,
    max_packets: usize,
}

/// A packet as it came, its payload apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored {
    /// Its extended sequence number in its layer.
    pub(super) sequence: u64,
    pub(super) arrived: Instant,
    pub(super) timestamp: u32,
    /// How often the layer's numbering has begun anew.
    pub(super) generation: u32,
    pub(super) layer: u8,
    pub(super) marker: bool,
    /// None later has come in its layer so far.
    pub(super) newest: bool,
    /// `None` in audio, and in a packet without payload.
    pub(super) vp8: Option<Vp8Head>,
    pub(super) payload: Span,
}

/// Where a payload lies.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    at: usize,
    len: usize,
}

impl Stored {
    /// It has no payload: padding that kept a path busy.
    pub(super) fn is_filler(&self) -> bool {
        self.payload.len == 0
    }
}

impl Cache {
    pub(super) fn new(max_bytes: usize, max_packets: usize) -> Self {
        let (bytes, packets) = (Vec::new(), VecDeque::new());
        Self {
            bytes,
            packets,
            oldest: 0,
            oldest_at: 0,
            head: 0,
            max_bytes,
            max_packets: max_packets.max(1),
        }
    }

    /// Stores a packet, and forgets those in whose place it comes. `None` if its payload is longer than the ring.
    pub(super) fn push(&mut self, mut packet: Stored, payload: &[u8]) -> Option<u64> {
        if payload.len() > self.max_bytes {
            return None;
        }
        self.allocate();
        packet.payload = self.place(payload.len());
        self.bytes.get_mut(packet.payload.range())?.copy_from_slice(payload);
        if self.packets.len() >= self.max_packets {
            self.forget_oldest();
        }
        if self.packets.is_empty() {
            self.oldest_at = packet.payload.at;
        }
        self.packets.push_back(packet);
        Some(self.oldest + self.packets.len() as u64 - 1)
    }

    /// The packet with this number, and its payload, while they are held.
    #[inline]
    pub(super) fn get(&self, number: u64) -> Option<(&Stored, &[u8])> {
        let packet = self.packets.get(usize::try_from(number.checked_sub(self.oldest)?).ok()?)?;
        Some((packet, self.bytes.get(packet.payload.range())?))
    }

    /// As [`get`](Self::get), to write other numbers into the payload's descriptor.
    #[inline]
    pub(super) fn get_mut(&mut self, number: u64) -> Option<(&Stored, &mut [u8])> {
        let packet = self.packets.get(usize::try_from(number.checked_sub(self.oldest)?).ok()?)?;
        Some((packet, self.bytes.get_mut(packet.payload.range())?))
    }

    /// Bytes of memory held.
    pub(super) fn memory(&self) -> usize {
        self.bytes.capacity() + self.packets.capacity() * size_of::<Stored>()
    }

    fn allocate(&mut self) {
        if self.bytes.is_empty() {
            self.bytes = vec![0; self.max_bytes];
            self.packets.reserve_exact(self.max_packets);
        }
    }

    /// Room for `len` bytes in one piece.
    fn place(&mut self, len: usize) -> Span {
        // One byte for an empty payload too, so that each has a place of its own.
        let taken = len.max(1);
        if self.head + taken > self.max_bytes {
            // What lies behind belongs to the last lap: it is the oldest.
            self.forget_between(self.head, usize::MAX);
            self.head = 0;
        }
        let span = Span { at: self.head, len };
        self.forget_between(span.at, span.at + taken);
        self.head += taken;
        span
    }

    fn forget_between(&mut self, from: usize, to: usize) {
        while !self.packets.is_empty() && (from..to).contains(&self.oldest_at) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        self.oldest += u64::from(self.packets.pop_front().is_some());
        self.oldest_at = self.packets.front().map_or(0, |oldest| oldest.payload.at);
    }
}

impl Span {
    fn range(self) -> core::ops::Range<usize> {
        self.at..self.at + self.len
    }
}

/// Prints counts only: what it holds is nobody's business.
impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cache({} packets)", self.packets.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packet(sequence: u64) -> Stored {
        Stored {
            sequence,
            arrived: Instant::ZERO,
            timestamp: 0,
            generation: 0,
            layer: 0,
            marker: false,
            newest: true,
            vp8: None,
            payload: Span::default(),
        }
    }

    fn payload(sequence: u64, len: usize) -> Vec<u8> {
        (0..len).map(|at| (sequence as u8).wrapping_mul(31).wrapping_add(at as u8)).collect()
    }

    proptest! {
        /// What is held is whole, the newest is always held, and the bounds stand.
        #[test]
        fn a_packet_is_held_whole_or_not_at_all(lens in prop::collection::vec(0..400_usize, 1..300)) {
            let mut cache = Cache::new(1_000, 16);
            for (sequence, &len) in lens.iter().enumerate() {
                let number = cache.push(packet(sequence as u64), &payload(sequence as u64, len));
                prop_assert_eq!(number, Some(sequence as u64));
                let mut bytes = 0;
                let held = (0..=sequence).rev().take_while(|&at| cache.get(at as u64).is_some());
                let held: Vec<_> = held.collect();
                for &at in &held {
                    let (stored, found) = cache.get(at as u64).unwrap();
                    prop_assert_eq!(stored.sequence, at as u64);
                    prop_assert_eq!(found, &payload(at as u64, lens[at])[..]);
                    bytes += found.len();
                }
                prop_assert!(!held.is_empty() && held.len() <= 16 && bytes <= 1_000);
                // At most the longest payload's worth is wasted at the end of the ring, and one is overwritten.
                let all = held.len() == sequence + 1;
                prop_assert!(all || held.len() == 16 || bytes + 2 * 400 + held.len() >= 1_000, "{} bytes", bytes);
            }
        }
    }

    #[test]
    fn memory_is_taken_with_the_first_packet_and_stays() {
        let mut cache = Cache::new(1_000, 16);
        assert_eq!(cache.memory(), 0);
        assert_eq!(cache.push(packet(0), &[0; 1_001]), None);
        cache.push(packet(0), &[1]);
        let memory = cache.memory();
        assert!(memory >= 1_000);
        (0..100).for_each(|at| assert!(cache.push(packet(at), &[2; 300]).is_some()));
        assert_eq!(cache.memory(), memory);
    }

    #[test]
    fn numbers_that_were_never_given_or_are_forgotten_find_nothing() {
        let mut cache = Cache::new(1_000, 2);
        (0..3).for_each(|at| assert_eq!(cache.push(packet(at), &[0]), Some(at)));
        assert!(cache.get(0).is_none() && cache.get(1).is_some() && cache.get(3).is_none());
        assert!(cache.get(u64::MAX).is_none());
    }
}
