use core::net::SocketAddr;

use crate::limits::{MAX_PARKED_CANDIDATES, MAX_PEER_REFLEXIVE, MAX_REMOTE_CANDIDATES};
use crate::{Candidate, CandidateKind, Error};

/// The peer's addresses in one generation: signalled, seen, and parked. All bounded.
#[derive(Default)]
pub(crate) struct RemoteSet {
    signalled: Vec<(SocketAddr, CandidateKind)>,
    reflexive: Vec<SocketAddr>,
    parked: Vec<Candidate>,
}

impl RemoteSet {
    /// What is known at this address. A relay is told first: it is what the gate asks about.
    pub(crate) fn kind_of(&self, address: SocketAddr) -> Option<CandidateKind> {
        let kinds = self.signalled.iter().filter(|(known, _)| *known == address);
        kinds
            .map(|(_, kind)| *kind)
            .max_by_key(|kind| (*kind == CandidateKind::Relayed, kind.type_preference()))
            .or_else(|| self.reflexive.contains(&address).then_some(CandidateKind::PeerReflexive))
    }

    /// Takes a signalled address: false if it is known already.
    pub(crate) fn signal(
        &mut self,
        address: SocketAddr,
        kind: CandidateKind,
    ) -> Result<bool, Error> {
        if self.signalled.contains(&(address, kind)) {
            return Ok(false);
        }
        if self.signalled.len() >= MAX_REMOTE_CANDIDATES {
            return Err(Error::TooManyRemoteCandidates);
        }
        self.signalled.push((address, kind));
        Ok(true)
    }

    /// Takes the source of an authenticated check: false if there are too many.
    pub(crate) fn see(&mut self, address: SocketAddr) -> bool {
        if self.kind_of(address).is_some() {
            return true;
        }
        let room = self.reflexive.len() < MAX_PEER_REFLEXIVE;
        if room {
            self.reflexive.push(address);
        }
        room
    }

    /// Holds a candidate back.
    pub(crate) fn park(&mut self, candidate: Candidate) -> Result<(), Error> {
        if self.parked.len() >= MAX_PARKED_CANDIDATES {
            return Err(Error::TooManyParkedCandidates);
        }
        self.parked.push(candidate);
        Ok(())
    }

    /// Everything that was held back.
    pub(crate) fn unpark(&mut self) -> Vec<Candidate> {
        core::mem::take(&mut self.parked)
    }

    /// Whether any address of that IP version is known.
    pub(crate) fn any(&self, ipv4: bool) -> bool {
        let seen = self.reflexive.iter();
        self.signalled.iter().map(|(address, _)| address).chain(seen).any(|a| a.is_ipv4() == ipv4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    #[test]
    fn signalled_candidates_are_bounded() {
        let mut set = RemoteSet::default();
        let count = u16::try_from(MAX_REMOTE_CANDIDATES).unwrap();
        for port in 1..=count {
            assert_eq!(set.signal(address(port), CandidateKind::Host), Ok(true));
        }
        assert_eq!(set.signal(address(1), CandidateKind::Host), Ok(false));
        let one_more = set.signal(address(count + 1), CandidateKind::Host);
        assert_eq!(one_more, Err(Error::TooManyRemoteCandidates));
    }

    #[test]
    fn reflexive_addresses_are_bounded() {
        let mut set = RemoteSet::default();
        let count = u16::try_from(MAX_PEER_REFLEXIVE).unwrap();
        assert!((1..=count).all(|port| set.see(address(port))));
        assert!(!set.see(address(count + 1)));
        assert!(set.see(address(1)));
    }
}
