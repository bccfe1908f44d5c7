use core::net::SocketAddr;

use crate::limits::{MAX_LOCAL_SOCKETS, MAX_RELAYED};
use crate::{CandidateKind, CandidatePolicy, Error, LocalSocket, RelayedAddress};

/// Our addresses, and which of them may be used: the two phases and the policy.
///
/// Before the direct phase opens only relay-to-relay packets pass. After it, a relay may talk to
/// any candidate of the peer's, and a socket may under [`CandidatePolicy::Direct`].
pub(crate) struct Gate {
    policy: CandidatePolicy,
    open: bool,
    sockets: Vec<LocalSocket>,
    relays: Vec<RelayedAddress>,
    /// Those among the relays that serve the present generation only.
    retiring: Vec<SocketAddr>,
}

impl Gate {
    pub(crate) fn new(policy: CandidatePolicy) -> Self {
        Self { policy, open: false, sockets: Vec::new(), relays: Vec::new(), retiring: Vec::new() }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// True the first time.
    pub(crate) fn open(&mut self) -> bool {
        !core::mem::replace(&mut self.open, true)
    }

    /// Whether sockets (not only relays) may be used now.
    pub(crate) fn sockets_allowed(&self) -> bool {
        self.open && self.policy == CandidatePolicy::Direct
    }

    /// Whether a remote candidate of this kind may be checked now.
    pub(crate) fn admits_remote(&self, kind: CandidateKind) -> bool {
        self.open || kind == CandidateKind::Relayed
    }

    /// Whether a packet may pass between these, in either direction. `remote` is what is known of
    /// the remote address.
    pub(crate) fn admits(&self, local: SocketAddr, remote: Option<CandidateKind>) -> bool {
        if self.relay(local).is_some() {
            return self.open || remote == Some(CandidateKind::Relayed);
        }
        self.sockets_allowed() && self.socket(local).is_some()
    }

    pub(crate) fn add_socket(&mut self, socket: LocalSocket) -> Result<(), Error> {
        socket.validate()?;
        let outside = |socket: &LocalSocket| socket.mapped().unwrap_or(socket.address());
        let taken = |known: &LocalSocket| {
            known.address() == socket.address() || outside(known) == outside(&socket)
        };
        if self.sockets.iter().any(taken) || self.relay(socket.address()).is_some() {
            return Err(Error::DuplicateAddress);
        }
        if self.sockets.len() >= MAX_LOCAL_SOCKETS {
            return Err(Error::TooManySockets);
        }
        self.sockets.push(socket);
        Ok(())
    }

    pub(crate) fn add_relay(&mut self, relay: RelayedAddress) -> Result<(), Error> {
        if !crate::socket::is_usable(relay.relayed()) {
            return Err(Error::UnusableAddress);
        }
        if self.relay(relay.relayed()).is_some() || self.socket(relay.relayed()).is_some() {
            return Err(Error::DuplicateAddress);
        }
        if self.relays.len() >= MAX_RELAYED {
            return Err(Error::TooManyRelayed);
        }
        self.relays.push(relay);
        Ok(())
    }

    /// Forgets a socket or a relay.
    pub(crate) fn remove(&mut self, address: SocketAddr) {
        self.sockets.retain(|socket| socket.address() != address);
        self.relays.retain(|relay| relay.relayed() != address);
        self.retiring.retain(|retiring| *retiring != address);
    }

    pub(crate) fn sockets(&self) -> &[LocalSocket] {
        &self.sockets
    }

    /// No later generation uses this relay.
    pub(crate) fn retire(&mut self, relayed: SocketAddr) {
        if self.relay(relayed).is_some() && !self.retiring.contains(&relayed) {
            self.retiring.push(relayed);
        }
    }

    /// The relays that a new generation uses.
    pub(crate) fn lasting_relays(&self) -> Vec<RelayedAddress> {
        let lasts = |relay: &&RelayedAddress| !self.retiring.contains(&relay.relayed());
        self.relays.iter().filter(lasts).copied().collect()
    }

    pub(crate) fn socket(&self, address: SocketAddr) -> Option<LocalSocket> {
        self.sockets.iter().find(|socket| socket.address() == address).copied()
    }

    pub(crate) fn relay(&self, address: SocketAddr) -> Option<RelayedAddress> {
        self.relays.iter().find(|relay| relay.relayed() == address).copied()
    }

    /// Whether one of our sockets is on this machine only, and with it a loopback peer possible.
    pub(crate) fn has_loopback(&self) -> bool {
        self.sockets.iter().any(|socket| socket.address().ip().is_loopback())
    }

    /// Whether an address of ours that may be used now has that IP version.
    pub(crate) fn any(&self, ipv4: bool) -> bool {
        let sockets = self.sockets.iter().filter(|_| self.sockets_allowed());
        let relays = self.relays.iter().map(RelayedAddress::relayed);
        sockets.map(LocalSocket::address).chain(relays).any(|a| a.is_ipv4() == ipv4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TransportProtocol;

    fn gate(policy: CandidatePolicy) -> (Gate, SocketAddr, SocketAddr) {
        let (socket, relayed) = (([192, 0, 2, 1], 1).into(), ([198, 51, 100, 1], 2).into());
        let mut gate = Gate::new(policy);
        gate.add_socket(LocalSocket::new(socket)).unwrap();
        gate.add_relay(RelayedAddress::new(relayed, socket, TransportProtocol::Udp)).unwrap();
        (gate, socket, relayed)
    }

    #[test]
    fn only_relay_to_relay_passes_before_the_gate_opens() {
        let (gate, socket, relayed) = gate(CandidatePolicy::Direct);
        assert!(gate.admits(relayed, Some(CandidateKind::Relayed)));
        for remote in [None, Some(CandidateKind::Host), Some(CandidateKind::ServerReflexive)] {
            assert!(!gate.admits(relayed, remote));
            assert!(!gate.admits(socket, remote));
        }
        assert!(!gate.admits(socket, Some(CandidateKind::Relayed)));
    }

    #[test]
    fn relay_only_never_uses_a_socket() {
        let (mut gate, socket, relayed) = gate(CandidatePolicy::RelayOnly);
        assert!(gate.open() && !gate.open());
        assert!(gate.admits(relayed, Some(CandidateKind::Host)));
        assert!(!gate.admits(socket, Some(CandidateKind::Relayed)));
    }

    #[test]
    fn addresses_are_unique_usable_and_bounded() {
        let (mut gate, socket, relayed) = gate(CandidatePolicy::Direct);
        let add = |gate: &mut Gate, address: SocketAddr| gate.add_socket(LocalSocket::new(address));
        assert_eq!(add(&mut gate, socket), Err(Error::DuplicateAddress));
        assert_eq!(add(&mut gate, relayed), Err(Error::DuplicateAddress));
        for unusable in ["0.0.0.0:5", "192.0.2.9:0", "224.0.0.1:5", "169.254.1.1:5", "[ff02::1]:5"]
        {
            assert_eq!(add(&mut gate, unusable.parse().unwrap()), Err(Error::UnusableAddress));
        }
        let mapped = LocalSocket::new(([10, 0, 0, 1], 1).into());
        let other_family = mapped.mapped_to("[2001:db8::1]:1".parse().unwrap());
        assert_eq!(gate.add_socket(other_family), Err(Error::AddressFamilyMismatch));
        assert_eq!(gate.add_socket(mapped.mapped_to(socket)), Err(Error::DuplicateAddress));
        let full = (2..100).find_map(|port| add(&mut gate, ([192, 0, 2, 1], port).into()).err());
        assert_eq!(full, Some(Error::TooManySockets));
        assert_eq!(gate.sockets().len(), MAX_LOCAL_SOCKETS);
    }
}
