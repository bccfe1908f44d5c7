//! Whom this side invites, and who invited this side.

use rand_core::CryptoRng;
use zentalk_group_keys::GroupInput;
use zentalk_primitives::Instant;
use zentalk_signaling_ratchet::messages::{
    GroupInvite, GroupJoin, GroupMember, GroupRoom, MediaKinds,
};
use zentalk_signaling_ratchet::{CallBody, ContactCard, IdentityPublic};

use super::keys::Keys;
use super::{Begun, GroupCall};
use crate::Error;
use crate::engine::call::Setting;

impl GroupCall {
    /// Asks somebody else to join.
    pub(crate) fn invite(&mut self, now: Instant, card: ContactCard) -> Result<(), Error> {
        if self.members.index_of(card.identity()).is_some() {
            return Err(Error::AlreadyMember);
        }
        let index = self.free_index(now, None).ok_or(Error::GroupFull)?;
        self.turned_away.forget(card.identity());
        self.reach.choose(card.relay_url());
        self.members.invite(now, index, card.clone());
        self.deserted = None;
        match self.begun {
            // The first ones are told when there is a server.
            Begun::Here { told: false } => Ok(()),
            _ => {
                self.say_voucher(index, &card, true);
                self.say_invite(index, card)
            }
        }
    }

    /// An index for somebody else. Whoever `comes` is not waited for any more, though not listed yet.
    fn free_index(&self, now: Instant, comes: Option<&IdentityPublic>) -> Option<u8> {
        let is_here = |who: &_| self.members.index_of(who).is_some() || comes == Some(who);
        let expected = self.vouchers.others(now, is_here);
        let is_promised = |index| self.vouchers.promise(now, index);
        self.members.free_index(self.own.index, expected, is_promised)
    }

    /// Tells those who are invited, now that there is a server to meet at.
    pub(super) fn say_invites(&mut self) -> Result<(), Error> {
        if let Begun::Here { told: told @ false } = &mut self.begun {
            *told = true;
            for (index, card) in self.members.invited() {
                self.say_invite(index, card)?;
            }
        }
        Ok(())
    }

    /// Another member invited somebody else at the same time, who `comes` with the index. Whom this side has invited is invited again,
    /// or turned away if that was the last place.
    pub(super) fn displace(&mut self, now: Instant, card: ContactCard, comes: &GroupMember) {
        // Each of the two is counted as the other would be.
        let Some(index) = self.free_index(now, Some(comes.card().identity())) else {
            self.turn_away_namesake(now, comes.index());
            return self.confirm(now, comes);
        };
        self.confirm(now, comes);
        self.members.invite(now, index, card.clone());
        self.say_voucher(index, &card, true);
        if let Err(error) = self.say_invite(index, card) {
            tracing::warn!(%error, "somebody could not be invited again");
        }
    }

    /// The inviter gives this side another index than before, or tells it who has come meanwhile. Who has accepted accepts with
    /// that.
    pub(crate) fn renumber<R: CryptoRng>(
        &mut self,
        from: &IdentityPublic,
        invite: &GroupInvite,
        setting: &mut Setting<'_, R>,
    ) -> Result<(), Error> {
        let from_inviter = self.inviter().is_some_and(|card| card.identity() == from);
        let (same_room, index) = (invite.room().id() == self.room, invite.index());
        let same_index = index == self.own.index;
        let is_free = same_index || self.members.is_unused(index);
        if !from_inviter || self.has_key() || !same_room || !is_free {
            return Err(Error::NotInvited);
        }
        // Its former index may be somebody else's by now, who is named among the others.
        self.own.index = index;
        let newcomers = self.note_others(setting.now, invite);
        if !same_index {
            return if self.agreed { self.accept(setting) } else { Ok(()) };
        }
        if self.agreed {
            self.name_to_keys(setting.now, setting.rng);
            let join = GroupJoin::new(self.own.member()?);
            newcomers.into_iter().for_each(|to| self.say(to, CallBody::GroupJoin(join.clone())));
        }
        Ok(())
    }

    /// Those who came after this side was invited. Those whom it knew before stay who they were.
    fn note_others(&mut self, now: Instant, invite: &GroupInvite) -> Vec<ContactCard> {
        let mut newcomers = Vec::new();
        for member in invite.present() {
            let (index, identity) = (member.index(), member.card().identity());
            let is_known = index == self.own.index
                || identity == self.own.card.identity()
                || self.members.get(index).is_some()
                || self.members.index_of(identity).is_some()
                || self.is_claimed(member);
            if !is_known {
                self.members.join(now, member, false);
                self.named.push(member.clone());
                newcomers.push(member.card().clone());
            }
        }
        newcomers
    }

    /// The keys hear who is there as the invitation says, but for those who have gone since: should the call be parted now, this side
    /// and they are no strangers to each other.
    fn name_to_keys<R: CryptoRng>(&mut self, now: Instant, rng: &mut R) {
        let named = self.named.iter().filter(|member| self.members.has(member));
        let named: Vec<_> = named.map(|member| (member.index(), member.encode())).collect();
        for (index, info) in named {
            self.tell_keys(now, GroupInput::Named { index, info }, rng);
        }
    }

    pub(super) fn say_invite(&mut self, index: u8, to: ContactCard) -> Result<(), Error> {
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

    /// Whether this side's user may take part where the address is to be hidden.
    ///
    /// # Errors
    /// [`Error::ForeignRelay`] if another relay than one's own keeps the room.
    pub(crate) fn check_room(&self) -> Result<(), Error> {
        match self.reach.allows_room(&self.token_relay) {
            true => Ok(()),
            false => Err(Error::ForeignRelay),
        }
    }

    /// Whether the user has chosen to speak to the relay of this person.
    pub(super) fn check_relay(&self, card: &ContactCard) -> Result<(), Error> {
        match self.reach.allows(card.relay_url()) {
            true => Ok(()),
            false => Err(Error::ForeignRelay),
        }
    }

    /// The user has chosen to speak to this relay.
    pub(super) fn choose_relay(&mut self, relay: &str) {
        self.reach.choose(relay);
    }

    /// The user takes part with those who are there, wherever they are reached.
    pub(crate) fn choose_members(&mut self) {
        for (_, entry) in self.members.joined() {
            self.reach.choose(entry.card.relay_url());
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
        self.name_to_keys(now, setting.rng);
        // To everybody, since the inviter may be gone by now.
        self.unreached.clear();
        let members: Vec<_> = self.members.joined().map(|(_, entry)| entry.card.clone()).collect();
        let join = GroupJoin::new(member);
        members.into_iter().for_each(|to| self.say(to, CallBody::GroupJoin(join.clone())));
        Ok(())
    }
}
