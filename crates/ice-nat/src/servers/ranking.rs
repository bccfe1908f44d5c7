//! The order in which TURN servers are tried.
//!
//! 1. A server that was measured within [`MEASUREMENT_LIFETIME`] counts with its smoothed round trip.
//! 2. Any other counts with what light in a straight fibre would need to it: a bound from below, so that a server that
//!    might be better than the measured ones is tried, and then measured, instead of staying unknown for ever.
//! 3. One whose place, or whose own place, is unknown counts as half a world away; the given order decides.
//! 4. One that failed is dead for a while, longer each time, and stands behind the living.

use core::fmt;
use core::time::Duration;

use zentalk_primitives::Instant;

use super::{Location, RelayServer};
use crate::limits::{MAX_RELAY_SERVERS, SERVERS_IN_USE};
use crate::relays::RelaysEvent;

/// Which TURN servers are best, remembered from call to call. Deterministic: equal histories give equal orders.
///
/// Servers go by their index in the last [`set_servers`](Self::set_servers); an index beyond is ignored.
#[derive(Default)]
pub struct ServerRanking {
    own: Option<Location>,
    servers: Vec<Entry>,
}

struct Entry {
    host: String,
    location: Option<Location>,
    measured: Option<Measured>,
    /// Failures since the last success.
    failures: u32,
    dead_until: Option<Instant>,
}

#[derive(Clone, Copy)]
struct Measured {
    smoothed: Duration,
    at: Instant,
}

impl ServerRanking {
    /// A ranking for someone at `own`, if that is to be used.
    pub fn new(own: Option<Location>) -> Self {
        Self { own, servers: Vec::new() }
    }

    /// These are the servers now, at most [`MAX_RELAY_SERVERS`]: what is over is left out. What is known of a host that
    /// was there before stays known.
    pub fn set_servers(&mut self, servers: &[RelayServer]) {
        let mut known = core::mem::take(&mut self.servers);
        let mut entry = |server: &RelayServer| {
            let index = known.iter().position(|entry| entry.host == server.host());
            let old = index.map(|index| known.swap_remove(index));
            let location = server.location();
            match old {
                Some(old) => Entry { location, ..old },
                None => Entry::new(server.host(), location),
            }
        };
        self.servers = servers.iter().take(MAX_RELAY_SERVERS).map(&mut entry).collect();
    }

    /// All servers, best first; the dead ones at the end, those first that come back first.
    pub fn order(&self, now: Instant) -> Vec<usize> {
        let mut all: Vec<_> = self.servers.iter().enumerate().collect();
        // A stable sort: of equals the one that was named first.
        all.sort_by_key(|(_, entry)| (entry.dead(now), self.estimate(now, entry)));
        all.into_iter().map(|(index, _)| index).collect()
    }

    /// The [`SERVERS_IN_USE`] best of those that are not dead; if all are, those that come back first.
    pub fn best(&self, now: Instant) -> Vec<usize> {
        let alive = self.servers.iter().filter(|entry| entry.dead(now).is_none()).count();
        let count = if alive == 0 { SERVERS_IN_USE } else { alive.min(SERVERS_IN_USE) };
        self.order(now).into_iter().take(count).collect()
    }

    /// These servers in the order of the ranking, as [`Relays::set_servers`](crate::relays::Relays::set_servers) wants them. A host
    /// that is not known here stays last.
    pub fn sort(&self, now: Instant, servers: &mut [RelayServer]) {
        let order = self.order(now);
        let rank = |server: &RelayServer| {
            let index = self.position(server.host());
            order.iter().position(|ranked| Some(*ranked) == index).unwrap_or(usize::MAX)
        };
        servers.sort_by_key(rank);
    }

    /// The index of a host.
    pub fn position(&self, host: &str) -> Option<usize> {
        self.servers.iter().position(|entry| entry.host == host)
    }

    /// The round trip that is expected now, measured or estimated. `None` for an unknown index.
    pub fn round_trip(&self, index: usize, now: Instant) -> Option<Duration> {
        self.servers.get(index).map(|entry| self.estimate(now, entry))
    }

    /// Servers worth a measurement, best first: not dead, and not measured within half an hour.
    pub fn probes(&self, now: Instant) -> Vec<usize> {
        let worth = |index: &usize| {
            let entry = self.servers.get(*index);
            entry.is_some_and(|entry| {
                entry.dead(now).is_none() && !entry.is_fresh(now, MEASUREMENT_LIFETIME / 2)
            })
        };
        self.order(now).into_iter().filter(worth).collect()
    }

    /// It answered after `round_trip`: smoothed with what was measured before (RFC 6298 §2, with a gain of 1/4, since
    /// there are few samples), and it lives.
    pub fn record_round_trip(&mut self, index: usize, now: Instant, round_trip: Duration) {
        let Some(entry) = self.servers.get_mut(index) else { return };
        let smoothed = match entry.fresh(now) {
            Some(old) => (old.smoothed * 3 + round_trip) / 4,
            None => round_trip,
        };
        entry.measured = Some(Measured { smoothed, at: now });
        entry.failures = 0;
        entry.dead_until = None;
    }

    /// It could not be used: dead for 30 s, twice as long each time, at most for 15 minutes.
    pub fn record_failure(&mut self, index: usize, now: Instant) {
        let Some(entry) = self.servers.get_mut(index) else { return };
        let hold = DEAD_FOR.saturating_mul(1 << entry.failures.min(10)).min(DEAD_FOR_AT_MOST);
        entry.failures = entry.failures.saturating_add(1);
        entry.dead_until = Some(now + hold);
    }

    /// Learns from what a call's relays say.
    pub fn observe(&mut self, now: Instant, event: &RelaysEvent) {
        match event {
            RelaysEvent::ServerMeasured { host, round_trip } => {
                if let Some(index) = self.position(host) {
                    self.record_round_trip(index, now, *round_trip);
                }
            }
            RelaysEvent::ServerFailed { host, .. } => {
                if let Some(index) = self.position(host) {
                    self.record_failure(index, now);
                }
            }
            _ => {}
        }
    }

    /// Another network: what was measured over the old one says nothing any more, nor does what failed there.
    pub fn forget_measurements(&mut self) {
        for entry in &mut self.servers {
            *entry = Entry::new(&entry.host, entry.location);
        }
    }

    fn estimate(&self, now: Instant, entry: &Entry) -> Duration {
        if let Some(measured) = entry.fresh(now) {
            return measured.smoothed;
        }
        match (self.own, entry.location) {
            (Some(own), Some(location)) => {
                LAST_MILE + PER_KILOMETRE.mul_f64(own.distance_km(&location))
            }
            _ => UNKNOWN,
        }
    }
}

impl Entry {
    fn new(host: &str, location: Option<Location>) -> Self {
        Self { host: host.to_owned(), location, measured: None, failures: 0, dead_until: None }
    }

    /// Until when it is dead; `None`, which is less than any time, if it is not.
    fn dead(&self, now: Instant) -> Option<Instant> {
        self.dead_until.filter(|until| now < *until)
    }

    fn fresh(&self, now: Instant) -> Option<Measured> {
        self.measured.filter(|_| self.is_fresh(now, MEASUREMENT_LIFETIME))
    }

    fn is_fresh(&self, now: Instant, lifetime: Duration) -> bool {
        self.measured.is_some_and(|measured| now < measured.at + lifetime)
    }
}

/// Hosts and places are not printed.
impl fmt::Debug for ServerRanking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerRanking")
            .field("servers", &self.servers.len())
            .finish_non_exhaustive()
    }
}

/// How long a measurement counts.
const MEASUREMENT_LIFETIME: Duration = Duration::from_secs(3600);

/// How long a server is skipped after its first failure.
const DEAD_FOR: Duration = Duration::from_secs(30);

/// How long at most.
const DEAD_FOR_AT_MOST: Duration = Duration::from_secs(900);

/// Light in fibre goes 200 km in a millisecond, so there and back 100 km.
const PER_KILOMETRE: Duration = Duration::from_micros(10);

/// What an access network adds, at least.
const LAST_MILE: Duration = Duration::from_millis(5);

/// Half a world away.
const UNKNOWN: Duration = Duration::from_millis(100);
