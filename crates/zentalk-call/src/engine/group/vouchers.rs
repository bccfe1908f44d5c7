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
pub(super) struct Vouchers(Vec<Voucher>);

struct Voucher {
    by: IdentityPublic,
    of: IdentityPublic,
    index: u8,
    until: Instant,
}

/// Words that are kept at most, of all members together.
const MAX_VOUCHERS: usize = 16;
/// The same of one member: more cannot be in a call with it, and one that says too much must not silence the others.
const MAX_OF_ONE: usize = MAX_PEOPLE - 1;

impl Vouchers {
    /// A member gives its word. A later one about the same person counts instead of the earlier.
    pub(super) fn give(
        &mut self,
        now: Instant,
        by: &IdentityPublic,
        (of, index): (&IdentityPublic, u8),
    ) -> Result<(), Error> {
        self.0.retain(|voucher| now < voucher.until && (voucher.by != *by || voucher.of != *of));
        let of_this = self.0.iter().filter(|voucher| voucher.by == *by).count();
        if self.0.len() >= MAX_VOUCHERS || of_this >= MAX_OF_ONE {
            return Err(Error::TooManyInvited);
        }
        let until = now + RING_TIMEOUT;
        self.0.push(Voucher { by: by.clone(), of: of.clone(), index, until });
        Ok(())
    }

    /// A member takes this one word back.
    pub(super) fn take_back(&mut self, by: &IdentityPublic, (of, index): (&IdentityPublic, u8)) {
        self.0.retain(|voucher| voucher.by != *by || voucher.of != *of || voucher.index != index);
    }

    /// The word of whoever has left means nothing.
    pub(super) fn forget(&mut self, by: &IdentityPublic) {
        self.0.retain(|voucher| voucher.by != *by);
    }

    /// Whether a member has said that this person was invited to this place.
    pub(super) fn stand_for(&self, now: Instant, of: &IdentityPublic, index: u8) -> bool {
        self.0
            .iter()
            .any(|voucher| now < voucher.until && voucher.of == *of && voucher.index == index)
    }

    /// How many people are waited for. A member can say that it has invited as many as are missing, and keep others from inviting
    /// anybody: it could invite so many as well.
    pub(super) fn others(&self, now: Instant, is_here: impl Fn(&IdentityPublic) -> bool) -> usize {
        let mut people = Vec::new();
        for voucher in self.0.iter().filter(|voucher| now < voucher.until && !is_here(&voucher.of))
        {
            if !people.contains(&&voucher.of) {
                people.push(&voucher.of);
            }
        }
        people.len()
    }

    /// Whether an index is promised to somebody.
    pub(super) fn promise(&self, now: Instant, index: u8) -> bool {
        self.0.iter().any(|voucher| now < voucher.until && voucher.index == index)
    }
}

impl GroupCall {
    /// A member says whom it has invited, or that it waits for them no more.
    pub(crate) fn handle_voucher(
        &mut self,
        now: Instant,
        from: &IdentityPublic,
        voucher: &GroupInvited,
    ) -> Result<(), Error> {
        let is_member = self.members.index_of(from).is_some_and(|at| self.members.has_joined(at));
        if !self.agreed || !is_member {
            return Err(Error::NotInvited);
        }
        let place = (voucher.identity(), voucher.index());
        match voucher.stands() {
            true => self.vouchers.give(now, from, place)?,
            false => self.vouchers.take_back(from, place),
        }
        Ok(())
    }

    /// Whether somebody may come whom another member has invited.
    pub(crate) fn expects_others(&self, now: Instant) -> bool {
        self.vouchers.others(now, |who| self.members.index_of(who).is_some()) > 0
    }

    /// Tells the members whom this side invites, or that it waits for them no more.
    pub(super) fn say_voucher(&mut self, index: u8, invited: &ContactCard, stands: bool) {
        let members: Vec<_> = self.members.joined().map(|(_, entry)| entry.card.clone()).collect();
        members.into_iter().for_each(|to| self.say_voucher_to(to, index, invited, stands));
    }

    fn say_voucher_to(&mut self, to: ContactCard, index: u8, invited: &ContactCard, stands: bool) {
        // The index is one that this side gave out.
        let Ok(voucher) = GroupInvited::given(index, invited.identity().clone()) else { return };
        let voucher = if stands { voucher } else { voucher.taken_back() };
        self.say(to, CallBody::GroupInvited(voucher));
    }

    /// Those who have come and those who still ring here hear of each other.
    pub(super) fn introduce(&mut self, newcomers: &[GroupMember]) {
        let is_told = self.begun != (Begun::Here { told: false });
        if newcomers.is_empty() || !is_told {
            return;
        }
        for (index, card) in self.members.invited() {
            for newcomer in newcomers {
                self.say_voucher_to(newcomer.card().clone(), index, &card, true);
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
        let mut vouchers = Vouchers::default();
        vouchers.give(NOW, &alice, (&dave, 3)).unwrap();
        assert!(vouchers.stand_for(NOW, &dave, 3) && vouchers.promise(NOW, 3));
        assert!(!vouchers.stand_for(NOW, &dave, 4) && !vouchers.stand_for(NOW, &alice, 3));
        let late = NOW + RING_TIMEOUT;
        assert!(vouchers.stand_for(NOW + (RING_TIMEOUT - Duration::from_millis(1)), &dave, 3));
        assert!(!vouchers.stand_for(late, &dave, 3) && !vouchers.promise(late, 3));
    }

    #[test]
    fn a_later_word_about_a_person_replaces_the_earlier() {
        let (alice, bob, dave) = (person(0), person(1), person(3));
        let mut vouchers = Vouchers::default();
        vouchers.give(NOW, &alice, (&dave, 3)).unwrap();
        vouchers.give(NOW, &alice, (&dave, 4)).unwrap();
        assert!(!vouchers.stand_for(NOW, &dave, 3) && vouchers.stand_for(NOW, &dave, 4));
        // What was taken back is that place and that member's word only.
        vouchers.give(NOW, &bob, (&dave, 5)).unwrap();
        vouchers.take_back(&alice, (&dave, 3));
        assert!(vouchers.stand_for(NOW, &dave, 4));
        vouchers.take_back(&alice, (&dave, 4));
        assert!(!vouchers.stand_for(NOW, &dave, 4) && vouchers.stand_for(NOW, &dave, 5));
        vouchers.forget(&bob);
        assert!(!vouchers.stand_for(NOW, &dave, 5));
    }

    #[test]
    fn a_flood_of_words_is_bounded_and_silences_nobody_else() {
        let (mallory, alice, dave) = (person(66), person(0), person(3));
        let mut vouchers = Vouchers::default();
        for number in 100..200 {
            let given = vouchers.give(NOW, &mallory, (&person(number), 7));
            assert_eq!(given.is_ok(), usize::from(number - 100) < MAX_OF_ONE);
        }
        vouchers.give(NOW, &alice, (&dave, 3)).unwrap();
        assert!(vouchers.stand_for(NOW, &dave, 3));
        for number in 10..60 {
            let _ = vouchers.give(NOW, &person(number), (&dave, number % 16));
        }
        assert_eq!(vouchers.0.len(), MAX_VOUCHERS);
        // Room again when they are over.
        vouchers.give(NOW + RING_TIMEOUT, &mallory, (&dave, 3)).unwrap();
        assert_eq!(vouchers.0.len(), 1);
    }
}
