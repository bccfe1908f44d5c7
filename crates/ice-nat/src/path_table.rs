use core::net::SocketAddr;
use core::time::Duration;

use zentalk_primitives::Instant;

use crate::limits::{CONSENT_TIMEOUT, MAX_PATHS};

/// What is known about one pair of addresses.
#[derive(Clone, Copy)]
pub(crate) struct Path {
    local: SocketAddr,
    remote: SocketAddr,
    /// An authenticated check was answered on it, by either side.
    pub(crate) validated: bool,
    /// The last authenticated Binding success response (RFC 7675 §5.1).
    pub(crate) last_response: Option<Instant>,
    pub(crate) round_trip: Option<Duration>,
    /// Where the peer sees us.
    pub(crate) mapped: Option<SocketAddr>,
    /// Consent on it is lost for this generation (RFC 7675 §5.1).
    pub(crate) expired: bool,
}

/// The address pairs of one generation on which authenticated packets arrived, at most
/// [`MAX_PATHS`].
#[derive(Default)]
pub(crate) struct PathTable(Vec<Path>);

impl PathTable {
    pub(crate) fn get(&self, local: SocketAddr, remote: SocketAddr) -> Option<&Path> {
        self.0.iter().find(|path| path.local == local && path.remote == remote)
    }

    /// The entry of this pair, made if there is room.
    pub(crate) fn entry(&mut self, local: SocketAddr, remote: SocketAddr) -> Option<&mut Path> {
        let index = self.0.iter().position(|path| path.local == local && path.remote == remote);
        let index = match index {
            Some(index) => index,
            None if self.0.len() < MAX_PATHS => {
                self.0.push(Path {
                    local,
                    remote,
                    validated: false,
                    last_response: None,
                    round_trip: None,
                    mapped: None,
                    expired: false,
                });
                self.0.len() - 1
            }
            None => return None,
        };
        self.0.get_mut(index)
    }

    pub(crate) fn is_expired(&self, local: SocketAddr, remote: SocketAddr) -> bool {
        self.get(local, remote).is_some_and(|path| path.expired)
    }

    pub(crate) fn is_validated(&self, local: SocketAddr, remote: SocketAddr) -> bool {
        self.get(local, remote).is_some_and(|path| path.validated && !path.expired)
    }

    /// Marks the pair as validated; true the first time.
    pub(crate) fn validate(&mut self, local: SocketAddr, remote: SocketAddr) -> bool {
        self.entry(local, remote).is_some_and(|path| !core::mem::replace(&mut path.validated, true))
    }

    /// The addresses of the pair with the shortest round trip, among those with consent.
    pub(crate) fn quickest_answered(&self, now: Instant) -> Option<(SocketAddr, SocketAddr)> {
        let fresh = |path: &&Path| {
            !path.expired && path.last_response.is_some_and(|at| now < at + CONSENT_TIMEOUT)
        };
        let quickest = self.0.iter().filter(fresh).min_by_key(|path| path.round_trip)?;
        Some((quickest.local, quickest.remote))
    }

    /// How many distinct addresses the peer said that ours map to.
    pub(crate) fn mapped_addresses(&self) -> Vec<SocketAddr> {
        let mut all: Vec<_> = self.0.iter().filter_map(|path| path.mapped).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Forgets what was reached from a socket that is gone.
    pub(crate) fn remove_local(&mut self, local: SocketAddr) {
        self.0.retain(|path| path.local != local);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_bounded() {
        let mut table = PathTable::default();
        let local = SocketAddr::from(([192, 0, 2, 1], 1));
        let remote = |port| SocketAddr::from(([192, 0, 2, 2], port));
        let count = u16::try_from(MAX_PATHS).unwrap();
        assert!((1..=count).all(|port| table.validate(local, remote(port))));
        assert!(table.entry(local, remote(count + 1)).is_none());
        assert!(table.entry(local, remote(1)).is_some());
    }

    #[test]
    fn validation_is_reported_once() {
        let mut table = PathTable::default();
        let address = SocketAddr::from(([192, 0, 2, 1], 1));
        assert!(table.validate(address, address));
        assert!(!table.validate(address, address));
        assert!(table.is_validated(address, address));
    }
}
