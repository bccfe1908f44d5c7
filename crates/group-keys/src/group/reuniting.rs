//! How two sides of a partition become one again.
//!
//! Each side was told that the other is lost (a lease ran out), and made epochs of its own, under fresh keys.
//!
//! 1. What is known: each member has its own side's epochs, and whom it lost, by name and stay. Of who joined on the other side it knows
//!    nothing. Lost is not left: a goodbye is final for that stay, and nothing here takes it back.
//! 2. Who speaks: each leader says `Removed` with its epoch to those it has lost, a few times, and again when frames come of one
//!    (`removed`). Whoever hears of a later epoch yields and asks; to an earlier one it answers with its own.
//! 3. Which side wins: the later epoch, by number and then the lower maker, the same for everybody. What loses is dropped whole, with its
//!    keyring left to expire: nobody seals under it again.
//! 4. The winner makes a **new** epoch with those who asked, numbered above all that it heard of. So no number is used twice, no key comes
//!    back, and no counter starts again: a frame key is of an epoch, and an epoch has one maker who makes it once.
//! 5. Who joined on the losing side is unknown to the winner. Those who knew them bring them along: they report them to the leader, as
//!    accepted since the reunion, and tell them where the call goes on. The leader takes them in unless it has heard their goodbye.
//! 6. They do not know the winner either. They take its epoch from the hand of who told them to yield.
//! 7. A new leader may have missed an epoch in which somebody joined. Members who hold it bring those newcomers along as well, by a word
//!    that does not count against what the leader has learned since.
//! 8. A newcomer knows by its invitation who was there. Whom its first epoch lacks it may find again, but does not vouch for: it cannot tell
//!    whether they left.
//!
//! The server has no part in it: it can keep sides apart, which it always could, and show whom it likes. Every word above comes through the
//! ratchet of a member, and only members of an epoch, lost ones included, are believed.

use zentalk_primitives::Instant;

use super::GroupKeys;
use super::standing::{Cause, Gone, Sender};
use crate::roster::{MemberTag, check_info};
use crate::{Epoch, MAX_MEMBERS};

impl GroupKeys {
    /// The invitation names somebody.
    pub(super) fn hear_of(&mut self, index: u8, info: Vec<u8>) {
        let newcomer = self.current.is_none() && index != self.own && index < MAX_MEMBERS;
        if newcomer && check_info(&info).is_ok() {
            self.named.insert(index, info);
        }
    }

    /// A member says that somebody accepted. Whoever is lost comes back by a word that is from after that: its own, or that of a member
    /// who met it in a later epoch.
    pub(super) fn told_of_joining(
        &mut self,
        now: Instant,
        index: u8,
        info: Vec<u8>,
        since: Option<Epoch>,
    ) {
        let gone = self.gone.get(&index).filter(|gone| gone.info == info);
        let from_before = gone.is_some_and(|gone| since <= Some(gone.since));
        if !from_before {
            self.arrives(now, index, info);
        }
    }

    /// Whom the invitation had named and our first epoch has not.
    pub(super) fn miss_named(&mut self, now: Instant) {
        for (index, info) in core::mem::take(&mut self.named) {
            let listed = self.roster().is_some_and(|roster| roster.contains(index));
            if !listed && !self.gone.contains_key(&index) {
                self.remember(now, index, info, Cause::Named);
            }
        }
    }

    /// Our side of a partition has yielded: who joined on it is not removed, but unknown where the call goes on.
    pub(super) fn bring_along(&mut self, now: Instant) {
        let current = self.epoch();
        let ours = |gone: &Gone| gone.cause == Cause::Removed && Some(gone.since) == current;
        let removed = self.gone.iter().filter(|(_, gone)| ours(gone));
        let removed: Vec<_> = removed.map(|(index, gone)| (*index, gone.info.clone())).collect();
        for (index, info) in removed {
            self.gone.remove(&index);
            self.arrives(now, index, info);
        }
    }

    /// Who came with our epoch, if the maker of another has not said that it holds ours: it may not know of them.
    pub(super) fn unseen_by(&self, maker: u8) -> Vec<u8> {
        let ours = self.current.as_ref();
        let ours =
            ours.filter(|ours| ours.epoch.maker() != maker && !ours.held_by.contains(&maker));
        ours.map(|ours| ours.newcomers.clone()).unwrap_or_default()
    }

    /// Those newcomers were not removed. Who knows that they have gone since does not take them in again by this word, which is from before.
    pub(super) fn bring_unseen(&mut self, now: Instant, newcomers: &[u8]) {
        for index in newcomers {
            let gone = self.gone.get(index).filter(|gone| gone.cause == Cause::Removed);
            let Some(info) = gone.map(|gone| gone.info.clone()) else { continue };
            self.gone.remove(index);
            self.arrives(now, *index, info);
            if let Some(arrival) = self.arriving.get_mut(index) {
                arrival.since = None;
            }
        }
    }

    /// Whether this stay was in the call with us, and the leader may not know of it.
    pub(super) fn was_parted(&self, from: Sender) -> bool {
        let arriving = self.arriving.get(&from.index).map(|arrival| MemberTag::of(&arrival.info));
        let removed = self.gone.get(&from.index).filter(|gone| gone.cause == Cause::Removed);
        arriving == Some(from.tag) || removed.is_some_and(|gone| gone.tag == from.tag)
    }

    /// Whether our side of a partition has to yield, and this member may bring us the maker's epoch: the maker itself, or, of one whom
    /// we have lost or never known, who told us to yield.
    pub(super) fn yields_to(&self, maker: u8, from: u8) -> bool {
        let by = self.missing.as_ref().and_then(|missing| missing.yielding);
        let may_bring = !self.is_live(maker) && !self.heard_goodbye_of(maker);
        by.is_some_and(|by| from == maker || (from == by && may_bring))
    }

    /// Whether no member with this index was ever in a roster of ours, nor accepted, nor was named to us, nor left.
    pub(super) fn is_unheard_of(&self, index: u8) -> bool {
        let listed = self.roster().is_some_and(|roster| roster.contains(index));
        let known = self.gone.contains_key(&index) || self.arriving.contains_key(&index);
        !listed && !known && !self.heard_goodbye_of(index)
    }
}
