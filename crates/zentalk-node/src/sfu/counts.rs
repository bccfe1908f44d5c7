use zentalk_sfu::SfuStats;

use super::reception::ReceptionCounts;
use crate::coarse::CoarseSums;

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
    /// What of it may stand in a log: no rooms, participants and connections, which rise and fall with a call.
    pub(super) fn sums(&self) -> CoarseSums<17> {
        let forwarding = &self.forwarding;
        CoarseSums::of([
            ("received", forwarding.received),
            ("forwarded", forwarding.forwarded),
            ("repeated", forwarding.repeated),
            ("checks", forwarding.checks),
            ("refused_checks", forwarding.refused_checks),
            ("unknown_address", forwarding.unknown_address),
            ("unknown_kind", forwarding.unknown_kind),
            ("forged", forwarding.forged),
            ("replayed", forwarding.replayed),
            ("unknown_source", forwarding.unknown_source),
            ("over_rate", forwarding.over_rate),
            ("overflown", forwarding.overflown),
            ("failed_handshakes", forwarding.failed_handshakes),
            ("joined", self.reception.joined),
            ("refused", self.reception.refused),
            ("handed_over", self.handed_over),
            ("lost", self.lost),
        ])
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

    /// What is logged after a call of three.
    fn call(packets: u64) -> SfuCounts {
        let mut counts = SfuCounts::default();
        counts.reception.joined = 3;
        counts.forwarding.received = packets;
        counts.forwarding.forwarded = 2 * packets;
        counts.forwarding.checks = packets / 100;
        counts
    }

    #[test]
    fn what_is_logged_of_a_call_is_the_same_for_a_longer_one() {
        assert_eq!(call(9_000).sums(), call(12_000).sums());
        assert!(format!("{:?}", call(9_000).sums()).contains("received: 16384"));
    }

    /// Two readings ten minutes apart would bound its length.
    #[test]
    fn what_is_logged_does_not_tell_whether_a_call_goes_on() {
        let mut during = call(9_000);
        (during.forwarding.rooms, during.forwarding.participants, during.connections) = (1, 3, 3);
        assert_eq!(during.sums(), call(9_000).sums());
    }
}
