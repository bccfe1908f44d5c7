use core::fmt;

/// Names one participant of one worker, from its join to its end. Never used again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParticipantKey {
    /// Counts the joins of this worker.
    pub(crate) serial: u64,
    pub(crate) seat: Seat,
}

/// Where a member is kept: its room, and its place in there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Seat {
    pub(crate) room: usize,
    pub(crate) place: usize,
}

/// Prints nothing that tells participants or their order apart.
impl fmt::Debug for ParticipantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ParticipantKey")
    }
}
