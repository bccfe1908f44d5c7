//! How many of something each network address has: without that, one could have all.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Who has how many, by address; never shown, and forgotten when the last one is gone.
pub(crate) struct Visitors {
    most: u32,
    counts: Mutex<HashMap<IpAddr, u32>>,
}

impl Visitors {
    /// Nobody yet; `most` for one address, of IPv6 for one /64.
    pub(crate) fn new(most: u32) -> Arc<Self> {
        Arc::new(Self { most, counts: Mutex::default() })
    }

    /// One more from `address`, as long as what is returned lives; none if there are too many.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Visit> {
        let address = network(address);
        let mut counts = self.counts();
        let count = counts.get(&address).copied().unwrap_or_default();
        if count >= self.most {
            return None;
        }
        counts.insert(address, count + 1);
        Some(Visit { visitors: Arc::clone(self), address })
    }

    /// All together.
    pub(crate) fn total(&self) -> u64 {
        self.counts().values().map(|count| u64::from(*count)).sum()
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<IpAddr, u32>> {
        // Nothing panics while it holds the lock; if it did, the counts would still be good.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts only: the rest is addresses.
impl fmt::Debug for Visitors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visitors").field("most", &self.most).finish_non_exhaustive()
    }
}

/// One of an address, as long as it lives.
pub(crate) struct Visit {
    visitors: Arc<Visitors>,
    address: IpAddr,
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut counts = self.visitors.counts();
        match counts.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(counts.remove(&self.address)),
        }
    }
}

/// Prints nothing: it is an address.
impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Visit")
    }
}

/// What one customer has: an IPv4 address, or 2^64 IPv6 addresses.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & (u128::MAX << 64)).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_network_has_its_own_and_nothing_is_kept_of_those_who_have_gone() {
        let visitors = Visitors::new(2);
        let visit = |address: &str| visitors.admit(address.parse().unwrap());
        let of_one = [visit("2001:db8::1"), visit("2001:db8::ffff:1")];
        assert!(of_one.iter().all(Option::is_some));
        assert!(visit("2001:db8:0:0:9::").is_none(), "of the same /64");
        let others = [visit("2001:db8:0:1::1"), visit("192.0.2.1"), visit("::ffff:192.0.2.1")];
        assert!(others.iter().all(Option::is_some));
        assert!(visit("192.0.2.1").is_none(), "in whichever form it comes");
        assert_eq!(visitors.total(), 5);
        drop((of_one, others));
        assert_eq!((visitors.total(), visitors.counts().len()), (0, 0));
        assert!(visit("2001:db8::1").is_some());
    }
}
