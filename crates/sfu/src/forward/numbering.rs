use std::collections::VecDeque;

use super::cache::Stored;
use super::limits::{MAX_LATENESS, MAX_NUMBERING_CHANGES};
use super::track::TrackId;
use super::vp8::{PICTURE_ID_MASK, PictureId};

/// Whose packets a run numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) track: TrackId,
    pub(super) layer: u8,
    /// How often the layer's own numbering has begun anew.
    pub(super) generation: u32,
}

/// The numbers that the receiver has to see next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) sequence: u16,
    /// 15 bits.
    pub(super) picture_id: u16,
    pub(super) base_layer_index: u8,
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It goes out with these numbers.
    Send(Numbers),
    /// It is not wanted, but its number was kept for it: padding goes out instead, or the receiver would ask for ever.
    Fill(Numbers),
    /// Nothing goes out, and no number is left free.
    Nothing,
}

/// The numbers of a packet that goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) picture_id: u16,
    pub(super) base_layer_index: u8,
}

/// An unbroken stretch of one layer as a receiver sees it: what is added to the numbers of its packets.
///
/// A packet that has not come keeps its number free, for it may come late. One that is left out, because its temporal layer
/// is above the cap, takes its number away from those behind it. Late packets are numbered as those around them were.
#[derive(Debug)]
pub(super) struct Run {
    source: Source,
    first: u64,
    highest: u64,
    timestamp_offset: u32,
    base_layer_offset: u8,
    /// The one that holds for what comes next, beside the rest: it is needed for each packet.
    last: Change,
    /// Those before it, in the order of their places.
    changes: VecDeque<Change>,
    /// The picture that was left out last.
    left_out: Option<u16>,
    /// Behind the newest picture that went out.
    next_picture_id: u16,
    next_base_layer_index: u8,
}

/// From one packet on, what is added, and the highest temporal layer that goes out.
#[derive(Clone, Copy, Debug)]
struct Change {
    from: u64,
    sequence_offset: u16,
    picture_offset: u16,
    cap: u8,
}

impl Run {
    /// Begins with `packet`, the first to go out, at `position` and with `timestamp`. Takes over the memory of `old`.
    pub(super) fn new(
        source: Source,
        packet: &Stored,
        position: Position,
        timestamp: u32,
        cap: u8,
        old: Option<Self>,
    ) -> Self {
        let mut changes = old.map(|old| old.changes).unwrap_or_default();
        changes.clear();
        let (picture_id, base_layer_index) = own_numbers(packet);
        let last = Change {
            from: packet.sequence,
            sequence_offset: position.sequence.wrapping_sub(packet.sequence as u16),
            picture_offset: position.picture_id.wrapping_sub(picture_id),
            cap,
        };
        Self {
            source,
            first: packet.sequence,
            // So that the packet itself is the newest.
            highest: packet.sequence.saturating_sub(1),
            timestamp_offset: timestamp.wrapping_sub(packet.timestamp),
            base_layer_offset: position.base_layer_index.wrapping_sub(base_layer_index),
            last,
            changes,
            left_out: None,
            next_picture_id: position.picture_id,
            next_base_layer_index: position.base_layer_index,
        }
    }

    /// The number of the packet behind the newest one, as long as nothing is left out.
    pub(super) fn next_sequence(&self) -> u16 {
        (self.highest as u16).wrapping_add(self.last.sequence_offset).wrapping_add(1)
    }

    pub(super) fn source(&self) -> Source {
        self.source
    }

    /// What is added to timestamps.
    pub(super) fn timestamp_offset(&self) -> u32 {
        self.timestamp_offset
    }

    /// The numbers behind everything that this run gave or keeps free.
    pub(super) fn end(&self) -> Position {
        Position {
            sequence: self.next_sequence(),
            picture_id: self.next_picture_id,
            base_layer_index: self.next_base_layer_index,
        }
    }

    /// Numbers a packet of this source; `cap` is the highest temporal layer that is wanted.
    pub(super) fn place(&mut self, packet: &Stored, cap: u8) -> Place {
        if packet.sequence <= self.highest {
            return self.place_late(packet);
        }
        self.highest = packet.sequence;
        self.adapt_cap(packet, cap);
        let change = self.last;
        if is_left_out(packet, change.cap) {
            self.leave_out(packet, change);
            return Place::Nothing;
        }
        let numbers = self.numbers(packet, change);
        self.passed(numbers);
        Place::Send(numbers)
    }

    /// Numbers a packet that comes after later ones, also when the run has ended.
    pub(super) fn place_late(&self, packet: &Stored) -> Place {
        let late = packet.sequence >= self.first
            && packet.sequence <= self.highest
            && self.highest - packet.sequence <= MAX_LATENESS;
        let mut changes = core::iter::once(&self.last).chain(self.changes.iter().rev());
        let change = changes.find(|change| change.from <= packet.sequence);
        match change {
            Some(change) if late && is_left_out(packet, change.cap) => {
                Place::Fill(self.numbers(packet, *change))
            }
            Some(change) if late => Place::Send(self.numbers(packet, *change)),
            _ => Place::Nothing,
        }
    }

    fn numbers(&self, packet: &Stored, change: Change) -> Numbers {
        let (picture_id, base_layer_index) = own_numbers(packet);
        Numbers {
            sequence: (packet.sequence as u16).wrapping_add(change.sequence_offset),
            timestamp: packet.timestamp.wrapping_add(self.timestamp_offset),
            picture_id: picture_id.wrapping_add(change.picture_offset) & PICTURE_ID_MASK,
            base_layer_index: base_layer_index.wrapping_add(self.base_layer_offset),
        }
    }

    /// Temporal layers change where a frame starts: fewer at any, more where nothing that was left out is referred to
    /// (RFC 7741 §4.2, `Y`).
    fn adapt_cap(&mut self, packet: &Stored, wanted: u8) {
        let (Some(head), last) = (packet.vp8, self.last) else { return };
        let joins = head.sync && (last.cap + 1..=wanted).contains(&head.temporal);
        let cap = match head.starts_frame {
            true if head.starts_keyframe || wanted < last.cap => wanted,
            true if joins => head.temporal,
            _ => last.cap,
        };
        if cap != last.cap {
            self.change(Change { from: packet.sequence, cap, ..last });
        }
    }

    fn leave_out(&mut self, packet: &Stored, last: Change) {
        let picture = packet.vp8.and_then(|head| head.picture_id).map(PictureId::value);
        let is_new = picture.is_some() && picture != self.left_out;
        self.left_out = picture.or(self.left_out);
        let change = Change {
            from: packet.sequence + 1,
            sequence_offset: last.sequence_offset.wrapping_sub(1),
            picture_offset: last.picture_offset.wrapping_sub(u16::from(is_new)),
            cap: last.cap,
        };
        if packet.vp8.is_some() {
            // Frames before it that did not come may still.
            self.passed(self.numbers(packet, change));
        }
        self.change(change);
    }

    /// What comes next lies behind these.
    fn passed(&mut self, numbers: Numbers) {
        self.next_picture_id = numbers.picture_id.wrapping_add(1) & PICTURE_ID_MASK;
        self.next_base_layer_index = numbers.base_layer_index.wrapping_add(1);
    }

    fn change(&mut self, change: Change) {
        // By a change that begins with this packet nothing was numbered yet: whole frames are left out in one change.
        let before = core::mem::replace(&mut self.last, change);
        if before.from >= self.highest {
            return;
        }
        if self.changes.len() + 1 >= MAX_NUMBERING_CHANGES {
            self.changes.pop_front();
        }
        self.changes.push_back(before);
    }
}

/// Nothing of it is wanted: it has no payload, or its temporal layer is above the cap.
fn is_left_out(packet: &Stored, cap: u8) -> bool {
    packet.is_filler() || packet.vp8.is_some_and(|head| head.temporal > cap)
}

/// The picture id and the `TL0PICIDX` that it came with, 0 where it has none.
fn own_numbers(packet: &Stored) -> (u16, u8) {
    let Some(head) = packet.vp8 else { return (0, 0) };
    (head.picture_id.map_or(0, PictureId::value), head.base_layer_index.unwrap_or(0))
}
