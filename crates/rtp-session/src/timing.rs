use core::time::Duration;

/// Draws the report intervals. Not for secrets: it decides nothing but times (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Timing(u64);

impl Timing {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Between half and one and a half of `mean` (RFC 3550 §6.2).
    pub(crate) fn around(&mut self, mean: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        let per_mille = 500 + (bits % 1_001) as u32;
        mean * per_mille / 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_spread_over_half_to_one_and_a_half() {
        let mut timing = Timing::new(1);
        let mean = Duration::from_secs(1);
        let drawn: Vec<_> = (0..1_000).map(|_| timing.around(mean)).collect();
        let (min, max) = (drawn.iter().min().unwrap(), drawn.iter().max().unwrap());
        assert!(*min >= mean / 2 && *min < Duration::from_millis(550));
        assert!(*max <= mean * 3 / 2 && *max > Duration::from_millis(1_450));
    }
}
