use core::net::SocketAddr;

use zentalk_primitives::Instant;

use crate::key::Seat;
use crate::limits::ADDRESS_HELD;
use crate::seeded::{SeededMap, seeded_map};

/// Whose datagrams come from which address. Only an authentic connectivity check makes an entry.
#[derive(Debug)]
pub(crate) struct Addresses {
    owners: SeededMap<SocketAddr, Owner>,
    /// What was found last: datagrams of one sender come in runs.
    found: Option<(SocketAddr, Seat)>,
}

#[derive(Clone, Copy, Debug)]
struct Owner {
    seat: Seat,
    serial: u64,
    heard: Instant,
}

impl Addresses {
    pub(crate) fn new(seed: u64) -> Self {
        Self { owners: seeded_map(seed), found: None }
    }

    /// As [`owner`](Self::owner), for many datagrams from one address after the other.
    #[inline]
    pub(crate) fn find(&mut self, remote: SocketAddr) -> Option<Seat> {
        if let Some((found, seat)) = self.found
            && found == remote
        {
            return Some(seat);
        }
        let seat = self.owner(remote)?;
        self.found = Some((remote, seat));
        Some(seat)
    }

    /// Where the member sits that `remote` belongs to.
    pub(crate) fn owner(&self, remote: SocketAddr) -> Option<Seat> {
        self.owners.get(&remote).map(|owner| owner.seat)
    }

    /// Whether a member may take `remote` for its own: it is nobody's, its own, or somebody's who has not used it for a while. Otherwise
    /// one member could cut off another by checks that bear its address.
    pub(crate) fn may_take(&self, now: Instant, remote: SocketAddr, serial: u64) -> bool {
        self.owners
            .get(&remote)
            .is_none_or(|owner| owner.serial == serial || owner.heard + ADDRESS_HELD <= now)
    }

    /// Gives `remote` to a member, or notes that it was heard from there. Returns whose it was before, if somebody else's.
    pub(crate) fn take(
        &mut self,
        now: Instant,
        remote: SocketAddr,
        seat: Seat,
        serial: u64,
    ) -> Option<Seat> {
        self.found = None;
        let before = self.owners.insert(remote, Owner { seat, serial, heard: now });
        before.filter(|owner| owner.serial != serial).map(|owner| owner.seat)
    }

    /// Notes that the owner of `remote` was heard from there.
    pub(crate) fn heard(&mut self, now: Instant, remote: SocketAddr) {
        if let Some(owner) = self.owners.get_mut(&remote) {
            owner.heard = now;
        }
    }

    /// Forgets `remote`, if it is this member's.
    pub(crate) fn release(&mut self, remote: SocketAddr, serial: u64) {
        if self.owners.get(&remote).is_some_and(|owner| owner.serial == serial) {
            self.found = None;
            self.owners.remove(&remote);
        }
    }

    #[cfg(any(test, fuzzing))]
    pub(crate) fn len(&self) -> usize {
        self.owners.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    fn seat(place: usize) -> Seat {
        Seat { room: 0, place }
    }

    #[test]
    fn an_address_in_use_is_not_taken_over() {
        let mut addresses = Addresses::new(1);
        let start = Instant::from_millis(10);
        assert!(addresses.may_take(start, address(1), 7));
        assert_eq!(addresses.take(start, address(1), seat(0), 7), None);
        assert!(!addresses.may_take(start, address(1), 8));
        addresses.heard(Instant::from_millis(4_000), address(1));
        assert!(!addresses.may_take(Instant::from_millis(8_999), address(1), 8));
        assert!(addresses.may_take(Instant::from_millis(9_000), address(1), 8));
        let before = addresses.take(Instant::from_millis(9_000), address(1), seat(1), 8);
        assert_eq!((before, addresses.owner(address(1))), (Some(seat(0)), Some(seat(1))));
    }

    #[test]
    fn only_the_owner_releases_an_address() {
        let mut addresses = Addresses::new(1);
        addresses.take(Instant::ZERO, address(1), seat(0), 7);
        addresses.release(address(1), 8);
        assert_eq!(addresses.len(), 1);
        addresses.release(address(1), 7);
        assert_eq!(addresses.owner(address(1)), None);
    }

    #[test]
    fn what_was_found_last_is_found_only_while_it_holds() {
        let mut addresses = Addresses::new(1);
        assert_eq!(addresses.find(address(1)), None);
        addresses.take(Instant::ZERO, address(1), seat(0), 7);
        addresses.take(Instant::ZERO, address(2), seat(1), 8);
        for _ in 0..2 {
            assert_eq!(addresses.find(address(1)), Some(seat(0)));
        }
        assert_eq!(addresses.find(address(2)), Some(seat(1)));
        addresses.take(Instant::from_millis(9_000), address(2), seat(0), 7);
        assert_eq!(addresses.find(address(2)), Some(seat(0)));
        addresses.release(address(2), 7);
        assert_eq!(addresses.find(address(2)), None);
    }
}
