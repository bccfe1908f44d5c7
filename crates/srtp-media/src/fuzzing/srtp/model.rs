use std::collections::{BTreeMap, BTreeSet};

use crate::{REPLAY_WINDOW, estimate_index};

/// What one end must know of RTP streams, kept naively: every index ever used.
#[derive(Default)]
pub(super) struct Streams {
    used: BTreeMap<u32, BTreeSet<u64>>,
}

impl Streams {
    /// The index that this end takes a sequence number for; none past the last rollover.
    pub(super) fn index_of(&self, ssrc: u32, seq: u16) -> Option<u64> {
        match self.highest(ssrc) {
            Some(highest) => estimate_index(highest, seq).ok(),
            None => Some(u64::from(seq)),
        }
    }

    /// Whether this end may use the index: neither used nor too old to tell.
    pub(super) fn is_fresh(&self, ssrc: u32, index: u64) -> bool {
        let too_old = self.highest(ssrc).is_some_and(|highest| highest >= index + REPLAY_WINDOW);
        !too_old && !self.used.get(&ssrc).is_some_and(|used| used.contains(&index))
    }

    /// Whether it knows the stream, or has room for one more.
    pub(super) fn has_room(&self, ssrc: u32, limit: usize) -> bool {
        self.used.contains_key(&ssrc) || self.used.len() < limit
    }

    pub(super) fn take(&mut self, ssrc: u32, index: u64) {
        self.used.entry(ssrc).or_default().insert(index);
    }

    pub(super) fn highest(&self, ssrc: u32) -> Option<u64> {
        self.used.get(&ssrc)?.last().copied()
    }
}

/// What the receiver must know of RTCP: the indices that were authentic.
#[derive(Default)]
pub(super) struct Reports {
    seen: BTreeMap<u32, BTreeSet<u32>>,
}

impl Reports {
    /// RTCP windows are 128 packets long.
    const WINDOW: u32 = 128;

    pub(super) fn accepts(&self, ssrc: u32, index: u32, limit: usize) -> bool {
        let Some(seen) = self.seen.get(&ssrc) else { return self.seen.len() < limit };
        let too_old = seen.last().is_some_and(|highest| *highest >= index + Self::WINDOW);
        !too_old && !seen.contains(&index)
    }

    pub(super) fn take(&mut self, ssrc: u32, index: u32) {
        self.seen.entry(ssrc).or_default().insert(index);
    }
}
