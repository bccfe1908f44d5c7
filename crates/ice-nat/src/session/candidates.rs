//! The candidates of one generation, ours and the peer's.

use core::net::SocketAddr;

use zentalk_primitives::Instant;

use super::{Session, Shared};
use crate::gathering::Reflexive;
use crate::{
    Candidate, CandidateKind, CandidateTransport, Error, LocalSocket, RelayedAddress,
    TransportProtocol, candidate_priority,
};

impl Session {
    // Ours.

    /// The candidate to signal for a socket. `is` ranks IPv6 before IPv4 (RFC 8421).
    pub(crate) fn add_socket(
        &mut self,
        socket: LocalSocket,
        foundation: String,
    ) -> Option<Candidate> {
        let candidate = is::Candidate::host(socket.address(), is::Protocol::Udp).ok()?;
        let priority = self.agent.add_local_candidate(candidate)?.prio();
        let outside = socket.mapped().unwrap_or(socket.address());
        Some(self.signal(foundation, priority, outside, CandidateKind::Host))
    }

    /// The candidate to signal for what a STUN server said; none if it is a known address.
    pub(crate) fn add_reflexive(
        &mut self,
        found: Reflexive,
        foundation: String,
    ) -> Option<Candidate> {
        let udp = is::Protocol::Udp;
        let candidate = is::Candidate::server_reflexive(found.mapped, found.base, udp).ok()?;
        let priority = self.agent.add_local_candidate(candidate)?.prio();
        self.reflexive.push(found.mapped);
        Some(self.signal(foundation, priority, found.mapped, CandidateKind::ServerReflexive))
    }

    /// The candidate to signal for a hidden host candidate whose address a STUN server sees, too: it is public, and what is hidden is
    /// what is not (RFC 8828 §5.2). Checks to it arrive at the host candidate.
    pub(crate) fn reflexive_of_hidden(&self, found: Reflexive, foundation: String) -> Candidate {
        let kind = CandidateKind::ServerReflexive;
        let priority = candidate_priority(kind.type_preference(), u16::MAX, 1);
        self.signal(foundation, priority, found.mapped, kind)
    }

    /// The candidate to signal for a relayed address.
    pub(crate) fn add_relay(
        &mut self,
        now: Instant,
        relay: RelayedAddress,
        foundation: String,
    ) -> Option<Candidate> {
        self.relay_at = Some(now);
        // RFC 8445 §5.1.2.1: the local preference ranks relays; slower ways to one come later.
        let penalty = match relay.transport() {
            TransportProtocol::Udp => 0,
            TransportProtocol::Tcp => 4096,
            TransportProtocol::Tls => 8192,
        };
        self.agent.set_local_preference(move |candidate: &is::Candidate, same_kind: usize| {
            is::default_local_preference(candidate, same_kind).saturating_sub(penalty)
        });
        let udp = is::Protocol::Udp;
        let candidate = is::Candidate::relayed(relay.relayed(), relay.base(), udp).ok();
        let priority = candidate.and_then(|candidate| {
            self.agent.add_local_candidate(candidate).map(is::Candidate::prio)
        });
        self.agent.set_local_preference(is::default_local_preference);
        Some(self.signal(foundation, priority?, relay.relayed(), CandidateKind::Relayed))
    }

    fn signal(
        &self,
        foundation: String,
        priority: u32,
        address: SocketAddr,
        kind: CandidateKind,
    ) -> Candidate {
        Candidate::local(foundation, priority, address, kind, self.local.ufrag())
    }

    /// Takes back everything that was made from this socket or relay. Where there is another pair that works, it is nominated now, not
    /// with the next check, which may be seconds away.
    pub(crate) fn remove_local(&mut self, now: Instant, address: SocketAddr, shared: &mut Shared) {
        let gone: Vec<_> = self
            .agent
            .local_candidates()
            .filter(|candidate| candidate.local() == address || candidate.addr() == address)
            .collect();
        for candidate in &gone {
            self.agent.invalidate_candidate(candidate);
        }
        self.paths.remove_local(address);
        if self.nominated.is_some_and(|(local, _)| local == address) {
            self.nominated = None;
            self.detour = None;
            self.unsettle();
            self.agent.handle_timeout(self.clock.to_std(now));
            self.drain(now, shared);
        }
    }

    // The peer's.

    /// The direct phase opened: what was held back is checked now, and time starts anew.
    pub(crate) fn on_open(&mut self, now: Instant, shared: &mut Shared) {
        if self.remote.is_some() {
            self.checking_since = Some(now);
        }
        self.timed_out = false;
        self.unpark(shared);
    }

    pub(super) fn unpark(&mut self, shared: &mut Shared) {
        for candidate in self.remotes.unpark() {
            // Parked ones were within their bound; over the other one they are only dropped.
            if self.add_remote(candidate, shared).is_err() {
                shared.stats.candidates_ignored += 1;
            }
        }
    }

    pub(crate) fn add_remote(
        &mut self,
        candidate: Candidate,
        shared: &mut Shared,
    ) -> Result<(), Error> {
        if self.is_of_other_generation(&candidate) || !is_for_us(&candidate) {
            shared.stats.candidates_ignored += 1;
            return Ok(());
        }
        if self.remote.is_none() || !shared.gate.admits_remote(candidate.kind()) {
            return self.remotes.park(candidate);
        }
        let Some(address) = candidate.socket_address() else {
            self.add_named(candidate, shared);
            return Ok(());
        };
        let off_machine = address.ip().is_loopback() && !shared.gate.has_loopback();
        if off_machine || !self.remotes.signal(address, candidate.kind())? {
            shared.stats.candidates_ignored += 1;
            return Ok(());
        }
        self.agent.add_remote_candidate(is::Candidate::from_parts(
            candidate.foundation().to_owned(),
            1,
            is::Protocol::Udp,
            candidate.priority(),
            address,
            candidate.kind().to_is(),
            None,
            None,
            None,
        ));
        Ok(())
    }

    /// RFC 8838 §4, RFC 8840 §4.4.
    fn is_of_other_generation(&self, candidate: &Candidate) -> bool {
        let remote = self.remote.as_ref();
        remote.is_some_and(|remote| candidate.ufrag().is_some_and(|ufrag| ufrag != remote.ufrag()))
    }
}

/// Whether this agent can check a candidate, perhaps once its name is resolved: UDP, component 1 (RTCP is multiplexed), an address
/// that something can be sent to.
fn is_for_us(candidate: &Candidate) -> bool {
    let ours = candidate.transport() == CandidateTransport::Udp && candidate.component() == 1;
    ours && candidate.socket_address().is_none_or(crate::socket::is_usable)
}
