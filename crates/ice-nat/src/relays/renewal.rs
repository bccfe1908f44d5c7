//! Grants come and go, and with them allocations; and the end of it all.

use core::time::Duration;

use tracing::debug;
use zentalk_primitives::Instant;

use super::grant::Grant;
use super::link::Link;
use super::{RelayServer, Relays, RelaysEvent};
use crate::limits::MAX_RELAY_SERVERS;
use crate::turn::TurnCredentials;

impl Relays {
    pub(super) fn take_grant(
        &mut self,
        now: Instant,
        servers: Vec<RelayServer>,
        credentials: TurnCredentials,
        expires: Instant,
    ) {
        debug!(servers = servers.len(), "TURN servers");
        self.grants += 1;
        let servers = servers.into_iter().take(MAX_RELAY_SERVERS);
        self.grant = Some(Grant::new(now, self.grants, servers, credentials, expires));
        self.settled = false;
        self.settles_at = now + super::search::SETTLES_AFTER;
        // What serves goes on; what is under way would only serve for a moment.
        self.leave_where(now, Link::is_climbing);
        self.ladders.retain(|ladder| ladder.best.is_some());
        self.prober.clear();
    }

    /// Asks for fresh credentials, and lets the old allocations go, when it is time.
    pub(super) fn renew(&mut self, now: Instant) {
        if self.grant.as_mut().is_some_and(|grant| grant.renewal_due(now)) {
            self.event(RelaysEvent::RenewalDue);
        }
        if self.retire_at.is_some_and(|at| at <= now) {
            self.retire_at = None;
            self.retire(now);
        }
    }

    /// A ladder of the present grant has allocated: those of the grants before have served.
    pub(super) fn note_renewed(&mut self, now: Instant, ladder: u64) {
        let is_old = |link: &Link| link.is_serving() && self.server_of(link).is_none();
        let is_new = self.ladders.iter().any(|l| l.id == ladder && l.grant == self.grants);
        if is_new && self.links.iter().any(is_old) {
            self.retire_at.get_or_insert(now + RETIRE_AFTER);
        }
    }

    /// Not without new ones: then the old ones are all there is.
    pub(super) fn retire(&mut self, now: Instant) {
        let is_new = |link: &Link| link.is_serving() && self.server_of(link).is_some();
        if !self.links.iter().any(is_new) {
            return;
        }
        self.retire_at = None;
        let is_old = |link: &&Link| link.is_serving() && self.server_of(link).is_none();
        let old: Vec<_> = self.links.iter().filter(is_old).map(|link| link.id).collect();
        for id in old {
            let relayed = self.link_mut(id).map(|link| core::mem::take(&mut link.relayed));
            relayed.into_iter().flatten().for_each(|r| self.event(RelaysEvent::Lost(r)));
            self.leave(now, id);
        }
    }

    pub(super) fn release_all(&mut self, now: Instant) {
        debug!("TURN allocations released");
        self.grant = None;
        self.retire_at = None;
        self.settled = true;
        self.prober.clear();
        self.leave_where(now, |_| true);
        self.ladders.clear();
    }

    fn leave_where(&mut self, now: Instant, is_meant: impl Fn(&Link) -> bool) {
        let all: Vec<_> = self.links.iter().filter(|l| is_meant(l)).map(|link| link.id).collect();
        for id in all {
            self.leave(now, id);
        }
    }
}

/// How long the allocations from before a renewal stay when their owner says nothing: time for an ICE restart.
pub(super) const RETIRE_AFTER: Duration = Duration::from_secs(60);
