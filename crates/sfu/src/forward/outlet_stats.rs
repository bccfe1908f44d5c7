/// What an outlet has sent, since it began.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutletStats {
    /// Packets forwarded, padding included.
    pub packets: u64,
    /// Their payload bytes.
    pub octets: u64,
    /// Packets repeated.
    pub repeated: u64,
    /// Packets asked for that were not repeated: unknown, too old, too soon, or over the budget.
    pub refused: u64,
    /// Places of late packets that nobody wanted any more.
    pub filled: u64,
    /// How often a layer or a track took over.
    pub switches: u64,
}
