use std::collections::BTreeMap;

use zentalk_primitives::Instant;

use super::event::{AssembledFrame, Vp8Packet};
use super::packetizer::{MAX_FRAME_BYTES, MAX_FRAME_PACKETS};
use super::{Vp8Descriptor, is_keyframe};
use crate::Error;

/// A packet whose descriptor has been read.
pub(super) struct Fragment {
    pub(super) sequence: u64,
    pub(super) timestamp: u32,
    starts: bool,
    ends: bool,
    keyframe: bool,
    payload: Vec<u8>,
    head: usize,
}

impl Fragment {
    /// Reads the descriptor of `packet`.
    pub(super) fn parse(packet: Vp8Packet) -> Result<Self, Error> {
        let Vp8Packet { sequence, timestamp, marker, payload } = packet;
        if payload.len() > MAX_PACKET_BYTES {
            return Err(Error::PayloadTooLarge { given: payload.len(), max: MAX_PACKET_BYTES });
        }
        let (descriptor, piece) = Vp8Descriptor::parse(&payload)?;
        let first_byte = *piece.first().ok_or(Error::EmptyFragment)?;
        let starts = descriptor.starts_frame();
        let keyframe = starts && is_keyframe(first_byte);
        let head = payload.len() - piece.len();
        Ok(Self { sequence, timestamp, starts, ends: marker, keyframe, payload, head })
    }

    pub(super) fn starts(&self) -> bool {
        self.starts
    }

    pub(super) fn ends(&self) -> bool {
        self.ends
    }

    /// Bytes it takes, descriptor included.
    pub(super) fn bytes(&self) -> usize {
        self.payload.len()
    }
}

/// The longest payload of one packet: what a UDP datagram carries.
const MAX_PACKET_BYTES: usize = 65_535;

/// One packet of a frame that is not whole yet.
struct Piece {
    payload: Vec<u8>,
    /// Length of the descriptor in front.
    head: usize,
    arrived: Instant,
}

/// A frame some packets of which have come: never none.
pub(super) struct PartialFrame {
    timestamp: u32,
    pieces: BTreeMap<u64, Piece>,
    first: Option<u64>,
    last: Option<u64>,
    keyframe: bool,
    bytes: usize,
    low: u64,
    high: u64,
    progress: Instant,
}

impl PartialFrame {
    /// A frame of which `fragment` came first.
    pub(super) fn new(now: Instant, fragment: Fragment) -> Self {
        let mut frame = Self {
            timestamp: fragment.timestamp,
            pieces: BTreeMap::new(),
            first: None,
            last: None,
            keyframe: false,
            bytes: 0,
            low: fragment.sequence,
            high: fragment.sequence,
            progress: now,
        };
        frame.insert(now, fragment);
        frame
    }

    fn insert(&mut self, now: Instant, fragment: Fragment) {
        let sequence = fragment.sequence;
        if fragment.starts {
            self.first = Some(sequence);
            self.keyframe = fragment.keyframe;
        }
        if fragment.ends {
            self.last = Some(sequence);
        }
        self.low = self.low.min(sequence);
        self.high = self.high.max(sequence);
        self.bytes += fragment.payload.len();
        self.progress = now;
        let Fragment { payload, head, .. } = fragment;
        self.pieces.insert(sequence, Piece { payload, head, arrived: now });
    }

    /// Takes `fragment`, which belongs here and is no duplicate.
    ///
    /// # Errors
    /// [`Error::InconsistentFragment`] for a second start or end, or one in the middle;
    /// [`Error::FrameTooLarge`]. The frame is unchanged.
    pub(super) fn take(&mut self, now: Instant, fragment: Fragment) -> Result<(), Error> {
        let starts_late = fragment.starts && fragment.sequence > self.low;
        let ends_early = fragment.ends && fragment.sequence < self.high;
        let outside = self.first.is_some_and(|first| fragment.sequence < first)
            || self.last.is_some_and(|last| fragment.sequence > last);
        if starts_late || ends_early || outside {
            return Err(Error::InconsistentFragment);
        }
        let bytes = self.bytes.saturating_add(fragment.payload.len());
        // Descriptors are counted as bytes of the packets, not of the frame.
        let most = MAX_FRAME_BYTES + MAX_FRAME_PACKETS * Vp8Descriptor::MAX_LEN;
        if self.pieces.len() >= MAX_FRAME_PACKETS || bytes > most {
            return Err(Error::FrameTooLarge);
        }
        self.insert(now, fragment);
        Ok(())
    }

    pub(super) fn contains(&self, sequence: u64) -> bool {
        self.pieces.contains_key(&sequence)
    }

    /// Its lowest sequence number so far.
    pub(super) fn low(&self) -> u64 {
        self.low
    }

    /// Its highest sequence number so far.
    pub(super) fn high(&self) -> u64 {
        self.high
    }

    pub(super) fn timestamp(&self) -> u32 {
        self.timestamp
    }

    pub(super) fn has_start(&self) -> bool {
        self.first.is_some()
    }

    pub(super) fn has_end(&self) -> bool {
        self.last.is_some()
    }

    /// Its start has come and says keyframe.
    pub(super) fn is_keyframe(&self) -> bool {
        self.keyframe
    }

    /// Its start has come and says that it does not stand alone.
    pub(super) fn is_inter(&self) -> bool {
        self.first.is_some() && !self.keyframe
    }

    pub(super) fn is_whole(&self) -> bool {
        let (Some(first), Some(last)) = (self.first, self.last) else { return false };
        // Every piece lies between the two, so that counting them is enough.
        last - first == self.pieces.len() as u64 - 1
    }

    /// Bytes held, descriptors included.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Packets held.
    pub(super) fn packets(&self) -> usize {
        self.pieces.len()
    }

    /// When the last of its packets came.
    pub(super) fn progress(&self) -> Instant {
        self.progress
    }

    /// When the first of its packets behind `sequence` came.
    pub(super) fn earliest_behind(&self, sequence: u64) -> Option<Instant> {
        self.pieces.range(sequence.saturating_add(1)..).map(|(_, piece)| piece.arrived).min()
    }

    /// The bytes of a whole frame.
    pub(super) fn assemble(self) -> AssembledFrame {
        let pieces = self.pieces.values();
        let parts = pieces.filter_map(|piece| piece.payload.get(piece.head..));
        let mut data = Vec::with_capacity(self.bytes);
        parts.for_each(|part| data.extend_from_slice(part));
        AssembledFrame {
            data,
            timestamp: self.timestamp,
            keyframe: self.keyframe,
            first_sequence: self.low,
            last_sequence: self.high,
        }
    }
}
