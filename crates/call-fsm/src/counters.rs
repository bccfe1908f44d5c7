/// What was dropped without effect, since the beginning. The counts saturate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Inputs that the table ignores in the state they met.
    pub ignored: u64,
    /// Offers older than [`OFFER_MAX_AGE`](crate::OFFER_MAX_AGE).
    pub late_offers: u64,
    /// Messages for a call that this device does not know, or that has ended.
    pub unknown_calls: u64,
    /// Messages for the active call from someone who has no part in it.
    pub strangers: u64,
}

impl Counters {
    /// The sum of two.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            ignored: self.ignored.saturating_add(other.ignored),
            late_offers: self.late_offers.saturating_add(other.late_offers),
            unknown_calls: self.unknown_calls.saturating_add(other.unknown_calls),
            strangers: self.strangers.saturating_add(other.strangers),
        }
    }
}
