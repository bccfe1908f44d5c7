//! Which worker an address belongs to.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use zentalk_primitives::Instant;

/// The addresses whose datagrams the kernel gives to this worker, and that other workers' participants have proven
/// to be theirs. The kernel keeps a sender with one socket, so that no other worker needs to know.
#[derive(Debug, Default)]
pub(super) struct Routes {
    owners: HashMap<SocketAddr, Route>,
    swept: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Route {
    worker: usize,
    heard: Instant,
}

impl Routes {
    pub(super) fn owner(&self, remote: SocketAddr) -> Option<usize> {
        self.owners.get(&remote).map(|route| route.worker)
    }

    /// The worker has checked that the address is one of its participants'.
    pub(super) fn learn(&mut self, now: Instant, remote: SocketAddr, worker: usize) {
        if self.owners.len() < MAX_ROUTES || self.owners.contains_key(&remote) {
            self.owners.insert(remote, Route { worker, heard: now });
        }
    }

    /// Forgets who made no connectivity check for a while.
    pub(super) fn sweep(&mut self, now: Instant) {
        if self.swept + SWEEP_INTERVAL <= now {
            self.swept = now;
            self.owners.retain(|_, route| now < route.heard + ROUTE_HELD);
        }
    }
}

/// What workers tell each other about addresses.
#[derive(Debug)]
pub(super) struct Notes {
    notes: Mutex<Vec<(SocketAddr, usize)>>,
    some: AtomicBool,
}

impl Notes {
    pub(super) fn new() -> Self {
        Self { notes: Mutex::new(Vec::new()), some: AtomicBool::new(false) }
    }

    /// `worker` has found that `remote` is one of its participants'.
    pub(super) fn leave(&self, remote: SocketAddr, worker: usize) {
        let mut notes = self.lock();
        // The next check tells again.
        if notes.len() < MAX_NOTES {
            notes.push((remote, worker));
            self.some.store(true, Ordering::Release);
        }
    }

    /// Reads what was left; without a lock where there is nothing.
    pub(super) fn read(&self, mut each: impl FnMut(SocketAddr, usize)) {
        if self.some.swap(false, Ordering::Acquire) {
            self.lock().drain(..).for_each(|(remote, worker)| each(remote, worker));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(SocketAddr, usize)>> {
        // Nothing panics while it holds the lock; if it did, the list would still be whole.
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Only proven addresses are learned, so this is more than there are participants.
const MAX_ROUTES: usize = 65_536;
const MAX_NOTES: usize = 4_096;
/// ICE checks consent every five seconds (RFC 7675 §5.1).
const ROUTE_HELD: Duration = Duration::from_secs(30);
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    #[test]
    fn a_route_lives_as_long_as_checks_come() {
        let mut routes = Routes::default();
        let at = |seconds: u64| Instant::from_millis(seconds * 1_000);
        routes.learn(at(1), address(1), 3);
        routes.learn(at(1), address(2), 3);
        routes.sweep(at(20));
        routes.learn(at(20), address(2), 1);
        routes.sweep(at(31));
        assert_eq!((routes.owner(address(1)), routes.owner(address(2))), (None, Some(1)));
    }

    #[test]
    fn notes_are_read_once_and_do_not_pile_up() {
        let notes = Notes::new();
        for port in 0..2 * MAX_NOTES {
            notes.leave(address(port as u16), 1);
        }
        let mut read = 0;
        notes.read(|_, _| read += 1);
        notes.read(|_, _| read += 1);
        assert_eq!(read, MAX_NOTES);
    }
}
