//! Which relays this machine connects to for a group call, where its address is to be hidden: its own, and those of people whom the
//! user called, invited or accepted. A peer could choose any other, and read the address there.

use std::collections::BTreeSet;

use crate::engine::config::Privacy;

/// The relays that a group call may use.
pub(super) struct Reach {
    own: String,
    /// The relays of those whom the user chose. Any relay will do where nothing is to be hidden: none here.
    chosen: Option<BTreeSet<String>>,
}

impl Reach {
    pub(super) fn new(own: &str, privacy: Privacy) -> Self {
        let chosen = match privacy {
            Privacy::Direct => None,
            Privacy::RelayOnly => Some(BTreeSet::new()),
        };
        Self { own: own.to_owned(), chosen }
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
