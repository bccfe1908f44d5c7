//! What goes into the ICE library and what comes out of it.

use core::net::SocketAddr;

use is::stun::{StunMessage, StunPacket};
use stun_types::message::MessageClass;
use zentalk_primitives::{Instant, Transmit};

use super::{Session, Shared};
use crate::Event;
use crate::check_log::Check;
use crate::limits::MAX_PEER_REFLEXIVE;
use crate::stats::DropCause;
use crate::stun::{Envelope, peek};

impl Session {
    // In.

    pub(crate) fn handle_request(
        &mut self,
        now: Instant,
        (local, remote): (SocketAddr, SocketAddr),
        message: StunMessage<'_>,
        shared: &mut Shared,
    ) -> Result<(), DropCause> {
        self.admit(local, remote, shared)?;
        // MESSAGE-INTEGRITY with our password (RFC 8489 §14.5, RFC 8445 §7.3).
        if !self.agent.accepts_message(&message) {
            return Err(DropCause::Unauthenticated);
        }
        if !self.remotes.see(remote) || self.paths.entry(local, remote).is_none() {
            return Err(DropCause::Overflow);
        }
        shared.stats.checks_received += 1;
        self.feed(now, (local, remote), message, shared);
        Ok(())
    }

    pub(crate) fn handle_response(
        &mut self,
        now: Instant,
        (local, remote): (SocketAddr, SocketAddr),
        envelope: Envelope,
        payload: &[u8],
        shared: &mut Shared,
    ) -> Result<(), DropCause> {
        let check = self.checks.find(envelope.id).ok_or(DropCause::Unexpected)?;
        if (check.local, check.remote) != (local, remote) {
            return Err(DropCause::WrongAddress);
        }
        self.admit(local, remote, shared)?;
        let message = StunMessage::parse(payload).map_err(|_| DropCause::Malformed)?;
        if !self.agent.accepts_message(&message) {
            return Err(DropCause::Unauthenticated);
        }
        let success = envelope.class == MessageClass::Success;
        if success {
            self.note_response(now, check, message.mapped_address(), shared)?;
        }
        self.checks.answered(envelope.id);
        self.feed(now, (local, remote), message, shared);
        if success && self.nominated == Some((local, remote)) {
            self.settle();
        }
        self.update_detour(now, shared);
        Ok(())
    }

    /// Addresses that may not be used now get nothing, and neither does a pair without consent.
    pub(super) fn admit(
        &self,
        local: SocketAddr,
        remote: SocketAddr,
        shared: &Shared,
    ) -> Result<(), DropCause> {
        let allowed = shared.gate.admits(local, self.remotes.kind_of(remote))
            && !self.paths.is_expired(local, remote);
        if allowed { Ok(()) } else { Err(DropCause::Gated) }
    }

    fn note_response(
        &mut self,
        now: Instant,
        check: Check,
        mapped: Option<SocketAddr>,
        shared: &mut Shared,
    ) -> Result<(), DropCause> {
        // Each new address makes the ICE library add a local candidate.
        let known = self.paths.mapped_addresses();
        let is_new = mapped.is_some_and(|mapped| !known.contains(&mapped));
        if is_new && known.len() >= MAX_PEER_REFLEXIVE {
            return Err(DropCause::Overflow);
        }
        let path = self.paths.entry(check.local, check.remote).ok_or(DropCause::Overflow)?;
        path.last_response = Some(now);
        path.round_trip = Some(now - check.sent);
        path.mapped = mapped;
        shared.stats.responses_received += 1;
        self.validate(now, (check.local, check.remote), shared);
        Ok(())
    }

    fn validate(
        &mut self,
        now: Instant,
        (local, remote): (SocketAddr, SocketAddr),
        shared: &mut Shared,
    ) {
        if self.paths.validate(local, remote) {
            shared.out.event(Event::AddressValidated { local, remote });
            self.consider_detour(now, (local, remote));
        }
    }

    fn feed(
        &mut self,
        now: Instant,
        (local, remote): (SocketAddr, SocketAddr),
        message: StunMessage<'_>,
        shared: &mut Shared,
    ) {
        let packet =
            StunPacket { proto: is::Protocol::Udp, source: remote, destination: local, message };
        self.agent.handle_packet(self.clock.to_std(now), packet);
        self.drain(now, shared);
    }

    // Out.

    pub(super) fn drain(&mut self, now: Instant, shared: &mut Shared) {
        while let Some(transmit) = self.agent.poll_transmit() {
            let transmit = Transmit {
                local: transmit.source,
                remote: transmit.destination,
                payload: transmit.contents.into(),
            };
            self.send(now, transmit, shared);
        }
        while let Some(event) = self.agent.poll_event() {
            if let is::IceAgentEvent::NominatedSend { source, destination, .. } = event {
                self.nominate(source, destination);
            }
        }
    }

    fn send(&mut self, now: Instant, transmit: Transmit, shared: &mut Shared) {
        let (local, remote) = (transmit.local, transmit.remote);
        let Some(envelope) = peek(&transmit.payload) else { return };
        if self.admit(local, remote, shared).is_err() || !shared.out.transmit(transmit) {
            shared.stats.suppressed += 1;
            return;
        }
        match envelope.class {
            MessageClass::Request => {
                shared.stats.checks_sent += 1;
                self.checking_since.get_or_insert(now);
                self.checks.sent(Check { id: envelope.id, local, remote, sent: now });
            }
            MessageClass::Success => self.validate(now, (local, remote), shared),
            _ => {}
        }
    }

    /// A pair is nominated only after it answered (RFC 8445 §8.1.1), so it has consent.
    fn nominate(&mut self, local: SocketAddr, remote: SocketAddr) {
        let path = self.paths.get(local, remote);
        let usable = path.is_some_and(|path| !path.expired && path.last_response.is_some());
        if usable && self.nominated != Some((local, remote)) {
            self.nominated = Some((local, remote));
            self.connected = true;
            self.detour = None;
            self.unsettle();
        }
    }
}
