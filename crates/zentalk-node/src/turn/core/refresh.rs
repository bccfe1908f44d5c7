//! Refresh (RFC 8656 §8).

use std::time::Duration;

use stun_types::message::Message;
use turn_types::attribute::Lifetime;
use zentalk_primitives::Instant;

use super::attributes::{optional, requested_family};
use super::authenticate::Verified;
use super::client::Sender;
use super::reply::{Head, Refusal};
use super::{AddressFamily, Answer, TurnServerCore};

impl TurnServerCore {
    /// Prolongs an allocation, or ends it: that is possible with an expired credential, too.
    pub(super) fn refresh(
        &mut self,
        now: Instant,
        sender: &Sender,
        message: &Message<'_>,
        verified: &Verified,
    ) -> Result<Answer, Refusal> {
        let asked = optional::<Lifetime>(message)?.map(|lifetime| lifetime.seconds());
        let family = requested_family(message)?;
        let allocation = self.standing(sender)?;
        if family.is_some_and(|family| allocation.relay(family).is_none()) {
            return Err(Refusal::FAMILY_MISMATCH);
        }
        let lifetime = if asked == Some(0) {
            self.release(now, sender, family);
            Duration::ZERO
        } else {
            check_unexpired(now, verified)?;
            let lifetime = self.granted_lifetime(now, asked, verified.expires);
            self.prolong(now, sender, family, lifetime);
            lifetime
        };
        let mut reply = Head::of(message).success();
        reply.add(&Lifetime::new(u32::try_from(lifetime.as_secs()).unwrap_or(u32::MAX)));
        Ok(Answer::Reply(reply))
    }

    fn prolong(
        &mut self,
        now: Instant,
        sender: &Sender,
        family: Option<AddressFamily>,
        lifetime: Duration,
    ) {
        if let Some(allocation) = self.book.get_mut(sender.id) {
            for relay in &mut allocation.relays {
                if family.is_none_or(|family| family == AddressFamily::of(relay.socket.ip())) {
                    relay.expires = now + lifetime;
                }
            }
        }
        self.reschedule(sender.id);
    }

    fn release(&mut self, now: Instant, sender: &Sender, family: Option<AddressFamily>) {
        match family {
            None => self.end_allocation(now, sender.id),
            Some(family) => {
                self.drop_relays(now, sender.id, |relay| {
                    AddressFamily::of(relay.socket.ip()) != family
                });
            }
        }
    }
}

/// A credential is good for nothing but a release once it has expired.
pub(super) fn check_unexpired(now: Instant, verified: &Verified) -> Result<(), Refusal> {
    if verified.expires > now { Ok(()) } else { Err(Refusal::UNAUTHORIZED) }
}
