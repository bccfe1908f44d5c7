//! What follows from what happened: which pair serves, which state that is.

use tracing::debug;
use zentalk_primitives::Instant;

use super::IceAgent;
use crate::limits::{DISCONNECTED_AFTER, RESTART_LINGER};
use crate::session::Session;
use crate::{Event, IceState};

impl IceAgent {
    /// The generation whose pair is in use.
    pub(super) fn serving(&self) -> Option<&Session> {
        let previous = self.previous.as_ref().map(|previous| &previous.session);
        [Some(&self.current), previous].into_iter().flatten().find(|session| session.has_pair())
    }

    pub(super) fn check_consent(&mut self, now: Instant) {
        let serves = self.current.has_pair();
        if self.current.expire(now) {
            self.shared.out.event(Event::ConsentExpired);
        }
        if let Some(previous) = &mut self.previous
            && previous.session.expire(now)
            && !serves
        {
            self.shared.out.event(Event::ConsentExpired);
        }
    }

    /// Reports what changed.
    pub(super) fn update(&mut self, now: Instant) {
        self.retire_previous(now);
        let pair = self.serving().and_then(|session| session.pair(&self.shared.gate));
        if pair != self.pair {
            self.pair = pair;
            if let Some(pair) = pair {
                debug!(?pair, "nominated");
                self.shared.out.event(Event::NominatedPair(pair));
            }
        }
        let state = self.derive_state(now);
        if state != self.state {
            debug!(from = ?self.state, to = ?state, "state");
            self.state = state;
            self.shared.out.event(Event::StateChanged(state));
        }
        self.report_gathering();
    }

    pub(super) fn retire_previous(&mut self, now: Instant) {
        let nominated = self.current.has_pair();
        if let Some(previous) = &mut self.previous {
            if nominated || !previous.session.has_pair() {
                previous.until.get_or_insert(now + RESTART_LINGER);
            } else {
                previous.until = None;
            }
            let done = previous.until.is_some_and(|until| until <= now);
            if done || previous.session.has_lost_consent() {
                self.previous = None;
            }
        }
    }

    pub(super) fn derive_state(&self, now: Instant) -> IceState {
        let last = self.serving().and_then(Session::last_response);
        match last {
            Some(at) if now < at + DISCONNECTED_AFTER => IceState::Connected,
            Some(_) => IceState::Disconnected,
            None if self.current.has_lost_consent() => IceState::Failed,
            None if self.current.is_checking() => IceState::Checking,
            None => IceState::New,
        }
    }

    pub(super) fn report_gathering(&mut self) {
        let done = self.shared.gate.is_open() && self.gatherer.is_idle();
        if done && !self.gathering_reported {
            self.gathering_reported = true;
            self.shared.out.event(Event::GatheringComplete);
        }
        let no_pair = !self.current.has_pair() && self.current.is_hopeless(&self.shared.gate);
        let nothing_comes = done && !self.shared.expects_relays;
        if nothing_comes && no_pair && self.current.is_checking() {
            self.current.time_out(&mut self.shared);
        }
    }
}
