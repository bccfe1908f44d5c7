//! What the people compare, so that nobody can stand between them unnoticed. Every epoch has its own string, once it has lasted for
//! a moment: when several people join at once, only the last of their epochs is worth comparing.

use core::time::Duration;
use std::collections::VecDeque;

use rand_core::CryptoRng;
use zentalk_group_keys::{
    Epoch, KeyCommitment, Roster, Sas, SasEvent, SasMessage, SasRefusal, ShortAuthenticationString,
};
use zentalk_primitives::{CallId, Instant};
use zentalk_signaling_ratchet::messages::GroupSas;
use zentalk_signaling_ratchet::{CallBody, IdentityPublic};

use super::GroupCall;
use crate::Error;
use crate::engine::event::Event;

/// Why there is no string to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unverified {
    /// What a member revealed is not what it had committed to under the keys and the members that this side knows.
    #[error(
        "what they revealed does not fit what they had committed to; somebody may stand between you"
    )]
    Mismatch,
    /// A member committed to one contribution and then to another.
    #[error("they committed to a second contribution after their first")]
    SecondCommitment,
    /// Something of a member is still missing after 30 s. Each is named from whom nothing came at all; where something came from
    /// everybody, nobody is: each waits for all. Who uses relays only says nothing to members whose relay somebody else chose.
    #[error(
        "not everybody has answered within 30 s; it is tried again when somebody joins or leaves"
    )]
    NoAnswer,
    /// This member is reached by a relay that this side's user did not choose, and under
    /// [`Privacy::RelayOnly`](crate::Privacy::RelayOnly) nothing is said to it: it gets no string, and no keys should this side have to
    /// make them. [`Engine::choose_relay`](crate::engine::Engine::choose_relay) is the cure.
    #[error(
        "relay-only: their relay is not yours, and somebody else invited them, so nothing is said to them there; choose \
         their relay, which will see your address, or call without relay-only"
    )]
    ForeignRelay,
    /// The members changed too often while a string was made, which somebody may use to look for one that fits. It is not tried
    /// again in this call.
    #[error(
        "it was broken off too often, as by somebody who looks for a string that fits; begin another call"
    )]
    BrokenOff,
}

/// The verification of the present epoch.
#[derive(Default)]
pub(super) struct Verification {
    /// An epoch that waits for its moment.
    waiting: Option<(Epoch, (Roster, KeyCommitment), Instant)>,
    exchange: Option<Sas>,
    repeat_at: Option<Instant>,
    /// How often messages are sent again; somebody who never answers is not asked for ever.
    repeats: u32,
    /// Whether the exchange has come to its end, good or bad.
    settled: bool,
    /// What is to be told: whose doing it is that there is no string, and why. At most one of each member.
    failed: VecDeque<(Option<u8>, Unverified)>,
    /// How often an epoch ended when its string could have been known to somebody, and not here.
    broken_off: u32,
    /// Whether that was too often.
    given_up: bool,
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
    Refuse(Option<u8>, Unverified),
}

impl Verification {
    /// Another epoch: what is known of the one before says nothing any more.
    pub(super) fn begin(&mut self, now: Instant, epoch: Epoch, verified: (Roster, KeyCommitment)) {
        if self.exchange.take().is_some_and(|exchange| exchange.has_revealed()) {
            self.broken_off += 1;
        }
        self.repeat_at = None;
        if self.broken_off >= MAX_BROKEN_OFF {
            if !core::mem::replace(&mut self.given_up, true) {
                self.failed.push_back((None, Unverified::BrokenOff));
            }
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
            (self.repeats, self.settled) = (0, false);
        }
        if self.repeat_at.take_if(|at| *at <= now).is_some()
            && let Some(exchange) = &mut self.exchange
        {
            if self.repeats < MAX_REPEATS {
                exchange.repeat();
                self.repeats += 1;
                self.repeat_at = Some(now + REPEAT_INTERVAL);
            } else if !self.settled {
                let silent: Vec<_> = exchange.silent().map(Some).collect();
                let named = if silent.is_empty() { vec![None] } else { silent };
                self.failed.extend(named.into_iter().map(|who| (who, Unverified::NoAnswer)));
            }
        }
    }

    fn handle(&mut self, from: u8, message: SasMessage) {
        if let Some(exchange) = &mut self.exchange {
            exchange.handle(from, message);
        }
    }

    fn poll(&mut self) -> Option<Wanted> {
        if let Some((member, cause)) = self.failed.pop_front() {
            return Some(Wanted::Refuse(member, cause));
        }
        loop {
            match self.exchange.as_mut()?.poll()? {
                SasEvent::Send { to, message } => return Some(Wanted::Say { to, message }),
                SasEvent::Verified(string) => {
                    self.settled = true;
                    return Some(Wanted::Show(string));
                }
                SasEvent::Refused { member, cause } => {
                    self.settled = true;
                    return Some(Wanted::Refuse(Some(member), Unverified::from(cause)));
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

impl From<SasRefusal> for Unverified {
    fn from(refusal: SasRefusal) -> Self {
        match refusal {
            SasRefusal::SecondCommitment => Self::SecondCommitment,
            _ => Self::Mismatch,
        }
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

    pub(super) fn drain_verification(&mut self) {
        while let Some(wanted) = self.verification.poll() {
            match wanted {
                Wanted::Refuse(member, cause) => {
                    tracing::warn!(?member, %cause, "there is no string to compare");
                    self.tell(Event::Unverified { call: self.id, member, cause });
                }
                Wanted::Show(sas) => self.tell(Event::Verification { call: self.id, sas }),
                Wanted::Say { to, message } => {
                    let (Some(to), Ok(message)) =
                        (self.card_of(to), GroupSas::new(message.encode()))
                    else {
                        continue;
                    };
                    self.say(to, CallBody::GroupSas(message));
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
        let told = refusals(&mut verification);
        assert_eq!(told, [(None, Unverified::BrokenOff)], "it is told once");
    }

    /// What is told of failures since the last time.
    fn refusals(verification: &mut Verification) -> Vec<(Option<u8>, Unverified)> {
        let refusal = |wanted| match wanted {
            Wanted::Refuse(member, cause) => Some((member, cause)),
            _ => None,
        };
        std::iter::from_fn(|| verification.poll()).filter_map(refusal).collect()
    }

    /// Somebody who never answers, or whose messages a relay keeps back.
    #[test]
    fn a_string_that_does_not_come_about_in_thirty_seconds_is_told_to_be_missing() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let mut roster = Roster::new();
        roster.insert(0, b"alice".to_vec()).unwrap();
        roster.insert(1, b"bob".to_vec()).unwrap();
        let mut verification = Verification::default();
        let key = KeyCommitment::from_bytes([1; 32]);
        verification.begin(Instant::ZERO, Epoch::new(1, 0).unwrap(), (roster, key));
        let mut told = Vec::new();
        for second in 0..120 {
            let now = Instant::ZERO + Duration::from_secs(second);
            verification.handle_timeout(now, CALL, 0, &mut rng);
            told.extend(refusals(&mut verification).into_iter().map(|refused| (second, refused)));
        }
        assert_eq!(told.len(), 1, "{told:?}");
        assert!((30..40).contains(&told[0].0), "{told:?}");
        assert_eq!(told[0].1, (Some(1), Unverified::NoAnswer));
    }

    /// One says nothing, and another waits for that one as this side does.
    #[test]
    fn who_has_not_answered_is_named_and_who_waits_for_them_is_not() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut roster = Roster::new();
        for (index, name) in [(0, "alice"), (1, "bob"), (2, "carol")] {
            roster.insert(index, name.as_bytes().to_vec()).unwrap();
        }
        let (key, epoch) = (KeyCommitment::from_bytes([1; 32]), Epoch::new(1, 0).unwrap());
        let mut verification = Verification::default();
        verification.begin(Instant::ZERO, epoch, (roster.clone(), key));
        verification.handle_timeout(Instant::ZERO + SETTLE_TIME, CALL, 0, &mut rng);
        let bob = Sas::new(CALL, epoch, 1, (roster, key), &mut rng);
        let Some(SasEvent::Send { message, .. }) = bob.unwrap().poll() else { panic!() };
        verification.handle(1, message);
        let mut told = Vec::new();
        for second in 2..120 {
            let now = Instant::ZERO + Duration::from_secs(second);
            verification.handle_timeout(now, CALL, 0, &mut rng);
            told.extend(refusals(&mut verification));
        }
        assert_eq!(told, [(Some(2), Unverified::NoAnswer)]);
    }
}
