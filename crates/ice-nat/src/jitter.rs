use core::time::Duration;

/// Spreads intervals; predictable, which does no harm here (splitmix64).
pub(crate) struct Jitter(pub(crate) u64);

impl Jitter {
    /// 0.8 to 1.2 times the interval, in whole milliseconds.
    pub(crate) fn spread(&mut self, interval: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let permille = 800 + (mixed >> 32) % 401;
        let millis = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(millis.saturating_mul(permille) / 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::CONNECTED;

    /// RFC 7675 §5.1.
    #[test]
    fn intervals_spread_from_eight_to_twelve_tenths() {
        let mut jitter = Jitter(7);
        let all: Vec<_> =
            (0..1000).map(|_| jitter.spread(CONNECTED.longest_wait).as_millis()).collect();
        assert!(all.iter().all(|millis| (2400..=3600).contains(millis)));
        assert!(all.iter().any(|millis| *millis < 2500) && all.iter().any(|millis| *millis > 3500));
    }
}
