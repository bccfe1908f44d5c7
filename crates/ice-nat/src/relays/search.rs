//! The search for servers: which ladders are set up, how they are climbed, and when it is over.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use tracing::debug;
use zentalk_primitives::Instant;

use super::attempts::Way;
use super::grant::{Grant, Standing};
use super::ladder::Ladder;
use super::link::Link;
use super::{Relays, RelaysEvent, RelaysFailure, RelaysOutput};
use crate::TransportProtocol;
use crate::limits::{MAX_INTERFACES, MAX_RELAY_SERVERS, SERVERS_IN_USE};
use crate::servers::ProbeOutput;
use crate::socket::can_reach;
use crate::turn::TurnFailure;

impl Relays {
    /// Brings everything up to what is known now.
    pub(super) fn tend(&mut self, now: Instant) {
        if let Some(grant) = &mut self.grant {
            grant.note_expiry(now);
        }
        self.ladders.iter_mut().for_each(|ladder| ladder.note_patience(now));
        self.use_free_sockets(now);
        // Each round but the last sets up a ladder; one that fails at once lets its server rest.
        for _ in 0..=MAX_RELAY_SERVERS {
            self.climb(now);
            self.conclude(now);
            if !self.set_up(now) {
                break;
            }
        }
        self.report(now);
        self.measure(now);
    }

    /// The addresses of our interfaces, at most [`MAX_INTERFACES`].
    pub(super) fn interfaces(&self) -> Vec<IpAddr> {
        let mut all: Vec<IpAddr> = Vec::new();
        for ip in self.locals.iter().map(SocketAddr::ip) {
            if !all.contains(&ip) && all.len() < MAX_INTERFACES {
                all.push(ip);
            }
        }
        all
    }

    // Ladders.

    fn climb(&mut self, now: Instant) {
        let all: Vec<_> = self.ladders.iter().map(|ladder| ladder.id).collect();
        for id in all {
            // A rung on which nothing can be tried is no reason to wait.
            while let Some(Some(rung)) = self.ladder_mut(id).and_then(|ladder| ladder.climb(now)) {
                let pointless = !self.is_worth_a_try(id, rung);
                let interfaces = self.ladder_mut(id).map(|ladder| ladder.interfaces.clone());
                let mut begun = false;
                for interface in interfaces.into_iter().flatten().filter(|_| !pointless) {
                    begun |=
                        self.attempt(now, &Way { ladder: id, rung, interface, repeated: false });
                }
                match self.ladder_mut(id) {
                    Some(ladder) if !begun => ladder.hurry(now),
                    _ => break,
                }
            }
        }
    }

    /// A rung is begun a second time only while a connection of the first is waited for, and none has come.
    fn is_worth_a_try(&self, id: u64, rung: TransportProtocol) -> bool {
        let repeats = self.ladders.iter().any(|ladder| ladder.id == id && ladder.repeats());
        let mut first = self.links.iter().filter(|link| link.ladder == id && link.rung == rung);
        let connects = |link: &Link| link.client.is_none();
        !repeats || (first.clone().any(connects) && first.all(connects))
    }

    /// Takes down the ladders that have come to nothing, and those that nothing hangs on.
    fn conclude(&mut self, now: Instant) {
        let links = &self.links;
        let is_over = |ladder: &Ladder| {
            let of_it = |link: &&Link| link.ladder == ladder.id;
            let climbing = links.iter().filter(of_it).any(Link::is_climbing);
            ladder.is_exhausted() && !climbing
        };
        let failed: Vec<_> = self.ladders.extract_if(.., |ladder| is_over(ladder)).collect();
        self.ladders.retain(|ladder| {
            ladder.best.is_none() || links.iter().any(|link| link.ladder == ladder.id)
        });
        for ladder in failed {
            self.ladder_failed(now, &ladder);
        }
    }

    fn ladder_failed(&mut self, now: Instant, ladder: &Ladder) {
        let Some(grant) = self.grant.as_mut().filter(|grant| grant.number == ladder.grant) else {
            return;
        };
        if ladder.extra {
            return;
        }
        grant.failed(now, ladder.server);
        // Without a cause nothing was tried: no address of ours goes with one of the server's.
        let Some(failure) = ladder.failure else { return };
        debug!(?failure, "TURN server given up");
        grant.note_failure(failure);
        let host = self.host(ladder.server);
        let event = |host| RelaysEvent::ServerFailed { host, failure };
        self.out.extend(host.map(event).map(RelaysOutput::Event));
    }

    /// Sets up a ladder where one is wanted; says whether it did.
    fn set_up(&mut self, now: Instant) -> bool {
        let interfaces = self.interfaces();
        let Some(grant) = self.grant.as_ref().filter(|_| self.wants_more()) else { return false };
        let is_free = |index: usize| !self.serves(index) && !self.is_tried(index);
        let next = grant.servers.iter().enumerate().position(|(index, standing)| {
            is_free(index) && standing.rests_until.is_none_or(|until| until <= now)
        });
        let (Some(server), number) = (next, grant.number) else { return false };
        let id = self.fresh_id();
        self.ladders.push(Ladder::new(now, id, (number, server), interfaces));
        true
    }

    /// Fewer servers serve us, or are likely to soon, than are used at once.
    fn wants_more(&self) -> bool {
        let Some(grant) = &self.grant else { return false };
        let promising = |index: usize| {
            let mut ladders = self.ladders_of(index);
            self.serves(index) || ladders.any(|ladder| ladder.best.is_none() && !ladder.late)
        };
        let count = (0..grant.servers.len()).filter(|index| promising(*index)).count();
        count < SERVERS_IN_USE && !grant.expired && !self.locals.is_empty()
    }

    /// When a server has rested that may be wanted.
    pub(super) fn search_timeout(&self) -> Option<Instant> {
        let settles = (!self.settled && !self.is_searching()).then_some(self.settles_at);
        let grant = self.grant.as_ref().filter(|_| self.wants_more());
        let free = |(index, _): &(usize, _)| !self.serves(*index) && !self.is_tried(*index);
        let standings = grant.into_iter().flat_map(|grant| grant.servers.iter().enumerate());
        let rested = standings.filter(free).filter_map(|(_, standing)| standing.rests_until).min();
        settles
            .filter(|_| !self.locals.is_empty() && self.grant.is_some())
            .into_iter()
            .chain(rested)
            .min()
    }

    fn ladders_of(&self, server: usize) -> impl Iterator<Item = &Ladder> {
        let number = self.grant.as_ref().map(|grant| grant.number);
        self.ladders.iter().filter(move |l| Some(l.grant) == number && l.server == server)
    }

    fn is_tried(&self, server: usize) -> bool {
        self.ladders_of(server).any(|ladder| ladder.best.is_none() && !ladder.extra)
    }

    fn serves(&self, server: usize) -> bool {
        let mut serving = self.links.iter().filter(|link| link.is_serving());
        serving.any(|link| self.server_of(link) == Some(server))
    }

    // Interfaces.

    /// An interface that was not there before: it joins the ladders, and where these have ended, there is one for it alone.
    pub(super) fn use_interface(&mut self, now: Instant, interface: IpAddr) {
        if !self.interfaces().contains(&interface) {
            return;
        }
        self.settled = false;
        self.settles_at = now + SETTLES_AFTER;
        let Some(grant) = &mut self.grant else { return };
        grant.wake();
        let (number, count) = (grant.number, grant.servers.len());
        self.join(now, interface);
        for server in (0..count).filter(|server| self.serves(*server)).collect::<Vec<_>>() {
            let id = self.fresh_id();
            let mut ladder = Ladder::new(now, id, (number, server), vec![interface]);
            ladder.extra = true;
            self.ladders.push(ladder);
        }
    }

    /// Makes up for the attempts that were not made from an interface, on the rungs that were begun.
    fn join(&mut self, now: Instant, interface: IpAddr) {
        let open = self.ladders.iter_mut().filter(|ladder| ladder.best.is_none());
        let mut missing = Vec::new();
        for ladder in open {
            ladder.interfaces.push(interface);
            for rung in ladder.rungs() {
                missing.push(Way { ladder: ladder.id, rung: *rung, interface, repeated: false });
            }
        }
        for way in missing {
            self.attempt(now, &way);
        }
    }

    /// Nothing can be sent from this socket any more, nor, if it was the interface's last, from any stream there.
    pub(super) fn leave_socket(&mut self, socket: SocketAddr) {
        let interface = socket.ip();
        let is_down = !self.locals.iter().any(|local| local.ip() == interface);
        let is_gone = |link: &Link| match link.stream() {
            Some(_) => is_down && link.interface() == interface,
            None => link.local() == Some(socket),
        };
        let gone: Vec<_> = self.links.iter().filter(|l| is_gone(l)).map(|link| link.id).collect();
        for id in gone {
            if let Some(link) = self.take(id).filter(Link::is_serving) {
                self.tell_lost(&link);
            }
        }
        if is_down {
            for ladder in &mut self.ladders {
                ladder.interfaces.retain(|ip| *ip != interface);
                ladder.wanting.retain(|ip| *ip != interface);
            }
        }
    }

    // Reports.

    fn is_searching(&self) -> bool {
        let Some(grant) = &self.grant else { return false };
        let serving = (0..grant.servers.len()).filter(|index| self.serves(*index)).count();
        let mut all = grant.servers.iter().enumerate();
        // One that has failed before is tried again by the way.
        let any_tried = all.any(|(index, known)| !known.has_failed() && self.is_tried(index));
        serving < SERVERS_IN_USE && any_tried
    }

    /// Says once that the search is over, and why nothing was found if nothing was.
    fn report(&mut self, now: Instant) {
        let Some(grant) = self.grant.as_ref().filter(|_| !self.settled) else { return };
        let serving = self.links.iter().any(Link::is_serving);
        // Interfaces come one by one, and none at all is no finding.
        let waits = !serving && (now < self.settles_at || self.locals.is_empty());
        if waits && !grant.servers.is_empty() || self.is_searching() {
            return;
        }
        let failure = failure_of(grant);
        self.settled = true;
        if !serving {
            self.event(RelaysEvent::Failed(failure));
        }
        self.event(RelaysEvent::Settled);
    }

    // Measurements.

    /// When the call has what it needs, the other servers are measured, for the next one.
    fn measure(&mut self, now: Instant) {
        let tried: Vec<_> = (0..MAX_RELAY_SERVERS).filter(|index| self.is_tried(*index)).collect();
        let Some(grant) = self.grant.as_mut().filter(|_| self.settled) else { return };
        let worth = |index: usize, standing: &Standing| {
            !standing.probed && !standing.has_failed() && !tried.contains(&index)
        };
        let servers = grant.servers.iter_mut().enumerate();
        for (index, standing) in servers.filter(|(index, standing)| worth(*index, standing)) {
            let addresses = standing.server.addresses(TransportProtocol::Udp).iter();
            let mut ways = addresses.flat_map(|s| self.locals.iter().map(move |l| (*l, *s)));
            if let Some((local, server)) = ways.find(|(local, server)| can_reach(*local, *server)) {
                standing.probed = true;
                self.prober.start(now, index, local, server);
            }
        }
    }

    pub(super) fn drain_prober(&mut self) {
        loop {
            match self.prober.poll_output() {
                ProbeOutput::Transmit(transmit) => self.packet(RelaysOutput::Transmit(transmit)),
                ProbeOutput::Measured { key, round_trip } => {
                    let host = self.host(key);
                    let event = |host| RelaysEvent::ServerMeasured { host, round_trip };
                    self.out.extend(host.map(event).map(RelaysOutput::Event));
                }
                ProbeOutput::Unanswered { key } => self.unanswered(key),
                ProbeOutput::Timeout(_) => return,
            }
        }
    }

    /// Says something about the server only where UDP gets through at all.
    fn unanswered(&mut self, key: usize) {
        let over_udp = |link: &Link| link.is_serving() && link.rung == TransportProtocol::Udp;
        if self.links.iter().any(over_udp)
            && let Some(host) = self.host(key)
        {
            let failure = TurnFailure::Unreachable;
            self.event(RelaysEvent::ServerFailed { host, failure });
        }
    }

    pub(super) fn probe_timeout(&mut self) -> Option<Instant> {
        match self.prober.poll_output() {
            ProbeOutput::Timeout(at) => at,
            // Not reached: it was drained just now.
            _ => None,
        }
    }

    fn host(&self, server: usize) -> Option<String> {
        let standing = self.grant.as_ref()?.servers.get(server)?;
        Some(standing.server.host().to_owned())
    }
}

fn failure_of(grant: &Grant) -> RelaysFailure {
    match grant.failure {
        _ if grant.servers.is_empty() => RelaysFailure::NoServers,
        Some(failure) => RelaysFailure::Servers(failure),
        None if grant.expired => RelaysFailure::CredentialsExpired,
        None => RelaysFailure::NoRoute,
    }
}

/// Nobody is told that there is no relay before this: the driver makes its interfaces known one by one.
pub(super) const SETTLES_AFTER: Duration = Duration::from_secs(1);
