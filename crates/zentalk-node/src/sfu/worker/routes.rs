//! Which worker an address belongs to.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use zentalk_primitives::Instant;
use zentalk_sfu::AddressClaim;

/// The addresses whose datagrams the kernel gives to this worker, and that other workers' participants make checks
/// from. The kernel keeps a sender with one socket, so that no other worker needs to know.
///
/// They are kept in two generations: one that is heard of goes into the younger, and when that is full or old, it
/// becomes the older and what was that is forgotten. So there is always room for newcomers, and those give way of whom
/// nothing was heard for longest.
#[derive(Debug, Default)]
pub(super) struct Routes {
    younger: HashMap<SocketAddr, Route>,
    older: HashMap<SocketAddr, Route>,
    turned: Instant,
}

/// Whose an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) worker: usize,
    /// Its participant has answered a question there. Until it has, this only saves it a repetition: what it sends right
    /// behind its answer must not overtake the news.
    pub(super) is_proven: bool,
}

/// What one worker tells another about an address, whose datagrams the other's socket gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) remote: SocketAddr,
    pub(super) worker: usize,
    pub(super) news: News,
}

/// What an authentic check, or the response to a question, has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// A participant claims the address.
    Claimed,
    /// The participant who has proven it is still there.
    Confirmed,
    /// The participant has proven it now: whosever it was, it is no longer.
    Proven,
}

impl News {
    /// What a datagram has changed in what a worker knows of its sender's address, if anything.
    pub(super) fn between(
        before: Option<AddressClaim>,
        after: Option<AddressClaim>,
    ) -> Option<Self> {
        let now = after.filter(|_| before != after)?;
        let was_proven = before.is_some_and(|before| before.is_proven);
        Some(match (was_proven, now.is_proven) {
            (false, true) => Self::Proven,
            (true, true) => Self::Confirmed,
            (_, false) => Self::Claimed,
        })
    }
}

impl Routes {
    pub(super) fn find(&self, remote: SocketAddr) -> Option<Route> {
        self.younger.get(&remote).or_else(|| self.older.get(&remote)).copied()
    }

    /// Learns what another worker has told. What is proven holds against claims: anybody who is let in anywhere can
    /// write anybody's address into a check.
    pub(super) fn learn(&mut self, now: Instant, note: Note) {
        let Note { remote, worker, news } = note;
        let proven = self.find(remote).filter(|route| route.is_proven);
        if news != News::Proven && proven.is_some_and(|route| route.worker != worker) {
            return;
        }
        if self.younger.len() >= MAX_GENERATION && !self.younger.contains_key(&remote) {
            if news == News::Claimed {
                return;
            }
            self.turn(now);
        }
        let is_proven = news != News::Claimed || proven.is_some();
        self.younger.insert(remote, Route { worker, is_proven });
    }

    /// Forgets of whom nothing was heard for a while.
    pub(super) fn sweep(&mut self, now: Instant) {
        if self.turned + GENERATION <= now {
            self.turn(now);
        }
    }

    fn turn(&mut self, now: Instant) {
        self.turned = now;
        std::mem::swap(&mut self.younger, &mut self.older);
        self.younger.clear();
    }
}

/// What workers tell each other about addresses.
#[derive(Debug)]
pub(super) struct Notes {
    notes: Mutex<Vec<Note>>,
    some: AtomicBool,
}

impl Notes {
    pub(super) fn new() -> Self {
        Self { notes: Mutex::new(Vec::new()), some: AtomicBool::new(false) }
    }

    pub(super) fn leave(&self, note: Note) {
        let mut notes = self.lock();
        // The next check tells again.
        if notes.len() < MAX_NOTES {
            notes.push(note);
            self.some.store(true, Ordering::Release);
        }
    }

    /// Reads what was left; without a lock where there is nothing.
    pub(super) fn read(&self, each: impl FnMut(Note)) {
        if self.some.swap(false, Ordering::Acquire) {
            self.lock().drain(..).for_each(each);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Note>> {
        // Nothing panics while it holds the lock; if it did, the list would still be whole.
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Addresses of one generation; more than there are participants.
const MAX_GENERATION: usize = 32_768;
/// How long a generation is the younger at most: an address is kept for that and at most once more. Who is there is
/// heard of every five seconds, when ICE checks consent (RFC 7675 §5.1).
const GENERATION: Duration = Duration::from_secs(30);
const MAX_NOTES: usize = 4_096;

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn address(number: u32) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::from_bits(0x0a00_0000 + number), 9))
    }

    fn note(number: u32, worker: usize, news: News) -> Note {
        Note { remote: address(number), worker, news }
    }

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1_000)
    }

    fn owner(routes: &Routes, number: u32) -> Option<usize> {
        routes.find(address(number)).map(|route| route.worker)
    }

    #[test]
    fn a_route_lives_as_long_as_checks_come() {
        let mut routes = Routes::default();
        routes.sweep(at(30));
        for number in [1, 2] {
            routes.learn(at(31), note(number, 3, News::Proven));
        }
        routes.sweep(at(60));
        routes.learn(at(61), note(2, 3, News::Confirmed));
        assert_eq!((owner(&routes, 1), owner(&routes, 2)), (Some(3), Some(3)));
        routes.sweep(at(89));
        routes.sweep(at(90));
        assert_eq!((owner(&routes, 1), owner(&routes, 2)), (None, Some(3)));
    }

    #[test]
    fn what_is_proven_gives_way_to_what_is_proven_later_and_to_nothing_else() {
        let mut routes = Routes::default();
        let mut after = |worker, news| {
            routes.learn(at(1), note(1, worker, news));
            routes.find(address(1)).map(|route| (route.worker, route.is_proven))
        };
        assert_eq!(after(1, News::Claimed), Some((1, false)));
        assert_eq!(
            after(2, News::Claimed),
            Some((2, false)),
            "a claim is worth as much as another"
        );
        assert_eq!(after(1, News::Proven), Some((1, true)));
        assert_eq!(after(1, News::Claimed), Some((1, true)));
        assert_eq!(after(2, News::Claimed), Some((1, true)));
        assert_eq!(after(2, News::Confirmed), Some((1, true)));
        assert_eq!(after(2, News::Proven), Some((2, true)));
        assert_eq!(after(1, News::Confirmed), Some((2, true)));
    }

    #[test]
    fn a_full_table_takes_newcomers_and_forgets_who_was_not_heard_of_for_longest() {
        let mut routes = Routes::default();
        let max = MAX_GENERATION as u32;
        for number in 0..2 * max {
            routes.learn(at(1), note(number, 1, News::Proven));
            // One of them is heard of all the time.
            routes.learn(at(1), note(7, 1, News::Confirmed));
        }
        let newest = 3 * max;
        routes.learn(at(1), note(newest, 2, News::Proven));
        assert_eq!((owner(&routes, newest), owner(&routes, 7)), (Some(2), Some(1)));
        assert_eq!(owner(&routes, 0), None);
        assert!(routes.younger.len() + routes.older.len() <= 2 * MAX_GENERATION);
    }

    #[test]
    fn claims_do_not_push_out_what_is_proven() {
        let mut routes = Routes::default();
        routes.learn(at(1), note(0, 1, News::Proven));
        for number in 1..4 * MAX_GENERATION as u32 {
            routes.learn(at(1), note(number, 2, News::Claimed));
        }
        assert_eq!(owner(&routes, 0), Some(1));
        assert_eq!(routes.younger.len(), MAX_GENERATION);
    }

    #[test]
    fn notes_are_read_once_and_do_not_pile_up() {
        let notes = Notes::new();
        for number in 0..2 * MAX_NOTES {
            notes.leave(note(number as u32, 1, News::Proven));
        }
        let mut read = 0;
        notes.read(|_| read += 1);
        notes.read(|_| read += 1);
        assert_eq!(read, MAX_NOTES);
    }
}
