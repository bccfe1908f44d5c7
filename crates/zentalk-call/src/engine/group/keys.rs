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
use super::{GroupCall, MAX_PEOPLE, Output};
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

    fn new(mut engine: GroupKeys, own: &GroupMember) -> Self {
        engine.limit_members(MAX_PEOPLE);
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
    /// nobody that could be shown, and neither is one who claims to be another. Returns those who are new.
    fn set_roster(&mut self, roster: &Roster) -> Vec<GroupMember> {
        let members = roster.iter().filter_map(|(index, info)| {
            let member = GroupMember::decode(info).ok()?;
            (member.index() == index).then_some(member)
        });
        let is_known =
            |member: &GroupMember| self.roster.get(&member.index()).is_some_and(|at| at == member);
        let (known, new): (Vec<_>, Vec<_>) = members.partition(is_known);
        let mut newcomers: Vec<GroupMember> = Vec::new();
        for member in new {
            if !known.iter().chain(&newcomers).any(|other| is_same(other, &member)) {
                newcomers.push(member);
            }
        }
        let members = known.into_iter().chain(newcomers.iter().cloned());
        let members: BTreeMap<_, _> = members.map(|member| (member.index(), member)).collect();
        self.cause = match self.sending {
            None => EpochCause::Began,
            _ if !newcomers.is_empty() => EpochCause::Joined,
            _ if members.len() < self.roster.len() => EpochCause::Left,
            _ => EpochCause::Renewed,
        };
        self.roster = members;
        newcomers
    }
}

/// Whether two places are one person's, or have one name at the server: frames and people are told apart by these.
fn is_same(one: &GroupMember, other: &GroupMember) -> bool {
    one.participant() == other.participant() || one.card().identity() == other.card().identity()
}

impl GroupCall {
    /// Whether this side can seal: it is in the call as the others know it.
    pub(super) fn has_key(&self) -> bool {
        self.keys.as_ref().is_some_and(Keys::may_send)
    }

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
        let Some(from) = self.members.present_or_crashed(from) else {
            self.repeat_full(from);
            return Err(Error::NotInvited);
        };
        let message = KeyMessage::decode(message.expose())?;
        self.tell_keys(now, GroupInput::Message { from, message }, rng);
        Ok(())
    }

    /// Does what the keys want. Returns their next timeout, and whether they wanted nothing.
    pub(super) fn poll_keys<R: CryptoRng>(
        &mut self,
        now: Instant,
        rng: &mut R,
    ) -> (Option<Instant>, bool) {
        let mut quiet = true;
        while let Some(keys) = &mut self.keys {
            match keys.engine.poll_output() {
                GroupOutput::Timeout(at) => return (at, quiet),
                GroupOutput::Send { to, message } => self.say_keys(to, &message),
                GroupOutput::Event(event) => self.take_keys(now, event, rng),
                _ => {}
            }
            quiet = false;
        }
        (None, quiet)
    }

    fn say_keys(&mut self, to: u8, message: &KeyMessage) {
        let Some(to) = self.card_of(to) else { return };
        match messages::GroupKeys::new(message.encode()) {
            Ok(message) => self.say(to, CallBody::GroupKeys(message)),
            Err(error) => tracing::warn!(%error, "a message about keys is too long"),
        }
    }

    /// Where a member can be reached: one whom the keys know, or one who was there before.
    pub(super) fn card_of(&self, index: u8) -> Option<ContactCard> {
        let keyed = self.keys.as_ref().and_then(|keys| keys.roster.get(&index));
        let known = || self.members.get(index).map(|entry| entry.card.clone());
        keyed.map(|member| member.card().clone()).or_else(known)
    }

    fn take_keys<R: CryptoRng>(&mut self, now: Instant, event: GroupEvent, rng: &mut R) {
        match event {
            GroupEvent::Roster(roster) => self.take_roster(now, &roster, rng),
            GroupEvent::SendWith { epoch } => {
                let Some(keys) = &mut self.keys else { return };
                // Another epoch may have come since; then it will be told to be used as well.
                if keys.engine.epoch() == Some(epoch)
                    && let (Some(roster), Some(key)) =
                        (keys.engine.roster(), keys.engine.commitment())
                {
                    self.verification.begin(now, epoch, (roster.clone(), key));
                }
                let (epoch, cause) = (epoch.number(), keys.cause);
                keys.sending = Some(epoch);
                keys.cause = EpochCause::Renewed;
                // Who has just come can decode nothing before the next keyframe.
                if let Some(media) = self.stay.as_mut().and_then(super::Stay::media) {
                    media.request_keyframes();
                }
                self.tell(Event::Epoch { call: self.id, epoch, cause });
                self.drain_verification();
                self.expect_media(now);
                self.repeat_tracks();
            }
            GroupEvent::KeyMissing { sender } => self.members.unreadable(now, sender, true),
            GroupEvent::KeyFound { sender } => self.members.unreadable(now, sender, false),
            // Nothing is sealed or opened until there is another epoch: nobody is heard, and this is why.
            GroupEvent::Disputed { member, .. } => {
                tracing::warn!(member, "a member holds another key of the epoch");
                self.members.unreadable(now, Some(member), true);
            }
            // Nobody would ever hear this side again; or nobody could be kept from hearing it.
            GroupEvent::Failed(
                GroupFailure::Removed | GroupFailure::EpochsExhausted | GroupFailure::Internal,
            ) => {
                self.outputs.push_back(Output::Message(Message::End(EndReason::ConnectionLost)));
            }
            // Nobody lets this side in whom it was told of.
            GroupEvent::Failed(GroupFailure::KeyUnavailable) if !self.has_key() => {
                let reason = match self.told_full {
                    true => EndReason::Full,
                    false => EndReason::CouldNotConnect,
                };
                self.outputs.push_back(Output::Message(Message::End(reason)));
            }
            GroupEvent::Failed(failure) => {
                tracing::warn!(%failure, "the keys of a group call failed");
            }
            _ => {}
        }
    }

    fn take_roster<R: CryptoRng>(&mut self, now: Instant, roster: &Roster, rng: &mut R) {
        let Some(keys) = &mut self.keys else { return };
        let newcomers = keys.set_roster(roster);
        let mut members: Vec<_> = keys.roster.values().cloned().collect();
        self.turn_away_surplus(now, &members, rng);
        // Whether there is another place shows when all others are there.
        members.sort_by_key(|member| self.members.displaced_by(member).is_some());
        for member in &members {
            match self.members.displaced_by(member) {
                Some(card) => self.displace(now, card, member),
                None => self.confirm(now, member),
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
            self.left_roster(now, index, rng);
        }
        self.introduce(&newcomers);
        // A member that the server told of before the keys did has a name now.
        self.note_present(now);
        self.expect_media(now);
    }
}

#[cfg(feature = "glass")]
impl Keys {
    pub(super) fn secrets(&self) -> Vec<zentalk_group_keys::Exposed> {
        self.engine.secrets()
    }
}

#[cfg(test)]
mod tests;
