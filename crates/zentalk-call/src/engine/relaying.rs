//! TURN servers: where they come from, which are used, and what becomes of their allocations.
//!
//! 1. A call begins: one's own relay is asked for servers and credentials, unless the application has given some.
//! 2. The servers are ranked, over all calls, and given to the call's transport, which makes the allocations.
//! 3. Most of the credentials' lifetime later fresh ones are asked for, and allocations are made beside the old ones. Where packets go
//!    through an old one, ICE restarts without it (make before break). Then the old ones are released.
//! 4. Without any relay a call goes on as far as direct paths carry it; in relay-only mode it ends, with the reason.

use core::net::IpAddr;
use core::time::Duration;

use zentalk_call_fsm::{EndReason, LossCause, Report};
use zentalk_ice_nat::relays::{Location, RelaysEvent, StreamInput};
use zentalk_ice_nat::servers::ServerRanking;
use zentalk_primitives::Instant;

use super::Engine;
use super::call::Call;
use super::config::Privacy;
use super::group::GroupCall;
use super::io::Output;
use super::transport::Transport;
use super::turn::TurnGrant;

/// What the engine remembers of TURN servers from call to call, and what it waits for.
pub(super) struct Turn {
    ranking: ServerRanking,
    /// Until when an answer to [`Output::FetchTurn`] is waited for.
    asked_until: Option<Instant>,
    /// When to ask again.
    ask_at: Option<Instant>,
    /// Interfaces at which another socket is wanted for TURN alone.
    wanted: Vec<IpAddr>,
    /// Allocations with fresh credentials are being made beside the old ones.
    renewing: bool,
}

/// Who asks one's own relay for credentials answers within three seconds; this is for those who do not answer at all.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long after a failure the relay is asked again, while a call waits for it.
const ASK_AGAIN: Duration = Duration::from_secs(2);

impl Turn {
    pub(super) fn new(location: Option<Location>) -> Self {
        Self {
            ranking: ServerRanking::new(location),
            asked_until: None,
            ask_at: None,
            wanted: Vec::new(),
            renewing: false,
        }
    }

    pub(super) fn timeout(&self) -> Option<Instant> {
        self.asked_until.into_iter().chain(self.ask_at).min()
    }

    /// The call is over: nothing is waited for any more. An answer that still comes is for nobody.
    pub(super) fn end_call(&mut self) {
        self.ask_at = None;
        self.asked_until = None;
        self.renewing = false;
        self.wanted.clear();
    }

    /// Whether nothing is waited for, and no allocations are being replaced.
    pub(super) fn is_quiet(&self) -> bool {
        self.asked_until.is_none() && !self.renewing && self.wanted.is_empty()
    }

    /// Another socket is wanted at this interface. Returns whether that is news.
    pub(super) fn want_socket(&mut self, interface: IpAddr) -> bool {
        let is_new = !self.wanted.contains(&interface);
        if is_new {
            self.wanted.push(interface);
        }
        is_new
    }

    /// Whether a socket at this interface was asked for; then it is TURN's alone.
    pub(super) fn takes_socket(&mut self, interface: IpAddr) -> bool {
        let place = self.wanted.iter().position(|wanted| *wanted == interface);
        place.map(|place| self.wanted.swap_remove(place)).is_some()
    }

    /// The network is another one: what was measured over the old one is worth nothing.
    pub(super) fn network_changed(&mut self) {
        self.ranking.forget_measurements();
    }
}

impl Engine {
    /// Makes ready what needs no consent: sockets, and allocations on one's own TURN servers.
    pub(super) fn prepare_connectivity(&mut self) {
        self.outputs.push_back(Output::PrepareNetwork);
        self.retry_relays();
    }

    /// Asks for TURN servers again where a call needs them and has none.
    pub(super) fn retry_relays(&mut self) {
        if !self.has_relay_in_sight() {
            self.ask_for_relays();
        }
    }

    fn has_relay_in_sight(&mut self) -> bool {
        self.relayed_path().is_some_and(|path| path.has_relay_in_sight())
    }

    /// The path that uses relays: of the call of two as long as there is one, since a server's port takes one allocation.
    fn relayed_path(&mut self) -> Option<&mut Transport> {
        let pair = self.call.as_mut().map(Call::transport);
        pair.or_else(|| self.group.as_mut().and_then(GroupCall::transport))
    }

    fn ask_for_relays(&mut self) {
        let now = self.now;
        self.turn.ask_at = None;
        if self.turn.asked_until.is_some() || self.relayed_path().is_none() {
            return;
        }
        if let Some(grant) = self.config.turn.as_ref().map(|grant| grant.duplicate()) {
            return self.use_grant(grant);
        }
        if let Some(path) = self.relayed_path() {
            path.expect_relays(now, true);
        }
        self.turn.asked_until = Some(self.now + ANSWER_TIMEOUT);
        self.outputs.push_back(Output::FetchTurn);
    }

    pub(super) fn handle_turn_grant(&mut self, grant: Option<TurnGrant>) {
        // One that comes late is as good, unless there is another one by now.
        if self.turn.asked_until.take().is_none() && self.has_relay_in_sight() {
            return;
        }
        match grant.filter(|grant| !grant.servers.is_empty()) {
            Some(grant) => self.use_grant(grant),
            None => self.no_grant(),
        }
    }

    fn use_grant(&mut self, grant: TurnGrant) {
        let (now, had_servers) = (self.now, self.relayed_path().map(|path| path.has_servers()));
        let Some(had_servers) = had_servers else { return };
        let TurnGrant { mut servers, credentials, lifetime } = grant;
        self.turn.ranking.set_servers(&servers);
        self.turn.ranking.sort(now, &mut servers);
        self.turn.renewing = had_servers;
        if let Some(path) = self.relayed_path() {
            path.set_servers(now, servers, credentials, now + lifetime);
        }
    }

    /// None is granted. What is there goes on; a call that was lost asks again while it is looked for.
    fn no_grant(&mut self) {
        let now = self.now;
        let Some(path) = self.relayed_path() else { return };
        path.expect_relays(now, false);
        if self.tries_pair() {
            return;
        }
        if !self.has_relay_in_sight() {
            self.no_relay();
        }
        if self.registry.state().reconnects() {
            self.turn.ask_at = Some(self.now + ASK_AGAIN);
        }
    }

    /// No relay is to be had. Where nothing else may be used, that is the end.
    fn no_relay(&mut self) {
        if let (Privacy::RelayOnly, Some(id)) = (self.config.privacy, self.active_call()) {
            self.report(id, Report::NoRelay);
        }
    }

    // What the transport's relays say.

    pub(super) fn take_relays(&mut self, event: &RelaysEvent) {
        self.turn.ranking.observe(self.now, event);
        match event {
            RelaysEvent::Failed(failure) => tracing::debug!(%failure, "no relay"),
            // One path carries the call and one is tried: neither is at its end without relays, and a renewal is asked for again.
            RelaysEvent::RenewalDue | RelaysEvent::Settled if self.tries_pair() => {}
            RelaysEvent::RenewalDue => self.ask_for_relays(),
            RelaysEvent::Settled => {
                self.renewed();
                if !self.has_relay_in_sight() {
                    self.no_relay();
                }
            }
            RelaysEvent::Lost(_) => {
                self.path_gone(LossCause::RelayLost);
                if let Some(group) = &mut self.group {
                    group.path_gone(self.now);
                }
            }
            RelaysEvent::SocketNeeded { interface } if self.turn.want_socket(*interface) => {
                self.outputs.push_back(Output::OpenSocket { interface: *interface });
            }
            _ => {}
        }
    }

    /// The allocations with fresh credentials are there: whatever goes through an old one moves over. The old ones go by themselves,
    /// long after the move.
    fn renewed(&mut self) {
        if core::mem::take(&mut self.turn.renewing)
            && self.relayed_path().is_some_and(Transport::leave_old_relays)
        {
            match &mut self.group {
                Some(group) if self.call.is_none() => group.network_changed(self.now),
                _ => self.begin_restart(),
            }
        }
    }

    // Streams, and time.

    pub(super) fn handle_stream(&mut self, input: StreamInput) {
        self.leaving.handle_stream(self.now, &input);
        if let Some(call) = &mut self.call {
            call.handle_stream(self.now, input.clone());
        }
        if let Some(path) = self.group.as_mut().and_then(GroupCall::transport) {
            path.handle_stream(self.now, input);
        }
    }

    /// Does what is due.
    pub(super) fn maintain_relays(&mut self) {
        if self.turn.asked_until.is_some_and(|until| until <= self.now) {
            self.handle_turn_grant(None);
        }
        if self.turn.ask_at.is_some_and(|at| at <= self.now) {
            self.turn.ask_at = None;
            self.retry_relays();
        }
        self.leaving.handle_timeout(self.now);
    }

    /// What remains of a call on TURN servers: told to end, or, where the call goes on as another one, handed over.
    pub(super) fn leave_relays(&mut self, call: Call, reason: EndReason) {
        let inheritance = call.into_inheritance();
        if reason == EndReason::Glare && self.registry.active().is_some() {
            self.inheritance = Some(inheritance);
        } else {
            self.leaving.release(self.now, inheritance.relays);
        }
    }

    /// The call that was to take over could not be made.
    pub(super) fn decline_inheritance(&mut self) {
        if self.registry.active().is_none()
            && let Some(inheritance) = self.inheritance.take()
        {
            self.leaving.release(self.now, inheritance.relays);
        }
    }
}
