//! Which layer each slot of a receiver gets.

mod ladder;

use core::cmp::Reverse;
use core::time::Duration;

use zentalk_primitives::Instant;

use self::ladder::Ladder;
use super::limits::{
    FIRST_RAISE_HOLD, MAX_LAYERS, MAX_RAISE_HOLD, MAX_TEMPORAL_LAYERS, RAISE_PROBATION,
};

/// What a slot gets of its track. Ordered by what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LayerChoice {
    /// The simulcast layer, 0 the smallest.
    pub spatial: u8,
    /// The highest temporal layer; [`LayerChoice::ALL_TEMPORAL`] for all.
    pub temporal: u8,
}

impl LayerChoice {
    /// All temporal layers.
    pub const ALL_TEMPORAL: u8 = MAX_TEMPORAL_LAYERS as u8 - 1;

    /// A simulcast layer with all its temporal layers.
    pub const fn whole(spatial: u8) -> Self {
        Self { spatial, temporal: Self::ALL_TEMPORAL }
    }
}

/// What a receiver wishes for one video slot, and what that costs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Demand {
    /// The highest simulcast layer that is of use; `None` where nothing is to be shown.
    pub max_layer: Option<u8>,
    /// The larger, the sooner it is served: what is seen large comes before what is seen small.
    pub priority: u8,
    /// What comes of the track, in bits per second, as [`Track::rates`](super::Track::rates) says it.
    pub rates: [[u64; MAX_TEMPORAL_LAYERS]; MAX_LAYERS],
}

/// Shares what a receiver's path carries among its slots.
///
/// Sound comes first: video gets what it leaves. Each slot climbs a ladder of layers, in turns, those of larger priority first
/// in each turn, as long as the next step fits. Steps down are taken at once. A step up needs [`RESERVE`] of the path to
/// spare, and that for some time; the time doubles if the last step up had to be taken back soon, so that layers do not flap.
#[derive(Clone, Debug, Default)]
pub struct Allocation {
    slots: Vec<Slot>,
    /// Places of the slots, those of larger priority first.
    order: Vec<usize>,
    wanted: Option<u64>,
}

/// What a slot got, and when it may get more.
#[derive(Clone, Copy, Debug)]
struct Slot {
    ladder: Ladder,
    choice: Option<LayerChoice>,
    /// Steps of the ladder that the choice stands for, and those granted now.
    held: usize,
    granted: usize,
    raisable_since: Option<Instant>,
    raised_at: Option<Instant>,
    hold: Duration,
}

/// The part of the path, one in so many, that stays free when a slot gets more.
pub const RESERVE: u64 = 8;

impl Allocation {
    /// Nothing is shared yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decides anew: into `choices` goes what each slot gets, `None` where it gets nothing. `estimate` is what the path
    /// carries and `audio` what sound takes of it, both in bits per second; `demands` names the same slots each time.
    pub fn decide(
        &mut self,
        now: Instant,
        estimate: u64,
        audio: u64,
        demands: &[Demand],
        choices: &mut [Option<LayerChoice>],
    ) {
        self.slots.resize(demands.len(), Slot::NEW);
        for (slot, demand) in self.slots.iter_mut().zip(demands) {
            slot.demand(demand);
        }
        self.order.clear();
        self.order.extend(0..demands.len());
        // Places break ties, so that the order is the same each time; sorting in place allocates nothing.
        self.order.sort_unstable_by_key(|&at| {
            (Reverse(demands.get(at).map(|demand| demand.priority)), at)
        });
        let budget = estimate.saturating_sub(audio);
        self.share(budget, |_| usize::MAX);
        for slot in &mut self.slots {
            slot.note_raisable(now);
        }
        self.share(budget, |slot| if slot.may_raise(now) { usize::MAX } else { slot.held });
        self.wanted = self.next_step(budget).map(|bits| bits.saturating_add(audio));
        for (slot, choice) in self.slots.iter_mut().zip(choices) {
            *choice = slot.settle(now);
        }
    }

    /// What the path would have to carry, in bits per second, for the next step up; `None` if every wish is met.
    pub fn wanted(&self) -> Option<u64> {
        self.wanted
    }

    /// Grants steps in turns, to each slot at most what `ceiling` says.
    fn share(&mut self, budget: u64, ceiling: impl Fn(&Slot) -> usize) {
        self.slots.iter_mut().for_each(|slot| slot.granted = 0);
        let mut left = budget;
        for step in 1..=Ladder::MAX_STEPS {
            for at in &self.order {
                let slot = self.slots.get_mut(*at).filter(|slot| slot.granted + 1 == step);
                let Some(slot) = slot.filter(|slot| step <= ceiling(slot)) else { continue };
                let Some(cost) = slot.ladder.cost(step) else { continue };
                let reserve = if step > slot.held { budget / RESERVE } else { 0 };
                if cost.saturating_add(reserve) <= left {
                    slot.granted = step;
                    left -= cost;
                }
            }
        }
    }

    /// The budget with which the cheapest step that was not granted would be.
    fn next_step(&self, budget: u64) -> Option<u64> {
        let spent: u64 = self.slots.iter().map(|slot| slot.ladder.bits(slot.granted)).sum();
        let steps = self.slots.iter().filter_map(|slot| slot.ladder.cost(slot.granted + 1));
        let needed = spent.saturating_add(steps.min()?);
        Some((needed.saturating_mul(RESERVE) / (RESERVE - 1)).max(budget))
    }
}

impl Slot {
    const NEW: Self = Self {
        ladder: Ladder::EMPTY,
        choice: None,
        held: 0,
        granted: 0,
        raisable_since: None,
        raised_at: None,
        hold: FIRST_RAISE_HOLD,
    };

    fn demand(&mut self, demand: &Demand) {
        self.ladder = Ladder::new(demand);
        self.held = self.choice.map_or(0, |choice| self.ladder.steps_to(choice));
    }

    /// Notes since when more has been to be had.
    fn note_raisable(&mut self, now: Instant) {
        let raisable = self.granted > self.held;
        self.raisable_since = raisable.then(|| self.raisable_since.unwrap_or(now));
    }

    /// What shows nothing need not wait.
    fn may_raise(&self, now: Instant) -> bool {
        let waited = |since| now.saturating_since(since) >= self.hold;
        self.choice.is_none() || self.raisable_since.is_some_and(waited)
    }

    /// Takes what was granted.
    fn settle(&mut self, now: Instant) -> Option<LayerChoice> {
        let since_raised = self.raised_at.map(|at| now.saturating_since(at));
        if self.granted > self.held {
            (self.raised_at, self.raisable_since) = (Some(now), None);
        } else if self.granted < self.held && since_raised.is_some_and(|it| it < RAISE_PROBATION) {
            self.hold = (self.hold * 2).min(MAX_RAISE_HOLD);
            self.raised_at = None;
        } else if since_raised.is_some_and(|it| it >= RAISE_PROBATION) {
            self.hold = FIRST_RAISE_HOLD;
        }
        self.choice = self.ladder.choice(self.granted);
        self.choice
    }
}

#[cfg(test)]
mod tests;
