use core::time::Duration;

use zentalk_primitives::Instant;

use super::UNREACHABLE_AFTER;

/// When something is said again that may have got lost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    since: Instant,
    next: Instant,
    tries: u32,
    told: bool,
    limit: Duration,
}

impl Backoff {
    /// Due at once.
    pub(super) const fn new(now: Instant) -> Self {
        Self { since: now, next: now, tries: 0, told: false, limit: UNREACHABLE_AFTER }
    }

    /// Due a little later: what is missing may be on its way.
    pub(super) fn after(now: Instant, wait: Duration) -> Self {
        Self { next: now + wait, ..Self::new(now) }
    }

    /// Goes on for so much longer before it is too long.
    pub(super) fn bearing(self, longer: Duration) -> Self {
        Self { limit: self.limit + longer, ..self }
    }

    /// Since when it is due.
    pub(super) const fn started(&self) -> Instant {
        self.since
    }

    pub(super) const fn next(&self) -> Instant {
        self.next
    }

    pub(super) const fn tries(&self) -> u32 {
        self.tries
    }

    /// Whether it is due; then it is not again for a while.
    pub(super) fn due(&mut self, now: Instant) -> bool {
        if now < self.next {
            return false;
        }
        self.next = now + self.wait(now);
        self.tries += 1;
        true
    }

    /// Whether it has been going on for too long, once.
    pub(super) fn overdue(&mut self, now: Instant) -> bool {
        let first = !self.told && now - self.since >= self.limit;
        self.told |= first;
        first
    }

    fn wait(&self, now: Instant) -> Duration {
        if now - self.since >= self.limit {
            return Duration::from_secs(5);
        }
        Duration::from_millis(match self.tries {
            0 => 250,
            _ => 500,
        })
    }
}
