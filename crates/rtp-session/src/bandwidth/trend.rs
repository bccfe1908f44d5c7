/// What the gaps say about the queue on the path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Usage {
    /// It neither fills nor empties.
    #[default]
    Normal,
    /// It fills: more is sent than the path carries.
    Over,
    /// It empties: let it.
    Under,
}

/// Gaps that the slope is taken over.
const WINDOW: usize = 20;

/// How slowly the sum of delay variations is smoothed.
const SMOOTHING: f64 = 0.9;

/// The slope is weighted with as many gaps as it has seen, up to this.
const MAX_GAPS: u32 = 60;
const GAIN: f64 = 4.0;

/// The threshold in ms at the start, and its bounds (draft-ietf-rmcat-gcc-02 §5.4).
const FIRST_THRESHOLD: f64 = 12.5;
const THRESHOLDS: (f64, f64) = (6.0, 600.0);

/// How fast the threshold follows a trend above and below it, per ms.
const UP: f64 = 0.008_7;
const DOWN: f64 = 0.039;

/// A trend this far above the threshold is a spike and does not move it.
const MAX_ADAPTED: f64 = 15.0;

/// The longest time between gaps that moves the threshold, in ms.
const MAX_STEP: f64 = 100.0;

/// How long the trend must stay above the threshold, in ms.
const OVERUSE_MILLIS: f64 = 10.0;

/// Tells a queue that fills from noise: the slope of the accumulated delay variation, against a threshold
/// that adapts so that flows with a shorter view of the queue do not starve this one
/// (draft-ietf-rmcat-gcc-02 §5.3, §5.4). The slope is a least-squares line, as in the implementation that
/// the draft describes, in place of its Kalman filter.
#[derive(Debug)]
pub(super) struct Trend {
    points: [(f64, f64); WINDOW],
    gaps: u32,
    /// When the first gap ended, so that times stay small.
    origin: Option<i64>,
    accumulated: f64,
    smoothed: f64,
    last: f64,
    threshold: f64,
    adapted_at: Option<f64>,
    /// How long and how often in a row the trend has been above the threshold.
    above: Option<(f64, u32)>,
    usage: Usage,
}

impl Trend {
    pub(super) fn new() -> Self {
        Self {
            points: [(0.0, 0.0); WINDOW],
            gaps: 0,
            origin: None,
            accumulated: 0.0,
            smoothed: 0.0,
            last: 0.0,
            threshold: FIRST_THRESHOLD,
            adapted_at: None,
            above: None,
            usage: Usage::Normal,
        }
    }

    pub(super) fn usage(&self) -> Usage {
        self.usage
    }

    /// Takes one gap: how much apart two groups left and arrived, in ms, and when, in µs.
    pub(super) fn gap(&mut self, sent: f64, arrived: f64, at: i64) {
        let origin = *self.origin.get_or_insert(at);
        let at = at.saturating_sub(origin) as f64 / 1_000.0;
        self.accumulated += arrived - sent;
        self.smoothed = SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * self.accumulated;
        if let Some(point) = self.points.get_mut(self.gaps as usize % WINDOW) {
            *point = (at, self.smoothed);
        }
        self.gaps = self.gaps.saturating_add(1);
        // Until the line has all its points, the queue counts as quiet.
        let slope = if self.gaps as usize >= WINDOW { self.slope() } else { 0.0 };
        self.judge(slope, sent, at);
    }

    /// The slope of the least-squares line: ms of delay per ms.
    fn slope(&self) -> f64 {
        let n = WINDOW as f64;
        let (sum_x, sum_y) = self.points.iter().fold((0.0, 0.0), |(x, y), p| (x + p.0, y + p.1));
        let (mean_x, mean_y) = (sum_x / n, sum_y / n);
        let (above, below) = self.points.iter().fold((0.0, 0.0), |(above, below), (x, y)| {
            (above + (x - mean_x) * (y - mean_y), below + (x - mean_x).powi(2))
        });
        if below > 0.0 { above / below } else { 0.0 }
    }

    fn judge(&mut self, slope: f64, sent: f64, at: f64) {
        let trend = f64::from(self.gaps.min(MAX_GAPS)) * slope * GAIN;
        if trend > self.threshold {
            let (time, count) = self.above.map_or((sent / 2.0, 1), |(t, n)| (t + sent, n + 1));
            self.above = Some((time, count));
            if time > OVERUSE_MILLIS && count > 1 && slope >= self.last {
                self.above = Some((0.0, 0));
                self.usage = Usage::Over;
            }
        } else {
            self.above = None;
            self.usage = if trend < -self.threshold { Usage::Under } else { Usage::Normal };
        }
        self.last = slope;
        self.adapt(trend, at);
    }

    fn adapt(&mut self, trend: f64, at: f64) {
        let step = self.adapted_at.map_or(0.0, |last| (at - last).clamp(0.0, MAX_STEP));
        self.adapted_at = Some(at);
        if trend.abs() > self.threshold + MAX_ADAPTED {
            return;
        }
        let speed = if trend.abs() < self.threshold { DOWN } else { UP };
        self.threshold += speed * (trend.abs() - self.threshold) * step;
        self.threshold = self.threshold.max(THRESHOLDS.0).min(THRESHOLDS.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Groups every 20 ms, each `more` ms later than the one before.
    fn flow(trend: &mut Trend, at: &mut i64, gaps: usize, more: f64) -> Usage {
        for _ in 0..gaps {
            *at += 20_000 + (more * 1_000.0) as i64;
            trend.gap(20.0, 20.0 + more, *at);
        }
        trend.usage()
    }

    /// draft-ietf-rmcat-gcc-02 §5.4.
    #[test]
    fn a_queue_that_fills_is_over_use_and_one_that_empties_is_under_use() {
        let (mut trend, mut at) = (Trend::new(), 0);
        assert_eq!(flow(&mut trend, &mut at, 50, 0.0), Usage::Normal);
        assert_eq!(flow(&mut trend, &mut at, 20, 4.0), Usage::Over);
        assert_eq!(flow(&mut trend, &mut at, 40, 0.0), Usage::Normal);
        assert_eq!(flow(&mut trend, &mut at, 20, -4.0), Usage::Under);
    }

    #[test]
    fn noise_around_an_even_flow_is_no_over_use() {
        let (mut trend, mut at) = (Trend::new(), 0);
        for round in 0..500 {
            let noise = [3.0, -3.0, 5.0, -6.0, 1.0][round % 5];
            assert_ne!(flow(&mut trend, &mut at, 1, noise), Usage::Over, "gap {round}");
        }
    }

    #[test]
    fn times_that_make_no_sense_stay_numbers() {
        let mut trend = Trend::new();
        for round in 0..200 {
            let at = if round % 2 == 0 { i64::MAX } else { i64::MIN };
            trend.gap(1e12, if round % 3 == 0 { 1e18 } else { 0.0 }, at);
            assert!(trend.threshold >= THRESHOLDS.0 && trend.threshold <= THRESHOLDS.1);
        }
    }
}
