//! The core behind a lock, and what its outputs need. Inputs come from a task for each socket; each drains the outputs
//! before it lets go, without waiting for anything.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::net::UdpSocket;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use zentalk_primitives::{Instant, UnixTime};

use super::super::core::{
    AddressFamily, CoreOutput, Counts, NoRelay, OpenedRelay, Ports, RelayRequest, StreamId,
    TurnServerCore,
};
use super::connection::Outbox;
use super::relay_ports::RelayPorts;
use super::sockets;
use crate::relay::clock::Clock;

/// What all tasks of a server share.
pub(super) struct Shared {
    state: Mutex<State>,
    clock: Clock,
    /// The next deadline has moved forward.
    pub(super) sooner: Notify,
}

/// Both times of one moment. Credentials are judged by the system's clock as it is, like their issuer's.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) now: Instant,
    pub(super) unix_now: UnixTime,
}

struct State {
    core: TurnServerCore,
    listeners: HashMap<SocketAddr, Arc<UdpSocket>>,
    relays: HashMap<SocketAddr, RelaySocket>,
    streams: HashMap<StreamId, Outbox>,
    next_stream: u64,
    ports: RelayPorts,
    /// The core's next deadline.
    deadline: Option<Instant>,
    /// For the tasks of relay sockets.
    shared: Weak<Shared>,
}

/// A relay socket and the task that reads it.
struct RelaySocket {
    socket: Arc<UdpSocket>,
    task: AbortHandle,
}

impl Drop for RelaySocket {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    pub(super) fn new(
        core: TurnServerCore,
        listeners: HashMap<SocketAddr, Arc<UdpSocket>>,
        ports: RelayPorts,
    ) -> Arc<Self> {
        Arc::new_cyclic(|shared| {
            let state = State {
                core,
                listeners,
                relays: HashMap::new(),
                streams: HashMap::new(),
                next_stream: 0,
                ports,
                deadline: None,
                shared: shared.clone(),
            };
            Self { state: Mutex::new(state), clock: Clock::start(), sooner: Notify::new() }
        })
    }

    /// Gives the core an input and does what comes of it.
    pub(super) fn input(&self, input: impl FnOnce(&mut TurnServerCore, Moment)) {
        let moment = Moment { now: self.clock.now(), unix_now: Clock::system_time() };
        let mut state = self.lock();
        input(&mut state.core, moment);
        let before = state.deadline;
        state.drain(moment.now);
        let sooner = match (before, state.deadline) {
            (Some(before), Some(after)) => after < before,
            (before, after) => before.is_none() && after.is_some(),
        };
        drop(state);
        if sooner {
            self.sooner.notify_one();
        }
    }

    /// A client connected: its number.
    pub(super) fn stream_opened(
        &self,
        listen: SocketAddr,
        client: SocketAddr,
        outbox: Outbox,
    ) -> StreamId {
        let mut state = self.lock();
        let id = StreamId(state.next_stream);
        state.next_stream = state.next_stream.wrapping_add(1);
        state.streams.insert(id, outbox);
        drop(state);
        self.input(|core, moment| core.stream_opened(moment.now, id, listen, client));
        id
    }

    pub(super) fn stream_closed(&self, id: StreamId) {
        self.lock().streams.remove(&id);
        self.input(|core, moment| core.stream_closed(moment.now, id));
    }

    /// When the core wants to be called, and what time it is.
    pub(super) fn deadline(&self) -> (Option<Instant>, Instant) {
        (self.lock().deadline, self.clock.now())
    }

    pub(super) fn counts(&self) -> Counts {
        self.lock().core.counts()
    }

    /// Closes every relay socket and connection.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.relays.clear();
        state.streams.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No input panics; if one did, the others' calls go on.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn drain(&mut self, now: Instant) {
        loop {
            match self.core.poll_output() {
                CoreOutput::Datagram { listen, client, payload } => {
                    if let Some(socket) = self.listeners.get(&listen) {
                        sockets::send(socket, &payload, client);
                    }
                }
                CoreOutput::Relay { relay, peer, payload } => {
                    if let Some(relay) = self.relays.get(&relay) {
                        sockets::send(&relay.socket, &payload, peer);
                    }
                }
                CoreOutput::StreamWrite { stream, payload, droppable } => {
                    self.write(now, stream, payload, droppable);
                }
                CoreOutput::StreamClose { stream } => {
                    self.streams.remove(&stream);
                }
                CoreOutput::OpenRelay { request, family, ports } => {
                    self.open(now, request, family, ports);
                }
                CoreOutput::CloseRelay { relay } => {
                    self.relays.remove(&relay);
                }
                CoreOutput::Timeout(deadline) => {
                    self.deadline = deadline;
                    return;
                }
            }
        }
    }

    fn write(&mut self, now: Instant, stream: StreamId, payload: Vec<u8>, droppable: bool) {
        let stuck = self
            .streams
            .get(&stream)
            .is_some_and(|outbox| outbox.push(payload, droppable).is_err());
        if stuck {
            self.streams.remove(&stream);
            self.core.stream_closed(now, stream);
        }
    }

    fn open(&mut self, now: Instant, request: RelayRequest, family: AddressFamily, ports: Ports) {
        let opened = self.ports.open(family, ports).and_then(|opened| {
            let relay = self.start_relay(opened.socket)?;
            let next = opened.next.and_then(|socket| self.start_relay(socket));
            Some(OpenedRelay { relay, next })
        });
        self.core.relay_opened(now, request, opened.ok_or(NoRelay));
    }

    /// Has a relay socket read from now on.
    fn start_relay(&mut self, socket: UdpSocket) -> Option<SocketAddr> {
        let address = socket.local_addr().ok()?;
        let (socket, shared) = (Arc::new(socket), self.shared.upgrade()?);
        let task = tokio::spawn(read_relay(Arc::clone(&socket), address, shared)).abort_handle();
        self.relays.insert(address, RelaySocket { socket, task });
        Some(address)
    }
}

async fn read_relay(socket: Arc<UdpSocket>, address: SocketAddr, shared: Arc<Shared>) {
    let mut buffer = sockets::buffer();
    loop {
        let Some((payload, peer)) = sockets::receive(&socket, &mut buffer).await else { continue };
        shared.input(|core, moment| core.peer_received(moment.now, address, peer, payload));
    }
}
