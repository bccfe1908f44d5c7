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
    visitors: Arc<Mutex<Visitors>>,
}

/// Who is connected, and who is in a room, by address; never shown.
struct Visitors {
    connections: HashMap<IpAddr, u32>,
    participants: HashMap<IpAddr, u32>,
    pacer: Pacer,
}

impl Visitors {
    fn of(&mut self, kind: Kind) -> &mut HashMap<IpAddr, u32> {
        match kind {
            Kind::Connection => &mut self.connections,
            Kind::Participant => &mut self.participants,
        }
    }
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
            per_address,
            visitors: Arc::new(Mutex::new(Visitors {
                connections: HashMap::new(),
                participants: HashMap::new(),
                pacer,
            })),
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
        lock(&self.visitors)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// A connection of an address, or a participant that came from there, as long as it lives.
pub(super) struct Visit {
    visitors: Arc<Mutex<Visitors>>,
    address: IpAddr,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Connection,
    Participant,
}

impl Visit {
    /// A new connection; none if the address has too many, or makes them too fast.
    pub(super) fn connection(shared: &Shared, address: IpAddr) -> Option<Self> {
        let address = network(address);
        let is_in_time = shared.visitors().pacer.allows(shared.clock.now(), address);
        if is_in_time { Self::begin(shared, address, Kind::Connection) } else { None }
    }

    /// Another participant, who stays for a while when its connection has ended; none if too many came from the address. Otherwise
    /// one address could fill all rooms that there are, one connection after the other.
    pub(super) fn participant(shared: &Shared, address: IpAddr) -> Option<Self> {
        Self::begin(shared, network(address), Kind::Participant)
    }

    fn begin(shared: &Shared, address: IpAddr, kind: Kind) -> Option<Self> {
        let mut visitors = shared.visitors();
        let counts = visitors.of(kind);
        let count = counts.get(&address).copied().unwrap_or_default();
        if count >= shared.per_address {
            return None;
        }
        counts.insert(address, count + 1);
        Some(Self { visitors: Arc::clone(&shared.visitors), address, kind })
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut visitors = lock(&self.visitors);
        let counts = visitors.of(self.kind);
        match counts.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(counts.remove(&self.address)),
        }
    }
}

/// Prints nothing: it is an address.
impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Visit")
    }
}

fn lock(visitors: &Mutex<Visitors>) -> MutexGuard<'_, Visitors> {
    // Nothing panics while it holds the lock; if it did, the counts would still be good.
    visitors.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What one customer has: an IPv4 address, or 2^64 IPv6 addresses.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & (u128::MAX << 64)).into()),
        v4 => v4,
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

    #[test]
    fn a_network_of_ipv6_is_one_visitor() {
        let same = |a: &str, b: &str| network(a.parse().unwrap()) == network(b.parse().unwrap());
        assert!(same("2001:db8::1", "2001:db8::ffff:1"));
        assert!(!same("2001:db8::1", "2001:db8:0:1::1"));
        assert!(same("::ffff:192.0.2.1", "192.0.2.1"));
        assert!(!same("192.0.2.1", "192.0.2.2"));
    }
}
