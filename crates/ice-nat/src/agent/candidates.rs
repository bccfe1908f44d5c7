//! Our candidates: made in the current generation, and announced.

use core::net::IpAddr;

use rand_core::CryptoRng;
use zentalk_primitives::Instant;

use super::IceAgent;
use crate::candidate::random_name;
use crate::gathering::Reflexive;
use crate::limits::MAX_LOCAL_SOCKETS;
use crate::{Candidate, CandidateKind, Event, LocalSocket, RelayedAddress};

impl IceAgent {
    pub(super) fn use_sockets(&mut self, now: Instant, rng: &mut impl CryptoRng) {
        for socket in self.shared.gate.sockets().to_vec() {
            self.use_socket(now, socket, rng);
        }
    }

    pub(super) fn use_socket(
        &mut self,
        now: Instant,
        socket: LocalSocket,
        rng: &mut impl CryptoRng,
    ) {
        if !self.shared.gate.sockets_allowed() {
            return;
        }
        let address = socket.address();
        let foundation = self.foundations.of(CandidateKind::Host, address.ip(), None);
        let candidate = self.current.add_socket(socket, foundation);
        // A mapped address stands in for the private one already.
        let hides = self.config.hides_hosts() && socket.mapped().is_none();
        let candidate = match candidate {
            Some(candidate) if hides => Some(candidate.named(self.name_of(address.ip(), rng))),
            shown => shown,
        };
        self.announce(candidate);
        // A mapped address needs no discovery.
        if socket.mapped().is_none() {
            for server in self.config.stun_servers() {
                self.gatherer.start(now, address, *server, rng);
            }
            self.gathering_reported &= self.gatherer.is_idle();
        }
    }

    /// The generation that serves during a restart is checked from a new socket, too: its peer is known already. Nothing is signalled.
    pub(super) fn use_socket_in_previous(&mut self, socket: LocalSocket) {
        let allowed = self.shared.gate.sockets_allowed();
        if let Some(previous) = self.previous.as_mut().filter(|_| allowed) {
            let foundation = self.foundations.of(CandidateKind::Host, socket.address().ip(), None);
            previous.session.add_socket(socket, foundation);
        }
    }

    /// The name that stands for an address of ours in the whole call; published when it is made.
    fn name_of(&mut self, address: IpAddr, rng: &mut impl CryptoRng) -> String {
        if let Some((_, name)) = self.names.iter().find(|(known, _)| *known == address) {
            return name.clone();
        }
        let name = random_name(rng);
        // A call outlives many interfaces; the oldest name gives way.
        if self.names.len() >= MAX_LOCAL_SOCKETS {
            self.names.remove(0);
        }
        self.names.push((address, name.clone()));
        self.shared.out.event(Event::PublishName { name: name.clone(), address });
        name
    }

    pub(super) fn use_relay(&mut self, now: Instant, relay: RelayedAddress) {
        // The relayed address is its own base and its server's (RFC 8445 §5.1.1.2).
        let ip = relay.relayed().ip();
        let foundation = self.foundations.of(CandidateKind::Relayed, ip, Some(ip));
        let candidate = self.current.add_relay(now, relay, foundation);
        self.announce(candidate);
    }

    pub(super) fn use_reflexive(&mut self, found: Reflexive) {
        let (base, server) = (found.base.ip(), Some(found.server.ip()));
        let foundation = self.foundations.of(CandidateKind::ServerReflexive, base, server);
        // Without a NAT it is the host candidate again, which only a hidden one's name does not tell already.
        let candidate = if found.mapped == found.base && self.config.hides_hosts() {
            Some(self.current.reflexive_of_hidden(found, foundation))
        } else {
            self.current.add_reflexive(found, foundation)
        };
        self.announce(candidate);
    }

    pub(super) fn announce(&mut self, candidate: Option<Candidate>) {
        if let Some(candidate) = candidate {
            self.shared.out.event(Event::LocalCandidate(candidate));
        }
    }
}
