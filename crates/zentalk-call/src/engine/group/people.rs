//! Who accepts, who leaves: what members say to each other through their ratchets.

use rand_core::CryptoRng;
use zentalk_call_fsm::{EndReason, Message, Report};
use zentalk_group_keys::GroupInput;
use zentalk_primitives::Instant;
use zentalk_signaling_ratchet::messages::{EndCode, GroupJoin, GroupMember};
use zentalk_signaling_ratchet::{CallBody, ContactCard, IdentityPublic};

use super::{Begun, DESERTED_BY_CRASH, DESERTED_BY_GOODBYE, GroupCall, Output};
use crate::Error;

impl GroupCall {
    // What this side says.

    /// This side leaves, or never came: everybody who counts with it hears so.
    pub(crate) fn say_end(&mut self, reason: EndReason) {
        let everybody: Vec<_> = match self.agreed {
            true => self.members.current().map(|(_, entry)| entry.card.clone()).collect(),
            false => self.inviter().cloned().into_iter().collect(),
        };
        if !self.agreed {
            // To decline is the user's own word, and where it is not, the engine keeps it from foreign relays.
            everybody.iter().for_each(|to| self.reach.choose(to.relay_url()));
        }
        for to in everybody {
            self.say(to, CallBody::End(EndCode(reason.to_wire())));
        }
    }

    /// One person hears that it is over for them.
    pub(super) fn say_end_to(&mut self, index: u8, reason: EndReason) {
        let to = self.members.get(index).map(|entry| entry.card.clone());
        // The same word would end the call of two.
        if let Some(to) = to.filter(|_| !self.is_pair(index)) {
            self.say(to, CallBody::End(EndCode(reason.to_wire())));
        }
    }

    /// The call stays one of two: everybody but the peer hears `told`, and is shown as gone for the reason `seen`. Returns whom this
    /// side has invited of them.
    pub(super) fn dismiss_third_parties(
        &mut self,
        now: Instant,
        (told, seen): (EndReason, EndReason),
    ) -> Vec<ContactCard> {
        let is_known = self.begun != (Begun::Here { told: false });
        let guests = self.members.guests();
        let others = self.members.current().map(|(index, _)| index);
        let others: Vec<_> = others.filter(|index| !self.is_pair(*index)).collect();
        for index in others {
            if is_known {
                self.say_end_to(index, told);
            }
            self.members.gone(now, index, seen);
        }
        guests.into_iter().filter(|card| self.pair.as_ref() != Some(card.identity())).collect()
    }

    /// Whether this is the peer of a call of two that goes on beside this one.
    pub(super) fn is_pair(&self, index: u8) -> bool {
        let entry = self.members.get(index);
        self.pair.is_some() && entry.map(|entry| entry.card.identity()) == self.pair.as_ref()
    }

    /// Says something to one person, unless it would tell this side's address to a relay that the user did not choose.
    pub(super) fn say(&mut self, to: ContactCard, body: CallBody) {
        match self.reach.allows(to.relay_url()) {
            true => self.outputs.push_back(Output::Say { to, body }),
            false => tracing::debug!("nothing is sent to a relay that others chose"),
        }
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

    /// Somebody accepts. Only whom this side or a member invited, and only with the index they were given: who was not invited
    /// knocks in vain. Whoever is a member by now, as others told first, is one already.
    pub(crate) fn handle_join<R: CryptoRng>(
        &mut self,
        now: Instant,
        from: &IdentityPublic,
        join: &GroupJoin,
        rng: &mut R,
    ) -> Result<(), Error> {
        let member = join.member();
        if self.members.has(member) {
            return Ok(());
        }
        let index = member.index();
        let ours = match self.members.index_of(from) {
            Some(known) if known == index && self.members.is_invited(known) => true,
            None if self.is_vouched_for(now, from, index) => false,
            _ => return Err(Error::NotInvited),
        };
        if self.is_claimed(member) {
            return Err(Error::NotInvited);
        }
        if self.members.is_full() {
            match ours {
                true => self.turn_away(now, index, rng),
                false => self.say_full(member.card().clone()),
            }
            return Err(Error::GroupFull);
        }
        self.members.join(now, member, false);
        self.deserted = None;
        self.tell_keys(now, GroupInput::Join { index, info: member.encode() }, rng);
        if ours {
            self.outputs.push_back(Output::Message(Message::Answer));
        }
        Ok(())
    }

    fn is_vouched_for(&self, now: Instant, who: &IdentityPublic, index: u8) -> bool {
        let is_free = index != self.own.index && self.members.is_unused(index);
        self.agreed && is_free && self.vouchers.stand_for(now, who, index)
    }

    /// Whether somebody comes under the name that the server has for another member.
    pub(super) fn is_claimed(&self, member: &GroupMember) -> bool {
        let claimed = self.members.by_participant(member.participant());
        member.participant() == self.own.participant
            || claimed.is_some_and(|index| index != member.index())
    }

    /// Somebody leaves, declines, or is in another call.
    pub(crate) fn handle_end<R: CryptoRng>(
        &mut self,
        now: Instant,
        from: &IdentityPublic,
        reason: EndReason,
        rng: &mut R,
    ) {
        let Some(index) = self.members.index_of(from) else {
            return self.note_late_goodbye(now, from, reason, rng);
        };
        let is_inviter = self.begun == (Begun::ByInvitation { inviter: index });
        if is_about_an_invitation(reason) && self.members.has_joined(index) {
            // Nobody leaves: that member waits for this side no more. In the call by then, it is there by another way.
            self.told_full |= reason == EndReason::Full;
            if is_inviter && !self.has_key() {
                self.outputs.push_back(Output::Message(Message::End(reason)));
            }
            return;
        }
        if !self.agreed {
            // Who invited this side takes it back; others say nothing that matters yet.
            self.members.gone(now, index, reason);
            if is_inviter {
                self.outputs.push_back(Output::Message(Message::End(reason)));
            }
            return;
        }
        self.vouchers.forget(from);
        self.remove(now, index, reason, rng);
    }

    /// Somebody who was taken for crashed is not to be taken in again, and their word means nothing any more.
    fn note_late_goodbye<R: CryptoRng>(
        &mut self,
        now: Instant,
        from: &IdentityPublic,
        reason: EndReason,
        rng: &mut R,
    ) {
        if is_about_an_invitation(reason) {
            return;
        }
        self.vouchers.forget(from);
        if let Some(index) = self.members.gone_for_good(now, from, reason) {
            self.tell_keys(now, GroupInput::Leave { index }, rng);
        }
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
            Some(index) if !self.was_together => self.note_unreached(index),
            _ => {}
        }
    }

    /// A member does not hear that this side accepted. One that hears it suffices.
    fn note_unreached(&mut self, index: u8) {
        if self.agreed && !self.has_key() {
            self.unreached.insert(index);
            if self.members.joined().all(|(member, _)| self.unreached.contains(&member)) {
                self.outputs.push_back(Output::Report(Report::SignallingFailed));
            }
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
        if !had_joined {
            self.take_back(index);
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

    /// An invitation of this side's is over: the members are to let nobody in by it.
    fn take_back(&mut self, index: u8) {
        if let Some(card) = self.members.get(index).map(|entry| entry.card.clone()) {
            self.say_voucher(index, &card, false);
        }
    }

    /// The others say that somebody is no member any more.
    pub(super) fn left_roster<R: CryptoRng>(&mut self, now: Instant, index: u8, rng: &mut R) {
        let reason = EndReason::ConnectionLost;
        if self.members.gone(now, index, reason) {
            // Whoever said no goodbye may come back, whoever leads by then.
            self.tell_keys(now, GroupInput::Crashed { index }, rng);
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
            // Of somebody in between the user is to hear, whoever has seen it.
            EndReason::ConnectionLost | EndReason::FingerprintMismatch => reason,
            _ => EndReason::HungUpRemote,
        };
        self.deserted = Some((now + wait, reason));
    }

    /// A person who is a member as the keys know it.
    pub(super) fn confirm(&mut self, now: Instant, member: &GroupMember) {
        if member.index() == self.own.index || self.members.has_left(member) {
            return;
        }
        let invited = self.members.index_of(member.card().identity());
        if let Some(index) = invited.filter(|index| self.members.is_invited(*index))
            && index != member.index()
        {
            // Two invited the same person, who came by the other's invitation.
            self.members.gone(now, index, EndReason::AnsweredElsewhere);
            self.take_back(index);
        }
        self.members.join(now, member, true);
        self.deserted = None;
    }
}

/// Whether such an end is that of an invitation only: nobody who is in a call leaves it so.
fn is_about_an_invitation(reason: EndReason) -> bool {
    matches!(reason, EndReason::NoAnswer | EndReason::Busy | EndReason::Full)
}
