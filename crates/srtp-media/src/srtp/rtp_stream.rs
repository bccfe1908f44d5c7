use super::index::estimate_index;
use super::replay::ReplayWindow;
use crate::Error;

/// What a context knows of one RTP stream: the indices seen and, through the highest of them, the
/// rollover counter. Sender and receiver need the same: the one must not use an index twice, the
/// other must not accept one twice.
// In this order: what every packet needs lies at the beginning, in one cache line.
#[derive(Clone, Debug)]
#[repr(C)]
pub(super) struct RtpStream {
    /// The next packet's rollover counter, when the caller knows it.
    told: Option<u32>,
    window: ReplayWindow<WINDOW_WORDS>,
}

impl RtpStream {
    pub(super) const fn new() -> Self {
        Self { window: ReplayWindow::new(), told: None }
    }

    pub(super) const fn has_started(&self) -> bool {
        self.window.highest().is_some()
    }

    /// Tells the next packet's rollover counter.
    pub(super) const fn tell(&mut self, rollover_counter: u32) {
        self.told = Some(rollover_counter);
    }

    /// The rollover counter of the highest packet so far, or the one told for the first.
    pub(super) fn rollover_counter(&self) -> u32 {
        match self.window.highest() {
            Some(highest) => (highest >> 16) as u32,
            None => self.told.unwrap_or(0),
        }
    }

    /// The index that the packet with this sequence number has, if it is authentic.
    pub(super) fn index_of(&self, seq: u16) -> Result<u64, Error> {
        match (self.told, self.window.highest()) {
            (Some(told), _) => Ok(u64::from(told) << 16 | u64::from(seq)),
            (None, Some(highest)) => estimate_index(highest, seq),
            (None, None) => Ok(u64::from(seq)),
        }
    }

    pub(super) fn is_fresh(&self, index: u64) -> bool {
        self.window.is_fresh(index)
    }

    /// Takes note of an index that was sent, or received and found authentic.
    pub(super) fn commit(&mut self, index: u64) {
        self.window.mark(index);
        self.told = None;
    }
}

/// How many packets back from the highest one a context still tells fresh packets from replayed ones.
///
/// RFC 3711 §3.3.2 asks for 64 at least; video at some megabits per second reorders and
/// retransmits over longer distances.
pub const REPLAY_WINDOW: u64 = ReplayWindow::<WINDOW_WORDS>::LEN;

const WINDOW_WORDS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    /// A sequence with early jumps over half the space: RFC 3711 §3.3.1, the counter held at zero.
    #[test]
    fn rollover_counters_follow_reordering_across_a_rollover() {
        let mut stream = RtpStream::new();
        let mut counters = Vec::new();
        for seq in [65_530, 65_535, 0, 65_534, 1, 65_533, 40_000, 33_000, 2] {
            let index = stream.index_of(seq).unwrap();
            stream.commit(index);
            counters.push(index >> 16);
        }
        assert_eq!(counters, [0, 0, 1, 0, 1, 0, 0, 0, 1]);
        assert_eq!(stream.rollover_counter(), 1);
    }

    #[test]
    fn a_told_counter_serves_until_the_next_packet_is_committed() {
        let mut stream = RtpStream::new();
        stream.tell(7);
        assert_eq!((stream.rollover_counter(), stream.has_started()), (7, false));
        assert_eq!(stream.index_of(3), Ok(7 << 16 | 3));
        assert_eq!(stream.index_of(60_000), Ok(7 << 16 | 60_000));
        stream.commit(7 << 16 | 60_000);
        assert_eq!(stream.index_of(3), Ok(8 << 16 | 3));
        stream.tell(9);
        assert_eq!(stream.index_of(3), Ok(9 << 16 | 3));
    }

    #[test]
    fn the_window_is_at_least_what_rfc_3711_asks_for() {
        const { assert!(REPLAY_WINDOW >= 64) };
    }
}
