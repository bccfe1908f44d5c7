//! The TURN servers of one transport: what they have given, and what is expected of them.

use core::net::SocketAddr;

use zentalk_ice_nat::RelayedAddress;
use zentalk_ice_nat::relays::{RelayServer, Relays};
use zentalk_ice_nat::turn::TurnCredentials;
use zentalk_primitives::Instant;

use super::Transport;

/// What is known of the relays.
#[derive(Default)]
pub(super) struct Relaying {
    /// Ours now.
    pub(super) addresses: Vec<RelayedAddress>,
    /// Those among them that were made with the credentials before the present ones.
    old: Vec<SocketAddr>,
    /// Whether servers have been named.
    has_servers: bool,
    /// Whether somebody is being asked for servers.
    asked: bool,
    /// Whether allocations are being made.
    pub(super) climbing: bool,
}

/// What one call leaves to the one that takes its place.
pub(crate) struct Inheritance {
    pub(crate) relays: Relays,
    relaying: Relaying,
}

impl Relaying {
    /// Whether there may be more relayed addresses soon.
    pub(super) fn expects_more(&self) -> bool {
        self.asked || self.climbing
    }

    pub(super) fn lost(&mut self, relayed: SocketAddr) {
        self.addresses.retain(|known| known.relayed() != relayed);
        self.old.retain(|known| *known != relayed);
        // Another one is made in its stead.
        self.climbing = true;
    }
}

impl Transport {
    // Getters.

    /// Whether packets of ours go through a TURN server of ours.
    pub(crate) fn is_relayed(&self) -> bool {
        let local = self.ice.selected_pair().map(|pair| pair.local());
        self.relaying.addresses.iter().any(|relay| Some(relay.relayed()) == local)
    }

    /// Whether there is a relayed address of ours, or may be one soon.
    pub(crate) fn has_relay_in_sight(&self) -> bool {
        self.relaying.expects_more() || !self.relaying.addresses.is_empty()
    }

    /// Whether TURN servers have been named.
    pub(crate) fn has_servers(&self) -> bool {
        self.relaying.has_servers
    }

    /// Whether allocations are made or held from this UDP socket of ours.
    pub(crate) fn has_relay_at(&self, socket: SocketAddr) -> bool {
        self.relays.uses(socket)
    }

    // Commands.

    /// Takes a datagram if it is from a TURN server that this path uses, and says whether it was.
    pub(crate) fn take_relayed(
        &mut self,
        now: Instant,
        (local, remote): (SocketAddr, SocketAddr),
        payload: &[u8],
    ) -> bool {
        self.now = now;
        let taken = self.relays.handle_datagram(now, local, remote, payload);
        if taken {
            self.drain();
        }
        taken
    }

    /// TURN servers to use, best first, until the credentials expire.
    pub(crate) fn set_servers(
        &mut self,
        now: Instant,
        servers: Vec<RelayServer>,
        credentials: TurnCredentials,
        expires: Instant,
    ) {
        self.now = now;
        self.relaying.old = self.relaying.addresses.iter().map(RelayedAddress::relayed).collect();
        self.relaying.has_servers = true;
        self.relaying.climbing = true;
        self.relays.set_servers(now, servers, credentials, expires);
        self.expect_relays(now, false);
    }

    /// Says whether somebody is being asked for TURN servers, so that relayed candidates may come.
    pub(crate) fn expect_relays(&mut self, now: Instant, asked: bool) {
        self.now = now;
        self.relaying.asked = asked;
        self.tell_agent_what_is_expected();
        self.drain();
    }

    /// The agent waits with its timeout for relays that are on their way.
    pub(super) fn tell_agent_what_is_expected(&mut self) {
        self.ice.expect_relays(self.now, self.relaying.expects_more());
    }

    /// Where relayed addresses with fresh credentials stand beside old ones, the next generation of ICE uses these alone. Returns
    /// whether packets go through an old one, so that there should be a next generation soon.
    pub(crate) fn leave_old_relays(&mut self) -> bool {
        let Relaying { addresses, old, .. } = &self.relaying;
        if addresses.len() <= old.len() {
            return false;
        }
        old.iter().for_each(|relayed| self.ice.retire_relayed(*relayed));
        self.ice.selected_pair().is_some_and(|pair| old.contains(&pair.local()))
    }

    // From call to call.

    /// What remains when the call is over.
    pub(crate) fn into_inheritance(self) -> Inheritance {
        Inheritance { relays: self.relays, relaying: self.relaying }
    }

    /// Takes over the allocations of a call that gave way to this one.
    pub(crate) fn inherit(&mut self, now: Instant, inheritance: Inheritance) {
        self.now = now;
        self.relays = inheritance.relays;
        self.relaying = Relaying { asked: false, ..inheritance.relaying };
        for relay in &self.relaying.addresses {
            // A full agent goes on with the relays it has.
            let _ = self.ice.add_relayed(now, *relay);
        }
        self.tell_agent_what_is_expected();
        self.drain();
    }
}
