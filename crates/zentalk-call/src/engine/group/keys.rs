//! The keys of a group call: the engine that agrees on them, and what it says passed on to the members.

use std::collections::BTreeMap;

use rand_core::CryptoRng;
use zentalk_call_fsm::{EndReason, Message};
use zentalk_group_keys::{
    FrameKeyring, GroupEvent, GroupFailure, GroupInput, GroupKeys, GroupOutput, KeyMessage, Roster,
};
use zentalk_primitives::{CallId, Instant};
use zentalk_signaling_ratchet::messages::{self, GroupMember};
use zentalk_signaling_ratchet::{CallBody, ContactCard, IdentityPublic};

use super::member::EpochCause;
use super::{GroupCall, Output};
use crate::Error;
use crate::engine::event::Event;

/// The keys of a group call, and whom they are of.
pub(super) struct Keys {
    engine: GroupKeys,
    /// The members as the keys know them, this side included.
    roster: BTreeMap<u8, GroupMember>,
    /// The epoch that own frames are sealed in.
    sending: Option<u32>,
    /// Why there will be another one.
    cause: EpochCause,
}

impl Keys {
    /// The first epoch, with this side alone.
    pub(super) fn initiate<R: CryptoRng>(
        now: Instant,
        call: CallId,
        own: &GroupMember,
        rng: &mut R,
    ) -> Result<Self, Error> {
        let mut roster = Roster::new();
        roster.insert(own.index(), own.encode())?;
        Ok(Self::new(GroupKeys::initiate(now, call, own.index(), roster, rng)?, own))
    }

    /// No keys yet: the leader will send some.
    pub(super) fn joining<R: CryptoRng>(
        now: Instant,
        call: CallId,
        own: &GroupMember,
        leader: u8,
        rng: &mut R,
    ) -> Result<Self, Error> {
        let engine = GroupKeys::joining(now, call, own.index(), &own.encode(), leader, rng)?;
        Ok(Self::new(engine, own))
    }

    fn new(engine: GroupKeys, own: &GroupMember) -> Self {
        let roster = BTreeMap::from([(own.index(), own.clone())]);
        Self { engine, roster, sending: None, cause: EpochCause::Began }
    }

    /// What frames are sealed and opened with.
    pub(super) fn keyring(&mut self) -> &mut FrameKeyring {
        self.engine.keyring_mut()
    }

    /// Whether there is a key for own frames.
    pub(super) fn may_send(&self) -> bool {
        self.sending.is_some()
    }

    /// The members as the keys know them, this side included.
    pub(super) fn roster(&self) -> impl Iterator<Item = &GroupMember> {
        self.roster.values()
    }
}

impl Keys {
    pub(super) fn handle_timeout<R: CryptoRng>(&mut self, now: Instant, rng: &mut R) {
        self.engine.handle_timeout(now, rng);
    }

    /// The members have changed: who they are now. What cannot be read, a leader of another version wrote; such a person is
    /// nobody that could be shown.
    fn set_roster(&mut self, roster: &Roster) {
        let members = roster.iter().filter_map(|(index, info)| {
            let member = GroupMember::decode(info).ok()?;
            (member.index() == index).then_some((index, member))
        });
        let members: BTreeMap<_, _> = members.collect();
        let is_new = |member: &GroupMember| {
            self.roster.get(&member.index()).is_none_or(|known| known != member)
        };
        self.cause = match (self.sending, members.values().any(is_new)) {
            (None, _) => EpochCause::Began,
            (_, true) => EpochCause::Joined,
            _ if members.len() < self.roster.len() => EpochCause::Left,
            _ => EpochCause::Renewed,
        };
        self.roster = members;
    }
}

impl GroupCall {
    /// Something for the keys to know.
    pub(super) fn tell_keys<R: CryptoRng>(&mut self, now: Instant, input: GroupInput, rng: &mut R) {
        if let Some(keys) = &mut self.keys {
            keys.engine.handle_input(now, input, rng);
        }
    }

    /// A member's message about keys. Of somebody who is no member it means nothing.
    pub(crate) fn handle_keys<R: CryptoRng>(
        &mut self,
        now: Instant,
        from: &IdentityPublic,
        message: &messages::GroupKeys,
        rng: &mut R,
    ) -> Result<(), Error> {
        let from = self.members.speaker(from).ok_or(Error::NotInvited)?;
        let message = KeyMessage::decode(message.expose())?;
        self.tell_keys(now, GroupInput::Message { from, message }, rng);
        Ok(())
    }

    /// Does what the keys want. Returns their next timeout, and whether they wanted nothing.
    pub(super) fn poll_keys(&mut self, now: Instant) -> (Option<Instant>, bool) {
        let mut quiet = true;
        while let Some(keys) = &mut self.keys {
            match keys.engine.poll_output() {
                GroupOutput::Timeout(at) => return (at, quiet),
                GroupOutput::Send { to, message } => self.say_keys(to, &message),
                GroupOutput::Event(event) => self.take_keys(now, event),
                _ => {}
            }
            quiet = false;
        }
        (None, quiet)
    }

    fn say_keys(&mut self, to: u8, message: &KeyMessage) {
        let Some(to) = self.card_of(to) else { return };
        match messages::GroupKeys::new(message.encode()) {
            Ok(message) => {
                self.outputs.push_back(Output::Say { to, body: CallBody::GroupKeys(message) });
            }
            Err(error) => tracing::warn!(%error, "a message about keys is too long"),
        }
    }

    /// Where a member can be reached: one whom the keys know, or one who was there before.
    pub(super) fn card_of(&self, index: u8) -> Option<ContactCard> {
        let keyed = self.keys.as_ref().and_then(|keys| keys.roster.get(&index));
        let known = || self.members.get(index).map(|entry| entry.card.clone());
        keyed.map(|member| member.card().clone()).or_else(known)
    }

    fn take_keys(&mut self, now: Instant, event: GroupEvent) {
        match event {
            GroupEvent::Roster(roster) => self.take_roster(now, &roster),
            GroupEvent::SendWith { epoch } => {
                let Some(keys) = &mut self.keys else { return };
                if let Some(roster) = keys.engine.roster() {
                    self.verification.begin(now, epoch, roster.clone());
                }
                let (epoch, cause) = (epoch.number(), keys.cause);
                keys.sending = Some(epoch);
                keys.cause = EpochCause::Renewed;
                // Who has just come can decode nothing before the next keyframe.
                if let Some(media) = self.stay.as_mut().and_then(super::Stay::media) {
                    media.request_keyframes();
                }
                self.tell(Event::Epoch { call: self.id, epoch, cause });
            }
            GroupEvent::KeyMissing { sender } => self.members.unreadable(now, sender, true),
            GroupEvent::KeyFound { sender } => self.members.unreadable(now, sender, false),
            // Nobody would ever hear this side again.
            GroupEvent::Failed(GroupFailure::Removed) => {
                self.outputs.push_back(Output::Message(Message::End(EndReason::ConnectionLost)));
            }
            GroupEvent::Failed(failure) => {
                tracing::warn!(%failure, "the keys of a group call failed");
            }
            _ => {}
        }
    }

    fn take_roster(&mut self, now: Instant, roster: &Roster) {
        let Some(keys) = &mut self.keys else { return };
        keys.set_roster(roster);
        let members: Vec<_> = keys.roster.values().cloned().collect();
        for member in &members {
            let displaced = self.members.displaced_by(member);
            self.confirm(now, member);
            if let Some(card) = displaced {
                self.invite_again(now, card);
            }
        }
        let gone: Vec<_> = self
            .members
            .joined()
            .filter(|(index, entry)| {
                entry.is_keyed() && members.iter().all(|member| member.index() != *index)
            })
            .map(|(index, _)| index)
            .collect();
        for index in gone {
            self.left_roster(now, index);
        }
        // A member that the server told of before the keys did has a name now.
        self.note_present(now);
    }
}

#[cfg(feature = "glass")]
impl Keys {
    pub(super) fn secrets(&self) -> Vec<zentalk_group_keys::Exposed> {
        self.engine.secrets()
    }
}
