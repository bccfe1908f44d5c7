//! One ICE generation: an `is` agent, and around it what the agent does not do.
//!
//! 1. Nothing reaches the agent unless its addresses are allowed by the [`Gate`], its pair has not
//!    lost consent, it is authentic, and it stays within the bounds.
//! 2. Nothing leaves unless the gate and consent allow it.
//! 3. Responses are matched with what was asked, by address as well, and count once.

mod candidates;
mod detour;
mod names;
mod packets;
mod timeout;

use core::net::SocketAddr;

use rand_core::CryptoRng;
use zentalk_primitives::{Instant, StdClock};

use self::detour::Detour;
use self::names::RemoteNames;
use crate::check_log::CheckLog;
use crate::gate::Gate;
use crate::jitter::Jitter;
use crate::limits::{
    ANSWERS_TO_SETTLE, CHECKING, CONNECTED, CONSENT_TIMEOUT, HURRY_AFTER, MAX_CANDIDATE_PAIRS,
};
use crate::outbox::Outbox;
use crate::path_table::{Path, PathTable};
use crate::remote_set::RemoteSet;
use crate::{CandidateKind, CandidatePair, Credentials, IceStats, PathKind, Role};

/// What every generation shares.
pub(crate) struct Shared {
    pub(crate) gate: Gate,
    pub(crate) out: Outbox,
    pub(crate) stats: IceStats,
    /// Relays of ours are on their way.
    pub(crate) expects_relays: bool,
}

/// One generation: see the module.
pub(crate) struct Session {
    agent: is::IceAgent,
    clock: StdClock,
    local: Credentials,
    remote: Option<Credentials>,
    remote_complete: bool,
    remotes: RemoteSet,
    names: RemoteNames,
    reflexive: Vec<SocketAddr>,
    checks: CheckLog,
    paths: PathTable,
    nominated: Option<(SocketAddr, SocketAddr)>,
    detour: Option<Detour>,
    /// It had a pair once.
    connected: bool,
    /// On the nominated pair, since it is that.
    answers: u32,
    consent_lost: bool,
    checking_since: Option<Instant>,
    /// When a relay of ours was added last.
    relay_at: Option<Instant>,
    timed_out: bool,
    jitter: Jitter,
}

impl Session {
    pub(crate) fn new(now: Instant, role: Role, rng: &mut impl CryptoRng) -> Self {
        let local = Credentials::random(rng);
        let clock = StdClock::new(now);
        let mut agent = is::IceAgent::new(local.to_is());
        agent.set_control_tie_breaker(random_u64(rng));
        agent.set_controlling(role == Role::Controlling);
        agent.set_max_stun_retransmits(CHECKING.transmissions);
        agent.set_max_stun_rto(CHECKING.longest_wait);
        agent.set_max_candidate_pairs(MAX_CANDIDATE_PAIRS);
        agent.handle_timeout(clock.to_std(now));
        Self {
            agent,
            clock,
            local,
            remote: None,
            remote_complete: false,
            remotes: RemoteSet::default(),
            names: RemoteNames::default(),
            reflexive: Vec::new(),
            checks: CheckLog::default(),
            paths: PathTable::default(),
            nominated: None,
            detour: None,
            connected: false,
            answers: 0,
            consent_lost: false,
            checking_since: None,
            relay_at: None,
            timed_out: false,
            jitter: Jitter(random_u64(rng)),
        }
    }

    // Getters.

    pub(crate) fn local_credentials(&self) -> &Credentials {
        &self.local
    }

    pub(crate) fn remote_credentials(&self) -> Option<&Credentials> {
        self.remote.as_ref()
    }

    pub(crate) fn role(&self) -> Role {
        if self.agent.controlling() { Role::Controlling } else { Role::Controlled }
    }

    pub(crate) fn is_checking(&self) -> bool {
        self.checking_since.is_some()
    }

    pub(crate) fn has_lost_consent(&self) -> bool {
        self.consent_lost
    }

    pub(crate) fn owns(&self, id: crate::stun::TransactionId) -> bool {
        self.checks.find(id).is_some()
    }

    pub(crate) fn is_validated(&self, local: SocketAddr, remote: SocketAddr) -> bool {
        self.paths.is_validated(local, remote)
    }

    /// The pair that packets take: the nominated one, unless it lost consent, or the peer has moved.
    pub(crate) fn pair(&self, gate: &Gate) -> Option<CandidatePair> {
        self.route().map(|(local, remote)| self.describe(local, remote, gate))
    }

    pub(crate) fn has_pair(&self) -> bool {
        self.nominated.is_some()
    }

    /// Whether there ever was a pair.
    pub(crate) fn was_connected(&self) -> bool {
        self.connected
    }

    fn nominated_path(&self) -> Option<&Path> {
        self.nominated.and_then(|(local, remote)| self.paths.get(local, remote))
    }

    /// What is known about the pair that packets take.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.route().and_then(|(local, remote)| self.paths.get(local, remote))
    }

    /// When that pair last answered.
    pub(crate) fn last_response(&self) -> Option<Instant> {
        self.path().and_then(|path| path.last_response)
    }

    /// The pair that answered a check of ours within the time of consent, with the shortest round trip.
    pub(crate) fn quickest_answered(&self, now: Instant) -> Option<(SocketAddr, SocketAddr)> {
        self.paths.quickest_answered(now)
    }

    /// Whether everything that the peer has is known and nothing of it can be paired. A name may still get an address.
    pub(crate) fn is_hopeless(&self, gate: &Gate) -> bool {
        let pairable = |ipv4| self.remotes.any(ipv4) && gate.any(ipv4);
        let known = self.remote_complete && !self.names.are_awaited();
        known && !pairable(true) && !pairable(false)
    }

    // The peer's side.

    pub(crate) fn set_remote_credentials(
        &mut self,
        now: Instant,
        credentials: Credentials,
        shared: &mut Shared,
    ) {
        self.agent.set_remote_credentials(credentials.to_is());
        self.remote = Some(credentials);
        if shared.gate.is_open() {
            self.checking_since.get_or_insert(now);
        }
        self.unpark(shared);
    }

    /// Without credentials it can only be about the generation before.
    pub(crate) fn set_remote_complete(&mut self) {
        self.remote_complete |= self.remote.is_some();
    }

    // Time.

    pub(crate) fn handle_timeout(&mut self, now: Instant, shared: &mut Shared) {
        // More than once only while requests that came before the remote credentials are worked
        // off, one a call.
        for _ in 0..MAX_CALLS {
            let next = self.agent.poll_timeout();
            if next.is_some_and(|at| self.clock.from_std(at) > now) {
                break;
            }
            self.agent.handle_timeout(self.clock.to_std(now));
            self.drain(now, shared);
        }
        if self.last_response().is_some_and(|at| at + HURRY_AFTER <= now) {
            self.hurry();
        }
        self.update_detour(now, shared);
        if self.ice_timeout(shared).is_some_and(|at| at <= now) {
            self.time_out(shared);
        }
    }

    pub(crate) fn next_timeout(&mut self, shared: &Shared) -> Option<Instant> {
        let agent = self.agent.poll_timeout().map(|at| self.clock.from_std(at));
        let all =
            [agent, self.ice_timeout(shared), self.consent_deadline(), self.detour_deadline()];
        all.into_iter().flatten().min()
    }

    /// The nominated pair answered: the next check has a random distance (RFC 7675 §5.1).
    fn settle(&mut self) {
        self.answers = self.answers.saturating_add(1);
        if self.answers >= ANSWERS_TO_SETTLE {
            self.agent.set_max_stun_retransmits(CONNECTED.transmissions);
            self.agent.set_max_stun_rto(self.jitter.spread(CONNECTED.longest_wait));
        }
    }

    /// There is no settled pair (any more).
    fn unsettle(&mut self) {
        self.answers = 0;
        self.hurry();
    }

    fn hurry(&mut self) {
        self.agent.set_max_stun_retransmits(CHECKING.transmissions);
        self.agent.set_max_stun_rto(CHECKING.longest_wait);
    }

    fn consent_deadline(&self) -> Option<Instant> {
        self.last_response().map(|at| at + CONSENT_TIMEOUT)
    }

    /// Gives up the nominated pair if it has not answered for 30 s; true if so (RFC 7675 §5.1).
    pub(crate) fn expire(&mut self, now: Instant) -> bool {
        self.settle_on_detour(now);
        let expired = self.consent_deadline().is_some_and(|at| at <= now);
        if expired && let Some((local, remote)) = self.nominated.take() {
            if let Some(path) = self.paths.entry(local, remote) {
                path.expired = true;
            }
            self.consent_lost = true;
        }
        expired
    }

    // The pair.

    fn describe(&self, local: SocketAddr, remote: SocketAddr, gate: &Gate) -> CandidatePair {
        let relay = gate.relay(local);
        let remote_kind = self.remotes.kind_of(remote).unwrap_or(CandidateKind::PeerReflexive);
        let local_kind = match relay {
            Some(_) => CandidateKind::Relayed,
            None => self.seen_as(local, remote, gate),
        };
        let kinds = [local_kind, remote_kind];
        let path = if kinds.contains(&CandidateKind::Relayed) {
            PathKind::Relay { transport: relay.map(|relay| relay.transport()) }
        } else if kinds == [CandidateKind::Host; 2] {
            PathKind::Direct
        } else {
            PathKind::ServerReflexive
        };
        CandidatePair { local, remote, local_kind, remote_kind, path }
    }

    /// What the peer sees a socket of ours as.
    fn seen_as(&self, local: SocketAddr, remote: SocketAddr, gate: &Gate) -> CandidateKind {
        let mapped = self.paths.get(local, remote).and_then(|path| path.mapped);
        let as_static = gate.socket(local).and_then(|socket| socket.mapped());
        match mapped {
            None => CandidateKind::Host,
            Some(mapped) if mapped == local || Some(mapped) == as_static => CandidateKind::Host,
            Some(mapped) if self.reflexive.contains(&mapped) => CandidateKind::ServerReflexive,
            Some(_) => CandidateKind::PeerReflexive,
        }
    }
}

fn random_u64(rng: &mut impl CryptoRng) -> u64 {
    let mut bytes = [0; 8];
    rng.fill_bytes(&mut bytes);
    u64::from_le_bytes(bytes)
}

/// Bounds one wake-up: the ICE library queues at most 100 early requests.
const MAX_CALLS: usize = 128;
