//! How an attempt begins, and the three ways in which it ends.

use core::net::SocketAddr;
use core::time::Duration;

use zentalk_call_fsm::{LossCause, MediaPermit, RegistryInput, Report};
use zentalk_primitives::{CallId, DeviceId};
use zentalk_signaling_ratchet::{CallBody, IdentityPublic, messages};

use super::MAX_AGE;
use super::attempt::{Attempt, Part};
use crate::Error;
use crate::engine::Engine;
use crate::engine::call::{Call, Setting};
use crate::engine::event::{Event, Media};
use crate::engine::group::{GroupCall, Output as GroupOutput, setting};
use crate::engine::io::Output;
use crate::engine::path::PathInfo;

impl Engine {
    // The beginning.

    /// Offers the other one a path of two.
    pub(super) fn begin_downgrade(&mut self, peer: u8) {
        if let Err(error) = self.offer_pair(peer) {
            tracing::warn!(%error, "no path of two could be offered");
            self.downgrade.note_failure(self.now);
        }
    }

    fn offer_pair(&mut self, peer: u8) -> Result<(), Error> {
        let group = self.group.as_ref().ok_or(Error::NotUp)?;
        let (id, media) = (group.id(), group.media_kinds());
        let card = group.member_card(peer).cloned().ok_or(Error::NotUp)?;
        group.check_relay(&card)?;
        let own_card = self.card()?;
        let mut call = Call::place(id, card.clone(), media, without_sockets(setting(self)))?;
        let offer = call.offer_message(own_card)?;
        self.add_sockets_beside(&mut call)?;
        self.begin_attempt(call, Part::Begins, peer);
        self.send(id, card, CallBody::GroupPairOffer(offer));
        Ok(())
    }

    /// The other one offers a path of two. It must be who is left, and the one to begin; nobody is asked, since both agreed to this
    /// call and to what it carries.
    pub(in crate::engine) fn handle_pair_offer(
        &mut self,
        id: CallId,
        from: &IdentityPublic,
        offer: messages::Offer,
        queued: Duration,
    ) -> Result<(), Error> {
        let peer = self.left_with(id, from).ok_or(Error::NotInvited)?;
        let group = self.group.as_ref().ok_or(Error::NotUp)?;
        let indices = (group.own_index(), peer);
        if !group.hears(peer) || !self.downgrade.takes_offer(self.now, indices, queued) {
            return Err(Error::NotInvited);
        }
        group.check_relay(offer.card())?;
        if offer.media().video && group.media_kinds() == Media::Audio {
            return Err(Error::MoreMedia);
        }
        // A second offer says that the first attempt is over there.
        self.cancel_downgrade();
        if !self.turn.is_quiet() {
            return Err(Error::NotUp);
        }
        self.downgrade.followed = Some(self.now);
        self.answer_pair(id, peer, offer)
    }

    fn answer_pair(&mut self, id: CallId, peer: u8, offer: messages::Offer) -> Result<(), Error> {
        let own = self.postbox.identity().clone();
        let relay = self.account.relay().to_owned();
        let setting = without_sockets(setting(self));
        let mut call = Call::receive(id, (&own, &relay), offer, setting)?;
        let answer = call.answer_message()?;
        self.add_sockets_beside(&mut call)?;
        let to = call.peer().clone();
        self.begin_attempt(call, Part::Follows, peer);
        // Not before relays are asked for: without them the other one would hear that there are no candidates at all.
        if let Some(call) = &mut self.call {
            call.open_direct(self.now, &mut self.rng);
        }
        self.send(id, to, CallBody::GroupPairAnswer(answer));
        Ok(())
    }

    /// The other one takes up the offer.
    pub(in crate::engine) fn handle_pair_answer(
        &mut self,
        id: CallId,
        (from, device): (&IdentityPublic, DeviceId),
        answer: messages::Answer,
        queued: Duration,
    ) -> Result<(), Error> {
        let peer = self.left_with(id, from).ok_or(Error::NotInvited)?;
        let attempt = self.downgrade.attempt.as_ref();
        let is_asked = attempt.is_some_and(|attempt| attempt.begins() && attempt.peer() == peer);
        let call = self.call.as_mut().filter(|call| is_asked && !call.is_answered());
        let call = call.filter(|_| queued <= MAX_AGE).ok_or(Error::NotInvited)?;
        call.handle_answer(self.now, self.postbox.identity(), device, answer)?;
        call.open_direct(self.now, &mut self.rng);
        Ok(())
    }

    /// The index of this person, if they are the other one of two that are left in this call.
    fn left_with(&self, id: CallId, from: &IdentityPublic) -> Option<u8> {
        let group = self.group.as_ref().filter(|group| group.id() == id)?;
        let peer = group.left_with(self.now).filter(|_| self.upgrade.is_none())?;
        (group.index_of(from) == Some(peer)).then_some(peer)
    }

    fn begin_attempt(&mut self, call: Call, part: Part, peer: u8) {
        self.call = Some(call);
        self.downgrade.attempt = Some(Attempt::new(self.now, part, peer));
        self.retry_relays();
    }

    /// Gives the new path its sockets, beside the path to the server. A port of ours has one allocation at a TURN server (RFC 8656
    /// §3.2): where the server's path has it, the new one takes another port.
    fn add_sockets_beside(&mut self, call: &mut Call) -> Result<(), Error> {
        let free = self.sockets_for_relays();
        for socket in &self.sockets {
            let is_free = free.contains(&socket.address());
            match is_free {
                true => call.add_socket(self.now, *socket, &mut self.rng)?,
                false => call.add_direct_socket(self.now, *socket, &mut self.rng)?,
            }
        }
        Ok(())
    }

    /// The sockets from which the path to the server has no allocation. Where an interface has none, another one is asked for.
    fn sockets_for_relays(&mut self) -> Vec<SocketAddr> {
        let all: Vec<_> = self.sockets.iter().map(zentalk_ice_nat::LocalSocket::address).collect();
        let mut free = all.clone();
        if let Some(group) = &mut self.group {
            free.retain(|socket| !group.has_relay_at(*socket));
        }
        for interface in all.iter().map(SocketAddr::ip) {
            let lacks_one = free.iter().all(|socket| socket.ip() != interface);
            if lacks_one && self.turn.want_socket(interface) {
                self.outputs.push_back(Output::OpenSocket { interface });
            }
        }
        free
    }

    // The end.

    /// The new path carries the call: the server is left, and nobody but the other one has a say from now on.
    pub(super) fn finish_downgrade(&mut self) {
        let Some(call) = &mut self.call else { return };
        let Some(attempt) = self.downgrade.attempt.take() else { return };
        let Some(group) = self.group.take() else { return };
        let (id, peer) = (call.id(), call.peer().identity().clone());
        call.keep_places(group.own_index(), attempt.peer());
        let needs_relays = !call.transport().has_relay_in_sight();
        let path = call.path();
        let (last, inheritance) = group.leave(self.now);
        match (inheritance, &mut self.call) {
            (Some(inheritance), Some(call)) if needs_relays => call.inherit(self.now, inheritance),
            (Some(inheritance), _) => self.leaving.release(self.now, inheritance.relays),
            (None, _) => {}
        }
        self.take_last_of_group(last);
        self.tell_new_path(id, attempt, path);
        // Both accepted this call, so that the registry takes it.
        let _ =
            self.registry.handle_input(self.now, RegistryInput::ContinueWith { call: id, peer });
        if self.registry.state().reconnects() {
            self.report(id, Report::Restored);
            self.report(id, Report::MediaFlowing);
        }
        self.downgrade.forget_attempts();
    }

    fn take_last_of_group(&mut self, last: Vec<GroupOutput>) {
        for output in last {
            match output {
                GroupOutput::Sfu(output) => self.outputs.push_back(Output::Sfu(output)),
                GroupOutput::Transport(output) => self.take_group_path(output),
                GroupOutput::Event(event) => self.outputs.push_back(Output::Event(event)),
                _ => {}
            }
        }
    }

    fn tell_new_path(&mut self, call: CallId, attempt: Attempt, path: Option<PathInfo>) {
        let secured = attempt.security.map(|security| Event::Secured { call, security });
        let path = path.map(|path| Event::Path { call, path });
        let events = secured.into_iter().chain(path);
        self.outputs.extend(events.map(Output::Event));
    }

    /// There is no such path, or none that lasts: later perhaps.
    pub(super) fn give_up_downgrade(&mut self) {
        self.cancel_downgrade();
        self.downgrade.note_failure(self.now);
    }

    /// The call stays where it is.
    pub(in crate::engine) fn cancel_downgrade(&mut self) {
        if self.downgrade.attempt.take().is_none() {
            return;
        }
        // What was asked for was for the new path; the server's has what it needs.
        self.turn.end_call();
        let Some(mut call) = self.call.take() else { return };
        let permit = call.lend_permit();
        call.stop_media(self.now);
        self.say_last_words(&mut call);
        self.leaving.release(self.now, call.into_inheritance().relays);
        if let Some(permit) = permit {
            self.give_agreement_back(permit);
        }
        if let Some(group) = self.group.as_ref().filter(|group| group.lacks_server()) {
            // It was not missed as long as there was the other path.
            self.report(group.id(), Report::ConnectionLost(LossCause::Silence));
        }
    }

    fn give_agreement_back(&mut self, permit: MediaPermit) {
        let Some(mut group) = self.group.take() else { return };
        if let Err(error) = group.start_media(permit, setting(self)) {
            tracing::warn!(%error, "no media could be started at the server");
        }
        self.group = Some(group);
    }

    /// Who begins may have left the server, and make the call one of several again, before this side has seen that: then the call is
    /// one of two first.
    pub(in crate::engine::group) fn follows_into(
        &mut self,
        from: &IdentityPublic,
        invite: &messages::GroupInvite,
    ) {
        let elsewhere = |group: &GroupCall| group.room() != invite.room().id();
        let attempt = self.downgrade.attempt.as_ref();
        let follows = attempt.is_some_and(|one| !one.begins() && one.is_heard(self.now));
        let is_peer = self.call.as_ref().is_some_and(|call| call.peer().identity() == from);
        if follows && is_peer && self.group.as_ref().is_some_and(elsewhere) {
            self.finish_downgrade();
        }
    }
}

/// Sockets are given to the new path one by one: not all of them for everything.
fn without_sockets<R>(setting: Setting<'_, R>) -> Setting<'_, R> {
    Setting { sockets: &[], ..setting }
}
