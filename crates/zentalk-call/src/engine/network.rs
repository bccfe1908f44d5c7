//! The network as this side sees it: sockets that come and go, also in the middle of a call.

use core::net::SocketAddr;
use core::time::Duration;

use zentalk_call_fsm::{Connectivity, LossCause, State};
use zentalk_ice_nat::LocalSocket;
use zentalk_primitives::Instant;

use super::call::Call;
use super::{Engine, MAX_SOCKETS};
use crate::Error;

impl Engine {
    /// A UDP socket that calls may use, and the address it is mapped to where there is a fixed
    /// one-to-one mapping in front of it. A call that goes on uses it at once.
    ///
    /// # Errors
    /// [`Error::TooManySockets`]; [`Error::Ice`] if the address cannot be used, which is found out when a
    /// call uses it: here if there is one, else by [`Engine::place`].
    pub fn add_socket(
        &mut self,
        now: Instant,
        address: SocketAddr,
        mapped: Option<SocketAddr>,
    ) -> Result<(), Error> {
        self.advance(now);
        if self.sockets.len() >= MAX_SOCKETS {
            return Err(Error::TooManySockets);
        }
        let mut socket = LocalSocket::new(address);
        if let Some(mapped) = mapped {
            socket = socket.mapped_to(mapped);
        }
        let is_spare = self.turn.takes_socket(address.ip());
        match &mut self.call {
            Some(call) if is_spare => call.add_relay_socket(self.now, address),
            Some(call) => call.add_socket(self.now, socket, &mut self.rng)?,
            None => {}
        }
        match (&mut self.group, &self.call) {
            (Some(group), None) if is_spare => group.add_relay_socket(self.now, address),
            // It is the other path that asked for it.
            (Some(_), Some(_)) if is_spare => {}
            (Some(group), _) => group.add_socket(self.now, socket, &mut self.rng)?,
            (None, _) => {}
        }
        self.sockets.push(socket);
        self.settle();
        Ok(())
    }

    /// Takes a socket back: its interface or its address is gone, or no call needs it any more. A call
    /// that goes on looks for other ways; [`Engine::network_changed`] makes it hurry.
    pub fn remove_socket(&mut self, now: Instant, address: SocketAddr) {
        self.advance(now);
        self.sockets.retain(|socket| socket.address() != address);
        if let Some(call) = &mut self.call {
            call.remove_socket(self.now, address);
        }
        if let Some(group) = &mut self.group {
            group.remove_socket(self.now, address);
        }
        self.leaving.remove_socket(self.now, address);
        self.settle();
    }

    /// The interfaces or addresses of this machine changed, and the sockets have been exchanged
    /// accordingly: a call that goes on looks for its path anew, at once.
    pub fn network_changed(&mut self, now: Instant) {
        self.advance(now);
        self.note_network_for_downgrade();
        self.turn.network_changed();
        self.path_gone(LossCause::NetworkChanged);
        if let Some(group) = &mut self.group {
            group.network_changed(self.now);
        }
        self.settle();
        // Once one was established, another path may be better or, soon, the only one.
        let is_young = |call: &Call| self.now < call.round_began() + RESTART_INTERVAL;
        let is_open = |state| {
            matches!(state, State::Live(acceptance, connectivity)
                if acceptance.is_mutual() && connectivity >= Connectivity::Secured)
        };
        if self.call.as_ref().is_some_and(|call| !is_young(call)) && is_open(self.registry.state())
        {
            self.begin_restart();
        }
        self.settle();
    }

    /// Whether sockets are needed: a call goes on, or TURN servers are still being told that one is over.
    pub fn needs_network(&self) -> bool {
        self.registry.active().is_some() || !self.leaving.is_empty()
    }
}

/// The least time between two restarts for the network's sake. Candidates of a network that changes more quickly join the restart
/// that has begun.
const RESTART_INTERVAL: Duration = Duration::from_millis(500);
