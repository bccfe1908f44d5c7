//! What an attempt needs of the group call: who is left, where they are, and how the server is left in the end.

use core::net::SocketAddr;

use zentalk_primitives::Instant;
use zentalk_signaling_ratchet::ContactCard;

use super::super::keys::Keys;
use super::super::members::Entry;
use super::super::stay::Stay;
use super::super::{GroupCall, Output};
use crate::engine::transport::Inheritance;

impl GroupCall {
    /// The index of the other one, where two are left: by the members' list as by the keys, and nobody is expected.
    pub(super) fn left_with(&self, now: Instant) -> Option<u8> {
        let mut others = self.members.current();
        let (index, entry) = others.next()?;
        let is_alone = others.next().is_none() && !self.expects_others(now);
        let keyed = self.keys.as_ref().is_some_and(|keys| keys.may_send() && is_pair(keys));
        (self.agreed && is_alone && keyed && entry.is_keyed()).then_some(index)
    }

    /// Whether this side is at a server, and hears this member there.
    pub(super) fn hears(&self, index: u8) -> bool {
        self.permit.is_some()
            && self.stay.as_ref().is_some_and(Stay::is_up)
            && self.members.get(index).is_some_and(Entry::is_connected)
    }

    /// Whether the server has this member. Nothing where this side is at none.
    pub(super) fn has_at_server(&self, index: u8) -> Option<bool> {
        let stay = self.stay.as_ref().filter(|stay| stay.is_up())?;
        let participant = self.members.get(index).and_then(|entry| entry.participant);
        Some(participant.is_some_and(|one| stay.participants().contains(&one)))
    }

    /// Whether it is on its way to a server, or waits for one.
    pub(super) fn lacks_server(&self) -> bool {
        !self.stay.as_ref().is_some_and(Stay::is_up)
    }

    pub(super) fn member_card(&self, index: u8) -> Option<&ContactCard> {
        self.members.get(index).map(|entry| &entry.card)
    }

    // The path to the server.

    /// Whether it has allocations on TURN servers from this socket.
    pub(super) fn has_relay_at(&mut self, socket: SocketAddr) -> bool {
        self.transport().is_some_and(|path| path.has_relay_at(socket))
    }

    /// Takes a datagram of a TURN server that leads to the forwarding server.
    pub(in crate::engine) fn take_relayed(
        &mut self,
        now: Instant,
        addresses: (SocketAddr, SocketAddr),
        payload: &[u8],
    ) -> bool {
        self.transport().is_some_and(|path| path.take_relayed(now, addresses, payload))
    }

    /// Leaves the server for good. Nobody hears of it by the ratchet: the call goes on. What it has to say for the last time comes
    /// back, with what is left of the path.
    pub(super) fn leave(mut self, now: Instant) -> (Vec<Output>, Option<Inheritance>) {
        // What it would have said to members matters no more.
        self.outputs.clear();
        self.end_stay(now);
        self.tell_left();
        (self.outputs.into(), self.inheritance)
    }
}

/// Whether the keys are those of two.
fn is_pair(keys: &Keys) -> bool {
    keys.roster().count() == 2
}
