//! What the control connections of a server share.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use zentalk_primitives::{RoomId, Secret};

use super::admission::Admission;
use super::counts::SfuCounts;
use super::worker::WorkerHandle;
use crate::pacing::Pacer;
use crate::relay::clock::Clock;

pub(super) struct Shared {
    pub(super) admission: Admission,
    pub(super) clock: Clock,
    pub(super) idle_timeout: Duration,
    workers: Vec<WorkerHandle>,
    /// Keyed, so that nobody can choose rooms that all fall to one worker.
    rooms: RandomState,
    next: AtomicU64,
    refused: AtomicU64,
    per_address: u32,
    visitors: Mutex<Visitors>,
}

/// Who is connected, by address; never shown.
struct Visitors {
    connections: HashMap<IpAddr, u32>,
    pacer: Pacer,
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
        let pacer = Pacer::new(CONNECTIONS_PER_SECOND, key);
        Self {
            admission,
            clock,
            idle_timeout,
            workers,
            rooms: RandomState::new(),
            next: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            per_address,
            visitors: Mutex::new(Visitors { connections: HashMap::new(), pacer }),
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
        counts.connections =
            self.visitors().connections.values().map(|count| u64::from(*count)).sum();
        counts
    }

    fn visitors(&self) -> MutexGuard<'_, Visitors> {
        // Nothing panics while it holds the lock; if it did, the counts would still be good.
        self.visitors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// One connection of an address, as long as it lives.
pub(super) struct Visit {
    shared: Arc<Shared>,
    address: IpAddr,
}

impl Visit {
    /// None if the address has too many connections, or makes them too fast.
    pub(super) fn begin(shared: &Arc<Shared>, address: IpAddr) -> Option<Self> {
        let address = network(address);
        let mut visitors = shared.visitors();
        if !visitors.pacer.allows(shared.clock.now(), address) {
            return None;
        }
        let count = visitors.connections.entry(address).or_default();
        if *count >= shared.per_address {
            return None;
        }
        *count += 1;
        drop(visitors);
        Some(Self { shared: Arc::clone(shared), address })
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut visitors = self.shared.visitors();
        if let Some(count) = visitors.connections.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                visitors.connections.remove(&self.address);
            }
        }
    }
}

/// What one customer has: an IPv4 address, or 2^64 IPv6 addresses.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & (u128::MAX << 64)).into()),
        v4 => v4,
    }
}

/// New connections of one address; four seconds' worth at once.
const CONNECTIONS_PER_SECOND: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_ipv6_is_one_visitor() {
        let same = |a: &str, b: &str| network(a.parse().unwrap()) == network(b.parse().unwrap());
        assert!(same("2001:db8::1", "2001:db8::ffff:1"));
        assert!(!same("2001:db8::1", "2001:db8:0:1::1"));
        assert!(same("::ffff:192.0.2.1", "192.0.2.1"));
        assert!(!same("192.0.2.1", "192.0.2.2"));
    }
}
