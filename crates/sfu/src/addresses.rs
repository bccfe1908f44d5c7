use core::net::SocketAddr;

use zentalk_primitives::Instant;

use crate::key::Seat;
use crate::limits::{ADDRESS_HELD, CLAIM_HELD};
use crate::seeded::{SeededMap, seeded_map};

/// Whose datagrams come from which address. Only an authentic connectivity check makes an entry: a claim, since anybody can write anybody's
/// address. That its member answers a question sent to the address proves it.
#[derive(Debug)]
pub(crate) struct Addresses {
    owners: SeededMap<SocketAddr, Owner>,
    /// What was found last, and whether it was proven then: datagrams of one sender come in runs.
    found: Option<(SocketAddr, Seat, bool)>,
}

#[derive(Clone, Copy, Debug)]
struct Owner {
    seat: Seat,
    serial: u64,
    /// When it was claimed; once it is proven, when its member was last heard from there.
    heard: Instant,
    is_proven: bool,
}

/// What a worker knows of an address that a participant of its makes checks from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AddressClaim {
    /// When it was claimed; once it is proven, when the participant was last heard from there.
    pub heard: Instant,
    /// The participant has answered a question that was sent there. Without it somebody else may have been written as the sender.
    pub is_proven: bool,
}

impl Addresses {
    pub(crate) fn new(seed: u64) -> Self {
        Self { owners: seeded_map(seed), found: None }
    }

    /// As [`owner`](Self::owner), for many datagrams from one address after the other.
    #[inline]
    pub(crate) fn find(&mut self, remote: SocketAddr) -> Option<Seat> {
        if let Some((found, seat, _)) = self.found
            && found == remote
        {
            return Some(seat);
        }
        let owner = self.owners.get(&remote)?;
        self.found = Some((remote, owner.seat, owner.is_proven));
        Some(owner.seat)
    }

    /// Where the member sits that `remote` belongs to.
    pub(crate) fn owner(&self, remote: SocketAddr) -> Option<Seat> {
        self.owners.get(&remote).map(|owner| owner.seat)
    }

    /// Whether `remote` is proven to be its member's.
    #[inline]
    pub(crate) fn is_proven(&self, remote: SocketAddr) -> bool {
        // What was proven stays so until it is forgotten, which forgets what was found too.
        self.found.is_some_and(|(found, _, is_proven)| is_proven && found == remote)
            || self.owners.get(&remote).is_some_and(|owner| owner.is_proven)
    }

    /// What is known of `remote`, if anything.
    pub(crate) fn claim(&self, remote: SocketAddr) -> Option<AddressClaim> {
        let owner = self.owners.get(&remote)?;
        Some(AddressClaim { heard: owner.heard, is_proven: owner.is_proven })
    }

    /// Whether a member may take `remote` for its own: it is nobody's, its own, or somebody's who has not used it for a while. Otherwise
    /// one member could cut off another of its worker by checks that bear its address; what happens to those of other workers is decided where
    /// datagrams are handed over, by [`AddressClaim::is_proven`].
    pub(crate) fn may_take(&self, now: Instant, remote: SocketAddr, serial: u64) -> bool {
        self.owners.get(&remote).is_none_or(|owner| {
            let held = if owner.is_proven { ADDRESS_HELD } else { CLAIM_HELD };
            owner.serial == serial || owner.heard + held <= now
        })
    }

    /// Gives `remote` to a member, or notes that it was heard from there. Returns whose it was before, if somebody else's.
    ///
    /// A claim that is made again and never proven is not younger for that: who makes it cannot keep the address from the one who is there.
    pub(crate) fn take(
        &mut self,
        now: Instant,
        remote: SocketAddr,
        seat: Seat,
        serial: u64,
    ) -> Option<Seat> {
        if self.owners.get(&remote).is_some_and(|owner| owner.serial == serial) {
            self.heard(now, remote);
            return None;
        }
        self.found = None;
        let owner = Owner { seat, serial, heard: now, is_proven: false };
        self.owners.insert(remote, owner).map(|before| before.seat)
    }

    /// The member has shown that it receives at `remote`, if that is its own.
    pub(crate) fn prove(&mut self, now: Instant, remote: SocketAddr, serial: u64) {
        let owner = self.owners.get_mut(&remote);
        if let Some(owner) = owner.filter(|owner| owner.serial == serial) {
            (owner.is_proven, owner.heard) = (true, now);
            self.found = None;
        }
    }

    /// Notes that the owner of `remote` was heard from there, if that is proven to be its own.
    pub(crate) fn heard(&mut self, now: Instant, remote: SocketAddr) {
        if let Some(owner) = self.owners.get_mut(&remote).filter(|owner| owner.is_proven) {
            owner.heard = now;
        }
    }

    /// Forgets `remote`, whosever it is, and returns who that was.
    pub(crate) fn remove(&mut self, remote: SocketAddr) -> Option<Seat> {
        self.found = None;
        self.owners.remove(&remote).map(|owner| owner.seat)
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
        addresses.prove(start, address(1), 7);
        addresses.heard(Instant::from_millis(4_000), address(1));
        assert!(!addresses.may_take(Instant::from_millis(8_999), address(1), 8));
        assert!(addresses.may_take(Instant::from_millis(9_000), address(1), 8));
        let before = addresses.take(Instant::from_millis(9_000), address(1), seat(1), 8);
        assert_eq!((before, addresses.owner(address(1))), (Some(seat(0)), Some(seat(1))));
    }

    #[test]
    fn a_claim_that_is_not_proven_does_not_hold_for_longer_by_being_made_again() {
        let mut addresses = Addresses::new(1);
        let at = Instant::from_millis;
        for millis in [0, 400, 800] {
            assert!(addresses.may_take(at(millis), address(1), 7));
            assert_eq!(addresses.take(at(millis), address(1), seat(0), 7), None);
            addresses.heard(at(millis), address(1));
        }
        assert!(!addresses.may_take(at(999), address(1), 8));
        assert!(addresses.may_take(at(1_000), address(1), 8));
        assert_eq!(addresses.take(at(1_000), address(1), seat(1), 8), Some(seat(0)));
        // What the one before proves too late counts for nothing.
        addresses.prove(at(1_001), address(1), 7);
        let claim = AddressClaim { heard: at(1_000), is_proven: false };
        assert_eq!(addresses.claim(address(1)), Some(claim));
        addresses.prove(at(1_002), address(1), 8);
        assert!(!addresses.may_take(at(6_001), address(1), 7));
        assert!(addresses.may_take(at(6_002), address(1), 7));
        assert_eq!(addresses.remove(address(1)), Some(seat(1)));
        assert_eq!(addresses.claim(address(1)), None);
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
