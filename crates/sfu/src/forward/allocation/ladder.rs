use super::{Demand, LayerChoice};
use crate::forward::limits::{MAX_LAYERS, MAX_TEMPORAL_LAYERS};

/// What a slot may get, in steps that cost more and more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ladder {
    steps: [(LayerChoice, u64); Self::MAX_STEPS],
    len: usize,
}

impl Ladder {
    /// All temporal layers of the smallest simulcast layer; of the others all, and all but the highest: a large picture
    /// that moves in jerks is worse than a small one that moves.
    pub(super) const MAX_STEPS: usize = MAX_TEMPORAL_LAYERS + 2 * (MAX_LAYERS - 1);

    pub(super) const EMPTY: Self =
        Self { steps: [(LayerChoice::whole(0), 0); Self::MAX_STEPS], len: 0 };

    /// The steps to what is wished, of the layers that come. Where nothing is known to come yet, the smallest one.
    pub(super) fn new(demand: &Demand) -> Self {
        let mut ladder = Self::EMPTY;
        let Some(max_layer) = demand.max_layer else { return ladder };
        for (spatial, rates) in (0..=max_layer).zip(&demand.rates) {
            ladder.add_layer(spatial, rates);
        }
        if ladder.len == 0 {
            ladder.push(LayerChoice::whole(0), 0);
        }
        ladder
    }

    /// Bits per second of the first `steps` steps.
    pub(super) fn bits(&self, steps: usize) -> u64 {
        self.last_of(steps).map_or(0, |(_, bits)| bits)
    }

    /// What step number `step`, counted from 1, takes beside the one before. `None` if there is none.
    pub(super) fn cost(&self, step: usize) -> Option<u64> {
        let below = self.bits(step.checked_sub(1)?);
        (step <= self.len).then(|| self.bits(step).saturating_sub(below))
    }

    /// What the first `steps` steps give.
    pub(super) fn choice(&self, steps: usize) -> Option<LayerChoice> {
        self.last_of(steps).map(|(choice, _)| choice)
    }

    /// How many steps it takes to `choice`, or to what is left of it.
    pub(super) fn steps_to(&self, choice: LayerChoice) -> usize {
        let steps = self.steps.iter().take(self.len);
        steps.take_while(|(step, _)| *step <= choice).count()
    }

    fn last_of(&self, steps: usize) -> Option<(LayerChoice, u64)> {
        self.steps.get(..steps.min(self.len))?.last().copied()
    }

    fn add_layer(&mut self, spatial: u8, rates: &[u64; MAX_TEMPORAL_LAYERS]) {
        let [.., all] = *rates;
        // The temporal layers that something comes of.
        let mut caps = [(0, 0); MAX_TEMPORAL_LAYERS];
        let mut count = 0_usize;
        for (temporal, &bits) in (0_u8..).zip(rates) {
            let below = count.checked_sub(1).and_then(|at| caps.get(at)).map_or(0, |cap| cap.1);
            if let Some(cap) = caps.get_mut(count).filter(|_| bits > below) {
                *cap = (temporal, bits);
                count += 1;
            }
        }
        let jerky = if self.len == 0 { count } else { count.min(2) };
        let caps = caps.get(count - jerky..count).unwrap_or_default();
        for &(temporal, bits) in caps {
            // A cap that leaves nothing out stays open for more.
            let temporal = if bits == all { LayerChoice::ALL_TEMPORAL } else { temporal };
            self.push(LayerChoice { spatial, temporal }, bits);
        }
    }

    /// Adds a step; one below it that costs as much is none.
    fn push(&mut self, choice: LayerChoice, bits: u64) {
        while self.len > 0 && self.bits(self.len) >= bits {
            self.len -= 1;
        }
        if let Some(step) = self.steps.get_mut(self.len) {
            *step = (choice, bits);
            self.len += 1;
        }
    }
}
