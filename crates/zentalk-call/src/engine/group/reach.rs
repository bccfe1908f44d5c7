//! Which relays this machine connects to for a group call, where its address is to be hidden: its own, and those of people whom the
//! user called, invited or accepted. A peer could choose any other, and read the address there.

use std::collections::BTreeSet;

use zentalk_primitives::{CallId, Instant};

use super::{GroupCall, Member, MemberState, Unverified};
use crate::Error;
use crate::engine::Engine;
use crate::engine::config::Privacy;
use crate::engine::event::Event;

/// The relays that a group call may use.
pub(super) struct Reach {
    own: String,
    /// The relays of those whom the user chose. Any relay will do where nothing is to be hidden: none here.
    chosen: Option<BTreeSet<String>>,
    /// Members of whom the application was told that nothing is said to them.
    told: BTreeSet<u8>,
}

impl Reach {
    pub(super) fn new(own: &str, privacy: Privacy) -> Self {
        let chosen = match privacy {
            Privacy::Direct => None,
            Privacy::RelayOnly => Some(BTreeSet::new()),
        };
        Self { own: own.to_owned(), chosen, told: BTreeSet::new() }
    }

    /// The user called, invited or accepted somebody there.
    pub(super) fn choose(&mut self, relay: &str) {
        if let Some(chosen) = &mut self.chosen {
            chosen.insert(relay.to_owned());
        }
    }

    /// Whether a message may be left there.
    pub(super) fn allows(&self, relay: &str) -> bool {
        self.allows_room(relay) || self.chosen.as_ref().is_some_and(|all| all.contains(relay))
    }

    /// Whether it may give out the tokens of a room: with the tokens come the servers, to which this machine connects as well.
    pub(super) fn allows_room(&self, relay: &str) -> bool {
        !self.is_limited() || self.own == relay
    }

    /// Whether anything is to be hidden.
    pub(super) fn is_limited(&self) -> bool {
        self.chosen.is_some()
    }
}

impl Engine {
    /// The user chooses to speak to the relay of this member of a group call, whom somebody else invited: its operator learns this
    /// machine's address. Worth something after [`Unverified::ForeignRelay`]; a string to compare comes with the next change of the members.
    ///
    /// # Errors
    /// [`Error::NotUp`] if there is no such call, or no such member.
    pub fn choose_relay(&mut self, now: Instant, call: CallId, member: u8) -> Result<(), Error> {
        self.advance(now);
        let group = self.group.as_mut().filter(|group| group.id() == call && group.is_agreed());
        let chosen = group.ok_or(Error::NotUp)?.choose_relay_of(member);
        self.settle();
        chosen
    }
}

impl GroupCall {
    fn choose_relay_of(&mut self, index: u8) -> Result<(), Error> {
        let entry = self.members.get(index).filter(|_| self.members.has_joined(index));
        let relay = entry.ok_or(Error::NotUp)?.card.relay_url().to_owned();
        self.reach.choose(&relay);
        self.reach.told.clear();
        self.repeat_tracks();
        Ok(())
    }

    /// Something is told of a member: if this side says nothing to it, so is that, once.
    pub(super) fn tell_withheld(&mut self, member: &Member, state: MemberState) {
        let is_in = self.agreed && !matches!(state, MemberState::Left(_));
        if !is_in || self.reach.allows(member.card.relay_url()) {
            return;
        }
        if self.reach.told.insert(member.index) {
            let (member, cause) = (Some(member.index), Unverified::ForeignRelay);
            self.tell(Event::Unverified { call: self.id, member, cause });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "wss://own.example";
    const OTHER: &str = "wss://other.example";

    #[test]
    fn who_hides_speaks_to_the_own_relay_and_to_those_that_the_user_chose() {
        let mut reach = Reach::new(OWN, Privacy::RelayOnly);
        assert!(reach.allows(OWN) && !reach.allows(OTHER));
        reach.choose(OTHER);
        assert!(reach.allows(OTHER));
        assert!(reach.allows_room(OWN) && !reach.allows_room(OTHER), "a room is kept at home only");
    }

    #[test]
    fn who_hides_nothing_speaks_to_all() {
        let reach = Reach::new(OWN, Privacy::Direct);
        assert!(reach.allows(OTHER) && reach.allows_room(OTHER));
    }
}
