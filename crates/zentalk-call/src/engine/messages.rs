//! Call messages on their way in and out.

use core::time::Duration;

use tracing::debug;
use zentalk_call_fsm::{
    Acceptance, Elsewhere, EndReason, Message, RegistryInput, Report, Sender, State,
};
use zentalk_primitives::{CallId, DeviceId, MailboxId};
use zentalk_session_description::Offer;
use zentalk_signaling_ratchet::{
    CallBody, CallMessage, ContactCard, IdentityPublic, PrekeyBundle, messages,
};

use super::config::Privacy;
use super::io::{FetchedPrekeys, Output, Put};
use super::{Engine, description};
use crate::Error;

/// A message that waits for its addressee's prekeys.
pub(super) struct Outgoing {
    call: CallId,
    to: ContactCard,
    body: CallBody,
}

/// An offer that the registry is deciding about.
pub(super) struct Offered {
    pub(super) call: CallId,
    pub(super) from: IdentityPublic,
    pub(super) card: ContactCard,
    /// Until a call is made of it.
    pub(super) body: Option<OfferedBody>,
}

/// What an offer asks for.
pub(super) enum OfferedBody {
    /// A call of two.
    Offer(messages::Offer),
    /// A group call.
    Invite(messages::GroupInvite),
}

/// Messages that wait for prekeys at most; one call needs two or three.
const MAX_WAITING: usize = 32;
/// An offer is worth nothing after the time it may ring.
const OFFER_TTL: Duration = zentalk_call_fsm::OFFER_MAX_AGE;
/// Everything else matters to a call that exists; a participant who was away for longer lost it anyway.
const MESSAGE_TTL: Duration = Duration::from_secs(120);

impl Engine {
    // In.

    /// Opens a delivery. One that does not open is acknowledged, too: it never will.
    pub(super) fn handle_delivery(&mut self, sequence: u64, blob: &[u8], queued: Duration) {
        let unix_now = self.unix_now();
        let opened = self.postbox.open(unix_now, blob);
        if opened.is_ok() {
            let rotated = self.postbox.maintain(unix_now, &mut self.rng);
            self.commit();
            if rotated {
                self.publish_prekeys();
            }
        }
        self.outputs.push_back(Output::Acknowledge(sequence));
        match opened {
            Ok(opened) => self.handle_message(opened.from, opened.message, queued),
            Err(error) => {
                self.dropped_messages += 1;
                debug!(%error, "a delivery was dropped");
            }
        }
    }

    fn handle_message(&mut self, from: IdentityPublic, message: CallMessage, queued: Duration) {
        let (call, device) = (message.call_id(), message.device_id());
        let outcome = match self.handle_group_message(call, &from, message.into_body()) {
            Ok(Some(body)) => self.handle_body(call, from, device, body, queued),
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            self.dropped_messages += 1;
            debug!(%error, "a message was dropped");
        }
    }

    fn handle_body(
        &mut self,
        call: CallId,
        from: IdentityPublic,
        device: DeviceId,
        body: CallBody,
        queued: Duration,
    ) -> Result<(), Error> {
        match body {
            CallBody::GroupInvite(invite) => return self.handle_invite(call, from, invite, queued),
            CallBody::Offer(offer) => return self.handle_offer(call, from, offer, queued),
            CallBody::Ringing(ringing) => {
                return self.for_call(call, from, Message::Ringing, |engine, call| {
                    call.handle_ringing(engine.now, &ringing)
                });
            }
            CallBody::Answer(answer) => {
                return self.for_call(call, from, Message::Answer, |engine, call| {
                    call.handle_answer(engine.now, engine.postbox.identity(), device, answer)
                });
            }
            CallBody::Candidates(candidates) => {
                self.handle_candidates(call, &from, &candidates);
            }
            CallBody::GroupPairOffer(offer) => {
                return self.handle_pair_offer(call, &from, offer, queued);
            }
            CallBody::GroupPairAnswer(answer) => {
                return self.handle_pair_answer(call, (&from, device), answer, queued);
            }
            CallBody::Restart(restart) => return self.handle_restart(call, &from, &restart),
            CallBody::End(code) => {
                self.pass(call, from, Message::End(EndReason::from_wire(code.0)));
            }
            CallBody::Busy => {
                self.pass(call, from, Message::Busy);
            }
            CallBody::AcceptedElsewhere(other) => {
                self.handle_elsewhere(call, from, other, Elsewhere::Accepted);
            }
            CallBody::DeclinedElsewhere(other) => {
                self.handle_elsewhere(call, from, other, Elsewhere::Declined);
            }
            CallBody::NeedsUpdate { rings: true } => {
                self.pass(call, from, Message::UnknownVersion { queued });
            }
            _ => {}
        }
        Ok(())
    }

    /// Checks an offer before anybody rings.
    fn handle_offer(
        &mut self,
        call: CallId,
        from: IdentityPublic,
        offer: messages::Offer,
        queued: Duration,
    ) -> Result<(), Error> {
        let parsed = Offer::parse(offer.sdp())?;
        description::remote_transport(parsed.description())?;
        let card = offer.card().clone();
        self.check_glare(&card)?;
        let body = Some(OfferedBody::Offer(offer));
        self.offered = Some(Offered { call, from: from.clone(), card, body });
        self.pass(call, from, Message::Offer { queued });
        self.settle();
        self.offered = None;
        Ok(())
    }

    /// Somebody whom this side calls may call at the same time, and then theirs goes on without a word of the user's. Where the address
    /// is to be hidden, it must be reached at the relay that the user called, or at one's own.
    fn check_glare(&self, card: &ContactCard) -> Result<(), Error> {
        let called = self.call.as_ref().map(super::call::Call::peer);
        let called = called.filter(|called| called.identity() == card.identity());
        let is_elsewhere = called.is_some_and(|called| called.relay_url() != card.relay_url());
        let is_foreign = card.relay_url() != self.account.relay();
        match self.config.privacy {
            Privacy::RelayOnly if is_elsewhere && is_foreign => Err(Error::ForeignRelay),
            _ => Ok(()),
        }
    }

    /// A message whose content our call takes before the registry hears of it, while it is unanswered:
    /// what comes later, or for another call, is the registry's to count.
    fn for_call(
        &mut self,
        id: CallId,
        from: IdentityPublic,
        message: Message,
        take: impl FnOnce(&Self, &mut super::call::Call) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let state = self.registry.state();
        if matches!(state, State::Live(Acceptance::Offering | Acceptance::Alerting, _))
            && let Some(mut call) =
                self.call.take_if(|call| call.id() == id && *call.peer().identity() == from)
        {
            let outcome = take(self, &mut call);
            self.call = Some(call);
            outcome?;
        }
        self.pass(id, from, message);
        Ok(())
    }

    fn handle_candidates(
        &mut self,
        id: CallId,
        from: &IdentityPublic,
        candidates: &messages::Candidates,
    ) {
        if let Some(call) = &mut self.call
            && call.id() == id
            && call.peer().identity() == from
        {
            call.handle_candidates(self.now, candidates);
        }
    }

    /// The caller tells all devices of the callee which of them was quicker; that one knows already.
    fn handle_elsewhere(
        &mut self,
        call: CallId,
        from: IdentityPublic,
        other: messages::Elsewhere,
        what: Elsewhere,
    ) {
        if other.device() != self.account.device() {
            self.pass(call, from, Message::Elsewhere(what));
        }
    }

    pub(super) fn pass(&mut self, call: CallId, from: IdentityPublic, message: Message) {
        let from =
            if from == *self.postbox.identity() { Sender::OwnDevice } else { Sender::Peer(from) };
        let input = RegistryInput::Message { call, from, message };
        // Never an error for a message: what does not fit is ignored and counted there.
        let _ = self.registry.handle_input(self.now, input);
    }

    // Out.

    /// Sends a message, unless that would tell a foreign relay of us before the user spoke.
    pub(super) fn send(&mut self, call: CallId, to: ContactCard, body: CallBody) {
        if self.is_automatic(call, &body) && to.relay_url() != self.account.relay() {
            // The caller's relay may be the caller: to speak to it tells it our address, and nobody is to
            // learn that before the user accepted. The caller hears of us by the answer.
            debug!("nothing is sent to a foreign relay before the user speaks");
            return;
        }
        self.leave(call, to, body);
    }

    /// Whether the user has no part in a message: neither sends it, nor placed or accepted its call.
    fn is_automatic(&self, call: CallId, body: &CallBody) -> bool {
        match body {
            CallBody::Ringing(_) | CallBody::GroupRinging | CallBody::Busy => true,
            CallBody::End(code) => {
                let pair = self.call.as_ref().filter(|own| own.id() == call);
                let group = self.group.as_ref().filter(|own| own.id() == call);
                let agreed = pair.is_some_and(super::call::Call::is_agreed)
                    || group.is_some_and(super::group::GroupCall::is_agreed);
                let reason = EndReason::from_wire(code.0);
                !agreed && !matches!(reason, EndReason::Declined | EndReason::HungUpRemote)
            }
            _ => false,
        }
    }

    /// Seals a message and has it put into the addressee's mailbox, after asking for prekeys if there
    /// is no session yet.
    fn leave(&mut self, call: CallId, to: ContactCard, body: CallBody) {
        if self.postbox.needs_bundle(self.unix_now(), to.identity()) {
            let asked = self.waiting.iter().any(|waiting| waiting.to.mailbox() == to.mailbox());
            if !asked {
                let relay = to.relay_url().to_owned();
                self.outputs.push_back(Output::FetchPrekeys { relay, mailbox: to.mailbox() });
            }
            if self.waiting.len() < MAX_WAITING {
                self.waiting.push_back(Outgoing { call, to, body });
            } else {
                self.handle_undelivered(call, &to);
            }
            return;
        }
        if let Err(error) = self.seal(call, &to, body) {
            debug!(%error, "a message could not be sealed");
            self.handle_undelivered(call, &to);
        }
    }

    /// A call is over: if its offer could not leave yet, its peer need not hear of it at all.
    pub(super) fn forget_unsent(&mut self, call: CallId) {
        let is_offer = |waiting: &Outgoing| is_ringing(&waiting.body);
        if self.waiting.iter().any(|waiting| waiting.call == call && is_offer(waiting)) {
            self.waiting.retain(|waiting| waiting.call != call);
        }
    }

    fn seal(&mut self, call: CallId, to: &ContactCard, body: CallBody) -> Result<(), Error> {
        let time_to_live = if is_ringing(&body) { OFFER_TTL } else { MESSAGE_TTL };
        let message = CallMessage::new(call, self.account.device(), body);
        let unix_now = self.unix_now();
        let sealed = self.postbox.seal(unix_now, to.identity(), &message, &mut self.rng)?;
        // The state that sealed it is durable before it leaves.
        self.commit();
        self.outputs.push_back(Output::Put(Put {
            call,
            relay: to.relay_url().to_owned(),
            mailbox: to.mailbox(),
            blob: sealed.into_bytes(),
            time_to_live,
        }));
        Ok(())
    }

    /// Prekeys came, or there are none to be had.
    pub(super) fn handle_prekeys(&mut self, mailbox: MailboxId, found: Option<&FetchedPrekeys>) {
        let unix_now = self.unix_now();
        let all = core::mem::take(&mut self.waiting);
        let (ready, others) = all.into_iter().partition(|waiting| waiting.to.mailbox() == mailbox);
        self.waiting = others;
        for outgoing in ready {
            let begun = match (found, self.postbox.needs_bundle(unix_now, outgoing.to.identity())) {
                (_, false) => Ok(()),
                (Some(found), true) => self.begin_session(&outgoing.to, found),
                (None, true) => Err(Error::NoPrekeys),
            };
            match begun {
                Ok(()) => self.leave(outgoing.call, outgoing.to, outgoing.body),
                Err(error) => {
                    debug!(%error, "no session could be set up");
                    self.handle_undelivered(outgoing.call, &outgoing.to);
                }
            }
        }
    }

    fn begin_session(&mut self, peer: &ContactCard, found: &FetchedPrekeys) -> Result<(), Error> {
        let unix_now = self.unix_now();
        let one_time = found.one_time.as_deref();
        let bundle = PrekeyBundle::parse(&found.bundle, one_time, peer.identity(), unix_now)?;
        Ok(self.postbox.begin(unix_now, &bundle, &mut self.rng)?)
    }

    /// A message could not be left for this person. In a group call that is about them alone.
    fn handle_undelivered(&mut self, call: CallId, to: &ContactCard) {
        if self.group.as_ref().is_some_and(|group| group.id() == call) {
            return self.handle_unreachable(Some(to));
        }
        self.handle_undeliverable(call);
    }

    /// A message of this call could not be left at its relay.
    pub(super) fn handle_undeliverable(&mut self, call: CallId) {
        if self.group.as_ref().is_some_and(|group| group.id() == call) {
            return self.handle_unreachable(None);
        }
        self.restart_undelivered(call);
        self.report(call, Report::SignallingFailed);
    }
}

/// Whether a message makes somebody's device ring.
fn is_ringing(body: &CallBody) -> bool {
    matches!(body, CallBody::Offer(_) | CallBody::GroupInvite(_))
}
