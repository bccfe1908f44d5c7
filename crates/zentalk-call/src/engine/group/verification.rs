//! What the people compare, so that nobody can stand between them unnoticed. Every epoch has its own string, once it has lasted for
//! a moment: when several people join at once, only the last of their epochs is worth comparing.

use core::time::Duration;

use rand_core::CryptoRng;
use zentalk_group_keys::{
    Epoch, KeyCommitment, Roster, Sas, SasEvent, SasMessage, ShortAuthenticationString,
};
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
    waiting: Option<(Epoch, (Roster, KeyCommitment), Instant)>,
    exchange: Option<Sas>,
    repeat_at: Option<Instant>,
    /// How often messages are sent again; somebody who never answers is not asked for ever.
    repeats: u32,
    /// How often an epoch ended when its string could have been known to somebody, and not here.
    broken_off: u32,
}

const SETTLE_TIME: Duration = Duration::from_millis(1_500);
const REPEAT_INTERVAL: Duration = Duration::from_secs(2);
const MAX_REPEATS: u32 = 15;
/// How many tries somebody in between may have, by ending epochs whose string would not fit: they cost four of 42 bits. Honest calls
/// seldom have one, where somebody joins or leaves within the second that an exchange takes.
const MAX_BROKEN_OFF: u32 = 16;

/// What the verification wants.
enum Wanted {
    Say { to: u8, message: SasMessage },
    Show(ShortAuthenticationString),
}

impl Verification {
    /// Another epoch: what is known of the one before says nothing any more.
    pub(super) fn begin(&mut self, now: Instant, epoch: Epoch, verified: (Roster, KeyCommitment)) {
        if self.exchange.take().is_some_and(|exchange| exchange.has_revealed()) {
            self.broken_off += 1;
        }
        self.repeat_at = None;
        if self.broken_off >= MAX_BROKEN_OFF {
            tracing::warn!("too many verifications were broken off: there will be no string");
            self.waiting = None;
            return;
        }
        let others = verified.0.len() > 1;
        self.waiting = others.then_some((epoch, verified, now + SETTLE_TIME));
    }

    fn handle_timeout<R: CryptoRng>(&mut self, now: Instant, call: CallId, own: u8, rng: &mut R) {
        if let Some((epoch, verified, _)) = self.waiting.take_if(|(_, _, at)| *at <= now) {
            // Without this side in it there is nothing to verify.
            self.exchange = Sas::new(call, epoch, own, verified, rng).ok();
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

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    const CALL: CallId = CallId::from_bytes([9; 16]);

    /// The other member sees the string before this side does, and ends the epoch each time that it does not like it.
    #[test]
    fn who_ends_epochs_until_the_string_fits_gets_few_tries() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut roster = Roster::new();
        roster.insert(0, b"alice".to_vec()).unwrap();
        roster.insert(1, b"mallory".to_vec()).unwrap();
        let key = KeyCommitment::from_bytes([1; 32]);
        let (mut verification, mut now) = (Verification::default(), Instant::ZERO);
        let mut tries = 0;
        for number in 1..100 {
            let epoch = Epoch::new(number, 1).unwrap();
            verification.begin(now, epoch, (roster.clone(), key));
            now += SETTLE_TIME;
            verification.handle_timeout(now, CALL, 0, &mut rng);
            let mallory = Sas::new(CALL, epoch, 1, (roster.clone(), key), &mut rng);
            let Some(SasEvent::Send { message, .. }) = mallory.unwrap().poll() else { panic!() };
            verification.handle(1, message);
            tries += u32::from(verification.exchange.as_ref().is_some_and(Sas::has_revealed));
        }
        assert_eq!(tries, MAX_BROKEN_OFF);
    }
}
