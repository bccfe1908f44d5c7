//! Whom members have invited, by their own word: so that newcomers do not depend on the one who invited them.
//!
//! 1. Who invites somebody tells all members so, with the index, and then sends the invitation.
//! 2. Who accepts says so to everybody the invitation names. A member that did not invite them lets them in by such a word only.
//! 3. Who joins meanwhile hears whom the others wait for; those who ring hear of the new member.
//! 4. An invitation that ends is taken back. Who says goodbye takes all of theirs along; who crashes does not.

use zentalk_call_fsm::RING_TIMEOUT;
use zentalk_primitives::Instant;
use zentalk_signaling_ratchet::messages::{GroupInvited, GroupMember};
use zentalk_signaling_ratchet::{CallBody, ContactCard, IdentityPublic};

use super::members::MAX_PEOPLE;
use super::{Begun, GroupCall};
use crate::Error;

/// What members said of people they have invited.
#[derive(Default)]
pub(super) struct Words(Vec<Word>);

struct Word {
    by: IdentityPublic,
    of: IdentityPublic,
    index: u8,
    until: Instant,
}

/// Words that are kept at most, of all members together.
const MAX_WORDS: usize = 16;
/// The same of one member: more cannot be in a call with it, and one that says too much must not silence the others.
const MAX_OF_ONE: usize = MAX_PEOPLE - 1;

impl Words {
    /// A member gives its word. A later one about the same person counts instead of the earlier.
    pub(super) fn give(
        &mut self,
        now: Instant,
        by: &IdentityPublic,
        (of, index): (&IdentityPublic, u8),
    ) -> Result<(), Error> {
        self.0.retain(|word| now < word.until && (word.by != *by || word.of != *of));
        let of_this = self.0.iter().filter(|word| word.by == *by).count();
        if self.0.len() >= MAX_WORDS || of_this >= MAX_OF_ONE {
            return Err(Error::TooManyInvited);
        }
        let until = now + RING_TIMEOUT;
        self.0.push(Word { by: by.clone(), of: of.clone(), index, until });
        Ok(())
    }

    /// A member takes this one word back.
    pub(super) fn take_back(&mut self, by: &IdentityPublic, (of, index): (&IdentityPublic, u8)) {
        self.0.retain(|word| word.by != *by || word.of != *of || word.index != index);
    }

    /// The word of whoever has left means nothing.
    pub(super) fn forget(&mut self, by: &IdentityPublic) {
        self.0.retain(|word| word.by != *by);
    }

    /// Whether a member has said that this person was invited to this place.
    pub(super) fn stand_for(&self, now: Instant, of: &IdentityPublic, index: u8) -> bool {
        self.0.iter().any(|word| now < word.until && word.of == *of && word.index == index)
    }

    /// Whether anybody is waited for.
    fn stand(&self, now: Instant, is_here: impl Fn(&IdentityPublic) -> bool) -> bool {
        self.0.iter().any(|word| now < word.until && !is_here(&word.of))
    }

    /// Whether an index is promised to somebody.
    pub(super) fn promise(&self, now: Instant, index: u8) -> bool {
        self.0.iter().any(|word| now < word.until && word.index == index)
    }
}

impl GroupCall {
    /// A member says whom it has invited, or that it waits for them no more.
    pub(crate) fn handle_word(
        &mut self,
        now: Instant,
        from: &IdentityPublic,
        word: &GroupInvited,
    ) -> Result<(), Error> {
        let is_member = self.members.index_of(from).is_some_and(|at| self.members.has_joined(at));
        if !self.agreed || !is_member {
            return Err(Error::NotInvited);
        }
        let place = (word.identity(), word.index());
        match word.stands() {
            true => self.words.give(now, from, place)?,
            false => self.words.take_back(from, place),
        }
        Ok(())
    }

    /// Whether somebody may come whom another member has invited.
    pub(crate) fn expects_others(&self, now: Instant) -> bool {
        self.words.stand(now, |who| self.members.index_of(who).is_some())
    }

    /// Tells the members whom this side invites, or that it waits for them no more.
    pub(super) fn say_word(&mut self, index: u8, invited: &ContactCard, stands: bool) {
        let members: Vec<_> = self.members.joined().map(|(_, entry)| entry.card.clone()).collect();
        members.into_iter().for_each(|to| self.say_word_to(to, index, invited, stands));
    }

    fn say_word_to(&mut self, to: ContactCard, index: u8, invited: &ContactCard, stands: bool) {
        // The index is one that this side gave out.
        let Ok(word) = GroupInvited::given(index, invited.identity().clone()) else { return };
        let word = if stands { word } else { word.taken_back() };
        self.say(to, CallBody::GroupInvited(word));
    }

    /// Those who have come and those who still ring here hear of each other.
    pub(super) fn introduce(&mut self, newcomers: &[GroupMember]) {
        let is_told = self.begun != (Begun::Here { told: false });
        if newcomers.is_empty() || !is_told {
            return;
        }
        for (index, card) in self.members.invited() {
            for newcomer in newcomers {
                self.say_word_to(newcomer.card().clone(), index, &card, true);
            }
            if let Err(error) = self.say_invite(index, card) {
                tracing::warn!(%error, "somebody who is invited does not hear who came");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;
    use zentalk_signaling_ratchet::Identity;

    use super::*;

    fn person(number: u8) -> IdentityPublic {
        Identity::generate(&mut ChaCha20Rng::from_seed([number; 32])).public().clone()
    }

    const NOW: Instant = Instant::ZERO;

    #[test]
    fn a_word_stands_for_one_person_at_one_place_and_no_longer_than_it_rings() {
        let (alice, dave) = (person(0), person(3));
        let mut words = Words::default();
        words.give(NOW, &alice, (&dave, 3)).unwrap();
        assert!(words.stand_for(NOW, &dave, 3) && words.promise(NOW, 3));
        assert!(!words.stand_for(NOW, &dave, 4) && !words.stand_for(NOW, &alice, 3));
        let late = NOW + RING_TIMEOUT;
        assert!(words.stand_for(NOW + (RING_TIMEOUT - Duration::from_millis(1)), &dave, 3));
        assert!(!words.stand_for(late, &dave, 3) && !words.promise(late, 3));
    }

    #[test]
    fn a_later_word_about_a_person_replaces_the_earlier() {
        let (alice, bob, dave) = (person(0), person(1), person(3));
        let mut words = Words::default();
        words.give(NOW, &alice, (&dave, 3)).unwrap();
        words.give(NOW, &alice, (&dave, 4)).unwrap();
        assert!(!words.stand_for(NOW, &dave, 3) && words.stand_for(NOW, &dave, 4));
        // What was taken back is that place and that member's word only.
        words.give(NOW, &bob, (&dave, 5)).unwrap();
        words.take_back(&alice, (&dave, 3));
        assert!(words.stand_for(NOW, &dave, 4));
        words.take_back(&alice, (&dave, 4));
        assert!(!words.stand_for(NOW, &dave, 4) && words.stand_for(NOW, &dave, 5));
        words.forget(&bob);
        assert!(!words.stand_for(NOW, &dave, 5));
    }

    #[test]
    fn a_flood_of_words_is_bounded_and_silences_nobody_else() {
        let (mallory, alice, dave) = (person(66), person(0), person(3));
        let mut words = Words::default();
        for number in 100..200 {
            let given = words.give(NOW, &mallory, (&person(number), 7));
            assert_eq!(given.is_ok(), usize::from(number - 100) < MAX_OF_ONE);
        }
        words.give(NOW, &alice, (&dave, 3)).unwrap();
        assert!(words.stand_for(NOW, &dave, 3));
        for number in 10..60 {
            let _ = words.give(NOW, &person(number), (&dave, number % 16));
        }
        assert_eq!(words.0.len(), MAX_WORDS);
        // Room again when they are over.
        words.give(NOW + RING_TIMEOUT, &mallory, (&dave, 3)).unwrap();
        assert_eq!(words.0.len(), 1);
    }
}
