use core::fmt;
use core::net::SocketAddr;
use std::collections::VecDeque;

use crate::Burst;
use crate::limits::MAX_BURST;

/// Datagrams that wait for the socket, one behind the other, in runs of equal size towards one address.
///
/// A shorter datagram ends a run, a longer one begins another, as UDP segmentation offload wants it. The buffer grows to its limit as it is
/// needed and is then kept, here or among the [`Spare`] ones, so that nothing is allocated in a steady flow.
pub(crate) struct Outbox {
    bytes: Vec<u8>,
    /// How much of `bytes` is in use.
    len: usize,
    runs: VecDeque<Run>,
    limit: usize,
    max_segments: usize,
}

/// Buffers of outboxes that have been emptied. The last one comes first: it is still in the processor's caches, and what is written to it for
/// the next receiver comes into no others.
pub(crate) struct Spare(Vec<Vec<u8>>);

impl Spare {
    /// None yet.
    pub(crate) fn none() -> Self {
        Self(Vec::with_capacity(MAX_SPARE))
    }
}

#[derive(Clone, Copy)]
struct Run {
    from: SocketAddr,
    to: SocketAddr,
    start: usize,
    len: usize,
    segment_size: usize,
    segments: usize,
    /// Whether another datagram may follow: not after a shorter one.
    is_open: bool,
}

impl Outbox {
    /// An empty one for `limit` bytes, with `max_segments` datagrams in a run.
    pub(crate) fn new(limit: usize, max_segments: usize) -> Self {
        Self { bytes: Vec::new(), len: 0, runs: VecDeque::new(), limit, max_segments }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Room for a datagram of up to `len` bytes, to be written in place and then [committed](Self::commit); `None` if the box is full.
    pub(crate) fn room(&mut self, len: usize) -> Option<&mut [u8]> {
        if self.runs.is_empty() {
            self.len = 0;
        }
        let end = self.len.checked_add(len).filter(|end| *end <= self.limit)?;
        if end > self.bytes.len() {
            let grown = end.next_power_of_two().clamp(SMALLEST, self.limit.max(SMALLEST));
            self.bytes.resize(grown.max(end), 0);
        }
        self.bytes.get_mut(self.len..end)
    }

    /// Takes the first `len` bytes of the room that was given last as a datagram.
    pub(crate) fn commit(&mut self, from: SocketAddr, to: SocketAddr, len: usize) {
        let max_segments = self.max_segments;
        let start = self.len;
        self.len += len;
        if let Some(run) = self.runs.back_mut()
            && run.takes(from, to, len, max_segments)
        {
            run.len += len;
            run.segments += 1;
            run.is_open = len == run.segment_size;
            return;
        }
        let run = Run { from, to, start, len, segment_size: len, segments: 1, is_open: len > 0 };
        self.runs.push_back(run);
    }

    /// Has a buffer to write to, a spare one if there is one.
    #[inline]
    pub(crate) fn borrow_from(&mut self, spare: &mut Spare) {
        if self.bytes.is_empty() {
            self.bytes = spare.0.pop().unwrap_or_default();
        }
    }

    /// Gives its buffer away, if nothing waits in it.
    #[inline]
    pub(crate) fn return_to(&mut self, spare: &mut Spare) {
        if self.is_empty() && !self.bytes.is_empty() {
            let bytes = core::mem::take(&mut self.bytes);
            if spare.0.len() < MAX_SPARE {
                spare.0.push(bytes);
            }
        }
    }

    /// Puts a whole datagram in; false if the box is full.
    pub(crate) fn push(&mut self, from: SocketAddr, to: SocketAddr, datagram: &[u8]) -> bool {
        let Some(room) = self.room(datagram.len()) else { return false };
        room.copy_from_slice(datagram);
        self.commit(from, to, datagram.len());
        true
    }

    /// The next burst.
    pub(crate) fn pop(&mut self) -> Option<Burst<'_>> {
        let Run { from, to, start, len, segment_size, .. } = self.runs.pop_front()?;
        let bytes = self.bytes.get(start..start + len)?;
        Some(Burst { from, to, segment_size, bytes })
    }
}

/// Prints counts only: addresses and contents do not belong in logs.
impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outbox({} runs)", self.runs.len())
    }
}

impl Run {
    fn takes(&self, from: SocketAddr, to: SocketAddr, len: usize, max_segments: usize) -> bool {
        self.is_open
            && len <= self.segment_size
            && self.segments < max_segments
            && self.len + len <= MAX_BURST
            && (self.from, self.to) == (from, to)
    }
}

/// More than are filled with what one system call receives.
const MAX_SPARE: usize = 256;

/// What an outbox holds from the first datagram on, if its limit allows.
const SMALLEST: usize = 4 * 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    fn filled(lens: &[usize]) -> Outbox {
        let mut outbox = Outbox::new(1 << 20, 64);
        for (at, len) in lens.iter().enumerate() {
            assert!(outbox.push(address(1), address(2), &vec![at as u8; *len]));
        }
        outbox
    }

    fn sizes(mut outbox: Outbox) -> Vec<Vec<usize>> {
        let mut all = Vec::new();
        while let Some(burst) = outbox.pop() {
            all.push(burst.datagrams().map(<[u8]>::len).collect());
        }
        all
    }

    #[test]
    fn equal_sizes_share_a_run_and_a_shorter_one_ends_it() {
        assert_eq!(
            sizes(filled(&[100, 100, 40, 40, 30, 100, 120])),
            [vec![100, 100, 40], vec![40, 30], vec![100], vec![120]]
        );
    }

    #[test]
    fn a_run_has_so_many_segments_and_bytes_at_most() {
        let runs = sizes(filled(&[10; 130]));
        assert_eq!(runs.iter().map(Vec::len).collect::<Vec<_>>(), [64, 64, 2]);
        let runs = sizes(filled(&[1_200; 60]));
        assert_eq!(runs.iter().map(Vec::len).collect::<Vec<_>>(), [53, 7]);
    }

    #[test]
    fn another_address_is_another_run() {
        let mut outbox = Outbox::new(1_000, 64);
        for to in [2, 3, 3] {
            outbox.push(address(1), address(to), b"0123456789");
        }
        assert_eq!(outbox.pop().map(|burst| (burst.to, burst.bytes.len())), Some((address(2), 10)));
        assert_eq!(outbox.pop().map(|burst| (burst.to, burst.bytes.len())), Some((address(3), 20)));
        assert_eq!(outbox.pop(), None);
    }

    #[test]
    fn a_full_box_takes_nothing_until_it_is_emptied() {
        let mut outbox = Outbox::new(5_000, 64);
        for _ in 0..5 {
            assert!(outbox.push(address(1), address(2), &[0; 1_000]));
        }
        assert!(!outbox.push(address(1), address(2), &[0; 1]));
        assert_eq!(outbox.pop().map(|burst| burst.bytes.len()), Some(5_000));
        assert!(outbox.push(address(1), address(2), &[0; 5_000]));
        assert!(outbox.room(1).is_none());
    }

    #[test]
    fn a_buffer_changes_hands_when_nothing_waits_in_it() {
        let mut spare = Spare::none();
        let (mut first, mut second) = (filled(&[3]), Outbox::new(5_000, 64));
        first.return_to(&mut spare);
        second.borrow_from(&mut spare);
        assert_eq!((first.bytes.len(), second.bytes.len()), (SMALLEST, 0), "something waits");
        assert_eq!(first.pop().map(|burst| burst.bytes.len()), Some(3));
        first.return_to(&mut spare);
        second.borrow_from(&mut spare);
        assert_eq!((first.bytes.len(), second.bytes.len()), (0, SMALLEST));
        assert!(first.push(address(1), address(2), b"own") && second.is_empty());
    }

    #[test]
    fn no_more_buffers_are_spare_than_are_of_use() {
        let mut spare = Spare::none();
        for _ in 0..2 * MAX_SPARE {
            let mut outbox = filled(&[1]);
            let _ = outbox.pop();
            outbox.return_to(&mut spare);
        }
        assert_eq!(spare.0.len(), MAX_SPARE);
    }

    #[test]
    fn what_goes_in_comes_out() {
        let mut outbox = filled(&[3, 3, 2]);
        let burst = outbox.pop().unwrap();
        assert_eq!(burst.bytes, [0, 0, 0, 1, 1, 1, 2, 2]);
        assert_eq!((burst.from, burst.to, burst.segment_size), (address(1), address(2), 3));
        assert!(outbox.is_empty());
    }
}
