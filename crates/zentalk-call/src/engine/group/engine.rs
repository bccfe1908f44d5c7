//! Group calls as the engine sees them: what the user and the other people want of them, and what they want done.

use core::time::Duration;

use zentalk_call_fsm::{Action, EndReason, LocalAccept, Message, RegistryInput, Report, State};
use zentalk_primitives::{CallId, Instant};
use zentalk_signaling_ratchet::messages::GroupInvite;
use zentalk_signaling_ratchet::{CallBody, ContactCard, IdentityPublic};

use super::{GroupCall, Identity, Member, MemberState, Output as GroupOutput, SfuGrant, SfuState};
use crate::Error;
use crate::engine::call::{Call, Setting};
use crate::engine::event::{Event, Media};
use crate::engine::io::Output;
use crate::engine::messages::{Offered, OfferedBody};
use crate::engine::path::PathInfo;
use crate::engine::{Engine, REPORT_INTERVAL, transport};

impl Engine {
    // What the user wants.

    /// Calls several people at once. `accept` says that this side's user did it. One's own relay must give
    /// out tokens for a forwarding server (SFU).
    ///
    /// # Errors
    /// [`Error::Fsm`] if another call is active; [`Error::OwnCard`] if one's own card is among them,
    /// [`Error::AlreadyMember`] if one is twice, [`Error::GroupFull`] for more than five, or none.
    pub fn place_group(
        &mut self,
        now: Instant,
        to: Vec<ContactCard>,
        media: Media,
        accept: LocalAccept,
    ) -> Result<CallId, Error> {
        self.advance(now);
        self.check_invited(&to)?;
        if self.registry.active().is_some() {
            return Err(Error::Fsm(zentalk_call_fsm::Error::Busy));
        }
        let (id, identity) = (CallId::random(&mut self.rng), self.identity()?);
        let group = GroupCall::place(id, identity, to, media, &mut setting(self))?;
        // Many were called: in the registry this side stands for them, so that nobody's own call crosses with this one.
        let peer = self.postbox.identity().clone();
        self.registry.handle_input(self.now, RegistryInput::Place { call: id, peer, accept })?;
        self.group = Some(group);
        self.settle();
        Ok(id)
    }

    fn check_invited(&self, to: &[ContactCard]) -> Result<(), Error> {
        if to.is_empty() || to.len() >= super::MAX_PEOPLE {
            return Err(Error::GroupFull);
        }
        for (at, card) in to.iter().enumerate() {
            if card.identity() == self.postbox.identity() {
                return Err(Error::OwnCard);
            }
            if to.iter().skip(at + 1).any(|other| other.identity() == card.identity()) {
                return Err(Error::AlreadyMember);
            }
        }
        Ok(())
    }

    /// Asks somebody to join a call that is up. A call of two becomes a group call; it goes on over its own
    /// path until the forwarding server carries it. From then on members' indices are those that
    /// [`Event::Member`] tells. While two who were left in a group call move to a path of their own, it may take up to 15 s
    /// until anybody is asked.
    ///
    /// # Errors
    /// [`Error::NotUp`] if there is no such call or it is not up; [`Error::OwnCard`],
    /// [`Error::AlreadyMember`], [`Error::GroupFull`].
    pub fn invite(&mut self, now: Instant, call: CallId, to: ContactCard) -> Result<(), Error> {
        self.advance(now);
        if to.identity() == self.postbox.identity() {
            return Err(Error::OwnCard);
        }
        let invited = match self.hold_invitation(call, to) {
            Ok(Some(to)) => self.ask_in(call, to),
            held => held.map(drop),
        };
        self.settle();
        invited
    }

    pub(super) fn ask_in(&mut self, call: CallId, to: ContactCard) -> Result<(), Error> {
        match &mut self.group {
            Some(group) if group.id() == call && group.is_agreed() => group.invite(self.now, to),
            _ => self.upgrade(call, to),
        }
    }

    /// The other members of a group call, and what they do. Empty for any other call.
    pub fn members(&self, call: CallId) -> Vec<(Member, MemberState)> {
        let group = self.group.as_ref().filter(|group| group.id() == call);
        group.map(GroupCall::members).unwrap_or_default()
    }

    /// One's own index in a call.
    pub fn own_index(&self, call: CallId) -> Option<u8> {
        let group = self.group.as_ref().filter(|group| group.id() == call);
        let pair = self.call.as_ref().filter(|pair| pair.id() == call);
        group.map(GroupCall::own_index).or_else(|| pair.map(Call::own_index))
    }

    pub(in crate::engine) fn identity(&self) -> Result<Identity, Error> {
        Ok(Identity { card: self.card()?, device: self.account.device() })
    }

    // What the state machine wants.

    /// Does what the registry wants of the group call with this id.
    pub(in crate::engine) fn act_in_group(
        &mut self,
        id: CallId,
        action: Action,
    ) -> Result<(), Error> {
        let now = self.now;
        if let Action::StopMedia = action {
            self.cancel_downgrade();
        }
        let Some(mut group) = self.group.take_if(|group| group.id() == id) else {
            return Err(Error::NotUp);
        };
        let mut outcome = Ok(());
        match action {
            // Who is invited does nothing at all before the user accepts.
            Action::PrepareConnectivity if group.is_agreed() => self.prepare_group(&mut group),
            Action::SendRinging => group.say_ringing(),
            Action::SendAnswer => {
                group.choose_members();
                outcome = group.accept(&mut setting(self));
            }
            Action::OpenDirect => {
                if group.inviter().is_some() {
                    self.prepare_group(&mut group);
                }
                self.report(id, Report::GatheringStarted);
            }
            Action::SendEnd(reason) => group.say_end(reason),
            Action::StartMedia(permit) => {
                outcome = group.start_media(permit, setting(self));
                self.next_report = Some(now + REPORT_INTERVAL);
            }
            Action::StopMedia => {
                group.end_stay(now);
                self.next_report = None;
            }
            // A group call finds its way by itself.
            _ => {}
        }
        self.group = Some(group);
        outcome
    }

    fn prepare_group(&mut self, group: &mut GroupCall) {
        self.outputs.push_back(Output::PrepareNetwork);
        group.connect(self.now);
    }

    // What others say.

    /// An invitation: to a call that rings, or to make the one that goes on with this peer a group call.
    pub(in crate::engine) fn handle_invite(
        &mut self,
        call: CallId,
        from: IdentityPublic,
        invite: GroupInvite,
        queued: Duration,
    ) -> Result<(), Error> {
        if self.registry.active() == Some(call) {
            return self.handle_upgrade(call, &from, invite);
        }
        let card = invite.inviter().card().clone();
        let is_new = self.asked.note(call, invite.room().id(), invite.index());
        let body = OfferedBody::Invite(invite);
        self.offered = Some(Offered { call, from: from.clone(), card, body: Some(body) });
        self.pass(call, from, Message::Invite { queued, is_new });
        self.settle();
        self.offered = None;
        Ok(())
    }

    /// A message of the group call that goes on. Gives back what is not about it.
    pub(in crate::engine) fn handle_group_message(
        &mut self,
        call: CallId,
        from: &IdentityPublic,
        body: CallBody,
    ) -> Result<Option<CallBody>, Error> {
        let Some(group) = self.group.as_mut().filter(|group| group.id() == call) else {
            return Ok(Some(body));
        };
        let (now, rng) = (self.now, &mut self.rng);
        match body {
            CallBody::GroupRinging => group.handle_ringing(now, from),
            CallBody::GroupJoin(join) => group.handle_join(now, from, &join, rng)?,
            CallBody::GroupInvited(voucher) => group.handle_voucher(now, from, &voucher)?,
            CallBody::GroupTracks(word) => group.handle_tracks(now, from, word)?,
            CallBody::GroupKeys(message) if group.is_agreed() => {
                group.handle_keys(now, from, &message, rng)?;
            }
            CallBody::GroupSas(message) if group.is_agreed() => {
                group.handle_sas(from, &message)?;
            }
            CallBody::End(code) => {
                group.handle_end(now, from, EndReason::from_wire(code.0), rng);
                self.peer_left_group(call, from);
            }
            CallBody::Busy => group.handle_end(now, from, EndReason::Busy, rng),
            body => return Ok(Some(body)),
        }
        Ok(None)
    }

    pub(in crate::engine) fn handle_sfu_grant(&mut self, relay: &str, grant: Option<&SfuGrant>) {
        if let Some(group) = &mut self.group {
            group.handle_grant(self.now, relay, grant);
        }
    }

    /// A message of a group call could not be left for one person, or for somebody.
    pub(in crate::engine) fn handle_unreachable(&mut self, to: Option<&ContactCard>) {
        if let Some(group) = &mut self.group {
            group.handle_unreachable(self.now, to.map(ContactCard::identity), &mut self.rng);
        }
    }

    // What the group call wants.

    /// The next output of the group call, done. Its timeout once there is none.
    pub(in crate::engine) fn poll_group(&mut self) -> Option<Option<Instant>> {
        let Some(mut group) = self.group.take() else { return Some(None) };
        let id = group.id();
        let output = group.poll_output(&mut setting(self));
        self.group = Some(group);
        match output {
            GroupOutput::Timeout(at) => return Some(at),
            output => self.take_group(id, output),
        }
        None
    }

    fn take_group(&mut self, id: CallId, output: GroupOutput) {
        match output {
            GroupOutput::Say { to, body } => self.send(id, to, body),
            GroupOutput::FetchSfu { relay, room, participant } => {
                self.outputs.push_back(Output::FetchSfu { relay, room, participant });
            }
            GroupOutput::Sfu(output) => self.outputs.push_back(Output::Sfu(output)),
            GroupOutput::Transport(output) => self.take_group_path(output),
            // Both paths serve for a while; what comes over the new one is played.
            GroupOutput::Event(event) if self.comes_by_pair(&event) => {}
            GroupOutput::Event(event) => self.outputs.push_back(Output::Event(event)),
            GroupOutput::Path(pair) => {
                let path = PathInfo::new(&pair, self.config.privacy, true);
                self.outputs.push_back(Output::Event(Event::Path { call: id, path }));
            }
            // While the call of two still carries the media, it decides over the state.
            _ if self.upgrade.is_some() => self.note_upgrade(&output),
            GroupOutput::Message(message) => self.speak_for_group(id, message),
            GroupOutput::Report(report) => self.report_group(id, report),
            GroupOutput::MediaFlows => self.report(id, Report::MediaFlowing),
            // Nothing is lost while the peer is heard over a path of two.
            GroupOutput::Lost(_) if self.hears_by_pair() => {}
            GroupOutput::Lost(cause) => self.report(id, Report::ConnectionLost(cause)),
            GroupOutput::Timeout(_) => {}
        }
    }

    fn report_group(&mut self, id: CallId, report: Report) {
        match report {
            Report::Checking => self.retry_relays(),
            // A server that proved itself is a way that is back, if there was one before.
            Report::Secured => self.report(id, Report::PathValidated),
            _ => {}
        }
        self.report(id, report);
    }

    pub(super) fn take_group_path(&mut self, output: transport::Output) {
        match output {
            transport::Output::Transmit(transmit) => {
                self.outputs.push_back(Output::Transmit(transmit));
            }
            transport::Output::Stream(stream) => self.outputs.push_back(Output::Stream(stream)),
            transport::Output::Event(transport::Event::Relays(event)) => self.take_relays(&event),
            _ => {}
        }
    }

    /// What the members say together, as one peer would.
    fn speak_for_group(&mut self, call: CallId, message: Message) {
        let Some(peer) = self.registry.peer().cloned() else { return };
        let from = zentalk_call_fsm::Sender::Peer(peer);
        // Never an error for a message: what does not fit is ignored and counted there.
        let _ =
            self.registry.handle_input(self.now, RegistryInput::Message { call, from, message });
    }

    /// The call is over: says what is left to say, and forgets the keys.
    pub(in crate::engine) fn end_group(&mut self, id: CallId) {
        let Some(mut group) = self.group.take_if(|group| group.id() == id) else { return };
        group.end_stay(self.now);
        let last = group.last_outputs();
        let relays = group.take_relays();
        // Whether the user had a part in it decides who may hear of its end.
        self.group = Some(group);
        for output in last {
            match output {
                GroupOutput::Say { .. }
                | GroupOutput::Sfu(_)
                | GroupOutput::Transport(_)
                | GroupOutput::Event(
                    Event::Member { .. }
                    | Event::Speaker { member: None, .. }
                    | Event::Sfu { state: SfuState::Left, .. },
                ) => {
                    self.take_group(id, output);
                }
                _ => {}
            }
        }
        self.group = None;
        if let Some(relays) = relays {
            self.leaving.release(self.now, relays);
        }
    }

    /// Whether both sides of the active call agreed to it.
    pub(in crate::engine) fn is_mutual(&self) -> bool {
        matches!(self.registry.state(), State::Live(acceptance, _) if acceptance.is_mutual())
    }
}

/// What calls need of their participant.
pub(crate) fn setting(engine: &mut Engine) -> Setting<'_, rand_chacha::ChaCha20Rng> {
    Setting {
        now: engine.now,
        unix_now: engine.unix_now(),
        config: &engine.config,
        sockets: &engine.sockets,
        rng: &mut engine.rng,
    }
}
