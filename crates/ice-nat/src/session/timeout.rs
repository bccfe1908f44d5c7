//! When checking without a result has taken long enough to say so.

use zentalk_primitives::Instant;

use super::{Session, Shared};
use crate::Event;
use crate::limits::{ICE_TIMEOUT, ICE_TIMEOUT_AT_MOST};

impl Session {
    /// [`ICE_TIMEOUT`] of checking, and as long after the last relay of ours came: until then the fallback has not had its chance.
    /// [`ICE_TIMEOUT_AT_MOST`] in all.
    pub(super) fn ice_timeout(&self, shared: &Shared) -> Option<Instant> {
        let waiting = !self.timed_out && self.nominated.is_none();
        let since = self.checking_since.filter(|_| waiting)?;
        let at_most = since + ICE_TIMEOUT_AT_MOST;
        if shared.expects_relays {
            return Some(at_most);
        }
        let last = self.relay_at.map_or(since, |at| at.max(since));
        Some(at_most.min(last + ICE_TIMEOUT))
    }

    /// Says once that there is no pair.
    pub(crate) fn time_out(&mut self, shared: &mut Shared) {
        if !core::mem::replace(&mut self.timed_out, true) {
            shared.out.event(Event::TimedOut);
        }
    }
}
