use core::time::Duration;

use zentalk_primitives::Instant;

use super::limits::MAX_TEMPORAL_LAYERS;

/// What comes of a layer, measured over intervals, so that asking costs nothing: every receiver asks for every track many times
/// a second.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// The beginning of the interval that is being counted.
    since: Option<Instant>,
    bytes: [u64; MAX_TEMPORAL_LAYERS],
    /// Bits per second of the last whole interval, for each temporal layer with those below it.
    rates: [u64; MAX_TEMPORAL_LAYERS],
}

/// The least length of an interval.
const INTERVAL: Duration = Duration::from_millis(500);

/// Nothing comes any more where an interval is older.
const SILENCE: Duration = Duration::from_millis(1_500);

impl Meter {
    /// Counts a packet.
    pub(super) fn add(&mut self, now: Instant, temporal: u8, bytes: usize) {
        let elapsed = self.since.map(|since| now.saturating_since(since));
        match elapsed {
            Some(elapsed) if elapsed < INTERVAL => {}
            Some(elapsed) if elapsed < SILENCE => self.close(now, elapsed),
            _ => self.begin(now),
        }
        if let Some(sum) = self.bytes.get_mut(usize::from(temporal)) {
            *sum += bytes as u64;
        }
    }

    /// Bits per second, for each temporal layer with those below it; 0 if nothing comes, or too little is known yet.
    pub(super) fn rates(&self, now: Instant) -> [u64; MAX_TEMPORAL_LAYERS] {
        let comes = self.since.is_some_and(|since| now.saturating_since(since) < SILENCE);
        if comes { self.rates } else { Default::default() }
    }

    /// It begins, or begins again after a pause. The interval that the pause cut short says too little about what comes now to take the place
    /// of what is known; but what it holds did come, or bursts with pauses behind them would cost nothing.
    fn begin(&mut self, now: Instant) {
        let known = self.rates;
        self.close(now, INTERVAL);
        for (rate, known) in self.rates.iter_mut().zip(known) {
            *rate = known.max(*rate);
        }
    }

    fn close(&mut self, now: Instant, elapsed: Duration) {
        let micros = elapsed.as_micros().max(1) as u64;
        let mut sum: u64 = 0;
        self.rates = self.bytes.map(|bytes| {
            sum += bytes;
            sum.saturating_mul(8_000_000) / micros
        });
        (self.since, self.bytes) = (Some(now), Default::default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    /// 100 bytes every 10 ms, in turn of the base layer and of temporal layer 2.
    fn steady(meter: &mut Meter, from: u64, to: u64) {
        for tick in from / 10..to / 10 {
            meter.add(at(tick * 10), if tick % 2 == 0 { 0 } else { 2 }, 100);
        }
    }

    #[test]
    fn a_steady_layer_shows_the_rates_of_its_temporal_layers() {
        let mut meter = Meter::default();
        steady(&mut meter, 0, 500);
        assert_eq!(meter.rates(at(490)), [0; 4], "too little is known");
        steady(&mut meter, 500, 2_000);
        assert_eq!(meter.rates(at(2_000)), [40_000, 40_000, 80_000, 80_000]);
    }

    #[test]
    fn a_layer_that_is_turned_off_fades_and_comes_back_as_it_is() {
        let mut meter = Meter::default();
        steady(&mut meter, 0, 2_000);
        assert_eq!(meter.rates(at(2_900))[3], 80_000);
        assert_eq!(meter.rates(at(3_600)), [0; 4]);
        steady(&mut meter, 60_000, 61_010);
        assert_eq!(meter.rates(at(61_010))[3], 80_000);
    }

    /// Bursts that end before they are measured, with pauses behind them.
    #[test]
    fn bursts_between_pauses_are_not_free() {
        let mut meter = Meter::default();
        for burst in 0..3 {
            steady(&mut meter, burst * 3_000, burst * 3_000 + 490);
        }
        assert_eq!(meter.rates(at(6_490)), [40_000, 40_000, 78_400, 78_400]);
        // What was known of a layer before it was turned off counts, as long as it is more.
        steady(&mut meter, 9_000, 10_200);
        meter.add(at(20_000), 0, 100);
        assert_eq!(meter.rates(at(20_000))[3], 80_000);
    }
}
