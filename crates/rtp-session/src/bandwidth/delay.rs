use super::arrival_groups::ArrivalGroups;
use super::history::Told;
use super::trend::{Trend, Usage};

/// A pause after which what was known of the queue is forgotten, in µs.
const MAX_PAUSE_MICROS: i64 = 2_000_000;

/// Watches the queue on the path by what arrives when (draft-ietf-rmcat-gcc-02 §5).
#[derive(Debug)]
pub(super) struct DelayWatch {
    groups: ArrivalGroups,
    trend: Trend,
}

impl DelayWatch {
    pub(super) fn new() -> Self {
        Self { groups: ArrivalGroups::default(), trend: Trend::new() }
    }

    pub(super) fn usage(&self) -> Usage {
        self.trend.usage()
    }

    /// Feedback told of a packet that arrived at `arrived` µs.
    pub(super) fn packet(&mut self, told: &Told, arrived: i64) {
        let Some(gap) = self.groups.packet(told.sent, arrived) else { return };
        if gap.sent > MAX_PAUSE_MICROS || gap.arrived > MAX_PAUSE_MICROS {
            *self = Self::new();
            return;
        }
        self.trend.gap(gap.sent as f64 / 1_000.0, gap.arrived as f64 / 1_000.0, gap.at);
    }
}
