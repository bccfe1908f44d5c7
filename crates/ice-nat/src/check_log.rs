use std::collections::VecDeque;

use core::net::SocketAddr;

use zentalk_primitives::Instant;

use crate::limits::MAX_OUTSTANDING_CHECKS;
use crate::stun::TransactionId;

/// A Binding request of ours that was sent to the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) id: TransactionId,
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    pub(crate) sent: Instant,
}

/// The checks whose answers are waited for; the oldest are forgotten past
/// [`MAX_OUTSTANDING_CHECKS`].
///
/// The ICE library matches answers by transaction id only and takes the same answer twice. This
/// log knows which addresses were asked (RFC 8445 §7.2.5.2.1) and takes each answer once, so that
/// a recorded one does not renew consent.
#[derive(Default)]
pub(crate) struct CheckLog(VecDeque<Check>);

impl CheckLog {
    pub(crate) fn sent(&mut self, check: Check) {
        if self.0.len() >= MAX_OUTSTANDING_CHECKS {
            self.0.pop_front();
        }
        self.0.push_back(check);
    }

    pub(crate) fn find(&self, id: TransactionId) -> Option<Check> {
        self.0.iter().find(|check| check.id == id).copied()
    }

    /// When the first of those was sent between two addresses that are not older than this.
    pub(crate) fn first_between(
        &self,
        local: SocketAddr,
        remote: SocketAddr,
        since: Instant,
    ) -> Option<Instant> {
        let mut all = self.0.iter().filter(|check| (check.local, check.remote) == (local, remote));
        all.find(|check| check.sent >= since).map(|check| check.sent)
    }

    pub(crate) fn answered(&mut self, id: TransactionId) {
        self.0.retain(|check| check.id != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(number: u16) -> Check {
        let mut id = [0; 12];
        id[..2].copy_from_slice(&number.to_be_bytes());
        let address = SocketAddr::from(([192, 0, 2, 1], number));
        Check { id, local: address, remote: address, sent: Instant::ZERO }
    }

    #[test]
    fn an_answer_counts_once() {
        let mut log = CheckLog::default();
        log.sent(check(1));
        assert_eq!(log.find(check(1).id), Some(check(1)));
        log.answered(check(1).id);
        assert_eq!(log.find(check(1).id), None);
    }

    #[test]
    fn the_oldest_make_room() {
        let mut log = CheckLog::default();
        let count = u16::try_from(MAX_OUTSTANDING_CHECKS).unwrap();
        (0..=count).for_each(|number| log.sent(check(number)));
        assert_eq!(log.find(check(0).id), None);
        assert!(log.find(check(1).id).is_some() && log.find(check(count).id).is_some());
    }
}
