use core::time::Duration;

use zentalk_primitives::Instant;

use super::standing::Gone;
use super::{GroupEvent, GroupKeys};
use crate::message::Body;

/// What we know of one member from its frames and messages.
#[derive(Clone, Copy, Default)]
pub(super) struct Watch {
    /// When something authentic came last.
    heard: Option<Instant>,
    opened: u64,
    missed: u64,
    /// Since when its frames do not open.
    unreadable: Option<Instant>,
    announced: bool,
    /// When it was told last that it may be behind.
    hinted: Option<Instant>,
    /// When it was given a key last.
    delivered: Option<Instant>,
}

impl GroupKeys {
    pub(super) fn heard(&mut self, now: Instant, index: u8) {
        if let Some(watch) = self.watch.get_mut(usize::from(index)) {
            watch.heard = Some(now);
        }
    }

    /// Whether nothing authentic came from this member for a while.
    pub(super) fn is_unheard(&self, now: Instant, index: u8) -> bool {
        self.is_silent_for(now, index, UNHEARD_AFTER)
    }

    /// Whether nothing authentic came from this member for that long.
    pub(super) fn is_silent_for(&self, now: Instant, index: u8, duration: Duration) -> bool {
        let heard = self.watch.get(usize::from(index)).and_then(|watch| watch.heard);
        index != self.own && heard.is_none_or(|heard| now - heard >= duration)
    }

    /// Of whom anything came at all.
    pub(super) fn who_was_heard(&self) -> Vec<u8> {
        let watched = (0..).zip(&self.watch);
        watched.filter(|(_, watch)| watch.heard.is_some()).map(|(index, _)| index).collect()
    }

    /// Whether this member may be given a key again already.
    pub(super) fn may_deliver(&mut self, now: Instant, index: u8) -> bool {
        let Some(watch) = self.watch.get_mut(usize::from(index)) else { return false };
        let may = watch.delivered.is_none_or(|last| now - last >= DELIVERY_INTERVAL);
        if may {
            watch.delivered = Some(now);
        }
        may
    }

    /// Looks twice a second whether everybody's frames open.
    pub(super) fn tick(&mut self, now: Instant) {
        if self.next_tick.is_none_or(|at| now < at) {
            return;
        }
        self.next_tick = Some(now + TICK);
        let Some(roster) = self.roster() else { return };
        let indices: Vec<u8> = roster.indices().filter(|index| *index != self.own).collect();
        let mut unreadable = false;
        for index in indices {
            unreadable |= self.look_at(now, index);
        }
        self.look_at_lost(now);
        if unreadable {
            self.note_unreadable(now);
        } else {
            self.note_readable();
        }
    }

    /// Frames come of somebody who was removed as lost: it lives, and does not know of its removal, or has removed us.
    fn look_at_lost(&mut self, now: Instant) {
        let Some(current) = &self.current else { return };
        for (index, gone) in &mut self.gone {
            let missed = self.keyring.traffic(*index).missed;
            let Some(watch) = self.watch.get_mut(usize::from(*index)) else { continue };
            let comes = missed > core::mem::replace(&mut watch.missed, missed);
            if comes && gone.is_lost() && !current.roster.contains(*index) {
                gone.remind(now);
            }
        }
    }

    /// Whether this member's frames have not opened for too long.
    fn look_at(&mut self, now: Instant, index: u8) -> bool {
        let traffic = self.keyring.traffic(index);
        let Some(watch) = self.watch.get_mut(usize::from(index)) else { return false };
        let (opened, missed) = (traffic.opened > watch.opened, traffic.missed > watch.missed);
        (watch.opened, watch.missed) = (traffic.opened, traffic.missed);
        if opened {
            watch.heard = Some(now);
            watch.unreadable = None;
            let announced = core::mem::take(&mut watch.announced);
            if announced {
                self.event(GroupEvent::KeyFound { sender: Some(index) });
            }
            if self.gone.get(&index).is_some_and(Gone::is_lost) {
                self.revive(index);
            }
            return false;
        }
        if missed {
            watch.unreadable.get_or_insert(now);
        }
        let unreadable = watch.unreadable.is_some_and(|since| now - since >= ANNOUNCE_AFTER);
        let announce = unreadable && !watch.announced;
        watch.announced |= announce;
        let hint = unreadable && watch.hinted.is_none_or(|last| now - last >= HINT_INTERVAL);
        if hint {
            watch.hinted = Some(now);
        }
        if announce {
            self.event(GroupEvent::KeyMissing { sender: Some(index) });
        }
        if let (true, Some(epoch)) = (hint && self.is_live(index), self.epoch()) {
            // It may be the one who is behind, or have another key than we have.
            self.send(index, Body::Newer { epoch });
            self.acknowledge(index);
        }
        unreadable
    }
}

const TICK: Duration = Duration::from_millis(500);

/// How long frames may fail to open before people are told. With [`TICK`]: 1.5 s at most.
const ANNOUNCE_AFTER: Duration = Duration::from_millis(1_000);

/// After which silence a member is believed to be gone when another says so.
const UNHEARD_AFTER: Duration = Duration::from_secs(2);

const HINT_INTERVAL: Duration = Duration::from_secs(2);

/// A key is given to one member this often at most, however often it asks.
const DELIVERY_INTERVAL: Duration = Duration::from_millis(200);
