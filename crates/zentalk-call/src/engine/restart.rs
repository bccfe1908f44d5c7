//! ICE restarts, signalled through the ratchet: who begins one, who follows, and what is said again.

use zentalk_call_fsm::State;
use zentalk_primitives::CallId;
use zentalk_signaling_ratchet::{CallBody, IdentityPublic, messages};

use super::Engine;
use super::call::Call;
use crate::Error;

impl Engine {
    /// Begins the next round. It is said once its first candidates are known, which is before anything else happens.
    pub(super) fn begin_restart(&mut self) {
        if let Some(call) = self.call.as_mut().filter(|_| !self.downgrade.tries()) {
            call.begin_restart(self.now, &mut self.rng);
        }
        self.retry_relays();
    }

    /// Says (again) in which round this side is, if that is due.
    pub(super) fn say_restart(&mut self) -> bool {
        let now = self.now;
        let Some(call) = self.call.as_mut() else { return false };
        if !call.restart_is_due(now) {
            return false;
        }
        let id = call.id();
        let said = self.send_body(id, |call| Ok(CallBody::Restart(call.restart_message()?)));
        if let Err(error) = said {
            tracing::debug!(%error, "a restart could not be said");
        }
        true
    }

    /// The peer restarts. Before both users agreed there is nothing that could be restarted, and from anybody else it means nothing.
    pub(super) fn handle_restart(
        &mut self,
        id: CallId,
        from: &IdentityPublic,
        restart: &messages::Restart,
    ) -> Result<(), Error> {
        let mutual =
            matches!(self.registry.state(), State::Live(acceptance, _) if acceptance.is_mutual());
        let call = self.call.as_mut().filter(|_| mutual && !self.downgrade.tries());
        match call.filter(|call| call.id() == id && call.peer().identity() == from) {
            Some(call) => call.handle_restart(self.now, restart, &mut self.rng),
            None => Err(Error::NotUp),
        }
    }

    /// A message of this call could not be left at its relay: if it was about a restart, it is said again.
    pub(super) fn restart_undelivered(&mut self, id: CallId) {
        let now = self.now;
        // Of a call that is over nothing is said again.
        let _ = self.call_mut(id).map(|call: &mut Call| call.restart_undelivered(now));
    }
}
