use zentalk_sfu::SfuStats;

use super::reception::ReceptionCounts;
use crate::coarse::coarse;

/// What an SFU has done, in counts that name nobody, no room and no time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SfuCounts {
    /// The forwarding of all workers together.
    pub forwarding: SfuStats,
    /// The control connections' requests.
    pub reception: ReceptionCounts,
    /// Control connections that there are.
    pub connections: u64,
    /// Datagrams that one worker's socket got for another worker.
    pub handed_over: u64,
    /// Datagrams lost between workers, or that the operating system did not take.
    pub lost: u64,
}

/// One worker's part.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct WorkerCounts {
    pub(super) forwarding: SfuStats,
    pub(super) reception: ReceptionCounts,
    pub(super) handed_over: u64,
    pub(super) lost: u64,
}

impl SfuCounts {
    /// The same for logs: packets are rounded up to powers of two. Exact sums before and after a lone call, which comes at
    /// a steady rate, would tell how long it was.
    #[must_use]
    pub(super) fn coarse(mut self) -> Self {
        let packets = &mut self.forwarding;
        let exact = [
            &mut packets.received,
            &mut packets.forwarded,
            &mut packets.repeated,
            &mut packets.checks,
            &mut packets.refused_checks,
            &mut packets.unknown_address,
            &mut packets.unknown_kind,
            &mut packets.forged,
            &mut packets.replayed,
            &mut packets.unknown_source,
            &mut packets.over_rate,
            &mut packets.overflown,
            &mut self.handed_over,
            &mut self.lost,
        ];
        for count in exact {
            *count = coarse(*count);
        }
        self
    }

    /// Adds a worker's.
    pub(super) fn add(&mut self, worker: &WorkerCounts) {
        add_stats(&mut self.forwarding, &worker.forwarding);
        self.reception.joined += worker.reception.joined;
        self.reception.refused += worker.reception.refused;
        self.handed_over += worker.handed_over;
        self.lost += worker.lost;
    }
}

fn add_stats(sum: &mut SfuStats, one: &SfuStats) {
    sum.rooms += one.rooms;
    sum.participants += one.participants;
    sum.received += one.received;
    sum.forwarded += one.forwarded;
    sum.repeated += one.repeated;
    sum.checks += one.checks;
    sum.refused_checks += one.refused_checks;
    sum.unknown_address += one.unknown_address;
    sum.unknown_kind += one.unknown_kind;
    sum.forged += one.forged;
    sum.replayed += one.replayed;
    sum.unknown_source += one.unknown_source;
    sum.over_rate += one.over_rate;
    sum.overflown += one.overflown;
    sum.failed_handshakes += one.failed_handshakes;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_logged_of_a_call_is_the_same_for_a_longer_one() {
        let call = |packets| {
            let mut counts = SfuCounts::default();
            counts.forwarding.participants = 3;
            counts.forwarding.received = packets;
            counts.forwarding.forwarded = 2 * packets;
            counts.forwarding.checks = packets / 100;
            counts
        };
        assert_eq!(call(9_000).coarse(), call(12_000).coarse());
        assert_eq!(call(9_000).coarse().forwarding.participants, 3);
    }
}
