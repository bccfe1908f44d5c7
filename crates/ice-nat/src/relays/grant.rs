use core::time::Duration;

use zentalk_primitives::Instant;

use super::RelayServer;
use crate::turn::{TurnCredentials, TurnFailure};

/// Servers, best first, and the credentials for them: what one answer of the credentials' issuer holds.
pub(super) struct Grant {
    /// Counts the grants of one call.
    pub(super) number: u64,
    pub(super) servers: Vec<Standing>,
    pub(super) credentials: TurnCredentials,
    pub(super) expires: Instant,
    /// When fresh ones are asked for, next.
    pub(super) renew_at: Instant,
    /// Between two such times.
    renew_every: Duration,
    /// Nothing new can be had with them.
    pub(super) expired: bool,
    /// Why servers were given up; the most telling cause.
    pub(super) failure: Option<TurnFailure>,
}

/// A server, and how it did.
pub(super) struct Standing {
    pub(super) server: RelayServer,
    /// Failures since the last success.
    failures: u32,
    /// It is left alone until then.
    pub(super) rests_until: Option<Instant>,
    /// Its round trip was measured, or that was tried.
    pub(super) probed: bool,
}

impl Standing {
    pub(super) fn has_failed(&self) -> bool {
        self.failures > 0
    }
}

impl Grant {
    pub(super) fn new(
        now: Instant,
        number: u64,
        servers: impl Iterator<Item = RelayServer>,
        credentials: TurnCredentials,
        expires: Instant,
    ) -> Self {
        let lifetime = expires - now;
        let servers = servers.map(|server| Standing {
            server,
            failures: 0,
            rests_until: None,
            probed: false,
        });
        Self {
            number,
            servers: servers.collect(),
            credentials,
            expires,
            renew_at: now + lifetime * 4 / 5,
            renew_every: (lifetime / 20).clamp(RENEW_AT_LEAST, RENEW_AT_MOST),
            expired: expires <= now,
            failure: None,
        }
    }

    /// Whether fresh ones are due; true once in a while until they come.
    pub(super) fn renewal_due(&mut self, now: Instant) -> bool {
        let due = self.renew_at <= now;
        if due {
            self.renew_at = now + self.renew_every;
        }
        due
    }

    pub(super) fn note_expiry(&mut self, now: Instant) {
        self.expired |= self.expires <= now;
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let expires = (!self.expired).then_some(self.expires);
        [Some(self.renew_at), expires].into_iter().flatten().min()
    }

    pub(super) fn succeeded(&mut self, index: usize) {
        if let Some(standing) = self.servers.get_mut(index) {
            standing.failures = 0;
            standing.rests_until = None;
        }
    }

    /// It rests, longer each time, so that a dead network is not flooded with attempts.
    pub(super) fn failed(&mut self, now: Instant, index: usize) {
        if let Some(standing) = self.servers.get_mut(index) {
            let rest = REST.saturating_mul(1 << standing.failures.min(10)).min(REST_AT_MOST);
            standing.failures = standing.failures.saturating_add(1);
            standing.rests_until = Some(now + rest);
        }
    }

    pub(super) fn note_failure(&mut self, failure: TurnFailure) {
        if self.failure.is_none_or(|known| telling(known) <= telling(failure)) {
            self.failure = Some(failure);
        }
    }

    /// Another interface: what failed from the old ones may work now.
    pub(super) fn wake(&mut self) {
        for standing in &mut self.servers {
            standing.failures = 0;
            standing.rests_until = None;
        }
    }
}

/// How much a failure tells the user about what to do; of several the most telling is reported.
pub(super) fn telling(failure: TurnFailure) -> u8 {
    match failure {
        TurnFailure::Unauthorized => 9,
        TurnFailure::Forbidden => 8,
        TurnFailure::QuotaReached => 7,
        TurnFailure::NoCapacity => 6,
        TurnFailure::BadCertificate => 5,
        TurnFailure::Refused(_) => 4,
        TurnFailure::AllocationMismatch => 3,
        TurnFailure::Tls | TurnFailure::Protocol => 2,
        TurnFailure::Closed | TurnFailure::AllocationLost => 1,
        TurnFailure::Unreachable => 0,
    }
}

/// How long a server rests after its first failure.
const REST: Duration = Duration::from_secs(2);

/// How long at most. Less than the 30 s for which a lost call is looked for.
const REST_AT_MOST: Duration = Duration::from_secs(16);

const RENEW_AT_LEAST: Duration = Duration::from_secs(5);
const RENEW_AT_MOST: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(lifetime: u64) -> Grant {
        let servers = [RelayServer::new("a"), RelayServer::new("b")].into_iter();
        let credentials = TurnCredentials::new("user", String::new());
        Grant::new(Instant::ZERO, 1, servers, credentials, Instant::from_millis(lifetime * 1_000))
    }

    #[test]
    fn renewal_is_due_at_four_fifths_and_then_every_minute_at_most() {
        let mut grant = grant(3_600);
        assert!(!grant.renewal_due(Instant::from_millis(2_879_999)));
        assert!(grant.renewal_due(Instant::from_millis(2_880_000)));
        assert!(!grant.renewal_due(Instant::from_millis(2_939_999)));
        assert!(grant.renewal_due(Instant::from_millis(2_940_000)));
    }

    #[test]
    fn rest_doubles_up_to_a_bound_and_ends_with_a_success() {
        let mut grant = grant(60);
        let rests: Vec<_> = (0..5)
            .map(|_| {
                grant.failed(Instant::ZERO, 1);
                grant.servers[1].rests_until.unwrap().as_millis()
            })
            .collect();
        assert_eq!(rests, [2_000, 4_000, 8_000, 16_000, 16_000]);
        assert_eq!(grant.servers[0].rests_until, None);
        grant.succeeded(1);
        assert_eq!(grant.servers[1].rests_until, None);
        grant.failed(Instant::ZERO, 1);
        assert_eq!(grant.servers[1].rests_until, Some(Instant::from_millis(2_000)));
    }
}
