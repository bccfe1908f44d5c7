//! Our candidates: made in the current generation, and announced.

use rand_core::CryptoRng;
use zentalk_primitives::Instant;

use super::IceAgent;
use crate::gathering::Reflexive;
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
        self.announce(candidate);
        // A mapped address needs no discovery.
        if socket.mapped().is_none() {
            for server in self.config.stun_servers() {
                self.gatherer.start(now, address, *server, rng);
            }
            self.gathering_reported &= self.gatherer.is_idle();
        }
    }

    pub(super) fn use_relay(&mut self, relay: RelayedAddress) {
        // The relayed address is its own base and its server's (RFC 8445 §5.1.1.2).
        let ip = relay.relayed().ip();
        let foundation = self.foundations.of(CandidateKind::Relayed, ip, Some(ip));
        let candidate = self.current.add_relay(relay, foundation);
        self.announce(candidate);
    }

    pub(super) fn use_reflexive(&mut self, found: Reflexive) {
        let (base, server) = (found.base.ip(), Some(found.server.ip()));
        let foundation = self.foundations.of(CandidateKind::ServerReflexive, base, server);
        let candidate = self.current.add_reflexive(found, foundation);
        self.announce(candidate);
    }

    pub(super) fn announce(&mut self, candidate: Option<Candidate>) {
        if let Some(candidate) = candidate {
            self.shared.out.event(Event::LocalCandidate(candidate));
        }
    }
}
