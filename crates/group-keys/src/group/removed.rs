use core::time::Duration;

use zentalk_primitives::Instant;

use super::standing::{Gone, Sender, Standing};
use super::{GroupEvent, GroupFailure, GroupKeys};
use crate::Epoch;
use crate::message::Body;

impl GroupKeys {
    /// The leader tells those whom it removed as lost, a few times: if they live, they ask to be taken in again. Two sides of
    /// a partition find each other so.
    pub(super) fn notify_removed(&mut self, now: Instant) {
        if !self.leads() {
            return;
        }
        let Some(current) = &self.current else { return };
        let epoch = current.epoch;
        let mut to = Vec::new();
        for (index, gone) in &mut self.gone {
            let (next, told) = gone.notice;
            if !gone.is_to_be_told(current.roster.has(*index, gone.tag)) || now < next {
                continue;
            }
            gone.notice = (now + FIRST_NOTICE * (2 << told), told + 1);
            to.push(*index);
        }
        for index in to {
            self.send(index, Body::Removed { epoch, lost: true });
        }
    }

    pub(super) fn next_notice(&self) -> Option<Instant> {
        let current = self.current.as_ref().filter(|_| self.leads())?;
        let told = self
            .gone
            .iter()
            .filter(|(index, gone)| gone.is_to_be_told(current.roster.has(**index, gone.tag)));
        told.map(|(_, gone)| gone.notice.0).min()
    }

    /// Somebody says that we are not a member any more.
    pub(super) fn told_of_removal(&mut self, now: Instant, from: Sender, epoch: Epoch, lost: bool) {
        let Some(current) = self.epoch() else { return };
        match from.standing {
            // It was on our side of a partition, and its leader does not know us.
            Standing::Left | Standing::Stranger if epoch < current && self.was_parted(from) => {
                self.send(from.index, Body::Removed { epoch: current, lost: true });
            }
            Standing::Left | Standing::Stranger => self.counters.strangers += 1,
            Standing::Lost if epoch < current => {
                self.send(from.index, Body::Removed { epoch: current, lost: true });
            }
            Standing::Member if epoch < current => {
                self.send(from.index, Body::Newer { epoch: current });
            }
            Standing::Member | Standing::Lost if epoch == current => {}
            Standing::Member | Standing::Lost if lost => self.yield_to(now, from, epoch),
            Standing::Member | Standing::Lost => {
                let leader = self.leader();
                let entitled = from.index == leader || self.is_unheard(now, leader);
                if entitled && !self.removal_told {
                    self.removal_told = true;
                    self.event(GroupEvent::Failed(GroupFailure::Removed));
                }
            }
        }
    }
}

impl Gone {
    /// It is told again, from the beginning.
    pub(super) fn remind(&mut self, now: Instant) {
        let (next, _) = self.notice;
        self.notice = (next.min(now + FIRST_NOTICE * 2), 0);
    }

    fn is_to_be_told(&self, in_roster: bool) -> bool {
        self.is_lost() && !in_roster && self.notice.1 < MAX_NOTICES
    }
}

/// How long after its removal a lost member is told of it; then after twice as long each.
pub(super) const FIRST_NOTICE: Duration = Duration::from_secs(1);

/// How often one who was removed as lost is told: over a minute.
const MAX_NOTICES: u32 = 6;
