use std::collections::BTreeSet;

use zentalk_primitives::Instant;

use super::standing::{Sender, Standing};
use super::{GroupEvent, GroupKeys};
use crate::message::Body;
use crate::roster::MemberTag;
use crate::{Epoch, KeyCommitment};

/// Which key a member says that it holds.
#[derive(Clone, Copy)]
pub(super) struct Confirmation {
    tag: MemberTag,
    pub(super) epoch: Epoch,
    commitment: KeyCommitment,
}

impl Confirmation {
    pub(super) const fn new(tag: MemberTag, epoch: Epoch, commitment: KeyCommitment) -> Self {
        Self { tag, epoch, commitment }
    }
}

impl GroupKeys {
    /// Tells a member which key we hold.
    pub(super) fn acknowledge(&mut self, to: u8) {
        if let Some(current) = &self.current {
            let (epoch, commitment) = (current.epoch, current.commitment);
            self.send(to, Body::Ack { epoch, commitment });
        }
    }

    /// A member tells which key it holds.
    pub(super) fn acknowledged(
        &mut self,
        now: Instant,
        from: Sender,
        epoch: Epoch,
        commitment: KeyCommitment,
    ) {
        let known = matches!(from.standing, Standing::Member | Standing::Lost);
        if !(known || self.current.is_none()) || !self.is_near(epoch) {
            self.counters.strangers += 1;
            return;
        }
        self.note_confirmation(from, epoch, commitment);
        let Some(current) = &mut self.current else { return };
        if epoch > current.epoch {
            return self.note_newer(now, from, epoch);
        }
        if epoch < current.epoch {
            return;
        }
        current.held_by.insert(from.index);
        let alive = self.gone.get(&from.index).is_some_and(|gone| gone.at < current.installed);
        let agrees = commitment == current.commitment;
        if from.standing == Standing::Lost && alive {
            self.revive(from.index);
        }
        if agrees {
            self.note_acknowledgement(from.index, epoch);
            self.settle_dispute(from.index);
        } else if from.is_member() {
            self.dispute(from.index);
            self.deliver_again();
        }
    }

    pub(super) fn note_confirmation(
        &mut self,
        from: Sender,
        epoch: Epoch,
        commitment: KeyCommitment,
    ) {
        let older = self.confirmations.get(&from.index);
        if older.is_none_or(|older| older.tag != from.tag || older.epoch <= epoch) {
            let said = Confirmation::new(from.tag, epoch, commitment);
            self.confirmations.insert(from.index, said);
        }
    }

    /// Whether the member with this index has said that it holds the key of this epoch, and the same as we.
    pub(super) fn has_confirmed(&self, index: u8, epoch: Epoch) -> bool {
        let said = self.confirmations.get(&index);
        said.is_some_and(|said| said.epoch == epoch && Some(said.tag) == self.tag_in_roster(index))
    }

    /// Who has said already to hold this epoch.
    pub(super) fn who_confirmed(&self, epoch: Epoch) -> BTreeSet<u8> {
        let said = self.confirmations.iter().filter(|(_, said)| said.epoch == epoch);
        said.map(|(index, _)| *index).collect()
    }

    /// Whether another member than `from` holds the same key of this epoch.
    pub(super) fn is_corroborated(
        &self,
        from: u8,
        epoch: Epoch,
        commitment: KeyCommitment,
    ) -> bool {
        self.confirmations.iter().any(|(index, said)| {
            let same = (said.epoch, said.commitment) == (epoch, commitment);
            let standing = self.sender(*index, said.tag).standing;
            same && *index != from && matches!(standing, Standing::Member | Standing::Lost)
        })
    }

    /// What members said of an epoch before we had it.
    pub(super) fn compare_commitments(&mut self) {
        let Some(current) = &self.current else { return };
        let (epoch, ours) = (current.epoch, current.commitment);
        let differing = self.confirmations.iter().filter(|(index, said)| {
            said.epoch == epoch && said.commitment != ours && current.roster.has(**index, said.tag)
        });
        let differing: Vec<u8> = differing.map(|(index, _)| *index).collect();
        for index in differing {
            self.dispute(index);
        }
    }

    /// Who gave out two keys cannot be told, so nothing goes on under either.
    fn dispute(&mut self, member: u8) {
        let Some(current) = &mut self.current else { return };
        let epoch = current.epoch;
        if current.disputed.insert(member) {
            self.keyring.dispute(epoch, true);
            self.event(GroupEvent::Disputed { epoch, member });
        }
    }

    /// This member does not differ any more, or is gone.
    pub(super) fn settle_dispute(&mut self, member: u8) {
        let Some(current) = &mut self.current else { return };
        if current.disputed.remove(&member) && current.disputed.is_empty() {
            self.keyring.dispute(current.epoch, false);
        }
    }
}
