use core::time::Duration;

use zentalk_primitives::Instant;

use crate::MAX_MEMBERS;

/// Who of the senders has gone silent: a server that withholds frames leaves them all authentic, so only their absence tells.
///
/// Feed it with frames that opened, never with packets.
#[derive(Clone, Debug)]
pub struct Liveness {
    limit: Duration,
    last: [Option<Instant>; MAX_MEMBERS as usize],
}

impl Liveness {
    /// Senders are stale when no frame of theirs was opened for `limit_ms` milliseconds.
    pub const fn new(limit_ms: u32) -> Self {
        let limit = Duration::from_millis(limit_ms as u64);
        Self { limit, last: [None; MAX_MEMBERS as usize] }
    }

    /// Expects frames of `sender` from now on.
    pub fn expect(&mut self, now: Instant, sender: u8) {
        if let Some(last) = self.last.get_mut(usize::from(sender)) {
            last.get_or_insert(now);
        }
    }

    /// Expects nothing more of `sender`.
    pub fn forget(&mut self, sender: u8) {
        if let Some(last) = self.last.get_mut(usize::from(sender)) {
            *last = None;
        }
    }

    /// A frame of `sender` was opened.
    pub fn opened(&mut self, now: Instant, sender: u8) {
        if let Some(Some(last)) = self.last.get_mut(usize::from(sender)) {
            *last = now;
        }
    }

    /// Those of whom frames are expected and none was opened for the limit, lowest index first.
    pub fn stale(&self, now: Instant) -> impl Iterator<Item = u8> {
        let limit = self.limit;
        let senders = (0..MAX_MEMBERS).zip(&self.last);
        senders.filter_map(move |(sender, last)| {
            last.is_some_and(|last| now - last >= limit).then_some(sender)
        })
    }

    /// When the next sender will be stale that is not at `now`.
    pub fn next_timeout(&self, now: Instant) -> Option<Instant> {
        self.last.iter().flatten().map(|last| *last + self.limit).filter(|at| *at > now).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn a_sender_is_stale_when_nothing_opened_for_the_limit() {
        let mut liveness = Liveness::new(1_000);
        liveness.expect(at(0), 1);
        liveness.expect(at(0), 2);
        liveness.opened(at(600), 2);
        assert_eq!(liveness.next_timeout(at(600)), Some(at(1_000)));
        assert_eq!(liveness.stale(at(999)).count(), 0);
        assert_eq!(liveness.stale(at(1_000)).collect::<Vec<_>>(), [1]);
        assert_eq!(liveness.next_timeout(at(1_000)), Some(at(1_600)));
        liveness.opened(at(1_100), 1);
        assert_eq!(liveness.stale(at(1_600)).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn nobody_is_missed_who_is_not_expected() {
        let mut liveness = Liveness::new(1_000);
        liveness.opened(at(0), 3);
        liveness.opened(at(0), 99);
        liveness.expect(at(0), 4);
        liveness.forget(4);
        assert_eq!(liveness.stale(at(9_000)).count(), 0);
        assert_eq!(liveness.next_timeout(at(0)), None);
    }
}
