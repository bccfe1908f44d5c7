//! What ICE, the relays and DTLS have to say, passed on between them.

use zentalk_dtls_fingerprint as dtls;
use zentalk_ice_nat as ice;
use zentalk_ice_nat::relays::{RelaysEvent, RelaysOutput};
use zentalk_primitives::Instant;

use super::{Event, Output, Transport};
use crate::Error;
use crate::engine::srtp::Srtp;

impl Transport {
    /// Empties all of them until none has anything to say; returns the next timeout.
    pub(super) fn drain(&mut self) -> Option<Instant> {
        loop {
            let ice = self.drain_ice();
            let dtls = self.drain_dtls();
            if let Some(relays) = self.drain_relays() {
                self.end_gathering();
                return ice.into_iter().chain(dtls).chain(relays).min();
            }
        }
    }

    // ICE.

    fn drain_ice(&mut self) -> Option<Instant> {
        loop {
            match self.ice.poll_output() {
                ice::Output::Transmit(transmit) => self.transmit(transmit),
                ice::Output::Event(event) => self.handle_ice_event(event),
                ice::Output::Timeout(at) => return at,
            }
        }
    }

    fn handle_ice_event(&mut self, event: ice::Event) {
        let event = match event {
            ice::Event::LocalCandidate(candidate) => {
                Event::LocalCandidate(candidate.to_attribute())
            }
            ice::Event::GatheringComplete => {
                self.gathering.done = true;
                return;
            }
            ice::Event::StateChanged(ice::IceState::Checking) => Event::Checking,
            ice::Event::AddressValidated { local, remote } => {
                return self.validate(dtls::Path::new(local, remote));
            }
            ice::Event::NominatedPair(pair) => {
                self.relays.select(self.now, pair.local(), pair.remote());
                self.activate(dtls::Path::new(pair.local(), pair.remote()));
                Event::Path(pair)
            }
            ice::Event::ConsentExpired => Event::ConsentExpired,
            ice::Event::TimedOut => Event::TimedOut,
            ice::Event::ResolveName(name) => Event::ResolveName(name),
            ice::Event::PublishName { name, address } => Event::PublishName { name, address },
            _ => return,
        };
        self.tell(event);
    }

    /// There are no more candidates once the agent has found all of its own and no relay is waited for (RFC 8838 §8.2).
    fn end_gathering(&mut self) {
        let ended = self.gathering.done && !self.relaying.expects_more();
        if ended && !core::mem::replace(&mut self.gathering.told, true) {
            self.tell(Event::EndOfCandidates);
        }
    }

    // Relays.

    /// Nothing if they said something that the others may have to answer.
    fn drain_relays(&mut self) -> Option<Option<Instant>> {
        let mut quiet = true;
        loop {
            match self.relays.poll_output() {
                RelaysOutput::Transmit(transmit) => {
                    self.outputs.push_back(Output::Transmit(transmit));
                }
                RelaysOutput::Stream(stream) => self.outputs.push_back(Output::Stream(stream)),
                RelaysOutput::Event(event) => {
                    quiet = false;
                    self.handle_relays_event(event);
                }
                RelaysOutput::Timeout(at) => return quiet.then_some(at),
            }
        }
    }

    fn handle_relays_event(&mut self, event: RelaysEvent) {
        match event {
            RelaysEvent::Allocated(relay) => {
                self.relaying.addresses.push(relay);
                // A full agent goes on with the relays it has.
                let _ = self.ice.add_relayed(self.now, relay);
            }
            RelaysEvent::Lost(relayed) => {
                self.ice.remove_local(self.now, relayed);
                self.relaying.lost(relayed);
                self.tell_agent_what_is_expected();
                self.tell(Event::Relays(RelaysEvent::Lost(relayed)));
            }
            RelaysEvent::Data { local, remote, payload } => {
                self.take_datagram(local, remote, payload);
            }
            RelaysEvent::Settled => {
                self.relaying.climbing = false;
                self.tell_agent_what_is_expected();
                self.tell(Event::Relays(RelaysEvent::Settled));
            }
            event => self.tell(Event::Relays(event)),
        }
    }

    // DTLS.

    /// DTLS takes bytes from this address from now on; the first one also carries its answers.
    fn validate(&mut self, path: dtls::Path) {
        let Some(endpoint) = &mut self.dtls else { return };
        if endpoint.validate_path(path).is_ok() && endpoint.active_path().is_none() {
            self.activate(path);
        }
    }

    fn activate(&mut self, path: dtls::Path) {
        if let Some(endpoint) = &mut self.dtls {
            // A full table of paths refuses new ones; those that are known go on working.
            let _ = endpoint.validate_path(path).and_then(|()| endpoint.set_active_path(path));
        }
    }

    fn drain_dtls(&mut self) -> Option<Instant> {
        loop {
            match self.dtls.as_mut()?.poll_output() {
                dtls::Output::Transmit(transmit) => self.transmit(transmit),
                dtls::Output::Event(event) => self.handle_dtls_event(event),
                dtls::Output::Timeout(at) => return at,
            }
        }
    }

    fn handle_dtls_event(&mut self, event: dtls::Event) {
        let event = match event {
            dtls::Event::Established { summary, proof } => match self.start_srtp(&proof) {
                Ok(()) => Event::Secured(summary),
                Err(_) => Event::HandshakeFailed,
            },
            dtls::Event::FingerprintMismatch { .. } => {
                self.srtp = None;
                Event::FingerprintMismatch
            }
            dtls::Event::Failed(_) => Event::HandshakeFailed,
            // The peer says goodbye below the signalling; its end message says why, or silence does.
            _ => return,
        };
        self.tell(event);
    }

    fn start_srtp(&mut self, proof: &dtls::FingerprintVerified) -> Result<(), Error> {
        if let Some(endpoint) = &self.dtls {
            self.srtp = Some(Srtp::new(&endpoint.export_srtp_keys(proof)?)?);
        }
        Ok(())
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }
}
