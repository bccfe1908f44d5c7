//! Whether a server still answers.

use core::time::Duration;

use zentalk_primitives::Instant;

/// Watches what comes over a path while this side sends.
///
/// A server that forwards sends something many times a second: others' media, and feedback for ours. How long its silence is
/// borne follows from how often it was heard so far: a second where that was often, more where it was not.
#[derive(Debug)]
pub(super) struct Watch {
    heard: Instant,
    /// When this side first sent something after that.
    sent: Option<Instant>,
    /// A smoothed interval between what is heard.
    interval: Duration,
}

/// The least and the most silence that is borne.
const MIN_SILENCE: Duration = Duration::from_secs(1);
const MAX_SILENCE: Duration = Duration::from_secs(5);
/// Silence is a multiple of the interval.
const INTERVALS: u32 = 10;

impl Watch {
    pub(super) fn new(now: Instant) -> Self {
        Self { heard: now, sent: None, interval: MAX_SILENCE / INTERVALS }
    }

    /// An authentic packet came.
    pub(super) fn heard(&mut self, now: Instant) {
        let interval = now.saturating_since(self.heard).min(MAX_SILENCE);
        self.interval = (self.interval * 7 + interval) / 8;
        self.heard = now;
        self.sent = None;
    }

    /// This side sent media.
    pub(super) fn sent(&mut self, now: Instant) {
        self.sent.get_or_insert(now);
    }

    pub(super) fn last_heard(&self) -> Instant {
        self.heard
    }

    /// When the path counts as lost, unless something comes.
    pub(super) fn lost_at(&self) -> Option<Instant> {
        let limit = (self.interval * INTERVALS).clamp(MIN_SILENCE, MAX_SILENCE);
        self.sent.map(|sent| sent + limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(millis)
    }

    #[test]
    fn a_server_that_was_heard_often_is_given_a_second() {
        let mut watch = Watch::new(at(0));
        (1..100).for_each(|n| watch.heard(at(n * 20)));
        watch.sent(at(2_000));
        assert_eq!(watch.lost_at(), Some(at(3_000)));
    }

    #[test]
    fn a_server_that_was_heard_seldom_is_given_more() {
        let mut watch = Watch::new(at(0));
        (1..20).for_each(|n| watch.heard(at(n * 1_000)));
        watch.sent(at(19_000));
        assert_eq!(watch.lost_at(), Some(at(24_000)));
    }

    /// Whoever sends nothing cannot expect feedback.
    #[test]
    fn silence_counts_only_while_this_side_sends() {
        let mut watch = Watch::new(at(0));
        watch.heard(at(20));
        assert_eq!(watch.lost_at(), None);
        watch.sent(at(500));
        watch.sent(at(600));
        assert!(watch.lost_at().unwrap() >= at(1_500));
        watch.heard(at(700));
        assert_eq!(watch.lost_at(), None);
    }
}
