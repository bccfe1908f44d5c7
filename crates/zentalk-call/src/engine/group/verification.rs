//! What the people compare, so that nobody can stand between them unnoticed. Every epoch has its own string, once it has lasted for
//! a moment: when several people join at once, only the last of their epochs is worth comparing.

use core::time::Duration;

use rand_core::CryptoRng;
use zentalk_group_keys::{Epoch, Roster, Sas, SasEvent, SasMessage, ShortAuthenticationString};
use zentalk_primitives::{CallId, Instant};
use zentalk_signaling_ratchet::messages::GroupSas;
use zentalk_signaling_ratchet::{CallBody, IdentityPublic};

use super::{GroupCall, Output};
use crate::Error;
use crate::engine::event::Event;

/// The verification of the present epoch.
#[derive(Default)]
pub(super) struct Verification {
    /// An epoch that waits for its moment.
    waiting: Option<(Epoch, Roster, Instant)>,
    exchange: Option<Sas>,
    repeat_at: Option<Instant>,
    /// How often messages are sent again; somebody who never answers is not asked for ever.
    repeats: u32,
}

const SETTLE_TIME: Duration = Duration::from_millis(1_500);
const REPEAT_INTERVAL: Duration = Duration::from_secs(2);
const MAX_REPEATS: u32 = 15;

/// What the verification wants.
enum Wanted {
    Say { to: u8, message: SasMessage },
    Show(ShortAuthenticationString),
}

impl Verification {
    /// Another epoch: what is known of the one before says nothing any more.
    pub(super) fn begin(&mut self, now: Instant, epoch: Epoch, roster: Roster) {
        self.exchange = None;
        self.repeat_at = None;
        let others = roster.len() > 1;
        self.waiting = others.then_some((epoch, roster, now + SETTLE_TIME));
    }

    fn handle_timeout<R: CryptoRng>(&mut self, now: Instant, call: CallId, own: u8, rng: &mut R) {
        if let Some((epoch, roster, _)) = self.waiting.take_if(|(_, _, at)| *at <= now) {
            // Without this side in it there is nothing to verify.
            self.exchange = Sas::new(call, epoch, own, roster, rng).ok();
            self.repeat_at = Some(now + REPEAT_INTERVAL);
            self.repeats = 0;
        }
        if self.repeat_at.take_if(|at| *at <= now).is_some()
            && let Some(exchange) = &mut self.exchange
            && self.repeats < MAX_REPEATS
        {
            exchange.repeat();
            self.repeats += 1;
            self.repeat_at = Some(now + REPEAT_INTERVAL);
        }
    }

    fn handle(&mut self, from: u8, message: SasMessage) {
        if let Some(exchange) = &mut self.exchange {
            exchange.handle(from, message);
        }
    }

    fn poll(&mut self) -> Option<Wanted> {
        loop {
            match self.exchange.as_mut()?.poll()? {
                SasEvent::Send { to, message } => return Some(Wanted::Say { to, message }),
                SasEvent::Verified(string) => return Some(Wanted::Show(string)),
                SasEvent::Refused { member, cause } => {
                    tracing::warn!(member, %cause, "the verification was refused");
                }
                _ => {}
            }
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let waiting = self.waiting.as_ref().map(|(_, _, at)| *at);
        waiting.into_iter().chain(self.repeat_at).min()
    }
}

impl GroupCall {
    /// A member's message about the verification.
    pub(crate) fn handle_sas(
        &mut self,
        from: &IdentityPublic,
        message: &GroupSas,
    ) -> Result<(), Error> {
        let from = self.members.index_of(from).ok_or(Error::NotInvited)?;
        self.verification.handle(from, SasMessage::decode(message.as_bytes())?);
        self.drain_verification();
        Ok(())
    }

    pub(super) fn verify<R: CryptoRng>(&mut self, now: Instant, rng: &mut R) {
        self.verification.handle_timeout(now, self.id, self.own.index, rng);
        self.drain_verification();
    }

    fn drain_verification(&mut self) {
        while let Some(wanted) = self.verification.poll() {
            match wanted {
                Wanted::Show(sas) => self.tell(Event::Verification { call: self.id, sas }),
                Wanted::Say { to, message } => {
                    let (Some(to), Ok(message)) =
                        (self.card_of(to), GroupSas::new(message.encode()))
                    else {
                        continue;
                    };
                    self.outputs.push_back(Output::Say { to, body: CallBody::GroupSas(message) });
                }
            }
        }
    }
}
