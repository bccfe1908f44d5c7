/// Between which rates an estimate moves, in bit/s of RTP packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BandwidthConfig {
    floor: u64,
    start: u64,
    ceiling: u64,
}

impl BandwidthConfig {
    /// The floor by default: what speech alone needs.
    pub const DEFAULT_FLOOR: u64 = 30_000;

    /// The start by default: what most paths carry at once.
    pub const DEFAULT_START: u64 = 300_000;

    /// The ceiling by default: no call of ours sends more.
    pub const DEFAULT_CEILING: u64 = 20_000_000;

    /// The rate below which the estimate never falls; at least 1.
    #[must_use]
    pub fn floor(mut self, bits_per_second: u64) -> Self {
        self.floor = bits_per_second;
        self
    }

    /// The estimate before the first feedback; brought between floor and ceiling.
    #[must_use]
    pub fn start(mut self, bits_per_second: u64) -> Self {
        self.start = bits_per_second;
        self
    }

    /// The rate above which the estimate never rises; the floor goes before it.
    #[must_use]
    pub fn ceiling(mut self, bits_per_second: u64) -> Self {
        self.ceiling = bits_per_second;
        self
    }

    pub(super) fn bounds(&self) -> Bounds {
        let floor = self.floor.max(1);
        Bounds { floor: floor as f64, ceiling: self.ceiling.max(floor) as f64 }
    }

    pub(super) fn first_estimate(&self) -> f64 {
        self.bounds().hold(self.start as f64)
    }
}

impl Default for BandwidthConfig {
    fn default() -> Self {
        Self {
            floor: Self::DEFAULT_FLOOR,
            start: Self::DEFAULT_START,
            ceiling: Self::DEFAULT_CEILING,
        }
    }
}

/// The bounds of every rate computed here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    floor: f64,
    ceiling: f64,
}

impl Bounds {
    /// `rate` brought within the bounds.
    pub(super) fn hold(self, rate: f64) -> f64 {
        // Not `clamp`, which would let a NaN through.
        rate.max(self.floor).min(self.ceiling)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_lies_between_floor_and_ceiling() {
        let config = BandwidthConfig::default().floor(100).ceiling(200);
        assert_eq!(config.start(50).first_estimate(), 100.0);
        assert_eq!(config.start(500).first_estimate(), 200.0);
        assert_eq!(config.floor(0).ceiling(0).first_estimate(), 1.0);
    }

    #[test]
    fn what_is_no_number_becomes_the_floor() {
        let bounds = BandwidthConfig::default().bounds();
        assert_eq!(bounds.hold(f64::NAN), 30_000.0);
        assert_eq!(bounds.hold(f64::INFINITY), 20_000_000.0);
    }
}
