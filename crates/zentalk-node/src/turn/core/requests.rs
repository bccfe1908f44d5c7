//! STUN messages: to whom they go, and how they are answered.

use stun_types::attribute::XorMappedAddress;
use stun_types::message::{BINDING, Message, MessageClass, MessageHeader};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH, SEND};
use zentalk_primitives::{Instant, UnixTime};

use super::attributes::check_understood;
use super::authenticate::Verified;
use super::client::Sender;
use super::integrity::{Integrity, LongTermKey};
use super::reply::{Head, Refusal, Reply};
use super::{Answer, TurnServerCore};

impl TurnServerCore {
    pub(super) fn handle_stun(
        &mut self,
        now: Instant,
        unix_now: UnixTime,
        sender: &Sender,
        bytes: &[u8],
    ) {
        let done = parse(bytes).and_then(|message| match message.class() {
            MessageClass::Request => self.request(now, unix_now, sender, &message),
            MessageClass::Indication if message.method() == SEND => {
                self.send_indication(now, sender, &message)
            }
            // Responses: the server asks nothing.
            _ => None,
        });
        self.count_dropped(done);
    }

    fn request(
        &mut self,
        now: Instant,
        unix_now: UnixTime,
        sender: &Sender,
        message: &Message<'_>,
    ) -> Option<()> {
        // RFC 8489 §6.3: methods that are not known are dropped.
        let known = [BINDING, ALLOCATE, REFRESH, CREATE_PERMISSION, CHANNEL_BIND];
        known.contains(&message.method()).then_some(())?;
        self.pacer.allows(now, sender.source()).then_some(())?;
        let head = Head::of(message);
        if message.method() == BINDING {
            let reply = self.binding(now, sender, message, &head);
            self.send(sender, reply.finish());
            return Some(());
        }
        match self.authenticate(now, unix_now, sender, message) {
            Ok(verified) => self.answer(now, sender, message, &head, verified),
            Err(refusal) => self.refuse(now, sender, &head, &refusal, None),
        }
        Some(())
    }

    fn answer(
        &mut self,
        now: Instant,
        sender: &Sender,
        message: &Message<'_>,
        head: &Head,
        verified: Verified,
    ) {
        let (key, integrity) = (verified.key.duplicate(), verified.integrity);
        match self.perform(now, sender, message, verified) {
            Ok(Answer::Reply(reply)) => self.send(sender, reply.finish_signed(&key, integrity)),
            Ok(Answer::Ready(answer)) => self.send(sender, answer),
            Ok(Answer::Later) => {}
            Err(refusal) => self.refuse(now, sender, head, &refusal, Some((&key, integrity))),
        }
    }

    fn perform(
        &mut self,
        now: Instant,
        sender: &Sender,
        message: &Message<'_>,
        verified: Verified,
    ) -> Result<Answer, Refusal> {
        check_understood(message)?;
        match message.method() {
            ALLOCATE => self.allocate(now, sender, message, verified),
            REFRESH => self.refresh(now, sender, message, &verified),
            CREATE_PERMISSION => self.create_permission(now, sender, message, &verified),
            _ => self.channel_bind(now, sender, message, &verified),
        }
    }

    /// RFC 8489 §12: what address the request came from. No credentials are asked for.
    fn binding(
        &mut self,
        now: Instant,
        sender: &Sender,
        message: &Message<'_>,
        head: &Head,
    ) -> Reply {
        match check_understood(message) {
            Ok(()) => {
                let mut reply = head.success();
                reply.add(&XorMappedAddress::new(sender.client, head.transaction()));
                reply
            }
            Err(refusal) => self.refusal(now, sender, head, &refusal),
        }
    }

    /// Signed where the sender has proven itself, but for a challenge, whose reader may have no key for it.
    fn refuse(
        &mut self,
        now: Instant,
        sender: &Sender,
        head: &Head,
        refusal: &Refusal,
        key: Option<(&LongTermKey, Integrity)>,
    ) {
        self.counts.refused = self.counts.refused.saturating_add(1);
        let reply = self.refusal(now, sender, head, refusal);
        let message = match key {
            Some((key, integrity)) if !refusal.is_challenge() => {
                reply.finish_signed(key, integrity)
            }
            _ => reply.finish(),
        };
        self.send(sender, message);
    }

    fn refusal(&self, now: Instant, sender: &Sender, head: &Head, refusal: &Refusal) -> Reply {
        head.refusal(refusal, self.config.realm.as_str(), || self.nonces.issue(now, sender))
    }
}

/// A STUN message that is all of `bytes`, with nothing behind its last attribute.
fn parse(bytes: &[u8]) -> Option<Message<'_>> {
    let header = MessageHeader::from_bytes(bytes).ok()?;
    let whole = MessageHeader::LENGTH.checked_add(usize::from(header.data_length()))?;
    if whole != bytes.len() || !whole.is_multiple_of(4) {
        return None;
    }
    Message::from_bytes(bytes).ok()
}
