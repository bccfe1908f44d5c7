use std::collections::{BTreeMap, VecDeque};

use zentalk_primitives::Instant;

use super::packetizer::MAX_FRAME_BYTES;
use super::partial_frame::{Fragment, PartialFrame};
use crate::Error;

/// The most frames that are waited for at once: two seconds at 60 frames per second.
pub const MAX_FRAMES_IN_FLIGHT: usize = 120;

/// The most packets that are held at once.
pub const MAX_BUFFERED_PACKETS: usize = 4_096;

/// The most bytes that are held at once: 4 MiB, two frames of the largest size.
pub const MAX_BUFFERED_BYTES: usize = 2 * MAX_FRAME_BYTES;

/// Whether the oldest frame may be emitted.
pub(super) enum Head {
    /// It is whole, and nothing is missing before it.
    Ready,
    /// It can never become whole.
    Broken,
    /// There is none, or something is missing.
    Pending,
}

/// Frames that are not emitted yet, in the order of their sequence numbers, which never overlap.
#[derive(Default)]
pub(super) struct Reassembly {
    frames: VecDeque<PartialFrame>,
    padding: BTreeMap<u64, Instant>,
    bytes: usize,
    packets: usize,
    /// The first sequence number that has not come; everything from `next` up to it has.
    frontier: u64,
}

impl Reassembly {
    /// Takes a packet of padding only: it fills a place in the sequence. False if that place was taken: stepping over
    /// the padding would step over a frame's packet.
    pub(super) fn insert_padding(&mut self, now: Instant, sequence: u64) -> bool {
        if self.contains(sequence) {
            return false;
        }
        if self.padding.len() < MAX_BUFFERED_PACKETS {
            self.padding.insert(sequence, now);
        }
        true
    }

    /// Takes a packet; false if it was here already.
    pub(super) fn insert(&mut self, now: Instant, fragment: Fragment) -> Result<bool, Error> {
        let (sequence, size) = (fragment.sequence, fragment.bytes());
        if self.contains(sequence) {
            return Ok(false);
        }
        let at = self.frames.partition_point(|frame| frame.low() <= sequence);
        if let Some(before) = at.checked_sub(1).and_then(|at| self.frames.get_mut(at)) {
            let same = before.timestamp() == fragment.timestamp;
            let inside = sequence < before.high();
            if inside || (same && !before.has_end() && !fragment.starts()) {
                if !same {
                    return Err(Error::InconsistentFragment);
                }
                before.take(now, fragment)?;
                return Ok(self.count(size));
            }
        }
        if let Some(behind) = self.frames.get_mut(at) {
            let same = behind.timestamp() == fragment.timestamp;
            if same && !behind.has_start() && !fragment.ends() {
                behind.take(now, fragment)?;
                return Ok(self.count(size));
            }
        }
        self.frames.insert(at, PartialFrame::new(now, fragment));
        Ok(self.count(size))
    }

    fn count(&mut self, bytes: usize) -> bool {
        self.bytes += bytes;
        self.packets += 1;
        true
    }

    /// Whether more is held than may be.
    pub(super) fn is_over_limit(&self) -> bool {
        self.frames.len() > MAX_FRAMES_IN_FLIGHT
            || self.packets > MAX_BUFFERED_PACKETS
            || self.bytes > MAX_BUFFERED_BYTES
    }

    fn contains(&self, sequence: u64) -> bool {
        let at = self.frames.partition_point(|frame| frame.low() <= sequence);
        let frame = at.checked_sub(1).and_then(|at| self.frames.get(at));
        frame.is_some_and(|frame| frame.contains(sequence)) || self.padding.contains_key(&sequence)
    }

    /// Forgets padding before `next` and steps over the padding that starts there.
    pub(super) fn skip_padding(&mut self, mut next: u64) -> u64 {
        while let Some(entry) = self.padding.first_entry() {
            if *entry.key() > next {
                break;
            }
            next = next.max(entry.key().saturating_add(1));
            entry.remove();
        }
        next
    }

    /// The first sequence number from `next` on that has not come.
    pub(super) fn frontier(&mut self, next: u64) -> u64 {
        self.frontier = self.frontier.max(next);
        while self.contains(self.frontier) {
            self.frontier += 1;
        }
        self.frontier
    }

    /// Where the oldest frame stands, if everything before `next` is settled.
    pub(super) fn head(&mut self, next: u64) -> Head {
        let frontier = self.frontier(next);
        let Some(head) = self.frames.front() else { return Head::Pending };
        if head.low() == next && !head.has_start() {
            return Head::Broken;
        }
        if head.low() == next && head.is_whole() {
            return Head::Ready;
        }
        // Something else came right behind it, where its end should have been.
        let overtaken = frontier > head.high().saturating_add(1);
        if overtaken && !head.is_whole() { Head::Broken } else { Head::Pending }
    }

    /// When the first packet behind `frontier` came: since then it is known to be missing.
    pub(super) fn missing_since(&self, frontier: u64) -> Option<Instant> {
        let frames = self.frames.iter().filter_map(|frame| frame.earliest_behind(frontier));
        let padding = self.padding.range(frontier..).map(|(_, arrived)| *arrived);
        frames.chain(padding).min()
    }

    /// RTP timestamp of the oldest frame if it is not whole.
    pub(super) fn damaged_timestamp(&self) -> Option<u32> {
        let head = self.frames.front().filter(|frame| !frame.is_whole());
        head.map(PartialFrame::timestamp)
    }

    /// Removes the oldest frame.
    pub(super) fn pop(&mut self) -> Option<PartialFrame> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.bytes();
        self.packets -= frame.packets();
        Some(frame)
    }

    /// Removes what stands before the first whole keyframe and says how much that was; `None`, with
    /// nothing removed, if there is no such keyframe. The frame to go on with is at the front then.
    pub(super) fn seek_keyframe(&mut self) -> Option<usize> {
        let at = self.frames.iter().position(|frame| frame.is_keyframe() && frame.is_whole())?;
        for _ in 0..at {
            self.pop();
        }
        self.frontier = self.low()?;
        Some(at)
    }

    /// Lowest sequence number held.
    pub(super) fn low(&self) -> Option<u64> {
        self.frames.front().map(PartialFrame::low)
    }

    /// Whether a keyframe is on its way.
    pub(super) fn expects_keyframe(&self) -> bool {
        self.frames.iter().any(PartialFrame::is_keyframe)
    }

    /// Whether the oldest frame is known to be no keyframe.
    pub(super) fn begins_with_inter(&self) -> bool {
        self.frames.front().is_some_and(PartialFrame::is_inter)
    }

    /// Removes the oldest frame if it is known to be no keyframe and nothing of it is to be expected.
    /// What is behind a frame that may be a keyframe stays: it may be decodable.
    pub(super) fn pop_inter(&mut self) -> Option<PartialFrame> {
        let settled = self.frames.len() > 1 || self.frames.front()?.is_whole();
        if self.begins_with_inter() && settled { self.pop() } else { None }
    }

    /// Removes the oldest frame if nothing of it came since `then`.
    pub(super) fn pop_stale(&mut self, then: Instant) -> Option<PartialFrame> {
        if self.progress()? <= then { self.pop() } else { None }
    }

    /// When the oldest frame got its last packet.
    pub(super) fn progress(&self) -> Option<Instant> {
        self.frames.front().map(PartialFrame::progress)
    }
}
