//! What the control connections of a server share.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use zentalk_primitives::{RoomId, Secret};

use super::admission::Admission;
use super::counts::SfuCounts;
use super::worker::WorkerHandle;
use crate::pacing::Pacer;
use crate::relay::clock::Clock;
use crate::visitors::{Visit, Visitors, network};

pub(super) struct Shared {
    pub(super) admission: Admission,
    pub(super) clock: Clock,
    pub(super) idle_timeout: Duration,
    workers: Vec<WorkerHandle>,
    /// Keyed, so that nobody can choose rooms that all fall to one worker.
    rooms: RandomState,
    next: AtomicU64,
    refused: AtomicU64,
    /// Of each address, and how fast it makes new ones.
    connections: Arc<Visitors>,
    pacer: Mutex<Pacer>,
    /// In rooms, of each address.
    participants: Arc<Visitors>,
}

impl Shared {
    pub(super) fn new(
        admission: Admission,
        clock: Clock,
        idle_timeout: Duration,
        per_address: u32,
        workers: Vec<WorkerHandle>,
        key: &Secret<32>,
    ) -> Self {
        let pacer = Pacer::new(connections_per_second(per_address), key);
        Self {
            admission,
            clock,
            idle_timeout,
            workers,
            rooms: RandomState::new(),
            next: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            connections: Visitors::new(per_address),
            pacer: Mutex::new(pacer),
            participants: Visitors::new(per_address),
        }
    }

    /// The worker that has a room: the same one as long as the server runs.
    pub(super) fn worker(&self, room: RoomId) -> Option<&WorkerHandle> {
        let workers = u64::try_from(self.workers.len()).ok()?;
        let chosen = self.rooms.hash_one(room).checked_rem(workers)?;
        self.workers.get(usize::try_from(chosen).ok()?)
    }

    pub(super) fn workers(&self) -> &[WorkerHandle] {
        &self.workers
    }

    /// A connection's number, used once.
    pub(super) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn count_refusal(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn counts(&self) -> SfuCounts {
        let mut counts = SfuCounts::default();
        for worker in &self.workers {
            counts.add(&worker.counts());
        }
        counts.reception.refused += self.refused.load(Ordering::Relaxed);
        counts.connections = self.connections.total();
        counts
    }

    /// A new connection; none if the address has too many, or makes them too fast.
    pub(super) fn connect(&self, address: IpAddr) -> Option<Visit> {
        // Nothing panics while it holds the lock; if it did, the pacer would still be good.
        let mut pacer = self.pacer.lock().unwrap_or_else(PoisonError::into_inner);
        let is_in_time = pacer.allows(self.clock.now(), network(address));
        drop(pacer);
        if is_in_time { self.connections.admit(address) } else { None }
    }

    /// Another participant, who stays for a while when its connection has ended; none if too many came from the address. Otherwise
    /// one address could fill all rooms that there are, one connection after the other.
    pub(super) fn participate(&self, address: IpAddr) -> Option<Visit> {
        self.participants.admit(address)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// New connections of an address, of which four seconds' worth come at once: as many as it may have in all, and a few for the
/// smallest. Behind a proxy, where all come from one address, an operator's larger limit lets them in faster, too.
fn connections_per_second(per_address: u32) -> u32 {
    (per_address / 4).max(16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_have_more_connections_may_make_them_faster() {
        let rates = [1, 64, 8_192].map(connections_per_second);
        assert_eq!(rates, [16, 16, 2_048]);
    }
}
