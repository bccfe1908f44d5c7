use core::time::Duration;

use zentalk_primitives::Instant;

use super::limits::{
    MAX_KEYFRAME_REQUESTS, MAX_LAYERS, MIN_KEYFRAME_INTERVAL, MIN_KEYFRAME_REQUEST_INTERVAL,
};

/// When to ask the sender of a track for keyframes: wishes of all receivers for one layer become one request, repeated until
/// the keyframe comes, and no receiver can cause more than one keyframe per [`MIN_KEYFRAME_INTERVAL`].
#[derive(Clone, Debug, Default)]
pub struct KeyframeGate {
    layers: [Gate; MAX_LAYERS],
}

#[derive(Clone, Debug, Default)]
struct Gate {
    wanted: bool,
    /// Requests since anything of the layer came.
    unheard: u8,
    asked_at: Option<Instant>,
    received_at: Option<Instant>,
}

impl KeyframeGate {
    /// A gate through which nothing has passed.
    pub fn new() -> Self {
        Self::default()
    }

    /// An outlet waits for a keyframe to switch to this layer.
    pub fn want(&mut self, layer: u8) {
        if let Some(gate) = self.layers.get_mut(usize::from(layer)) {
            gate.wanted = true;
        }
    }

    /// Packets of this layer come: whoever sends it is there, and is asked without delay.
    #[inline]
    pub fn heard(&mut self, layer: u8) {
        if let Some(gate) = self.layers.get_mut(usize::from(layer)) {
            gate.unheard = 0;
        }
    }

    /// A receiver asks for a keyframe of the layer that it gets (PLI or FIR). Not heeded within its round trip after the last
    /// keyframe, which it cannot have seen when it asked.
    pub fn request(&mut self, now: Instant, layer: u8, round_trip: Duration) {
        let received = self.layers.get(usize::from(layer)).and_then(|gate| gate.received_at);
        if received.is_none_or(|at| now.saturating_since(at) >= round_trip) {
            self.want(layer);
        }
    }

    /// A keyframe of this layer begins to come.
    pub fn received(&mut self, now: Instant, layer: u8) {
        if let Some(gate) = self.layers.get_mut(usize::from(layer)) {
            (gate.wanted, gate.unheard) = (false, 0);
            gate.received_at = Some(now);
        }
    }

    /// When to ask the sender, if something is wanted; `round_trip` is that to the sender.
    pub fn next_due(&self, round_trip: Duration) -> Option<Instant> {
        self.layers.iter().filter_map(|gate| gate.next_due(round_trip)).min()
    }

    /// A layer for which the sender is to be asked now; it counts as asked. To be called until `None`.
    pub fn take_due(&mut self, now: Instant, round_trip: Duration) -> Option<u8> {
        let due = |gate: &Gate| gate.next_due(round_trip).is_some_and(|due| due <= now);
        let layer = self.layers.iter().position(due)?;
        self.layers.get_mut(layer)?.asked(now);
        u8::try_from(layer).ok()
    }
}

impl Gate {
    fn next_due(&self, round_trip: Duration) -> Option<Instant> {
        let again = round_trip.max(MIN_KEYFRAME_REQUEST_INTERVAL);
        // A camera that is off does not hear better for being asked more often.
        let doublings = u32::from(self.unheard.saturating_sub(1)).min(MAX_DOUBLINGS);
        let asked = self.asked_at.map(|at| at + again * (1 << doublings));
        let received = self.received_at.map(|at| at + MIN_KEYFRAME_INTERVAL);
        self.wanted.then(|| asked.max(received).unwrap_or(Instant::ZERO))
    }

    fn asked(&mut self, now: Instant) {
        self.asked_at = Some(now);
        self.unheard = self.unheard.saturating_add(1);
        // It may be off: whoever still waits says so again.
        self.wanted = self.unheard < MAX_KEYFRAME_REQUESTS;
    }
}

/// What does not come is asked for at a sixteenth of the rate in the end: every four seconds, where the round trip is short.
const MAX_DOUBLINGS: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    const ROUND_TRIP: Duration = Duration::from_millis(400);

    fn asked(gate: &mut KeyframeGate, now: u64) -> Vec<u8> {
        let take = || gate.take_due(Instant::from_millis(now), ROUND_TRIP);
        core::iter::from_fn(take).collect()
    }

    #[test]
    fn wishes_of_many_become_one_request_until_the_keyframe_comes() {
        let mut gate = KeyframeGate::default();
        let mut times = vec![];
        for ms in 0..1_500 {
            if (10..1_000).contains(&ms) {
                (0..5).for_each(|_| gate.want(1));
            }
            gate.heard(1);
            if ms == 900 {
                gate.received(Instant::from_millis(ms), 1);
                break;
            }
            times.extend(asked(&mut gate, ms).iter().map(|layer| (ms, *layer)));
        }
        assert_eq!(times, [(10, 1), (410, 1), (810, 1)]);
    }

    #[test]
    fn a_flood_of_requests_causes_one_keyframe_per_interval() {
        let mut gate = KeyframeGate::default();
        let mut keyframes = vec![];
        for ms in 0..4_500 {
            let now = Instant::from_millis(ms);
            (0..100).for_each(|_| gate.request(now, 0, Duration::from_millis(20)));
            if !asked(&mut gate, ms).is_empty() {
                gate.received(now, 0);
                keyframes.push(ms);
            }
        }
        assert_eq!(keyframes, [0, 1_000, 2_000, 3_000, 4_000]);
    }

    #[test]
    fn what_was_asked_before_the_last_keyframe_arrived_is_not_heeded() {
        let mut gate = KeyframeGate::default();
        gate.received(Instant::from_millis(2_000), 2);
        gate.request(Instant::from_millis(2_399), 2, ROUND_TRIP);
        assert_eq!(gate.next_due(ROUND_TRIP), None);
        gate.request(Instant::from_millis(2_400), 2, ROUND_TRIP);
        assert_eq!(gate.next_due(ROUND_TRIP), Some(Instant::from_millis(3_000)));
    }

    #[test]
    fn a_layer_that_is_off_is_not_asked_for_ever() {
        let mut gate = KeyframeGate::default();
        gate.want(0);
        gate.want(9);
        let count: usize = (0..120_000).map(|ms| asked(&mut gate, ms).len()).sum();
        assert_eq!(count, usize::from(MAX_KEYFRAME_REQUESTS));
        assert_eq!(gate.next_due(ROUND_TRIP), None);
    }

    #[test]
    fn a_layer_that_is_off_is_asked_ever_less_often_and_at_once_when_it_comes() {
        let mut gate = KeyframeGate::default();
        let mut times = vec![];
        for ms in 0..30_000 {
            gate.want(0);
            times.extend(asked(&mut gate, ms).iter().map(|_| ms));
        }
        assert_eq!(times, [0, 400, 1_200, 2_800, 6_000, 12_400, 18_800, 25_200]);
        gate.heard(0);
        assert_eq!(asked(&mut gate, 30_000), [0]);
    }
}
