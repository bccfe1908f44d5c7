//! What lies between hosts: delay, jitter, loss, duplication, cuts. Every chance of the network is drawn here.

use core::net::IpAddr;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// How a link treats each datagram. The same in both directions.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// One-way delay.
    pub delay: Duration,
    /// Added to the delay, uniformly between zero and this; more than a packet interval reorders.
    pub jitter: Duration,
    /// Probability that a datagram is lost, 0.0 to 1.0.
    pub loss: f64,
    /// Probability that a datagram arrives twice, 0.0 to 1.0.
    pub duplication: f64,
}

impl Link {
    /// A link that only delays.
    pub const fn perfect(delay: Duration) -> Self {
        Self { delay, jitter: Duration::ZERO, loss: 0.0, duplication: 0.0 }
    }

    /// Half of this link: two in a row delay and lose as much as this one.
    #[must_use]
    pub fn half(self) -> Self {
        let half_of = |probability: f64| 1.0 - (1.0 - probability).sqrt();
        Self {
            delay: self.delay / 2,
            jitter: self.jitter / 2,
            loss: half_of(self.loss),
            duplication: half_of(self.duplication),
        }
    }

    /// This link, and the other one behind it.
    #[must_use]
    pub fn then(self, other: Self) -> Self {
        let either = |a: f64, b: f64| 1.0 - (1.0 - a) * (1.0 - b);
        Self {
            delay: self.delay + other.delay,
            jitter: self.jitter + other.jitter,
            loss: either(self.loss, other.loss),
            duplication: either(self.duplication, other.duplication),
        }
    }
}

/// The links between all hosts.
pub(crate) struct Wire {
    /// Between two hosts of which neither has a link of its own.
    pub(crate) default: Link,
    access: BTreeMap<IpAddr, Link>,
    between: BTreeMap<(IpAddr, IpAddr), Link>,
    cut: BTreeSet<IpAddr>,
    rng: ChaCha8Rng,
}

impl Wire {
    pub(crate) fn new(seed: u64, default: Link) -> Self {
        Self {
            default,
            access: BTreeMap::new(),
            between: BTreeMap::new(),
            cut: BTreeSet::new(),
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// What joins `host` to the backbone.
    pub(crate) fn set_access(&mut self, host: IpAddr, link: Link) {
        self.access.insert(host, link);
    }

    /// The backbone between two hosts, beside the access of each: the sea between two continents.
    pub(crate) fn set_between(&mut self, a: IpAddr, b: IpAddr, link: Link) {
        self.between.insert((a, b), link);
        self.between.insert((b, a), link);
    }

    pub(crate) fn cut(&mut self, host: IpAddr) {
        self.cut.insert(host);
    }

    pub(crate) fn heal(&mut self, host: IpAddr) {
        self.cut.remove(&host);
    }

    pub(crate) fn is_cut(&self, host: IpAddr) -> bool {
        self.cut.contains(&host)
    }

    /// Everything between two hosts.
    pub(crate) fn link(&self, a: IpAddr, b: IpAddr) -> Link {
        if a == b {
            return Link::perfect(Duration::ZERO);
        }
        let ends = [self.access.get(&a), self.access.get(&b), self.between.get(&(a, b))];
        let known = ends.into_iter().flatten().copied().reduce(Link::then);
        known.unwrap_or(self.default)
    }

    /// How long a datagram takes over `link`.
    pub(crate) fn transit(&mut self, link: Link) -> Duration {
        link.delay + link.jitter.mul_f64(self.uniform())
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        // Drawn even when it cannot happen, so that a change of one probability moves nothing else.
        self.uniform() < probability
    }

    /// A port that a NAT or a host picks.
    pub(crate) fn port(&mut self) -> u16 {
        49_152 + u16::try_from(self.rng.next_u32() % 16_384).unwrap_or_default()
    }

    /// Uniform in `[0, 1)`.
    fn uniform(&mut self) -> f64 {
        f64::from(self.rng.next_u32()) / (f64::from(u32::MAX) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_halves_are_a_whole() {
        let whole = Link {
            delay: Duration::from_millis(80),
            jitter: Duration::from_millis(10),
            loss: 0.3,
            duplication: 0.1,
        };
        let again = whole.half().then(whole.half());
        assert_eq!((again.delay, again.jitter), (whole.delay, whole.jitter));
        assert!((again.loss - 0.3).abs() < 1e-9 && (again.duplication - 0.1).abs() < 1e-9);
    }

    #[test]
    fn a_host_reaches_itself_at_once() {
        let mut wire = Wire::new(1, Link::perfect(Duration::from_secs(9)));
        let [here, there] = [1, 2].map(|last| IpAddr::from([203, 0, 113, last]));
        wire.set_access(here, Link::perfect(Duration::from_millis(3)));
        assert_eq!(wire.link(here, here).delay, Duration::ZERO);
        assert_eq!(wire.link(here, there).delay, Duration::from_millis(3));
        wire.set_between(there, here, Link::perfect(Duration::from_millis(70)));
        assert_eq!(wire.link(here, there).delay, Duration::from_millis(73));
    }
}
