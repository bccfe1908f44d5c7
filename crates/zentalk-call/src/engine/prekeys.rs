//! One's own prekeys: made anew when they age or run low, published when the relay has not got them.
//!
//! Only then: a publication replaces the one before, and a one-time prekey that was given out already
//! would be given out again. Of two who use one, the second is never understood.

use core::time::Duration;

use zentalk_primitives::Instant;

use super::Engine;
use super::io::Output;

/// How often to look whether prekeys are due. They are replaced a day before they expire.
pub(super) const MAINTENANCE_INTERVAL: Duration = Duration::from_secs(60 * 60);
/// The least time between two publications of the same prekeys.
const RETRY_INTERVAL: Duration = Duration::from_secs(60);

impl Engine {
    pub(super) fn handle_own_prekeys(&mut self, published: bool) {
        if published {
            self.set_published(true);
        } else {
            let earliest = self.published_at.map_or(self.now, |last| last + RETRY_INTERVAL);
            self.publish_at = Some(earliest.max(self.now));
            self.maintain_prekeys();
        }
    }

    /// Does what is due.
    pub(super) fn maintain_prekeys(&mut self) {
        let unix_now = self.unix_now();
        if unix_now >= self.maintain_at {
            self.maintain_at = unix_now + MAINTENANCE_INTERVAL;
            if self.postbox.maintain(unix_now, &mut self.rng) {
                self.commit();
                self.publish_prekeys();
            }
        }
        if self.publish_at.is_some_and(|at| at <= self.now) {
            self.publish_prekeys();
        }
    }

    /// When [`Engine::maintain_prekeys`] has something to do again.
    pub(super) fn next_maintenance(&self) -> Instant {
        let maintain_at = self.now + self.maintain_at.saturating_since(self.unix_now());
        self.publish_at.map_or(maintain_at, |at| at.min(maintain_at))
    }

    pub(super) fn publish_prekeys(&mut self) {
        self.set_published(false);
        (self.published_at, self.publish_at) = (Some(self.now), None);
        let published = self.postbox.publishable();
        self.outputs.push_back(Output::PublishPrekeys {
            bundle: published.bundle,
            one_time: published.one_time,
        });
    }

    fn set_published(&mut self, published: bool) {
        if self.account.published != published {
            self.account.published = published;
            self.commit();
        }
    }
}
