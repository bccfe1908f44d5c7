/// Who a contestant is in a race.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The layer that is measured: one in each race.
    Ours,
    /// The primitives alone, with nothing around them: what no implementation on them can beat.
    Bare,
    /// Another implementation.
    Peer,
}

/// One way to do what a race is about.
pub(crate) trait Contestant {
    /// Its name in the table.
    fn name(&self) -> &'static str;

    /// Who it is.
    fn standing(&self) -> Standing;

    /// Gets ready for a round. Not measured.
    fn prepare(&mut self, _round: u64) {}

    /// Does the work, as many times as the race says, and drops what is allocated for it.
    fn run(&mut self);

    /// What the last piece of work gave: the same bytes for every contestant. Not measured.
    fn outcome(&self) -> Vec<u8>;

    /// What else there is to know about the last piece of work.
    fn facts(&self) -> Option<Facts> {
        None
    }
}

/// What a handshake took beside time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Datagrams of both sides, until both were ready.
    pub(crate) datagrams: u32,
    /// Round trips until the client was ready.
    pub(crate) round_trips: u32,
}
