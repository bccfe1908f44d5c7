//! A worker: one thread, one socket on the common port, one forwarding core with the rooms that are its own.
//!
//! Each turn of its loop: wait for the socket, for another thread, or for the core's next deadline; do what the
//! control connections ask; take what other workers handed over; receive batch by batch; send what came of it. Nothing
//! in it awaits, and nothing is allocated for a packet. The threads wake each other through the poller, which is what
//! `mio` is for: the standard library can wait for a socket, but not for a socket or another thread.

mod forward;
mod handover;
mod routes;
mod udp;

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use mio::{Events, Interest, Poll, Token, Waker};
use socket2::Socket;
use tokio::sync::mpsc as tasks;
use zentalk_primitives::Instant;
use zentalk_sfu::Sfu;
use zentalk_sfu_control::RefusedCode;

use super::admission::{JoinRequest, Request};
use super::counts::WorkerCounts;
use super::reception::{Reception, ReceptionOutput};
use crate::relay::clock::Clock;
use forward::{Forward, Mesh};
use udp::{Received, UdpPort};

pub(super) use udp::bind;

/// What the threads of control connections ask a worker for.
pub(super) enum Command {
    /// A connection whose participant belongs here, and wants in; what it is to be told goes into `outbox`, and when
    /// that is dropped the connection ends.
    Open { connection: u64, join: Box<JoinRequest>, outbox: tasks::Sender<Vec<u8>> },
    /// A further message of it.
    Request { connection: u64, request: Result<Request, RefusedCode> },
    /// It has ended.
    Closed { connection: u64 },
    /// Tell everybody to go elsewhere.
    Drain { within: Duration },
    /// End.
    Stop,
}

/// The way to a worker.
#[derive(Clone)]
pub(super) struct WorkerHandle {
    commands: SyncSender<Command>,
    waker: Arc<Waker>,
    counts: Arc<Mutex<WorkerCounts>>,
}

/// The worker has more to do than it can, or has ended.
#[derive(Debug)]
pub(super) struct Busy;

impl WorkerHandle {
    /// Has the worker do something, soon.
    pub(super) fn ask(&self, command: Command) -> Result<(), Busy> {
        match self.commands.try_send(command) {
            Ok(()) => self.waker.wake().map_err(|_| Busy),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(Busy),
        }
    }

    /// Tells it to stop, until it hears that or is gone.
    pub(super) async fn stop(&self) {
        for _ in 0..STOP_ATTEMPTS {
            if self.ask(Command::Stop).is_ok() {
                return;
            }
            tokio::time::sleep(STOP_PAUSE).await;
        }
    }

    /// What the worker has done, not older than a moment.
    pub(super) fn counts(&self) -> WorkerCounts {
        *lock(&self.counts)
    }
}

/// A worker that has not begun.
pub(super) struct Worker {
    index: usize,
    poll: Poll,
    commands: Receiver<Command>,
    port: UdpPort,
    forward: Forward,
    reception: Reception,
    outboxes: BTreeMap<u64, tasks::Sender<Vec<u8>>>,
    clock: Clock,
    counts: Arc<Mutex<WorkerCounts>>,
    counted: Instant,
    lost: u64,
    stopped: bool,
}

/// One worker for each socket; `sfu` and `reception` make its parts from its number and from the datagrams of one
/// size that one system call takes.
pub(super) fn prepare(
    sockets: Vec<Socket>,
    clock: Clock,
    mut sfu: impl FnMut(u16, usize) -> io::Result<Sfu>,
    reception: impl Fn() -> Reception,
) -> io::Result<(Vec<Worker>, Vec<WorkerHandle>)> {
    let count = sockets.len();
    let polls = (0..count).map(|_| Poll::new()).collect::<io::Result<Vec<_>>>()?;
    let wakers = polls
        .iter()
        .map(|poll| Waker::new(poll.registry(), WAKE).map(Arc::new))
        .collect::<io::Result<Vec<_>>>()?;
    let mesh = Arc::new(Mesh::new(wakers.clone()));
    let mut workers = Vec::with_capacity(count);
    let mut handles = Vec::with_capacity(count);
    for (index, ((socket, poll), waker)) in sockets.into_iter().zip(polls).zip(wakers).enumerate() {
        let mut port = UdpPort::new(socket)?;
        poll.registry().register(port.source(), SOCKET, Interest::READABLE)?;
        let number = u16::try_from(index).map_err(io::Error::other)?;
        let forward = Forward::new(index, sfu(number, port.max_segments())?, Arc::clone(&mesh));
        let (sender, commands) = sync_channel(MAX_COMMANDS);
        let counts = Arc::default();
        handles.push(WorkerHandle { commands: sender, waker, counts: Arc::clone(&counts) });
        workers.push(Worker {
            index,
            poll,
            commands,
            port,
            forward,
            reception: reception(),
            outboxes: BTreeMap::new(),
            clock,
            counts,
            counted: Instant::ZERO,
            lost: 0,
            stopped: false,
        });
    }
    Ok((workers, handles))
}

impl Worker {
    /// Its name among threads.
    pub(super) fn name(&self) -> String {
        format!("zentalk-sfu-{}", self.index)
    }

    /// Works until it is told to stop.
    ///
    /// # Errors
    /// The poller failed; there is no going on without it.
    pub(super) fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(MAX_EVENTS);
        let mut more = false;
        while !self.stopped {
            let timeout = if more { Duration::ZERO } else { self.until_deadline() };
            match self.poll.poll(&mut events, Some(timeout)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            self.obey();
            self.forward.take_handed_over(self.clock.now());
            self.send();
            more = self.receive();
            self.keep_time();
            self.reception.handle_events(&mut self.forward.sfu);
            self.send();
            self.answer();
        }
        self.count();
        Ok(())
    }

    fn until_deadline(&self) -> Duration {
        let now = self.clock.now();
        let deadline = self.forward.sfu.next_timeout();
        deadline.map_or(LONGEST_SLEEP, |at| at.saturating_since(now)).min(LONGEST_SLEEP)
    }

    /// Does what the control connections ask.
    fn obey(&mut self) {
        for _ in 0..MAX_COMMANDS {
            let Ok(command) = self.commands.try_recv() else { return };
            let (now, sfu) = (self.clock.now(), &mut self.forward.sfu);
            match command {
                Command::Open { connection, join, outbox } => {
                    self.outboxes.insert(connection, outbox);
                    self.request(connection, Ok(Request::Join(join)));
                }
                // What still comes from one that was closed is not for the reception.
                Command::Request { connection, request } => {
                    if self.outboxes.contains_key(&connection) {
                        self.request(connection, request);
                    }
                }
                Command::Closed { connection } => {
                    self.outboxes.remove(&connection);
                    self.reception.handle_closed(connection);
                }
                Command::Drain { within } => {
                    sfu.drain(now, within);
                    self.reception.handle_events(sfu);
                }
                Command::Stop => self.stopped = true,
            }
            self.answer();
        }
    }

    fn request(&mut self, connection: u64, request: Result<Request, RefusedCode>) {
        let (now, sfu, rng) = (self.clock.now(), &mut self.forward.sfu, &mut UnwrapErr(SysRng));
        self.reception.handle_request(now, connection, request, sfu, rng);
    }

    /// Receives until nothing is left, or it is time to look after something else; whether there may be more.
    fn receive(&mut self) -> bool {
        for _ in 0..BATCHES_AT_ONCE {
            let Received::Some(count) = self.port.receive() else { return false };
            let (now, forward) = (self.clock.now(), &mut self.forward);
            self.port.datagrams(count, |local, remote, datagram| {
                forward.take(now, local, remote, datagram);
            });
            forward.hand_over();
            self.send();
        }
        true
    }

    /// Sends what the core has ready.
    fn send(&mut self) {
        while let Some(burst) = self.forward.sfu.poll_burst() {
            self.lost = self.lost.saturating_add(self.port.send(&burst) as u64);
        }
    }

    fn keep_time(&mut self) {
        let now = self.clock.now();
        if self.forward.sfu.next_timeout().is_some_and(|at| at <= now) {
            self.forward.sfu.handle_timeout(now);
        }
        self.forward.routes.sweep(now);
        if self.counted + COUNT_INTERVAL <= now {
            self.counted = now;
            self.count();
        }
    }

    fn count(&self) {
        let mut counts =
            WorkerCounts { forwarding: self.forward.sfu.stats(), ..WorkerCounts::default() };
        counts.reception = self.reception.counts();
        counts.handed_over = self.forward.handed_over;
        counts.lost = self.lost.saturating_add(self.forward.lost);
        *lock(&self.counts) = counts;
    }

    /// Passes on what the reception has for connections.
    fn answer(&mut self) {
        while let Some(output) = self.reception.poll_output() {
            match output {
                ReceptionOutput::Send { connection, frame } => {
                    let sent = self.outboxes.get(&connection).map(|outbox| outbox.try_send(frame));
                    if matches!(sent, Some(Err(_))) {
                        // It reads too slowly, or is gone: its participant may come again.
                        self.outboxes.remove(&connection);
                        self.reception.handle_closed(connection);
                    }
                }
                ReceptionOutput::Close { connection } => {
                    self.outboxes.remove(&connection);
                }
            }
        }
    }
}

fn lock(counts: &Mutex<WorkerCounts>) -> MutexGuard<'_, WorkerCounts> {
    // Counts are copied in and out; nothing panics between.
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

const WAKE: Token = Token(0);
const SOCKET: Token = Token(1);
const MAX_EVENTS: usize = 16;
/// Waiting for a worker; more are refused.
const MAX_COMMANDS: usize = 1_024;
/// Batches before other things have their turn.
const BATCHES_AT_ONCE: usize = 16;
const STOP_ATTEMPTS: usize = 50;
const STOP_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_SLEEP: Duration = Duration::from_secs(1);
const COUNT_INTERVAL: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests;
