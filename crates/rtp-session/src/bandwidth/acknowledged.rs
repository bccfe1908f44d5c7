/// The window of one measurement in µs, and of the first one.
const WINDOW_MICROS: i64 = 150_000;
const FIRST_WINDOW_MICROS: i64 = 500_000;

/// How much the rate may change by itself between two windows: variance in (kbit/s)².
const DRIFT: f64 = 5.0;
const FIRST_VARIANCE: f64 = 50.0;

/// How little a window is believed that differs from the rest.
const DOUBT: f64 = 10.0;

/// What arrives, in bit/s: windows of arrivals, joined by how much each is believed.
#[derive(Debug, Default)]
pub(super) struct Acknowledged {
    last_arrived: Option<i64>,
    /// µs and bytes of the window that is open.
    elapsed: i64,
    bytes: u64,
    /// The rate in kbit/s and its variance.
    estimate: Option<(f64, f64)>,
}

impl Acknowledged {
    /// The rate, once the first window is full.
    pub(super) fn bits_per_second(&self) -> Option<f64> {
        self.estimate.map(|(kilobits, _)| kilobits * 1_000.0)
    }

    /// A packet arrived at `arrived` µs of the receiver's clock.
    pub(super) fn packet(&mut self, arrived: i64, bytes: u16) {
        if let Some(sample) = self.sample(arrived) {
            self.join(sample);
        }
        self.bytes += u64::from(bytes);
    }

    /// kbit/s of the window that this arrival closes.
    fn sample(&mut self, arrived: i64) -> Option<f64> {
        let window = if self.estimate.is_some() { WINDOW_MICROS } else { FIRST_WINDOW_MICROS };
        let since = self.last_arrived.map_or(0, |last| arrived.saturating_sub(last));
        if since < 0 {
            // Reordered: it counts, the time does not go back.
            return None;
        }
        self.last_arrived = Some(arrived);
        self.elapsed = self.elapsed.saturating_add(since);
        if since > window {
            // Nothing was sent, or the path was down: no measure of either.
            (self.bytes, self.elapsed) = (0, 0);
        }
        if self.elapsed < window {
            return None;
        }
        let sample = self.bytes as f64 * 8_000.0 / window as f64;
        (self.bytes, self.elapsed) = (0, self.elapsed - window);
        Some(sample)
    }

    fn join(&mut self, sample: f64) {
        let Some((rate, variance)) = self.estimate else {
            self.estimate = Some((sample, FIRST_VARIANCE));
            return;
        };
        let doubt = (DOUBT * (rate - sample).abs() / rate.max(1.0)).powi(2);
        let variance = variance + DRIFT;
        let joined = (doubt * rate + variance * sample) / (doubt + variance);
        self.estimate = Some((joined.max(0.0), doubt * variance / (doubt + variance)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(acknowledged: &mut Acknowledged, at: &mut i64, millis: i64, bytes: u16) -> f64 {
        for _ in 0..millis / 10 {
            *at += 10_000;
            acknowledged.packet(*at, bytes);
        }
        acknowledged.bits_per_second().unwrap_or(0.0)
    }

    #[test]
    fn the_rate_of_a_steady_flow_is_met_and_a_change_followed() {
        let (mut acknowledged, mut at) = (Acknowledged::default(), 0);
        assert_eq!(flow(&mut acknowledged, &mut at, 490, 1_000), 0.0);
        let rate = flow(&mut acknowledged, &mut at, 2_000, 1_000);
        assert!((790_000.0..810_000.0).contains(&rate), "{rate}");
        let rate = flow(&mut acknowledged, &mut at, 1_500, 250);
        assert!((190_000.0..300_000.0).contains(&rate), "{rate}");
    }

    #[test]
    fn a_pause_is_no_rate() {
        let (mut acknowledged, mut at) = (Acknowledged::default(), 0);
        let before = flow(&mut acknowledged, &mut at, 2_000, 1_000);
        at += 10_000_000;
        let after = flow(&mut acknowledged, &mut at, 100, 1_000);
        assert_eq!(before, after);
    }

    #[test]
    fn forged_times_change_nothing_but_the_rate() {
        let mut acknowledged = Acknowledged::default();
        for at in [i64::MAX, i64::MIN, 0, i64::MAX, -1, 5].into_iter().cycle().take(1_000) {
            acknowledged.packet(at, u16::MAX);
        }
        assert!(acknowledged.bits_per_second().is_none_or(f64::is_finite));
    }
}
