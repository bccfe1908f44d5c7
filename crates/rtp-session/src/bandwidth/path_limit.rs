/// How slowly the limit follows what it was last met at.
const LIMIT_GAIN: f64 = 0.05;

/// The variance of the limit, relative to it, in kbit/s; its first value and bounds.
const FIRST_DEVIATION: f64 = 0.4;
const DEVIATIONS: (f64, f64) = (0.4, 2.5);

/// What arrived when the queue last filled: the path's limit, with its deviation
/// (draft-ietf-rmcat-gcc-02 §5.5).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PathLimit {
    /// kbit/s, and the relative variance.
    met: Option<(f64, f64)>,
}

impl PathLimit {
    pub(super) fn is_known(&self) -> bool {
        self.met.is_some()
    }

    /// bit/s.
    pub(super) fn rate(&self) -> Option<f64> {
        self.met.map(|(kilobits, _)| kilobits * 1_000.0)
    }

    /// Whether the limit lies surely below `rate`.
    pub(super) fn is_below(&self, rate: f64) -> bool {
        self.met.is_some_and(|(limit, deviation)| rate / 1_000.0 > limit + spread(limit, deviation))
    }

    /// Whether the limit lies surely above `rate`.
    pub(super) fn is_above(&self, rate: f64) -> bool {
        self.met.is_some_and(|(limit, deviation)| rate / 1_000.0 < limit - spread(limit, deviation))
    }

    /// The queue filled while this much arrived, in bit/s.
    pub(super) fn met(&mut self, rate: f64) {
        let sample = rate / 1_000.0;
        let Some((limit, deviation)) = self.met else {
            self.met = Some((sample, FIRST_DEVIATION));
            return;
        };
        let limit = (1.0 - LIMIT_GAIN) * limit + LIMIT_GAIN * sample;
        let error = (limit - sample).powi(2) / limit.max(1.0);
        let deviation = (1.0 - LIMIT_GAIN) * deviation + LIMIT_GAIN * error;
        self.met = Some((limit, deviation.max(DEVIATIONS.0).min(DEVIATIONS.1)));
    }
}

/// Three standard deviations, in kbit/s.
fn spread(limit: f64, deviation: f64) -> f64 {
    3.0 * (limit * deviation).max(0.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_near_the_limit_are_neither_below_nor_above_it() {
        let mut limit = PathLimit::default();
        assert!(!limit.is_known() && !limit.is_above(1.0) && !limit.is_below(1e9));
        for rate in [1_000_000.0, 1_020_000.0, 980_000.0] {
            limit.met(rate);
        }
        assert!(limit.rate().is_some_and(|rate| (rate - 1_000_000.0).abs() < 5_000.0));
        assert!(!limit.is_above(960_000.0) && !limit.is_below(1_040_000.0));
        assert!(limit.is_above(800_000.0) && limit.is_below(1_200_000.0));
    }
}
