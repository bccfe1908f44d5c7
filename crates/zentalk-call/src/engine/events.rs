//! What the registry and the call have to say, as the application hears it.

use zentalk_call_fsm::{Detail, EndReason, Event as FsmEvent, LossCause, PublicState, Report};
use zentalk_dtls_fingerprint::HandshakeSummary;
use zentalk_group_keys::FRAME_SUITE;
use zentalk_ice_nat::CandidatePair;
use zentalk_primitives::CallId;
use zentalk_signaling_ratchet::IdentityPublic;

use super::call::{self, Call};
use super::event::{Event, Media, Ring};
use super::group::{Downgrade, GroupCall};
use super::io::Output;
use super::stats::Security;
use super::{Engine, media, transport};

impl Engine {
    // Events of the registry.

    pub(super) fn tell(&mut self, call: CallId, peer: IdentityPublic, event: FsmEvent) {
        let event = match event {
            FsmEvent::Incoming { update_needed } => {
                let known = self.call.as_ref().filter(|active| active.id() == call);
                let group = self.group.as_ref().filter(|active| active.id() == call);
                if known.is_none() && group.is_none() && !update_needed {
                    // No call could be made of the offer: it is ending.
                    return;
                }
                Event::Incoming(Box::new(Ring {
                    call,
                    from: peer,
                    card: known.map(Call::peer).or(group.and_then(GroupCall::inviter)).cloned(),
                    media: known
                        .map(Call::media_kinds)
                        .or(group.map(GroupCall::media_kinds))
                        .unwrap_or(Media::Audio),
                    group: group.map(GroupCall::present),
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
                Event::State { call, state, detail: self.describe(state, detail) }
            }
            FsmEvent::Warning(warning) => Event::Warning { call, warning },
            FsmEvent::Ended(reason) => return self.end(call, reason),
            _ => return,
        };
        self.outputs.push_back(Output::Event(event));
    }

    /// Lets the call say its last words below the signalling, and forgets it with its keys.
    fn end(&mut self, id: CallId, reason: EndReason) {
        self.end_group(id);
        self.upgrade = None;
        self.downgrade = Downgrade::default();
        if let Some(mut call) = self.call.take_if(|call| call.id() == id) {
            self.say_last_words(&mut call);
            self.leave_relays(call, reason);
        }
        self.decline_inheritance();
        self.forget_unsent(id);
        self.next_report = None;
        self.turn.end_call();
        self.outputs.push_back(Output::Event(match (reason, self.registry.active()) {
            (EndReason::Glare, Some(by)) => Event::Replaced { call: id, by },
            _ => Event::Ended { call: id, reason },
        }));
    }

    /// What there is to say of a state, for a user.
    fn describe(&self, state: PublicState, detail: Detail) -> Option<String> {
        let via_relay = self.call.as_ref().is_some_and(Call::is_relayed);
        match detail {
            Detail::Ringing => Some("it rings".to_owned()),
            Detail::Reconnecting(cause) => Some(format!("reconnecting: {cause}")),
            Detail::Ended(reason) => Some(reason.to_string()),
            _ if via_relay && state == PublicState::Connecting => Some(VIA_RELAY.to_owned()),
            _ => None,
        }
    }

    // Outputs of the call.

    pub(super) fn take_output(&mut self, output: call::Output) {
        let Some(id) = self.call.as_ref().map(Call::id) else { return };
        if self.tries_pair() {
            return self.take_attempt(id, output);
        }
        match output {
            call::Output::Transport(transport::Output::Transmit(transmit)) => {
                self.outputs.push_back(Output::Transmit(transmit));
            }
            call::Output::Transport(transport::Output::Stream(stream)) => {
                self.outputs.push_back(Output::Stream(stream));
            }
            call::Output::Transport(transport::Output::Event(event)) => self.take_event(id, event),
            call::Output::Path(path) => {
                self.outputs.push_back(Output::Event(Event::Path { call: id, path }));
            }
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

    fn take_event(&mut self, id: CallId, event: transport::Event) {
        let report = match event {
            transport::Event::Checking => Report::Checking,
            transport::Event::Path(pair) => return self.take_path(id, &pair),
            transport::Event::Secured(summary) => {
                let event = Event::Secured { call: id, security: security(&summary) };
                self.outputs.push_back(Output::Event(event));
                Report::Secured
            }
            transport::Event::FingerprintMismatch => Report::FingerprintMismatch,
            transport::Event::HandshakeFailed => Report::HandshakeFailed,
            transport::Event::ConsentExpired => self.lost(LossCause::ConsentExpired),
            // The generation that a restart began found nothing, but the path from before it serves: nothing is lost.
            transport::Event::TimedOut if self.state() == PublicState::Connected => return,
            transport::Event::TimedOut => Report::IceTimedOut,
            transport::Event::Relays(event) => return self.take_relays(&event),
            transport::Event::ResolveName(name) => {
                return self.outputs.push_back(Output::ResolveName { name });
            }
            transport::Event::PublishName { name, address } => {
                return self.outputs.push_back(Output::PublishName { name, address });
            }
            _ => return,
        };
        self.report(id, report);
    }

    fn take_path(&mut self, id: CallId, pair: &CandidatePair) {
        let privacy = self.config.privacy;
        let Ok(path) = self.call_mut(id).map(|call| call.set_path(pair, privacy)) else {
            return;
        };
        self.outputs.push_back(Output::Event(Event::Path { call: id, path }));
        // A lost call is back when it is heard: a path that answers checks may yet carry nothing.
        let waits = self.registry.state().reconnects();
        if waits && self.call.as_ref().is_some_and(Call::has_media) {
            return;
        }
        let (before, state) = (self.state(), PublicState::Connecting);
        self.report(id, Report::PathValidated);
        // The state may be the same; that a relay carries it is news.
        if path.kind.is_relayed() && before == state && self.state() == state {
            let detail = Some(VIA_RELAY.to_owned());
            self.outputs.push_back(Output::Event(Event::State { call: id, state, detail }));
        }
    }

    fn take_media(&mut self, id: CallId, output: media::Output) {
        if self.hears_peer_in_group() && !matches!(output, media::Output::Silence) {
            // Both paths serve for a while; what comes over the new one is played.
            return;
        }
        let event = match output {
            media::Output::Audio { frame, source } => {
                Event::Audio { call: id, from: self.peer_index(), frame, source }
            }
            media::Output::Video(picture) => {
                Event::Video { call: id, from: self.peer_index(), picture }
            }
            media::Output::Silence => {
                if self.hears_peer_in_group() {
                    return;
                }
                let report = self.lost(LossCause::Silence);
                return self.report(id, report);
            }
            _ => return,
        };
        self.outputs.push_back(Output::Event(event));
    }

    /// An address of ours went away: with it perhaps the path, and everything that was to come over it.
    pub(super) fn path_gone(&mut self, cause: LossCause) {
        let call = self.call.as_ref().filter(|_| !self.tries_pair());
        let id = call.filter(|call| !call.has_pair()).map(Call::id);
        if let Some(id) = id
            && !self.registry.state().reconnects()
        {
            let report = self.lost(cause);
            self.report(id, report);
        }
    }

    /// The path is lost; the next authentic packet shows that it is back.
    fn lost(&mut self, cause: LossCause) -> Report {
        if let Some(call) = &mut self.call {
            call.watch_for_media();
        }
        Report::ConnectionLost(cause)
    }
}

/// What a user is told while a relay carries what sets the call up.
const VIA_RELAY: &str = "connecting via relay";

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
