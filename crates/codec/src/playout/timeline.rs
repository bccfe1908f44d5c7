use super::PlayoutConfig;
use super::headroom::Headroom;

/// Which packet is next and when each is due. Media time is counted in ticks of the RTP clock since the
/// first packet and never wraps; real time is in microseconds.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    clock_rate: i64,
    /// RTP timestamp of tick 0.
    origin: u32,
    /// When tick 0 is due.
    offset: i64,
    /// Sequence number and tick of what is played next.
    pub(super) next_sequence: u64,
    pub(super) next_tick: i64,
    /// Ticks from one packet to the next, as last seen.
    pub(super) step: i64,
    /// Whether something has been played.
    pub(super) started: bool,
    /// One packet more than needed is waiting: the delay was made shorter.
    pub(super) surplus: bool,
    headroom: Headroom,
    initial_delay: i64,
    max_delay: i64,
}

/// Packets of 20 ms, until it is seen otherwise.
const STEPS_PER_SECOND: i64 = 50;

/// Packets of 2.5 to 120 ms are believed.
const LONGEST_STEP: i64 = 6;

impl Timeline {
    /// A timeline on which the packet that has just come is due after the initial delay.
    pub(super) fn new(config: &PlayoutConfig, now: i64, sequence: u64, timestamp: u32) -> Self {
        let micros = |delay: core::time::Duration| i64::try_from(delay.as_micros()).unwrap_or(0);
        let (initial_delay, max_delay) = (micros(config.initial_delay), micros(config.max_delay));
        let clock_rate = i64::from(config.clock_rate);
        let mut headroom = Headroom::new(now);
        headroom.note(now, initial_delay);
        Self {
            clock_rate,
            origin: timestamp,
            offset: now.saturating_add(initial_delay),
            next_sequence: sequence,
            next_tick: 0,
            step: clock_rate / STEPS_PER_SECOND,
            started: false,
            surplus: false,
            headroom,
            initial_delay,
            max_delay,
        }
    }

    /// The tick that `timestamp` stands for: of all that it may, the nearest to what is played next.
    pub(super) fn tick(&self, timestamp: u32) -> i64 {
        let distance = timestamp.wrapping_sub(self.timestamp(self.next_tick)).cast_signed();
        self.next_tick.saturating_add(i64::from(distance))
    }

    /// The RTP timestamp of a tick.
    pub(super) fn timestamp(&self, tick: i64) -> u32 {
        // RTP timestamps count modulo 2^32.
        self.origin.wrapping_add(tick as u32)
    }

    /// Ticks in microseconds.
    pub(super) fn micros(&self, ticks: i64) -> i64 {
        ticks.saturating_mul(1_000_000) / self.clock_rate
    }

    /// When a tick is due.
    pub(super) fn due(&self, tick: i64) -> i64 {
        self.offset.saturating_add(self.micros(tick))
    }

    /// Learns the length of a packet from its distance to the one before.
    pub(super) fn learn_step(&mut self, ticks: i64) {
        let shortest = self.clock_rate / 400;
        if (shortest..=LONGEST_STEP * self.clock_rate / STEPS_PER_SECOND).contains(&ticks) {
            self.step = ticks;
        }
    }

    /// Learns from a packet of this tick when it came: too late makes the delay longer, much too early
    /// makes it shorter, at once if it is beyond the bound, else step by step.
    pub(super) fn note_arrival(&mut self, now: i64, tick: i64) {
        let headroom = self.due(tick).saturating_sub(now);
        if headroom < 0 {
            self.delay_by_at_most(-headroom);
        } else if headroom > self.max_delay {
            self.shift(self.max_delay - headroom);
        }
        let headroom = self.due(tick).saturating_sub(now);
        let judge = self.headroom.note(now, headroom);
        let step = self.micros(self.step);
        let unneeded = self.headroom.least().is_some_and(|least| least > self.initial_delay + step);
        if judge && unneeded && !self.surplus {
            self.shift(-step);
            self.surplus = true;
        }
    }

    /// Makes the delay longer, as far as its bound allows: the packet that waits longest must not wait
    /// longer than that.
    fn delay_by_at_most(&mut self, lateness: i64) {
        let longest = self.headroom.most().unwrap_or(0).max(0);
        self.shift(lateness.min(self.max_delay - longest).max(0));
    }

    fn shift(&mut self, by: i64) {
        self.offset = self.offset.saturating_add(by);
        self.headroom.shift(by);
    }

    /// How long the packet that has the best of it waits, in microseconds.
    pub(super) fn delay(&self) -> i64 {
        self.headroom.most().unwrap_or(self.initial_delay)
    }
}
