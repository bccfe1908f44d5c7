//! The TURN server without sockets and clocks: [`TurnServerCore`].
//!
//! A message takes this way:
//!
//! 1. `framing` cuts connections into messages; datagrams are messages.
//! 2. `authenticate`: nothing is remembered of a request before its sender has proven a credential, nor is it answered more
//!    often than its `Pacer` allows.
//! 3. `allocate`, `refresh`, `permit`: the requests. [`PeerPolicy`](super::peers::PeerPolicy) says to whom.
//! 4. `relaying`: data.
//!
//! It is not built on `turn-server-proto`, which answers a retransmitted Allocate with 437, binds one channel to two peers and
//! does not pad ChannelData on TCP: `tests/it/turn/peer.rs` has the inputs.

mod allocate;
mod allocation;
mod attributes;
mod authenticate;
mod book;
mod client;
mod config;
mod counts;
mod deadlines;
mod framing;
mod integrity;
mod nonce;
mod output;
mod permit;
mod quotas;
mod refresh;
mod relaying;
mod reply;
mod requests;
mod reservations;
mod streams;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::net::SocketAddr;

use zentalk_primitives::{Instant, UnixTime};

use crate::pacing::Pacer;
use allocate::Opening;
use allocation::{Allocation, Relay};
use book::Book;
use client::{ClientId, Sender};
use deadlines::{Deadlines, Due};
use nonce::Nonces;
use quotas::{Connections, Quotas};
use reply::{Refusal, Reply};
use reservations::Reservations;
use streams::Stream;

pub use config::{CoreConfig, InvalidRealm, Limits, Realm};
pub use counts::Counts;
pub use output::{AddressFamily, CoreOutput, NoRelay, OpenedRelay, Ports, RelayRequest, StreamId};

/// A TURN server as a sans-IO engine: whatever happens on its sockets goes in, what it wants sent comes out.
///
/// After every input, drain [`poll_output`](Self::poll_output) until it says [`CoreOutput::Timeout`], and call
/// [`handle_timeout`](Self::handle_timeout) at that time.
pub struct TurnServerCore {
    config: CoreConfig,
    nonces: Nonces,
    pacer: Pacer,
    book: Book,
    quotas: Quotas,
    connections: Connections,
    streams: BTreeMap<StreamId, Stream>,
    openings: BTreeMap<ClientId, Opening>,
    requests: BTreeMap<RelayRequest, Sender>,
    reservations: Reservations,
    deadlines: Deadlines,
    outputs: VecDeque<CoreOutput>,
    counts: Counts,
    next_request: u64,
    next_indication: u64,
}

/// What a request comes to.
enum Answer {
    /// To be signed and sent.
    Reply(Reply),
    /// Sent before.
    Ready(Vec<u8>),
    /// When the relay sockets are open.
    Later,
}

impl TurnServerCore {
    /// A server without allocations.
    pub fn new(config: CoreConfig) -> Self {
        Self {
            nonces: Nonces::new(&config.nonce_key),
            pacer: Pacer::new(config.limits.requests_per_second, &config.nonce_key),
            book: Book::default(),
            quotas: Quotas::new(),
            connections: Connections::default(),
            streams: BTreeMap::new(),
            openings: BTreeMap::new(),
            requests: BTreeMap::new(),
            reservations: Reservations::new(&config.nonce_key),
            deadlines: Deadlines::default(),
            outputs: VecDeque::new(),
            counts: Counts::default(),
            next_request: 0,
            next_indication: 0,
            config,
        }
    }

    /// A datagram from `client` arrived at the listening socket `listen`.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        unix_now: UnixTime,
        listen: SocketAddr,
        client: SocketAddr,
        payload: &[u8],
    ) {
        self.expire(now);
        let sender = Sender::datagram(listen, client);
        match framing::parse_channel_data(payload) {
            Some((number, data)) => {
                let done = self.channel_data(now, sender.id, number, data);
                self.count_dropped(done);
            }
            None => self.handle_stun(now, unix_now, &sender, payload),
        }
    }

    /// A client connected, by TCP or TLS; a handshake may still go on. `stream` must be a new number.
    pub fn stream_opened(
        &mut self,
        now: Instant,
        stream: StreamId,
        listen: SocketAddr,
        client: SocketAddr,
    ) {
        self.expire(now);
        self.open_stream(now, stream, listen, client);
    }

    /// Bytes arrived on a connection.
    pub fn stream_received(
        &mut self,
        now: Instant,
        unix_now: UnixTime,
        stream: StreamId,
        bytes: &[u8],
    ) {
        self.expire(now);
        self.read_stream(now, unix_now, stream, bytes);
    }

    /// A connection ended; its allocation ends with it.
    pub fn stream_closed(&mut self, now: Instant, stream: StreamId) {
        self.expire(now);
        self.forget_stream(now, stream);
    }

    /// The answer to [`CoreOutput::OpenRelay`].
    pub fn relay_opened(
        &mut self,
        now: Instant,
        request: RelayRequest,
        opened: Result<OpenedRelay, NoRelay>,
    ) {
        self.expire(now);
        self.opened(now, request, opened);
    }

    /// A datagram from `peer` arrived at the relay socket `relay`.
    pub fn peer_received(
        &mut self,
        now: Instant,
        relay: SocketAddr,
        peer: SocketAddr,
        payload: &[u8],
    ) {
        self.expire(now);
        let done = self.relay_from_peer(now, relay, peer, payload);
        self.count_dropped(done);
    }

    /// The time of the last [`CoreOutput::Timeout`] has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.expire(now);
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> CoreOutput {
        self.outputs.pop_front().unwrap_or(CoreOutput::Timeout(self.deadlines.next()))
    }

    /// What the server did so far.
    pub fn counts(&self) -> Counts {
        Counts {
            allocations: self.quotas.total(),
            streams: self.connections.total(),
            ..self.counts
        }
    }

    /// Does what is due by `now`. Every input begins with it, so nothing lives longer for a late timer.
    fn expire(&mut self, now: Instant) {
        while let Some(due) = self.deadlines.take_due(now) {
            match due {
                Due::Allocation(client) => {
                    self.drop_relays(now, client, |relay| relay.expires > now);
                }
                Due::Stream(stream) => self.shut_stream(now, stream),
                Due::Reservation(token) => {
                    if let Some(reservation) = self.reservations.expire(token) {
                        self.quotas.give_back(&reservation.username, reservation.source);
                        self.close_relays([reservation.socket]);
                    }
                }
            }
        }
    }

    /// Closes those relay sockets of an allocation that are not to be kept; the allocation ends with the last of them.
    fn drop_relays(&mut self, now: Instant, client: ClientId, keep: impl Fn(&Relay) -> bool) {
        let gone = self.book.take_relays(client, keep);
        if let Some(allocation) = self.book.get_mut(client) {
            for socket in &gone {
                allocation.forget_family(AddressFamily::of(socket.ip()));
            }
        }
        self.close_relays(gone);
        if self.book.get(client).is_some_and(|allocation| allocation.relays.is_empty()) {
            self.end_allocation(now, client);
        } else {
            self.reschedule(client);
        }
    }

    /// Ends a client's allocation, whatever state it is in.
    fn end_allocation(&mut self, now: Instant, client: ClientId) {
        let Some(allocation) = self.book.remove(client) else { return };
        let Allocation { credential, source, relays, due, .. } = allocation;
        self.deadlines.remove(due, Due::Allocation(client));
        self.quotas.give_back(&credential.username, source);
        self.close_relays(relays.iter().map(|relay| relay.socket));
        if let Some(opening) = self.openings.remove(&client) {
            if opening.reserves() {
                self.quotas.give_back(&credential.username, source);
            }
            self.close_relays(opening.sockets());
        }
        self.start_idling(now, client);
    }

    /// Looks at an allocation again when the first of its relayed addresses expires.
    fn reschedule(&mut self, client: ClientId) {
        let Some(allocation) = self.book.get_mut(client) else { return };
        let Some(due) = allocation.next_expiry() else { return };
        self.deadlines.remove(allocation.due, Due::Allocation(client));
        allocation.due = due;
        self.deadlines.add(due, Due::Allocation(client));
    }

    fn close_relays(&mut self, sockets: impl IntoIterator<Item = SocketAddr>) {
        let closed = sockets.into_iter().map(|relay| CoreOutput::CloseRelay { relay });
        self.outputs.extend(closed);
    }

    /// The allocation of a request that needs one (437).
    fn standing(&self, sender: &Sender) -> Result<&Allocation, Refusal> {
        let allocation = self.book.get(sender.id).ok_or(Refusal::MISMATCH)?;
        if allocation.answer.is_some() { Ok(allocation) } else { Err(Refusal::MISMATCH) }
    }

    /// What peers see of a relay socket.
    fn external(&self, relay: SocketAddr) -> SocketAddr {
        let ip = self.config.external.get(&relay.ip()).copied().unwrap_or(relay.ip());
        SocketAddr::new(ip, relay.port())
    }

    fn send(&mut self, sender: &Sender, message: Vec<u8>) {
        self.push(sender.id, message, false);
    }

    fn push(&mut self, client: ClientId, payload: Vec<u8>, droppable: bool) {
        self.outputs.push_back(match client {
            ClientId::Datagram { listen, client } => {
                CoreOutput::Datagram { listen, client, payload }
            }
            ClientId::Stream(stream) => CoreOutput::StreamWrite { stream, payload, droppable },
        });
    }

    fn count_dropped(&mut self, done: Option<()>) {
        if done.is_none() {
            self.counts.dropped = self.counts.dropped.saturating_add(1);
        }
    }
}

/// Counts only.
impl fmt::Debug for TurnServerCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TurnServerCore").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
