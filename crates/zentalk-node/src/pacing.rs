//! Token buckets: how often a source is answered, how much an allocation relays, what a connection may say.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

use zentalk_primitives::{Instant, Secret};

const MICROS: u64 = 1_000_000;

/// So many units a second, and a second's worth at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    /// In millionths of a unit, so that none is lost to rounding.
    credit: u64,
    rate: u64,
    seconds: u64,
    at: Instant,
}

impl Bucket {
    /// A full bucket that holds `seconds` of `rate` units a second.
    pub(crate) const fn new(rate: u64, seconds: u64, now: Instant) -> Self {
        let credit = rate.saturating_mul(seconds).saturating_mul(MICROS);
        Self { credit, rate, seconds, at: now }
    }

    /// Takes `units`, if they are there.
    pub(crate) fn take(&mut self, now: Instant, units: u64) -> bool {
        let elapsed = now.as_micros().saturating_sub(self.at.as_micros());
        let full = self.rate.saturating_mul(self.seconds).saturating_mul(MICROS);
        self.credit = self.credit.saturating_add(elapsed.saturating_mul(self.rate)).min(full);
        self.at = self.at.max(now);
        match self.credit.checked_sub(units.saturating_mul(MICROS)) {
            Some(rest) => {
                self.credit = rest;
                true
            }
            None => false,
        }
    }
}

/// How often each source is answered, in memory that no number of sources makes grow: sources that fall into the same slot
/// share it, and who does cannot be known without the key.
pub(crate) struct Pacer {
    slots: Vec<Bucket>,
    key: Secret<32>,
}

/// 128 KiB.
const SLOTS: usize = 4_096;
/// Seconds' worth of requests at once: a household's devices set up their calls together.
const BURST: u64 = 4;

impl Pacer {
    pub(crate) fn new(per_second: u32, key: &Secret<32>) -> Self {
        let bucket = Bucket::new(u64::from(per_second), BURST, Instant::ZERO);
        Self { slots: vec![bucket; SLOTS], key: key.duplicate() }
    }

    /// Whether `source` may be answered once more.
    pub(crate) fn allows(&mut self, now: Instant, source: IpAddr) -> bool {
        let mut hasher = DefaultHasher::new();
        self.key.expose().hash(&mut hasher);
        source.hash(&mut hasher);
        let slots = u64::try_from(self.slots.len()).unwrap_or(u64::MAX);
        let slot = usize::try_from(hasher.finish() % slots.max(1)).unwrap_or_default();
        self.slots.get_mut(slot).is_some_and(|bucket| bucket.take(now, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_rate_and_no_more() {
        let mut bucket = Bucket::new(10, 1, Instant::ZERO);
        assert!((0..10).all(|_| bucket.take(Instant::ZERO, 1)));
        assert!(!bucket.take(Instant::ZERO, 1));
        assert!(!bucket.take(Instant::from_millis(99), 1));
        assert!(bucket.take(Instant::from_millis(100), 1));
        let later = Instant::from_millis(3_600_000);
        assert!(bucket.take(later, 10), "full again");
        assert!(!bucket.take(later, 1), "and no fuller than full");
        assert!(!bucket.take(Instant::ZERO, 1), "time does not run backwards");
    }

    #[test]
    fn one_source_does_not_silence_another() {
        let mut pacer = Pacer::new(1, &Secret::new([3; 32]));
        let flood = IpAddr::from([192, 0, 2, 1]);
        let answered = (0..1_000).filter(|_| pacer.allows(Instant::ZERO, flood)).count();
        assert_eq!(answered, 4);
        let quiet =
            (2..=101).filter(|i| pacer.allows(Instant::ZERO, [192, 0, 2, *i].into())).count();
        assert!(quiet >= 98, "{quiet} of 100");
    }
}
