use zentalk_primitives::Instant;

use crate::coarse::CoarseSums;
use crate::pacing::Bucket;

/// What a server did so far, in numbers that tell nothing of anybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Allocations that stand, and sockets reserved for more.
    pub allocations: u32,
    /// Open TCP and TLS connections.
    pub streams: u32,
    /// Allocations that were made.
    pub allocated: u64,
    /// Requests that were refused.
    pub refused: u64,
    /// Bytes of data relayed, both directions.
    pub relayed_bytes: u64,
    /// Packets that were dropped: unasked for, not permitted, or over a limit.
    pub dropped: u64,
}

impl Counts {
    /// What of it may stand in a log: no allocations and connections that there are, which rise and fall with a call.
    pub(in crate::turn) fn sums(&self) -> CoarseSums<4> {
        CoarseSums::of([
            ("allocated", self.allocated),
            ("refused", self.refused),
            ("relayed_bytes", self.relayed_bytes),
            ("dropped", self.dropped),
        ])
    }

    /// Counts `payload` as relayed if the budget has room for it.
    pub(super) fn charge(
        &mut self,
        budget: &mut Bucket,
        now: Instant,
        payload: &[u8],
    ) -> Option<()> {
        let bytes = u64::try_from(payload.len()).ok()?;
        budget.take(now, bytes.max(LEAST_CHARGE)).then_some(())?;
        self.relayed_bytes = self.relayed_bytes.saturating_add(bytes);
        Some(())
    }
}

/// Bytes that an empty datagram counts for: it is a packet, too, and takes two system calls.
const LEAST_CHARGE: u64 = 64;
