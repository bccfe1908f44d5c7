//! What the call state machine and the call want, done.

use zentalk_call_fsm::{
    Action, Detail, Devices, EndReason, Event as FsmEvent, LossCause, MediaPermit, RegistryInput,
    RegistryOutput, Report,
};
use zentalk_dtls_fingerprint::HandshakeSummary;
use zentalk_group_keys::FRAME_SUITE;
use zentalk_ice_nat::{CandidatePair, PathKind as IcePath};
use zentalk_primitives::{CallId, Instant, Redacted};
use zentalk_signaling_ratchet::{CallBody, IdentityPublic, messages};

use super::call::{self, Call, Setting};
use super::io::{Event, Media, Output, Ring};
use super::stats::{PathInfo, PathKind, Security};
use super::{Engine, REPORT_INTERVAL, media, transport};
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
            self.send_candidates();
            let call = match self.call.as_mut().map(|call| call.poll_output(self.now)) {
                Some(call::Output::Timeout(at)) => at,
                Some(output) => {
                    self.take_output(output);
                    continue;
                }
                None => None,
            };
            return registry.into_iter().chain(call).chain(self.next_report).min();
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
        match action {
            // Neither side has a relay in this version: there is nothing to gather or to check before
            // both users agreed.
            Action::PrepareConnectivity | Action::WarmPath => {}
            Action::OpenDirect => {
                let (now, rng) = (self.now, &mut self.rng);
                self.call.as_mut().ok_or(Error::NotUp)?.open_direct(now, rng);
                self.report(id, Report::GatheringStarted);
            }
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
                self.next_report = None;
            }
            // Further devices of a person are not known to this version, but for those that an answer names.
            // A lost path is waited for: the old agent goes on checking. Its restart is not signalled yet.
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
        let Some(offer) = offered.and_then(|offered| offered.offer.take()) else { return Ok(()) };
        let setting = Setting {
            now: self.now,
            unix_now: self.unix_now(),
            config: &self.config,
            sockets: &self.sockets,
            rng: &mut self.rng,
        };
        self.call = Some(Call::receive(id, self.postbox.identity(), offer, setting)?);
        Ok(())
    }

    fn send_body(
        &mut self,
        id: CallId,
        body: impl FnOnce(&Call) -> Result<CallBody, Error>,
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

    /// Candidates found since the last time, as soon as the peer may be told.
    fn send_candidates(&mut self) {
        let Some(id) = self.call.as_ref().map(Call::id) else { return };
        while let Ok(Some(candidates)) = self.call_mut(id).and_then(Call::take_candidates) {
            // There is a call: it was just asked.
            let _ = self.send_body(id, |_| Ok(CallBody::Candidates(candidates)));
        }
    }

    pub(super) fn report(&mut self, call: CallId, report: Report) {
        // Late reports of an ended call are no mistake.
        if self.registry.handle_input(self.now, RegistryInput::Report { call, report }).is_err() {
            tracing::debug!(?report, "a report came out of turn");
        }
    }

    // Events of the registry.

    fn tell(&mut self, call: CallId, peer: IdentityPublic, event: FsmEvent) {
        let event = match event {
            FsmEvent::Incoming { update_needed } => {
                let known = self.call.as_ref().filter(|active| active.id() == call);
                if known.is_none() && !update_needed {
                    // No call could be made of the offer: it is ending.
                    return;
                }
                Event::Incoming(Box::new(Ring {
                    call,
                    from: peer,
                    card: known.map(|active| active.peer().clone()),
                    media: known.map_or(Media::Audio, Call::media_kinds),
                    update_needed,
                }))
            }
            // The call goes on, as another one: `end` says so.
            FsmEvent::State { detail: Detail::Ended(EndReason::Glare), .. }
                if self.registry.active().is_some() =>
            {
                return;
            }
            FsmEvent::State { state, detail } => {
                Event::State { call, state, detail: describe(detail) }
            }
            FsmEvent::Warning(warning) => Event::Warning { call, warning },
            FsmEvent::Ended(reason) => return self.end(call, reason),
            _ => return,
        };
        self.outputs.push_back(Output::Event(event));
    }

    /// Lets the call say its last words below the signalling, and forgets it with its keys.
    fn end(&mut self, id: CallId, reason: EndReason) {
        if let Some(mut call) = self.call.take_if(|call| call.id() == id) {
            loop {
                match call.poll_output(self.now) {
                    call::Output::Transport(transport::Output::Transmit(transmit)) => {
                        self.outputs.push_back(Output::Transmit(transmit));
                    }
                    call::Output::Timeout(_) => break,
                    _ => {}
                }
            }
        }
        self.forget_unsent(id);
        self.next_report = None;
        self.outputs.push_back(Output::Event(match (reason, self.registry.active()) {
            (EndReason::Glare, Some(by)) => Event::Replaced { call: id, by },
            _ => Event::Ended { call: id, reason },
        }));
    }

    // Outputs of the call.

    fn take_output(&mut self, output: call::Output) {
        let Some(id) = self.call.as_ref().map(Call::id) else { return };
        match output {
            call::Output::Transport(transport::Output::Transmit(transmit)) => {
                self.outputs.push_back(Output::Transmit(transmit));
            }
            call::Output::Transport(transport::Output::Event(event)) => self.take_path(id, event),
            call::Output::Media(output) => self.take_media(id, output),
            call::Output::MediaFlows => {
                // After a loss this shows that the path is back; else the registry ignores it.
                if self.registry.state().reconnects() {
                    self.report(id, Report::Restored);
                }
                self.report(id, Report::MediaFlowing);
            }
            call::Output::Transport(transport::Output::Timeout(_)) | call::Output::Timeout(_) => {}
        }
    }

    fn take_path(&mut self, id: CallId, event: transport::Event) {
        let report = match event {
            transport::Event::Checking => Report::Checking,
            transport::Event::Path(pair) => {
                let event = Event::Path { call: id, path: path_info(&pair) };
                self.outputs.push_back(Output::Event(event));
                Report::PathValidated
            }
            transport::Event::Secured(summary) => {
                let event = Event::Secured { call: id, security: security(&summary) };
                self.outputs.push_back(Output::Event(event));
                Report::Secured
            }
            transport::Event::FingerprintMismatch => Report::FingerprintMismatch,
            transport::Event::HandshakeFailed => Report::HandshakeFailed,
            transport::Event::ConsentExpired => self.lost(LossCause::ConsentExpired),
            transport::Event::TimedOut => Report::IceTimedOut,
            _ => return,
        };
        self.report(id, report);
    }

    fn take_media(&mut self, id: CallId, output: media::Output) {
        let event = match output {
            media::Output::Audio { frame, source } => Event::Audio { call: id, frame, source },
            media::Output::Video(picture) => Event::Video { call: id, picture },
            media::Output::Silence => {
                let report = self.lost(LossCause::Silence);
                return self.report(id, report);
            }
            _ => return,
        };
        self.outputs.push_back(Output::Event(event));
    }

    /// The path is lost; the next authentic packet shows that it is back.
    fn lost(&mut self, cause: LossCause) -> Report {
        if let Some(call) = &mut self.call {
            call.watch_for_media();
        }
        Report::ConnectionLost(cause)
    }
}

fn describe(detail: Detail) -> Option<String> {
    match detail {
        Detail::Ringing => Some("it rings".to_owned()),
        Detail::Reconnecting(cause) => Some(format!("reconnecting: {cause}")),
        Detail::Ended(reason) => Some(reason.to_string()),
        _ => None,
    }
}

pub(super) fn path_info(pair: &CandidatePair) -> PathInfo {
    PathInfo {
        local: Redacted(pair.local()),
        remote: Redacted(pair.remote()),
        kind: match pair.path() {
            IcePath::ServerReflexive => PathKind::ServerReflexive,
            IcePath::Relay { .. } => PathKind::Relay,
            _ => PathKind::Direct,
        },
    }
}

pub(super) fn security(summary: &HandshakeSummary) -> Security {
    Security {
        dtls_version: summary.version().to_string(),
        cipher_suite: summary
            .cipher_suite()
            .map_or_else(|| "not seen".to_owned(), |suite| suite.to_string()),
        srtp_profile: summary.srtp_profile().name(),
        frame_suite: FRAME_SUITE.name(),
    }
}
