//! All TURN allocations of one call: which servers, over which transport, and what becomes of them.
//!
//! 1. The first [`SERVERS_IN_USE`](crate::SERVERS_IN_USE) servers are tried at once; when one fails, refuses or keeps us waiting for
//!    2.5 s, the next one in the order joins in.
//! 2. Each server has a ladder: UDP at once, TCP if UDP has not allocated within 600 ms, TLS a step later, and TLS once more beside it if
//!    no connection has come by the next step. Where all attempts on a rung have failed, the next one follows at once. Each rung is
//!    tried from every interface that speaks an IP version of the server's.
//! 3. The first rung to allocate ends the ladder: slower ones are given up. Faster ones that are under way may still come; then both
//!    are announced, and ICE, which prefers the faster one, decides. So a lost datagram does not bind a call to TCP, and nothing has
//!    to be guessed. Of several interfaces on one rung the first stays; what the others allocate is released.
//! 4. A refusal moves the ladder up like silence does, for over UDP and TCP someone on the path can forge one.
//! 5. An allocation that is lost is replaced, and a server that failed rests, longer each time.
//! 6. Fresh credentials mean fresh allocations beside the old ones, for an allocation belongs to its user name (RFC 8656 §7.2, 441);
//!    the old ones go when their owner says so, or a minute after the new ones stand.
//! 7. At the end each allocation is released with a lifetime of zero (RFC 8656 §8).

mod attempts;
mod events;
mod grant;
mod io;
mod ladder;
mod link;
mod renewal;
mod search;

use core::fmt;
use core::net::SocketAddr;
use std::collections::VecDeque;

use rand_core::CryptoRng;
use zentalk_primitives::{Instant, Transmit};

use self::grant::Grant;
use self::ladder::Ladder;
use self::link::{Link, LinkId};
use crate::limits::{MAX_LOCAL_SOCKETS, MAX_QUEUED};
use crate::servers::Prober;
use crate::turn::{TlsTrust, TurnCredentials, TurnInput};

pub use self::io::{RelaysEvent, RelaysFailure, RelaysOutput, StreamId, StreamInput, StreamOutput};
pub use crate::servers::{Location, RelayServer};

/// The TURN allocations of one call; see the module.
///
/// # Drain contract
///
/// After every call that may change something call [`poll_output`](Self::poll_output) until it returns
/// [`RelaysOutput::Timeout`]; then wait for that time or for the next input, whichever comes first. Times never go backwards.
pub struct Relays {
    trust: TlsTrust,
    /// UDP sockets of ours.
    locals: Vec<SocketAddr>,
    grant: Option<Grant>,
    /// How many there were.
    grants: u64,
    ladders: Vec<Ladder>,
    links: Vec<Link>,
    prober: Prober,
    /// Names streams; from a random start.
    next_stream: u64,
    /// Names ladders and links.
    next_id: u64,
    /// When the allocations from before the last renewal go.
    retire_at: Option<Instant>,
    /// Whether the end of the search was told.
    settled: bool,
    /// It is not told before this: interfaces are made known one by one.
    settles_at: Instant,
    out: VecDeque<RelaysOutput>,
}

impl Relays {
    /// None yet. `trust` says which certificates TURN servers may have.
    pub fn new(trust: TlsTrust, rng: &mut impl CryptoRng) -> Self {
        let mut start = [0; 8];
        rng.fill_bytes(&mut start);
        Self {
            trust,
            locals: Vec::new(),
            grant: None,
            grants: 0,
            ladders: Vec::new(),
            links: Vec::new(),
            prober: Prober::new(rng),
            next_stream: u64::from_le_bytes(start),
            next_id: 0,
            retire_at: None,
            settled: true,
            settles_at: Instant::ZERO,
            out: VecDeque::new(),
        }
    }

    // Getters.

    /// Whether a relayed address is ours.
    pub fn owns(&self, relayed: SocketAddr) -> bool {
        self.owner(relayed).is_some()
    }

    /// Whether there is no allocation, none under way and none to be released: after [`release`](Self::release) all is done.
    pub fn is_idle(&self) -> bool {
        self.links.is_empty()
    }

    /// Whether allocations are made or held from this UDP socket of ours.
    pub fn uses(&self, local: SocketAddr) -> bool {
        self.links.iter().any(|link| link.stream().is_none() && link.local() == Some(local))
    }

    // Inputs.

    /// Takes a datagram from one of our sockets; says whether it was from a TURN server and is dealt with. To be asked before
    /// anyone else. Binding messages of a STUN server at the same address are left to the agent.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        local: SocketAddr,
        remote: SocketAddr,
        payload: &[u8],
    ) -> bool {
        let is_binding = crate::stun::is_binding(payload);
        let link = self.links.iter().find(|link| link.is_between(local, remote));
        let taken = match link.filter(|_| !is_binding).map(|link| link.id) {
            Some(id) => {
                self.feed(now, id, TurnInput::Received(payload));
                true
            }
            None => is_binding && self.prober.handle_datagram(now, local, remote, payload),
        };
        if taken {
            self.tend(now);
        }
        taken
    }

    /// Takes what happened on a stream. One that was closed by us, or never opened, is ignored.
    pub fn handle_stream(&mut self, now: Instant, input: StreamInput) {
        let stream = Some(input.stream());
        let Some(id) = self.links.iter().find(|l| l.stream() == stream).map(|link| link.id) else {
            return;
        };
        match input {
            StreamInput::Connected { local, .. } => self.connected(now, id, local),
            StreamInput::Received { payload, .. } => {
                self.feed(now, id, TurnInput::Received(&payload));
            }
            StreamInput::Closed { .. } => self.closed(now, id),
        }
        self.tend(now);
    }

    /// Lets time pass.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.wake_links(now);
        self.prober.handle_timeout(now);
        self.renew(now);
        self.tend(now);
    }

    // Commands.

    /// These are the servers, best first, at most [`MAX_RELAY_SERVERS`](crate::MAX_RELAY_SERVERS), and credentials for them until
    /// `expires`. Again with fresh ones: a renewal, for which new allocations are made beside the old ones.
    pub fn set_servers(
        &mut self,
        now: Instant,
        servers: Vec<RelayServer>,
        credentials: TurnCredentials,
        expires: Instant,
    ) {
        self.take_grant(now, servers, credentials, expires);
        self.tend(now);
    }

    /// A UDP socket of ours, bound to one address: its interface is one to reach TURN servers from, over any transport. In mid-call,
    /// too: then there will be allocations from there as well. At most [`MAX_LOCAL_SOCKETS`] and
    /// [`MAX_INTERFACES`](crate::MAX_INTERFACES); what is over is left out.
    pub fn add_local(&mut self, now: Instant, local: SocketAddr) {
        if self.locals.contains(&local) || self.locals.len() >= MAX_LOCAL_SOCKETS {
            return;
        }
        let known = self.interfaces().contains(&local.ip());
        self.locals.push(local);
        if !known {
            self.use_interface(now, local.ip());
        }
        self.tend(now);
    }

    /// A socket of ours is gone: what was allocated from it is lost. With the last one of an interface its streams go, too.
    pub fn remove_local(&mut self, now: Instant, local: SocketAddr) {
        self.locals.retain(|known| *known != local);
        self.prober.remove_local(local);
        self.leave_socket(local);
        self.tend(now);
    }

    /// Sends to a peer: `transmit.local` is a relayed address of ours. A permission is made where there is none.
    pub fn send(&mut self, now: Instant, transmit: &Transmit) {
        let Some(id) = self.owner(transmit.local) else { return };
        if let Some(client) = self.link_mut(id).and_then(|link| link.client.as_mut()) {
            client.send(now, transmit.remote, &transmit.payload);
        }
        self.drain(now, id);
    }

    /// This is the nominated pair: where `local` is a relayed address of ours, a channel is bound (RFC 8656 §12), which costs 4
    /// bytes a packet instead of 36.
    pub fn select(&mut self, now: Instant, local: SocketAddr, remote: SocketAddr) {
        let Some(id) = self.owner(local) else { return };
        if let Some(client) = self.link_mut(id).and_then(|link| link.client.as_mut()) {
            client.bind_channel(now, remote);
        }
        self.drain(now, id);
    }

    /// Releases the allocations from before the last [`set_servers`](Self::set_servers): the call does not need them any more. Without
    /// newer ones they stay.
    pub fn retire_old(&mut self, now: Instant) {
        self.retire(now);
        self.tend(now);
    }

    /// The call is over: releases everything. Drain, and go on until [`is_idle`](Self::is_idle), so that the servers hear of it.
    pub fn release(&mut self, now: Instant) {
        self.release_all(now);
    }

    // Output.

    /// The next thing to do; see the drain contract above.
    pub fn poll_output(&mut self) -> RelaysOutput {
        self.drain_prober();
        self.out.pop_front().unwrap_or_else(|| RelaysOutput::Timeout(self.next_timeout()))
    }

    fn next_timeout(&mut self) -> Option<Instant> {
        let links = self.links.iter().filter_map(Link::next_timeout).min();
        let ladders = self.ladders.iter().filter_map(Ladder::next_timeout).min();
        let renewal = self.grant.as_ref().and_then(Grant::next_timeout);
        let all =
            [links, ladders, renewal, self.retire_at, self.search_timeout(), self.probe_timeout()];
        all.into_iter().flatten().min()
    }

    // Helpers.

    fn owner(&self, relayed: SocketAddr) -> Option<LinkId> {
        let mut serving = self.links.iter().filter(|link| link.is_serving());
        serving.find(|link| link.relayed.contains(&relayed)).map(|link| link.id)
    }

    fn link_mut(&mut self, id: LinkId) -> Option<&mut Link> {
        self.links.iter_mut().find(|link| link.id == id)
    }

    fn ladder_mut(&mut self, id: u64) -> Option<&mut Ladder> {
        self.ladders.iter_mut().find(|ladder| ladder.id == id)
    }

    fn fresh_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    fn event(&mut self, event: RelaysEvent) {
        self.out.push_back(RelaysOutput::Event(event));
    }

    /// What a peer or a server can bring about in any number is dropped where nobody drains.
    fn packet(&mut self, output: RelaysOutput) {
        if self.out.len() < MAX_QUEUED {
            self.out.push_back(output);
        }
    }
}

/// Prints counts only.
impl fmt::Debug for Relays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relays")
            .field("links", &self.links.len())
            .field("grants", &self.grants)
            .finish_non_exhaustive()
    }
}
