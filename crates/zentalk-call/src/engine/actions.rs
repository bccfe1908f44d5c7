//! What the call state machine and the call want, done.

use zentalk_call_fsm::{
    Action, Detail, Devices, EndReason, Event as FsmEvent, LossCause, RegistryInput,
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
            return self.send_to_offerer(id, peer, CallBody::Busy);
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
                self.send_body(|call| Ok(CallBody::Offer(call.offer_message(card)?)))?;
            }
            Action::SendRinging => {
                self.send_body(|call| Ok(CallBody::Ringing(call.ringing_message()?)))?;
            }
            Action::SendAnswer => {
                self.send_body(|call| Ok(CallBody::Answer(call.answer_message()?)))?;
            }
            Action::SendEnd(reason) => {
                let end = CallBody::End(messages::EndCode(reason.to_wire()));
                // A call of an unknown version has no card to answer to; its caller's own timer ends it.
                if self.call.is_some() {
                    self.send_body(|_| Ok(end))?;
                }
            }
            Action::SendAcceptedElsewhere(Devices::Callee) => {
                self.send_body(|call| {
                    let device = call.answered_by().ok_or(Error::Internal)?;
                    Ok(CallBody::AcceptedElsewhere(messages::Elsewhere::new(device)))
                })?;
            }
            Action::StartMedia(permit) => {
                let setting = Setting {
                    now: self.now,
                    unix_now: self.unix_now(),
                    config: &self.config,
                    sockets: &self.sockets,
                    rng: &mut self.rng,
                };
                self.call.as_mut().ok_or(Error::NotUp)?.start_media(permit, setting)?;
                self.next_report = Some(self.now + REPORT_INTERVAL);
            }
            Action::StopMedia => {
                if let Some(call) = &mut self.call {
                    call.stop_media(self.now);
                }
                self.next_report = None;
            }
            // One's own other devices are not known to this version; the callee's are told by the caller.
            // A lost path is waited for: the old agent goes on checking. Its restart is not signalled yet.
            _ => {}
        }
        Ok(())
    }

    /// Makes the call out of the offer that the registry has just taken up.
    fn receive_offered(&mut self, id: CallId) -> Result<(), Error> {
        let known = self.call.as_ref().is_some_and(|call| call.id() == id);
        if known || self.offered.as_ref().is_none_or(|offered| offered.call != id) {
            return Ok(());
        }
        let Some(offered) = self.offered.take() else { return Ok(()) };
        let setting = Setting {
            now: self.now,
            unix_now: self.unix_now(),
            config: &self.config,
            sockets: &self.sockets,
            rng: &mut self.rng,
        };
        self.call = Some(Call::receive(id, self.postbox.identity(), offered.offer, setting)?);
        Ok(())
    }

    fn send_body(
        &mut self,
        body: impl FnOnce(&Call) -> Result<CallBody, Error>,
    ) -> Result<(), Error> {
        let call = self.call.as_ref().ok_or(Error::NotUp)?;
        let (id, to, body) = (call.id(), call.peer().clone(), body(call)?);
        self.send(id, to, body);
        Ok(())
    }

    /// Answers an offer that was not taken up.
    fn send_to_offerer(
        &mut self,
        id: CallId,
        peer: &IdentityPublic,
        body: CallBody,
    ) -> Result<(), Error> {
        let offered = self.offered.as_ref().filter(|offered| offered.from == *peer);
        let card = offered.map(|offered| offered.offer.card().clone());
        if let Some(card) = card {
            self.send(id, card, body);
        }
        Ok(())
    }

    /// Candidates found since the last time, as soon as the peer may be told.
    fn send_candidates(&mut self) {
        let taken = self.call.as_mut().map(Call::take_candidates);
        if let Some(Ok(Some(candidates))) = taken {
            // There is a call: it was just asked.
            let _ = self.send_body(|_| Ok(CallBody::Candidates(candidates)));
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
                Event::Incoming(Ring {
                    call,
                    from: peer,
                    card: known.map(|active| active.peer().clone()),
                    media: known.map_or(Media::Audio, Call::media_kinds),
                    update_needed,
                })
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
            while let call::Output::Transport(output) = call.poll_output(self.now) {
                if let transport::Output::Transmit(transmit) = output {
                    self.outputs.push_back(Output::Transmit(transmit));
                }
            }
        }
        self.next_report = None;
        self.outputs.push_back(Output::Event(Event::Ended { call: id, reason }));
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

fn path_info(pair: &CandidatePair) -> PathInfo {
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

fn security(summary: &HandshakeSummary) -> Security {
    Security {
        dtls_version: summary.version().to_string(),
        cipher_suite: summary
            .cipher_suite()
            .map_or_else(|| "not seen".to_owned(), |suite| suite.to_string()),
        srtp_profile: summary.srtp_profile().name(),
        frame_suite: FRAME_SUITE.name(),
    }
}
