//! What the call state machine and the call want, done.

use zentalk_call_fsm::{Action, Devices, MediaPermit, RegistryInput, RegistryOutput, Report};
use zentalk_primitives::{CallId, Instant};
use zentalk_signaling_ratchet::{CallBody, IdentityPublic, messages};

use super::call::{self, Call, Setting};
use super::group::{GroupCall, setting};
use super::messages::OfferedBody;
use super::{Engine, REPORT_INTERVAL};
use crate::Error;

impl Engine {
    /// Does what the registry and the call want until they want nothing; returns the next timeout.
    pub(super) fn settle(&mut self) -> Option<Instant> {
        loop {
            let registry = match self.registry.poll_output() {
                RegistryOutput::Action { call, peer, action } => {
                    self.act(call, &peer, action);
                    continue;
                }
                RegistryOutput::Event { call, peer, event } => {
                    self.tell(call, peer, event);
                    continue;
                }
                RegistryOutput::Timeout(at) => at,
                _ => continue,
            };
            let call = match self.call.as_mut().map(|call| call.poll_output(self.now)) {
                Some(call::Output::Timeout(at)) => at,
                Some(output) => {
                    self.take_output(output);
                    continue;
                }
                None => None,
            };
            let group = match self.poll_group() {
                Some(at) => at,
                None => continue,
            };
            if self.maintain_downgrade() {
                continue;
            }
            // A restart before its candidates: they are known by its credentials.
            if self.say_restart() || self.send_candidates() {
                continue;
            }
            let others = [registry, call, self.next_report, self.turn.timeout()];
            let leaving = self.leaving.drain(&mut self.outputs);
            let restart = self.call.as_ref().and_then(Call::restart_timeout);
            let moves = [self.next_upgrade(), self.next_downgrade()];
            let others = others.into_iter().chain([leaving, restart, group]).chain(moves);
            return others.flatten().min();
        }
    }

    fn act(&mut self, id: CallId, peer: &IdentityPublic, action: Action) {
        if let Err(error) = self.try_act(id, peer, action) {
            tracing::warn!(%error, "a step of the call failed");
            self.report(id, Report::HandshakeFailed);
        }
    }

    fn try_act(&mut self, id: CallId, peer: &IdentityPublic, action: Action) -> Result<(), Error> {
        if let Action::SendBusy = action {
            self.send_to_offerer(id, peer, CallBody::Busy);
            return Ok(());
        }
        self.receive_offered(id)?;
        let is_pair = self.call.as_ref().is_some_and(|call| call.id() == id) && !self.tries_pair();
        if !is_pair && self.group.as_ref().is_some_and(|group| group.id() == id) {
            return self.act_in_group(id, action);
        }
        match action {
            Action::PrepareConnectivity => self.prepare_connectivity(),
            // The agent has what `ringing` brought, and checks relayed pairs as they come.
            Action::WarmPath => {}
            Action::OpenDirect => {
                let (now, rng) = (self.now, &mut self.rng);
                self.call.as_mut().ok_or(Error::NotUp)?.open_direct(now, rng);
                self.report(id, Report::GatheringStarted);
                self.retry_relays();
            }
            Action::RestartIce => self.begin_restart(),
            Action::SendOffer => {
                let card = self.card()?;
                self.send_body(id, |call| Ok(CallBody::Offer(call.offer_message(card)?)))?;
            }
            Action::SendRinging => {
                self.send_body(id, |call| Ok(CallBody::Ringing(call.ringing_message()?)))?;
            }
            Action::SendAnswer => {
                self.send_body(id, |call| Ok(CallBody::Answer(call.answer_message()?)))?;
            }
            Action::SendEnd(reason) => {
                if let Some(group) = &mut self.group {
                    // Both paths served: everybody hears of it once.
                    group.say_end(reason);
                    return Ok(());
                }
                let end = CallBody::End(messages::EndCode(reason.to_wire()));
                match &self.call {
                    Some(call) if call.id() == id => self.send_body(id, |_| Ok(end))?,
                    // An offer that no call could be made of. One of an unknown version has no card to answer
                    // to: its caller's own timer ends it.
                    _ => self.send_to_offerer(id, peer, end),
                }
            }
            Action::SendAcceptedElsewhere(Devices::Callee) => {
                self.send_body(id, |call| {
                    let device = call.answered_by().ok_or(Error::Internal)?;
                    Ok(CallBody::AcceptedElsewhere(messages::Elsewhere::new(device)))
                })?;
            }
            Action::StartMedia(permit) => self.start_media(permit)?,
            Action::StopMedia => {
                if let Some(call) = &mut self.call {
                    call.stop_media(self.now);
                }
                if let Some(group) = &mut self.group {
                    group.end_stay(self.now);
                }
                self.next_report = None;
            }
            // Further devices of a person are not known to this version, but for those that an answer names.
            _ => {}
        }
        Ok(())
    }

    fn start_media(&mut self, permit: MediaPermit) -> Result<(), Error> {
        let setting = Setting {
            now: self.now,
            unix_now: self.unix_now(),
            config: &self.config,
            sockets: &self.sockets,
            rng: &mut self.rng,
        };
        self.call.as_mut().ok_or(Error::NotUp)?.start_media(permit, setting)?;
        self.next_report = Some(self.now + REPORT_INTERVAL);
        Ok(())
    }

    /// Makes the call out of the offer that the registry has just taken up.
    fn receive_offered(&mut self, id: CallId) -> Result<(), Error> {
        let offered = self.offered.as_mut().filter(|offered| offered.call == id);
        let offer = match offered.and_then(|offered| offered.body.take()) {
            None => return Ok(()),
            Some(OfferedBody::Offer(offer)) => offer,
            Some(OfferedBody::Invite(invite)) => {
                let identity = self.identity()?;
                let group = GroupCall::receive(id, identity, invite, &mut setting(self))?;
                self.group = Some(group);
                return Ok(());
            }
        };
        let setting = Setting {
            now: self.now,
            unix_now: self.unix_now(),
            config: &self.config,
            sockets: &self.sockets,
            rng: &mut self.rng,
        };
        let own = (self.postbox.identity(), self.account.relay());
        let mut call = Call::receive(id, own, offer, setting)?;
        // After glare the allocations of the call that gave way serve this one.
        if let Some(inheritance) = self.inheritance.take() {
            call.inherit(self.now, inheritance);
        }
        self.call = Some(call);
        Ok(())
    }

    pub(super) fn send_body(
        &mut self,
        id: CallId,
        body: impl FnOnce(&mut Call) -> Result<CallBody, Error>,
    ) -> Result<(), Error> {
        let call = self.call_mut(id)?;
        let (to, body) = (call.peer().clone(), body(call)?);
        self.send(id, to, body);
        Ok(())
    }

    /// Answers an offer that was not taken up.
    fn send_to_offerer(&mut self, id: CallId, peer: &IdentityPublic, body: CallBody) {
        let offered = self.offered.as_ref();
        let offered = offered.filter(|offered| offered.call == id && offered.from == *peer);
        if let Some(card) = offered.map(|offered| offered.card.clone()) {
            self.send(id, card, body);
        }
    }

    /// Candidates found since the last time, as soon as the peer may be told. Returns whether there were any.
    fn send_candidates(&mut self) -> bool {
        let Some(id) = self.call.as_ref().map(Call::id) else { return false };
        match self.call_mut(id).and_then(Call::take_candidates) {
            // There is a call: it was just asked.
            Ok(Some(candidates)) => {
                let _ = self.send_body(id, |_| Ok(CallBody::Candidates(candidates)));
                true
            }
            _ => false,
        }
    }

    pub(super) fn report(&mut self, call: CallId, report: Report) {
        // Late reports of an ended call are no mistake.
        if self.registry.handle_input(self.now, RegistryInput::Report { call, report }).is_err() {
            tracing::debug!(?report, "a report came out of turn");
        }
    }
}
