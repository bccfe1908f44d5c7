//! Six people at most: whoever comes when six are there is turned away, by name.
//!
//! 1. Nobody asks for a seventh person knowingly. Two members who ask in the same instant may each take theirs for the sixth.
//! 2. Whoever leads takes in the first of them that it hears of, and no more: the roster decides, for all alike.
//! 3. Who sees six in the roster turns away everybody who is not among them, whether they have accepted or still ring: they hear
//!    [`EndReason::Full`], and so does the application.
//! 4. Should that word be lost, it is said again when they ask for keys.

use std::collections::VecDeque;

use rand_core::CryptoRng;
use zentalk_call_fsm::EndReason;
use zentalk_primitives::Instant;
use zentalk_signaling_ratchet::messages::{EndCode, GroupMember};
use zentalk_signaling_ratchet::{CallBody, ContactCard, IdentityPublic};

use super::members::Entry;
use super::{GroupCall, MAX_PEOPLE};

/// Those who were turned away, the latest of them.
#[derive(Default)]
pub(super) struct TurnedAway(VecDeque<ContactCard>);

/// As many as a call has indices: more cannot have been promised a place.
const MAX_REMEMBERED: usize = zentalk_signaling_ratchet::limits::GROUP_MEMBERS;

impl TurnedAway {
    fn note(&mut self, card: ContactCard) {
        self.forget(card.identity());
        if self.0.len() >= MAX_REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(card);
    }

    /// They are invited again.
    pub(super) fn forget(&mut self, identity: &IdentityPublic) {
        self.0.retain(|card| card.identity() != identity);
    }

    fn find(&self, identity: &IdentityPublic) -> Option<&ContactCard> {
        self.0.iter().find(|card| card.identity() == identity)
    }
}

impl GroupCall {
    /// There is no place for this person, whom somebody has invited.
    pub(super) fn say_full(&mut self, to: ContactCard) {
        self.turned_away.note(to.clone());
        self.say(to, CallBody::End(EndCode(EndReason::Full.to_wire())));
    }

    /// The same for one who is listed.
    pub(super) fn turn_away<R: CryptoRng>(&mut self, now: Instant, index: u8, rng: &mut R) {
        let Some(card) = self.members.get(index).map(|entry| entry.card.clone()) else { return };
        self.say_full(card);
        self.remove(now, index, EndReason::Full, rng);
    }

    /// The same for one whose index another member has: the keys hear nothing of it.
    pub(super) fn turn_away_namesake(&mut self, now: Instant, index: u8) {
        let Some(card) = self.members.get(index).map(|entry| entry.card.clone()) else { return };
        self.say_voucher(index, &card, false);
        self.say_full(card);
        self.members.gone(now, index, EndReason::Full);
    }

    /// Before a new roster is taken over: if six are in it, nobody else is waited for.
    pub(super) fn turn_away_surplus<R: CryptoRng>(
        &mut self,
        now: Instant,
        roster: &[GroupMember],
        rng: &mut R,
    ) {
        let present = roster.iter().filter(|member| !self.members.has_left(member)).count();
        if present < MAX_PEOPLE {
            return;
        }
        let is_in = |entry: &Entry| {
            let mut members = roster.iter().map(GroupMember::card);
            entry.is_keyed() || members.any(|card| card.identity() == entry.card.identity())
        };
        let surplus = self.members.current().filter(|(_, entry)| !is_in(entry));
        let surplus: Vec<_> = surplus.map(|(index, _)| index).collect();
        for index in surplus {
            let is_namesake = roster.iter().any(|member| member.index() == index);
            match is_namesake {
                true => self.turn_away_namesake(now, index),
                false if self.is_pair(index) => {}
                false => self.turn_away(now, index, rng),
            }
        }
    }

    /// Somebody who is no member speaks as one: they may not have heard why.
    pub(super) fn repeat_full(&mut self, to: &IdentityPublic) {
        if let Some(card) = self.turned_away.find(to).cloned() {
            self.say_full(card);
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;
    use zentalk_primitives::MailboxId;
    use zentalk_signaling_ratchet::Identity;

    use super::*;

    fn card(number: u8) -> ContactCard {
        let identity = Identity::generate(&mut ChaCha20Rng::from_seed([number; 32]));
        let mailbox = MailboxId::from_bytes([number; 32]);
        ContactCard::new(identity.public().clone(), "wss://relay.example", mailbox).unwrap()
    }

    #[test]
    fn a_bounded_number_of_people_is_remembered_and_nobody_twice() {
        let mut turned_away = TurnedAway::default();
        for number in 0..100 {
            turned_away.note(card(number));
            turned_away.note(card(number));
        }
        assert_eq!(turned_away.0.len(), MAX_REMEMBERED);
        assert!(turned_away.find(card(99).identity()).is_some());
        turned_away.forget(card(99).identity());
        assert!(turned_away.find(card(99).identity()).is_none());
    }
}
