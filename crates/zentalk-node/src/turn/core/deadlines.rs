use std::collections::BTreeSet;

use zentalk_primitives::Instant;

use super::StreamId;
use super::client::ClientId;
use super::reservations::Token;

/// What is to be looked at, and when.
#[derive(Default)]
pub(super) struct Deadlines(BTreeSet<(Instant, Due)>);

/// What has a deadline.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// A relayed address expires.
    Allocation(ClientId),
    /// A connection has been without an allocation for too long.
    Stream(StreamId),
    /// A reserved relay socket was not taken.
    Reservation(Token),
}

impl Deadlines {
    pub(super) fn add(&mut self, at: Instant, due: Due) {
        self.0.insert((at, due));
    }

    pub(super) fn remove(&mut self, at: Instant, due: Due) {
        self.0.remove(&(at, due));
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.0.first().map(|(at, _)| *at)
    }

    /// Takes the first that is due by `now`.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Due> {
        let (at, _) = self.0.first()?;
        if *at > now {
            return None;
        }
        self.0.pop_first().map(|(_, due)| due)
    }
}
