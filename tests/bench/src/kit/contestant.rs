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

    /// Takes in what the work sent. Not measured.
    fn settle(&mut self) {}

    /// What the last piece of work gave: the same bytes for every contestant. Not measured.
    fn outcome(&self) -> Vec<u8>;

    /// What else there is to know about the last piece of work.
    fn facts(&self) -> Option<Facts> {
        None
    }
}

/// What there is to know beside time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Facts {
    /// What a handshake took.
    Handshake {
        /// Datagrams of both sides, until both were ready.
        datagrams: u32,
        /// Round trips until the client was ready.
        round_trips: u32,
    },
    /// What a core carried.
    Capacity {
        /// Calls at a time.
        calls: usize,
        /// Datagrams a second that came in.
        received: u64,
        /// Datagrams a second that went out.
        sent: u64,
        /// Datagrams that went out with one system call, on average.
        burst: f64,
        /// The share of the core that was busy.
        core: f64,
        /// Memory of one participant.
        kilobytes: usize,
    },
}
