use super::clock::cpu_time;
use super::memory::allocations;

/// What one contestant took in each round.
#[derive(Default)]
pub(crate) struct Samples {
    nanoseconds: Vec<u64>,
    /// Of the last round.
    allocations: u64,
}

impl Samples {
    pub(crate) fn time(&mut self, work: impl FnOnce()) {
        let (before, start) = (allocations(), cpu_time());
        work();
        let (end, after) = (cpu_time(), allocations());
        self.nanoseconds.push(end - start);
        self.allocations = after - before;
    }

    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.nanoseconds.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).map_or(f64::NAN, |median| *median as f64)
    }

    pub(crate) fn allocations(&self) -> f64 {
        self.allocations as f64
    }
}

/// What reading the clock itself costs, in nanoseconds.
pub(crate) fn clock_cost() -> f64 {
    let mut samples = Samples::default();
    (0..1_000).for_each(|_| samples.time(|| {}));
    samples.median()
}
