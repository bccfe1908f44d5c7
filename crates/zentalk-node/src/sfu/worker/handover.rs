//! Datagrams that the kernel gave to one worker and that are another's, in batches and within bounds.
//!
//! Each pair of workers has one batch on its way. Whoever has datagrams for another collects them in a batch of its
//! own and exchanges it for the one that waits, or adds to that; whoever is woken exchanges it for an empty one. The
//! lock is held for the exchange only, and after the first batches nothing is allocated.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use zentalk_sfu::limits::MAX_DATAGRAM;

/// Datagrams, one behind the other.
#[derive(Debug, Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    heads: Vec<Head>,
    /// Of them, how many are of strangers.
    strangers: usize,
}

/// Where a datagram came from and to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
    /// It came from an address that a participant of the other worker has proven. Anything else may be forged, the name
    /// of the worker in a check as well.
    pub(super) is_known: bool,
}

#[derive(Clone, Copy, Debug)]
struct Head {
    way: Way,
    length: usize,
}

impl Batch {
    /// Adds a datagram, if there is room.
    pub(super) fn push(&mut self, way: Way, bytes: &[u8]) -> bool {
        let has_room = self.bytes.len().saturating_add(bytes.len()) <= MAX_BYTES
            && self.heads.len() < MAX_COUNT
            && (way.is_known || self.strangers < MAX_STRANGERS);
        if !has_room || bytes.len() > MAX_DATAGRAM {
            return false;
        }
        self.strangers += usize::from(!way.is_known);
        self.bytes.extend_from_slice(bytes);
        self.heads.push(Head { way, length: bytes.len() });
        true
    }

    pub(super) fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// Gives every datagram away, in order; the batch is empty then.
    pub(super) fn drain(&mut self, mut each: impl FnMut(Way, &mut [u8])) {
        let mut rest = self.bytes.as_mut_slice();
        for head in &self.heads {
            let Some((datagram, behind)) = rest.split_at_mut_checked(head.length) else { break };
            each(head.way, datagram);
            rest = behind;
        }
        self.bytes.clear();
        self.heads.clear();
        self.strangers = 0;
    }

    /// Adds what fits of `other`, which is empty then; how many did not fit.
    fn append(&mut self, other: &mut Self) -> usize {
        let mut lost = 0;
        other.drain(|way, bytes| lost += usize::from(!self.push(way, bytes)));
        lost
    }
}

/// The batches between all workers.
#[derive(Debug)]
pub(super) struct Exchange {
    workers: usize,
    /// That of `from` to `to` at `to * workers + from`.
    batches: Vec<Mutex<Batch>>,
}

impl Exchange {
    pub(super) fn new(workers: usize) -> Self {
        let batches = std::iter::repeat_with(Mutex::default).take(workers * workers).collect();
        Self { workers, batches }
    }

    /// Gives `batch` on its way, and an empty one back; how many datagrams were lost, since the other worker is behind.
    pub(super) fn give(&self, from: usize, to: usize, batch: &mut Batch) -> usize {
        let Some(mut waiting) = self.batch(from, to) else { return 0 };
        if waiting.is_empty() {
            std::mem::swap(&mut *waiting, batch);
            return 0;
        }
        waiting.append(batch)
    }

    /// Exchanges what waits for `to` for `batch`, which must be empty.
    pub(super) fn take(&self, from: usize, to: usize, batch: &mut Batch) {
        if let Some(mut waiting) = self.batch(from, to) {
            std::mem::swap(&mut *waiting, batch);
        }
    }

    fn batch(&self, from: usize, to: usize) -> Option<MutexGuard<'_, Batch>> {
        let batch = self.batches.get(to.checked_mul(self.workers)?.checked_add(from)?)?;
        // Nothing panics while it holds the lock; if it did, the batch would still be whole.
        Some(batch.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Of a batch. Half a millisecond of a worker's work; beyond it the other is too busy to be helped by more.
const MAX_BYTES: usize = 1024 * 1024;
const MAX_COUNT: usize = 2_048;
/// Of a batch: what strangers send leaves more than half of its bytes, and most of its places, to participants.
const MAX_STRANGERS: usize = MAX_COUNT / 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    fn known(port: u16) -> Way {
        Way { local: address(9), remote: address(port), is_known: true }
    }

    fn contents(batch: &mut Batch) -> Vec<(u16, Vec<u8>)> {
        let mut all = Vec::new();
        batch.drain(|way, bytes| all.push((way.remote.port(), bytes.to_vec())));
        all
    }

    #[test]
    fn datagrams_arrive_in_order_whether_the_other_was_busy_or_not() {
        let exchange = Exchange::new(2);
        let mut batch = Batch::default();
        for port in 1..4 {
            assert!(batch.push(known(port), &[port as u8; 3]));
            assert_eq!(exchange.give(0, 1, &mut batch), 0);
            assert!(batch.is_empty());
        }
        let mut taken = Batch::default();
        exchange.take(1, 0, &mut taken);
        assert!(taken.is_empty(), "that is the way back");
        exchange.take(0, 1, &mut taken);
        assert_eq!(contents(&mut taken), [1, 2, 3].map(|n| (n, vec![n as u8; 3])));
    }

    #[test]
    fn a_worker_that_is_behind_loses_datagrams_and_no_memory_grows() {
        let exchange = Exchange::new(2);
        let mut batch = Batch::default();
        let mut lost = 0;
        for _ in 0..3 {
            while batch.push(known(1), &[0; 1_200]) {}
            lost += exchange.give(0, 1, &mut batch);
        }
        let mut taken = Batch::default();
        exchange.take(0, 1, &mut taken);
        let kept = contents(&mut taken).len();
        assert_eq!(kept, MAX_BYTES / 1_200);
        assert_eq!(lost, 2 * kept);
    }

    /// Anybody can write checks that name a worker.
    #[test]
    fn checks_of_strangers_leave_room_for_what_participants_send() {
        let exchange = Exchange::new(2);
        let (mut flood, mut batch) = (Batch::default(), Batch::default());
        let stranger = Way { is_known: false, ..known(6) };
        for _ in 0..4 {
            while flood.push(stranger, &[0; MAX_DATAGRAM]) {}
            exchange.give(0, 1, &mut flood);
        }
        for _ in 0..400 {
            assert!(batch.push(known(1), &[1; 1_200]));
        }
        assert_eq!(exchange.give(0, 1, &mut batch), 0);
        exchange.take(0, 1, &mut flood);
        let all = contents(&mut flood);
        assert_eq!(all.iter().filter(|(port, _)| *port == 1).count(), 400);
        assert_eq!(all.len(), 400 + MAX_STRANGERS);
        assert!(flood.push(stranger, b"and there is room again"));
    }
}
