//! What both paths say during an attempt. The server's carries the call and decides over its state; the new one is on trial.

use zentalk_call_fsm::Report;
use zentalk_codec::AudioSource;
use zentalk_primitives::CallId;

use crate::Error;
use crate::engine::Engine;
use crate::engine::call;
use crate::engine::event::Event;
use crate::engine::events::security;
use crate::engine::group::{GroupCall, setting};
use crate::engine::io::Output;
use crate::engine::{media, transport};

impl Engine {
    /// What the new path says.
    pub(in crate::engine) fn take_attempt(&mut self, id: CallId, output: call::Output) {
        match output {
            call::Output::Transport(transport::Output::Transmit(transmit)) => {
                self.outputs.push_back(Output::Transmit(transmit));
            }
            call::Output::Transport(transport::Output::Stream(stream)) => {
                self.outputs.push_back(Output::Stream(stream));
            }
            call::Output::Transport(transport::Output::Event(event)) => {
                self.take_attempt_event(id, event);
            }
            call::Output::Media(output) => self.take_attempt_media(id, output),
            // It is told when it is the call's.
            _ => {}
        }
    }

    fn take_attempt_event(&mut self, id: CallId, event: transport::Event) {
        match event {
            transport::Event::Path(pair) => {
                let privacy = self.config.privacy;
                if let Some(call) = &mut self.call {
                    call.set_path(&pair, privacy);
                }
            }
            transport::Event::Secured(summary) => {
                let security = security(&summary);
                if let Some(attempt) = &mut self.downgrade.attempt {
                    attempt.security = Some(security);
                }
                if let Err(error) = self.lend_agreement() {
                    tracing::warn!(%error, "no media could be started over a path of two");
                    self.give_up_downgrade();
                }
            }
            // Somebody stands between the two: that ends the call, as on any path.
            transport::Event::FingerprintMismatch => self.report(id, Report::FingerprintMismatch),
            transport::Event::HandshakeFailed
            | transport::Event::ConsentExpired
            | transport::Event::TimedOut => self.give_up_downgrade(),
            transport::Event::Relays(event) => self.take_relays(&event),
            transport::Event::ResolveName(name) => {
                self.outputs.push_back(Output::ResolveName { name });
            }
            transport::Event::PublishName { name, address } => {
                self.outputs.push_back(Output::PublishName { name, address });
            }
            _ => {}
        }
    }

    /// The users' agreement goes over to the new path; the media that the server carries go on.
    fn lend_agreement(&mut self) -> Result<(), Error> {
        let permit = self.group.as_mut().and_then(GroupCall::take_permit);
        let permit = permit.ok_or(Error::NotUp)?;
        let Some(mut call) = self.call.take() else { return Err(Error::NotUp) };
        let started = call.start_media(permit, setting(self));
        self.call = Some(call);
        started
    }

    fn take_attempt_media(&mut self, id: CallId, output: media::Output) {
        let (now, from) = (self.now, self.peer_index());
        let Some(attempt) = &mut self.downgrade.attempt else { return };
        let event = match output {
            media::Output::Audio { frame, source } => {
                if matches!(source, AudioSource::Received | AudioSource::Recovered) {
                    attempt.hear(now);
                }
                if !attempt.plays_sound(now) {
                    return;
                }
                Event::Audio { call: id, from, frame, source }
            }
            media::Output::Video(picture) => {
                attempt.see(now);
                Event::Video { call: id, from, picture }
            }
            media::Output::Silence => return self.give_up_downgrade(),
            _ => return,
        };
        self.outputs.push_back(Output::Event(event));
    }

    /// Whether the peer is heard over the new path.
    pub(in crate::engine::group) fn hears_by_pair(&self) -> bool {
        self.downgrade.attempt.as_ref().is_some_and(|attempt| attempt.is_heard(self.now))
    }

    /// Whether sound or a picture that came by the server comes over the new path as well.
    pub(in crate::engine::group) fn comes_by_pair(&self, event: &Event) -> bool {
        let Some(attempt) = &self.downgrade.attempt else { return false };
        match event {
            Event::Audio { from, .. } => *from == attempt.peer() && attempt.plays_sound(self.now),
            Event::Video { from, .. } => {
                *from == attempt.peer() && attempt.shows_pictures(self.now)
            }
            _ => false,
        }
    }
}
