use zentalk_primitives::Instant;

use super::GroupKeys;
use super::backoff::Backoff;
use super::changes::LEAVER_HEARS_FOR;
use crate::roster::MemberTag;
use crate::{Epoch, Roster};

/// Of whom we know by ourselves that they are gone.
pub(super) struct Gone {
    pub(super) tag: MemberTag,
    pub(super) info: Vec<u8>,
    pub(super) cause: Cause,
    pub(super) at: Instant,
    /// Our epoch then.
    pub(super) since: Epoch,
    /// Telling the leader.
    pub(super) report: Backoff,
    /// Telling itself, in case that it lives: when next, and how often it was told.
    pub(super) notice: (Instant, u32),
}

/// How we know that somebody is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// It said goodbye.
    Left,
    /// Its lease expired.
    Lost,
    /// A leader has removed it; we do not know why.
    Removed,
    /// The invitation named it, and our first epoch did not have it; we do not know why.
    Named,
}

/// Who sent a message, as far as we know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sender {
    pub(super) index: u8,
    pub(super) tag: MemberTag,
    pub(super) standing: Standing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// In the newest epoch's roster, and not known to be gone.
    Member,
    /// Its lease expired, or it was parted from us before we met.
    Lost,
    /// It said goodbye, or was removed by a leader.
    Left,
    /// Nobody we know, or a stay that is over. Everybody is, to a newcomer.
    Stranger,
}

impl Sender {
    pub(super) fn is_member(self) -> bool {
        self.standing == Standing::Member
    }
}

impl Gone {
    pub(super) fn is_lost(&self) -> bool {
        matches!(self.cause, Cause::Lost | Cause::Named)
    }

    pub(super) fn has_left(&self) -> bool {
        self.cause == Cause::Left
    }

    /// Until when we seal for it at most, if it said goodbye.
    pub(super) fn heard_until(&self) -> Option<Instant> {
        self.has_left().then(|| self.report.started() + LEAVER_HEARS_FOR)
    }
}

impl GroupKeys {
    /// The index of the member who makes the next epoch: the maker of the current one, or, once that is gone, the lowest index
    /// that is not.
    pub fn leader(&self) -> u8 {
        let Some(current) = &self.current else { return self.host };
        let maker = current.epoch.maker();
        if self.is_live(maker) {
            return maker;
        }
        current.roster.indices().find(|index| self.is_live(*index)).unwrap_or(self.own)
    }

    pub(super) fn leads(&self) -> bool {
        self.current.is_some() && self.leader() == self.own
    }

    /// Whether there is a member with this index who is not known to be gone.
    pub(super) fn is_live(&self, index: u8) -> bool {
        self.roster()
            .and_then(|roster| roster.tag(index))
            .is_some_and(|tag| !self.is_gone(index, tag))
    }

    pub(super) fn is_gone(&self, index: u8, tag: MemberTag) -> bool {
        self.gone.get(&index).is_some_and(|gone| gone.tag == tag)
    }

    /// All live members but ourselves.
    pub(super) fn others(&self) -> Vec<u8> {
        let indices = self.roster().into_iter().flat_map(Roster::indices);
        indices.filter(|index| *index != self.own && self.is_live(*index)).collect()
    }

    pub(super) fn sender(&self, index: u8, tag: MemberTag) -> Sender {
        let gone = self.gone.get(&index).filter(|gone| gone.tag == tag);
        let in_roster = self.roster().is_some_and(|roster| roster.has(index, tag));
        let standing = match gone.map(|gone| gone.cause) {
            Some(Cause::Lost | Cause::Named) => Standing::Lost,
            Some(Cause::Left | Cause::Removed) => Standing::Left,
            None if in_roster => Standing::Member,
            None => Standing::Stranger,
        };
        Sender { index, tag, standing }
    }

    /// A member that was lost gave a sign of life.
    pub(super) fn revive(&mut self, index: u8) {
        self.gone.remove(&index);
        self.keyring.admit(index);
    }
}
