use std::collections::VecDeque;

use zentalk_primitives::Instant;

use super::forwarding::Taken;
use crate::addresses::Addresses;
use crate::forward::{Demand, LayerChoice};
use crate::key::Seat;
use crate::member::{Member, Sent};
use crate::outbox::{Outbox, Spare};
use crate::seeded::SeededMap;
use crate::stun::UFRAG_LEN;
use crate::{Notice, ParticipantKey, SfuConfig, SfuEvent, SfuStats};

/// What all rooms of a worker share.
pub(crate) struct Shared {
    pub(crate) config: SfuConfig,
    pub(crate) stats: SfuStats,
    pub(crate) events: VecDeque<SfuEvent>,
    pub(crate) addresses: Addresses,
    pub(crate) ufrags: SeededMap<[u8; UFRAG_LEN], Seat>,
    /// Answers to checks, and DTLS.
    pub(crate) answers: Outbox,
    /// Members in whose outbox something waits.
    pub(crate) pending: VecDeque<Seat>,
    /// For outboxes in which nothing waits yet.
    pub(crate) spare: Spare,
    pub(crate) wake: Option<Instant>,
    /// Packets that have come and have yet to go out.
    pub(crate) taken: Taken,
    pub(crate) scratch: Scratch,
}

/// Buffers that are used again and again, so that nothing is allocated in a steady flow.
#[derive(Default)]
pub(crate) struct Scratch {
    pub(crate) compound: Vec<u8>,
    pub(crate) numbers: Vec<u16>,
    pub(crate) demands: Vec<Demand>,
    pub(crate) choices: Vec<Option<LayerChoice>>,
}

impl Shared {
    /// Something has to be done at `at`, perhaps before everything else.
    pub(crate) fn wake_by(&mut self, at: Instant) {
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
    }

    /// Has a member looked after sooner, if something has come up for it.
    pub(crate) fn hurry(&mut self, now: Instant, member: &mut Member) {
        if let Some(due) = member.hurry(now) {
            self.wake_by(due);
        }
    }

    /// Counts what became of a packet, and remembers that it waits.
    #[inline]
    pub(crate) fn note_sent(&mut self, sent: Sent, seat: Seat, member: &mut Member) {
        match sent {
            Sent::Queued => {
                self.stats.forwarded += 1;
                self.note_pending(seat, member);
            }
            Sent::Nothing => {}
            Sent::Overflown => self.stats.overflown += 1,
        }
    }

    /// Something waits in the member's outbox.
    #[inline]
    pub(crate) fn note_pending(&mut self, seat: Seat, member: &mut Member) {
        if !member.is_pending {
            member.is_pending = true;
            self.pending.push_back(seat);
        }
    }

    /// Sends the compound in the scratch buffer, if there is anything in it, and empties it.
    pub(crate) fn flush_compound(&mut self, seat: Seat, member: &mut Member) {
        if self.scratch.compound.is_empty() {
            return;
        }
        member.outbound.outbox.borrow_from(&mut self.spare);
        if member.outbound.send_rtcp(&self.scratch.compound) {
            self.note_pending(seat, member);
        }
        self.scratch.compound.clear();
    }

    /// Has the control channel of a member say something.
    pub(crate) fn tell(&mut self, to: ParticipantKey, notice: Notice) {
        self.events.push_back(SfuEvent { to, notice });
    }
}
