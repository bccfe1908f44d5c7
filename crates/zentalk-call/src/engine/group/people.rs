//! Whom this side invites, who accepts, who leaves: what members say to each other through their ratchets.

use rand_core::CryptoRng;
use zentalk_call_fsm::{EndReason, Message, Report};
use zentalk_group_keys::GroupInput;
use zentalk_primitives::Instant;
use zentalk_signaling_ratchet::messages::{
    EndCode, GroupInvite, GroupJoin, GroupMember, GroupRoom, MediaKinds,
};
use zentalk_signaling_ratchet::{CallBody, ContactCard, IdentityPublic};

use super::keys::Keys;
use super::{Begun, DESERTED_BY_CRASH, DESERTED_BY_GOODBYE, GroupCall, Output};
use crate::Error;
use crate::engine::call::Setting;

impl GroupCall {
    // What this side does.

    /// Asks somebody else to join.
    pub(crate) fn invite(&mut self, now: Instant, card: ContactCard) -> Result<(), Error> {
        if self.members.index_of(card.identity()).is_some() {
            return Err(Error::AlreadyMember);
        }
        let index = self.members.free_index(self.own.index).ok_or(Error::GroupFull)?;
        self.members.invite(now, index, card.clone());
        self.deserted = None;
        match self.begun {
            // The first ones are told when there is a server.
            Begun::Here { told: false } => {}
            _ => self.say_invite(index, card)?,
        }
        Ok(())
    }

    /// Tells those who are invited, now that there is a server to meet at.
    pub(super) fn say_invites(&mut self) -> Result<(), Error> {
        if let Begun::Here { told: told @ false } = &mut self.begun {
            *told = true;
            let invited: Vec<_> =
                self.members.current().map(|(at, e)| (at, e.card.clone())).collect();
            for (index, card) in invited {
                self.say_invite(index, card)?;
            }
        }
        Ok(())
    }

    /// Another member invited somebody else at the same time, who has the index by now.
    pub(super) fn invite_again(&mut self, now: Instant, card: ContactCard) {
        let invited = match self.members.free_index(self.own.index) {
            Some(index) => {
                self.members.invite(now, index, card.clone());
                self.say_invite(index, card)
            }
            None => {
                self.say(card, CallBody::End(EndCode(EndReason::Busy.to_wire())));
                Ok(())
            }
        };
        if let Err(error) = invited {
            tracing::warn!(%error, "somebody could not be invited again");
        }
    }

    /// The inviter gives this side another index than before; who has accepted accepts with that.
    pub(crate) fn renumber<R: CryptoRng>(
        &mut self,
        from: &IdentityPublic,
        invite: &GroupInvite,
        setting: &mut Setting<'_, R>,
    ) -> Result<(), Error> {
        let from_inviter = self.inviter().is_some_and(|card| card.identity() == from);
        let settled = self.keys.as_ref().is_some_and(Keys::may_send);
        let same_room = invite.room().id() == self.room;
        if !from_inviter || settled || !same_room || invite.index() == self.own.index {
            return Err(Error::NotInvited);
        }
        self.own.index = invite.index();
        match self.agreed {
            true => self.accept(setting),
            false => Ok(()),
        }
    }

    fn say_invite(&mut self, index: u8, to: ContactCard) -> Result<(), Error> {
        let room = GroupRoom::new(self.room, self.servers.in_turn(), self.token_relay.clone())?;
        let media = MediaKinds { audio: true, video: self.media_kinds.has_video() };
        let present = match &self.keys {
            Some(keys) => {
                let others = keys.roster().filter(|member| member.index() != self.own.index);
                others.cloned().collect()
            }
            None => Vec::new(),
        };
        let invite = GroupInvite::new(room, media, self.own.member()?, present, index)?;
        self.say(to, CallBody::GroupInvite(invite));
        Ok(())
    }

    /// It rings here, and the inviter may know.
    pub(crate) fn say_ringing(&mut self) {
        if let Some(inviter) = self.inviter().cloned() {
            self.say(inviter, CallBody::GroupRinging);
        }
    }

    /// The user accepted: this side is a member from now on, as soon as it has the keys.
    pub(crate) fn accept<R: CryptoRng>(
        &mut self,
        setting: &mut Setting<'_, R>,
    ) -> Result<(), Error> {
        let Begun::ByInvitation { inviter } = self.begun else { return Ok(()) };
        self.agreed = true;
        let member = self.own.member()?;
        let leader = self.members.joined().map(|(index, _)| index).min().unwrap_or(inviter);
        let (now, id) = (setting.now, self.id);
        self.keys = Some(Keys::joining(now, id, &member, leader, setting.rng)?);
        if let Some(inviter) = self.inviter().cloned() {
            self.say(inviter, CallBody::GroupJoin(GroupJoin::new(member)));
        }
        Ok(())
    }

    /// This side leaves, or never came: everybody who counts with it hears so.
    pub(crate) fn say_end(&mut self, reason: EndReason) {
        let everybody: Vec<_> = match self.agreed {
            true => self.members.current().map(|(_, entry)| entry.card.clone()).collect(),
            false => self.inviter().cloned().into_iter().collect(),
        };
        for to in everybody {
            self.say(to, CallBody::End(EndCode(reason.to_wire())));
        }
    }

    /// One person hears that it is over for them.
    pub(super) fn say_end_to(&mut self, index: u8, reason: EndReason) {
        let to = self.members.get(index).map(|entry| entry.card.clone());
        // The same word would end the call of two.
        if let Some(to) = to.filter(|to| self.pair.as_ref() != Some(to.identity())) {
            self.say(to, CallBody::End(EndCode(reason.to_wire())));
        }
    }

    /// The call stays one of two: everybody else hears that it is over for them.
    pub(crate) fn say_end_to_third_parties(&mut self, now: Instant, reason: EndReason) {
        let all: Vec<_> = self.members.current().map(|(index, _)| index).collect();
        for index in all {
            self.say_end_to(index, reason);
            self.members.gone(now, index, reason);
        }
    }

    fn say(&mut self, to: ContactCard, body: CallBody) {
        self.outputs.push_back(Output::Say { to, body });
    }

    // What others say.

    pub(crate) fn handle_ringing(&mut self, now: Instant, from: &IdentityPublic) {
        if let Some(index) = self.members.index_of(from)
            && self.members.is_invited(index)
        {
            self.members.rings(now, index);
            self.outputs.push_back(Output::Message(Message::Ringing));
        }
    }

    /// Somebody accepts. Only whom this side invited, and only with the index it was given: who was not invited knocks in vain.
    pub(crate) fn handle_join<R: CryptoRng>(
        &mut self,
        now: Instant,
        from: &IdentityPublic,
        join: &GroupJoin,
        rng: &mut R,
    ) -> Result<(), Error> {
        let member = join.member();
        let index = self.members.index_of(from).ok_or(Error::NotInvited)?;
        if index != member.index() || !self.members.is_invited(index) {
            return Err(Error::NotInvited);
        }
        self.members.join(now, member, false);
        self.deserted = None;
        self.tell_keys(now, GroupInput::Join { index, info: member.encode() }, rng);
        self.outputs.push_back(Output::Message(Message::Answer));
        Ok(())
    }

    /// Somebody leaves, declines, or is in another call.
    pub(crate) fn handle_end<R: CryptoRng>(
        &mut self,
        now: Instant,
        from: &IdentityPublic,
        reason: EndReason,
        rng: &mut R,
    ) {
        let Some(index) = self.members.index_of(from) else { return };
        if !self.agreed {
            // Who invited this side takes it back; others say nothing that matters yet.
            self.members.gone(now, index, reason);
            if self.begun == (Begun::ByInvitation { inviter: index }) {
                self.outputs.push_back(Output::Message(Message::End(reason)));
            }
            return;
        }
        self.remove(now, index, reason, rng);
    }

    /// A message could not be left for somebody. Whom this side waits for cannot be waited for; members have other ways to be heard.
    pub(crate) fn handle_unreachable<R: CryptoRng>(
        &mut self,
        now: Instant,
        to: Option<&IdentityPublic>,
        rng: &mut R,
    ) {
        let only = || {
            let mut current = self.members.current().map(|(index, _)| index);
            current.next().filter(|_| current.next().is_none())
        };
        let index = match to {
            Some(to) => self.members.index_of(to),
            None => only(),
        };
        match index {
            Some(index) if self.members.is_invited(index) => {
                self.remove(now, index, EndReason::Unreachable, rng);
            }
            // The inviter does not hear that this side accepted.
            Some(_) if !self.was_together && self.keys.as_ref().is_some_and(|k| !k.may_send()) => {
                self.outputs.push_back(Output::Report(Report::SignallingFailed));
            }
            _ => {}
        }
    }

    /// Somebody is no member any more.
    pub(super) fn remove<R: CryptoRng>(
        &mut self,
        now: Instant,
        index: u8,
        reason: EndReason,
        rng: &mut R,
    ) {
        let had_joined = self.members.has_joined(index);
        if !self.members.gone(now, index, reason) {
            return;
        }
        self.places.remove(&index);
        self.speakers.gone(now, index);
        if had_joined {
            let crashed = reason == EndReason::ConnectionLost;
            let input = match crashed {
                true => GroupInput::Crashed { index },
                false => GroupInput::Leave { index },
            };
            self.tell_keys(now, input, rng);
        }
        self.note_desertion(now, had_joined, reason);
    }

    /// The others say that somebody is no member any more.
    pub(super) fn left_roster(&mut self, now: Instant, index: u8) {
        let reason = EndReason::ConnectionLost;
        if self.members.gone(now, index, reason) {
            self.places.remove(&index);
            self.speakers.gone(now, index);
            self.note_desertion(now, true, reason);
        }
    }

    /// Whether anybody is left to talk to.
    fn note_desertion(&mut self, now: Instant, had_joined: bool, reason: EndReason) {
        if self.members.current().next().is_some() {
            return;
        }
        let wait = match (had_joined, reason) {
            (false, _) if !self.was_together => {
                self.outputs.push_back(Output::Message(Message::End(reason)));
                return;
            }
            (_, EndReason::ConnectionLost) => DESERTED_BY_CRASH,
            _ => DESERTED_BY_GOODBYE,
        };
        let reason = match reason {
            EndReason::ConnectionLost => reason,
            _ => EndReason::HungUpRemote,
        };
        self.deserted = Some((now + wait, reason));
    }

    /// A person who is a member as the keys know it.
    pub(super) fn confirm(&mut self, now: Instant, member: &GroupMember) {
        if member.index() != self.own.index && !self.members.has_left(member) {
            self.members.join(now, member, true);
            self.deserted = None;
        }
    }
}
