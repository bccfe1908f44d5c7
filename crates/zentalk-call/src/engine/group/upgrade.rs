//! From a call of two to a group call, without a break.
//!
//! 1. Whoever invites a third person begins a group call with the same id, and invites the peer as well. The peer does not ring: it
//!    agreed to this call, and is asked for nothing more than it agreed to.
//! 2. Both go to the server. Until then, and a little longer, media take the old path as well.
//! 3. Once the peer has been heard over the server for a while, the old path is closed.
//! 4. Where both invite somebody at once, the room with the larger id stays, and the guests of the other are invited into it. Whose
//!    address would be shown by going there begins its own once more, in a still larger room, and the other one follows if it can.
//! 5. If there is no way to the server, the call of two goes on. If the server answers but is reached by relays only, the old path
//!    gives up its own for that: a moment without media.

use core::time::Duration;

use rand_core::CryptoRng;
use zentalk_call_fsm::{EndReason, PublicState, Warning};
use zentalk_primitives::{CallId, Instant, RoomId};
use zentalk_signaling_ratchet::messages::GroupInvite;
use zentalk_signaling_ratchet::{ContactCard, IdentityPublic};

use super::engine::setting;
use super::reach::Reach;
use super::{GroupCall, MemberState, Output as GroupOutput};
use crate::Error;
use crate::engine::Engine;
use crate::engine::call::{self, Call};
use crate::engine::event::{Event, Media};
use crate::engine::io::Output;
use crate::engine::transport;

/// A call of two that is about to become a group call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Upgrade {
    /// Until when there must be a way to the server.
    until: Instant,
    /// When the peer was first heard over the server.
    heard: Option<Instant>,
    /// Whether this side has taken a larger room than the peer's, where it could not go.
    insists: bool,
}

/// How long the way to the server may take. The call of two goes on meanwhile.
const UPGRADE_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a way to a server that answers is looked for without the relays that the old path uses.
const DIRECT_TIME: Duration = Duration::from_secs(3);
/// How long both paths serve once the peer is heard over the server: the peer may not hear this side there yet.
const OVERLAP: Duration = Duration::from_secs(3);

impl Engine {
    /// Begins to make a call of two a group call.
    pub(super) fn upgrade(&mut self, id: CallId, to: ContactCard) -> Result<(), Error> {
        if self.registry.active() != Some(id) || self.state() != PublicState::Connected {
            return Err(Error::NotUp);
        }
        let call = self.call_mut(id)?;
        if call.peer().identity() == to.identity() {
            return Err(Error::AlreadyMember);
        }
        let (peer, media) = (call.peer().clone(), call.media_kinds());
        let identity = self.identity()?;
        let mut group = GroupCall::place(id, identity, vec![peer, to], media, &mut setting(self))?;
        self.hand_over(&mut group)?;
        self.group = Some(group);
        Ok(())
    }

    /// The peer makes the call of two a group call, or the inviter gives this side another index. Nobody is asked: this side agreed
    /// to the call, and to all that it carries.
    pub(super) fn handle_upgrade(
        &mut self,
        id: CallId,
        from: &IdentityPublic,
        invite: GroupInvite,
    ) -> Result<(), Error> {
        self.follows_into(from, &invite);
        let crosses = self.crosses(from, &invite);
        if let Some(mut group) = self.group.take_if(|_| !crosses) {
            let renumbered = group.renumber(from, &invite, &mut setting(self));
            self.group = Some(group);
            return renumbered;
        }
        let mutual = self.is_mutual();
        let call = self.call.as_ref().filter(|call| {
            mutual && call.id() == id && call.peer().identity() == from && call.has_media()
        });
        let call = call.ok_or(Error::NotUp)?;
        if invite.media().video && call.media_kinds() == Media::Audio {
            return Err(Error::MoreMedia);
        }
        let (identity, relay) = (self.identity()?, call.peer().relay_url().to_owned());
        // Before a certificate is made: this may come as often as the peer likes.
        let reach = Reach::new(self.account.relay(), self.config.privacy);
        if !reach.allows_room(invite.room().token_relay()) {
            return self.refuse_room(id, invite.room().id()).and(Err(Error::ForeignRelay));
        }
        let mut group = GroupCall::receive(id, identity, invite, &mut setting(self))?;
        group.choose_relay(&relay);
        group.accept(&mut setting(self))?;
        if crosses {
            self.give_way();
        }
        self.hand_over(&mut group)?;
        self.group = Some(group);
        Ok(())
    }

    /// Whether both make the call a group call at once, and it is this side that follows: into the room with the larger id.
    fn crosses(&self, from: &IdentityPublic, invite: &GroupInvite) -> bool {
        let theirs = invite.room().id();
        let gives_way = |group: &GroupCall| group.inviter().is_none() && group.room() < theirs;
        self.upgrade.is_some()
            && self.call.as_ref().is_some_and(|call| call.peer().identity() == from)
            && self.group.as_ref().is_some_and(gives_way)
    }

    /// Leaves this side's own group for the peer's, where its guests are asked again.
    fn give_way(&mut self) {
        let guests = self.drop_group((EndReason::HungUpRemote, EndReason::Glare));
        self.downgrade.hold(guests);
    }

    /// This side may not go where the peer would have it go. If both began a group at once, its own can be the one that stays; else
    /// there is none.
    fn refuse_room(&mut self, id: CallId, theirs: RoomId) -> Result<(), Error> {
        let may_insist = self.upgrade.is_some_and(|upgrade| !upgrade.insists);
        let larger = above(theirs, &mut self.rng).filter(|_| may_insist);
        if let Some(room) = larger {
            return self.insist(id, room);
        }
        if self.upgrade.is_some() {
            self.give_up_upgrade();
        }
        if self.downgrade.is_news_of_room(id) {
            let warning = Warning::ForeignRelay;
            self.outputs.push_back(Output::Event(Event::Warning { call: id, warning }));
        }
        Ok(())
    }

    /// Begins its own group once more, in this room.
    fn insist(&mut self, id: CallId, room: RoomId) -> Result<(), Error> {
        let former = self.group.as_ref().map(GroupCall::highest_index).unwrap_or_default();
        let guests = self.drop_group((EndReason::HungUpRemote, EndReason::Glare));
        let call = self.call_mut(id)?;
        let (peer, media) = (call.peer().clone(), call.media_kinds());
        let identity = self.identity()?;
        let mut group = GroupCall::place(id, identity, vec![peer], media, &mut setting(self))?;
        group.move_to(self.now, room, (former, guests));
        self.hand_over(&mut group)?;
        self.group = Some(group);
        self.upgrade = self.upgrade.map(|upgrade| Upgrade { insists: true, ..upgrade });
        Ok(())
    }

    fn hand_over(&mut self, group: &mut GroupCall) -> Result<(), Error> {
        let call = self.call.as_mut().ok_or(Error::NotUp)?;
        let peer = call.peer().identity().clone();
        group.replace_pair(peer, call.lend_permit().ok_or(Error::NotUp)?);
        group.connect(self.now);
        let until = self.now + UPGRADE_TIMEOUT;
        self.upgrade = Some(Upgrade { until, heard: None, insists: false });
        Ok(())
    }

    /// Whether the old path has served.
    pub(in crate::engine) fn maintain_upgrade(&mut self) {
        let (Some(mut upgrade), Some(call), Some(group)) = (self.upgrade, &self.call, &self.group)
        else {
            return;
        };
        let peer = call.peer().identity();
        let hears = |(member, state): &(super::Member, MemberState)| {
            member.identity == *peer && *state == MemberState::Connected
        };
        upgrade.heard = match group.members().iter().any(hears) {
            true => upgrade.heard.or(Some(self.now)),
            false => None,
        };
        self.upgrade = Some(upgrade);
        let lacks_relay = group.needs_relay_since().filter(|_| call.is_relayed());
        if upgrade.heard.is_some_and(|heard| heard + OVERLAP <= self.now) {
            self.finish_upgrade();
        } else if lacks_relay.is_some_and(|since| since + DIRECT_TIME <= self.now) {
            // The server answers, but nothing gets through to it directly: the relays of the old path are needed for the new one.
            self.finish_upgrade();
        } else if upgrade.until <= self.now && upgrade.heard.is_none() {
            self.give_up_upgrade();
        }
    }

    pub(in crate::engine) fn next_upgrade(&self) -> Option<Instant> {
        let upgrade = self.upgrade.filter(|_| self.call.is_some())?;
        let lacks_relay = self.group.as_ref()?.needs_relay_since();
        let lacks_relay = lacks_relay.filter(|_| self.call.as_ref().is_some_and(Call::is_relayed));
        let relay = lacks_relay.map(|since| since + DIRECT_TIME);
        let next = upgrade.heard.map_or(upgrade.until, |heard| heard + OVERLAP);
        Some(relay.map_or(next, |relay| relay.min(next)))
    }

    /// The server carries the call: the old path is closed, and its TURN allocations are given back.
    fn finish_upgrade(&mut self) {
        self.upgrade = None;
        let Some(mut call) = self.call.take() else { return };
        call.stop_media(self.now);
        self.say_last_words(&mut call);
        let inheritance = call.into_inheritance();
        match &mut self.group {
            // Its allocations serve the new path, if that needs any.
            Some(group) => {
                group.forget_pair();
                let unused = group.inherit(self.now, inheritance);
                unused.into_iter().for_each(|relays| self.leaving.release(self.now, relays));
            }
            None => self.leaving.release(self.now, inheritance.relays),
        }
        self.retry_relays();
    }

    /// There is no way to the server: whoever was invited hears so, and the call of two goes on.
    fn give_up_upgrade(&mut self) {
        self.drop_group((EndReason::CouldNotConnect, EndReason::CouldNotConnect));
    }

    /// The call is one of two alone. Others hear the first reason, and are shown as gone for the second. Returns whom this side had
    /// invited of them.
    fn drop_group(&mut self, reasons: (EndReason, EndReason)) -> Vec<ContactCard> {
        self.upgrade = None;
        let Some(group) = &mut self.group else { return Vec::new() };
        let (id, permit) = (group.id(), group.take_permit());
        let guests = group.dismiss_third_parties(self.now, reasons);
        group.tell_left();
        self.end_group(id);
        if let (Some(call), Some(permit)) = (&mut self.call, permit) {
            call.take_permit_back(permit);
        }
        guests
    }

    /// What the group call says while the old path decides.
    pub(super) fn note_upgrade(&mut self, output: &GroupOutput) {
        if matches!(output, GroupOutput::Message(zentalk_call_fsm::Message::End(_))) {
            self.give_up_upgrade();
        }
    }

    /// The peer of the call of two left while both paths served.
    pub(super) fn peer_left_group(&mut self, id: CallId, from: &IdentityPublic) {
        let left = |call: &Call| call.id() == id && call.peer().identity() == from;
        if self.upgrade.is_some() && self.call.as_ref().is_some_and(left) {
            self.finish_upgrade();
        }
    }

    /// Whether the peer of the call of two is heard over the server.
    pub(in crate::engine) fn hears_peer_in_group(&self) -> bool {
        self.upgrade.is_some_and(|upgrade| upgrade.heard.is_some())
    }

    /// The index of the peer of the call of two: its place in the group, where there is one.
    pub(in crate::engine) fn peer_index(&self) -> u8 {
        let Some(call) = &self.call else { return 0 };
        let in_group = self.group.as_ref().and_then(|group| group.index_of(call.peer().identity()));
        in_group.unwrap_or_else(|| call.peer_index())
    }

    /// What a path has to send when it is closed.
    pub(in crate::engine) fn say_last_words(&mut self, call: &mut Call) {
        loop {
            match call.poll_output(self.now) {
                call::Output::Transport(transport::Output::Transmit(transmit)) => {
                    self.outputs.push_back(Output::Transmit(transmit));
                }
                call::Output::Transport(transport::Output::Stream(stream)) => {
                    self.outputs.push_back(Output::Stream(stream));
                }
                call::Output::Timeout(_) => break,
                _ => {}
            }
        }
    }
}

/// A random room with a larger id. Nothing where that would leave less to guess than 96 bits.
fn above(room: RoomId, rng: &mut impl CryptoRng) -> Option<RoomId> {
    let at = room.as_bytes().iter().position(|byte| *byte < u8::MAX).filter(|at| *at < 4)?;
    let mut larger = *RoomId::random(rng).as_bytes();
    for (index, (byte, theirs)) in larger.iter_mut().zip(room.as_bytes()).take(at + 1).enumerate() {
        *byte = if index == at { (*byte).max(theirs.saturating_add(1)) } else { *theirs };
    }
    Some(RoomId::from_bytes(larger))
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn a_larger_room_is_found_for_all_but_those_made_to_have_none() {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        for full in 0..=16 {
            let mut bytes = [0x7f; 16];
            bytes[..full].fill(0xff);
            let room = RoomId::from_bytes(bytes);
            let larger = above(room, &mut rng);
            assert_eq!(larger.is_some(), full < 4);
            assert!(
                larger.is_none_or(|larger| larger > room && Some(larger) != above(room, &mut rng))
            );
        }
        let almost = RoomId::from_bytes([0xfe; 16]);
        assert!(above(almost, &mut rng).unwrap() > almost);
    }
}
