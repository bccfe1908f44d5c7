//! The task of a client.
//!
//! 1. It has a connection: requests go out, answers and deliveries come in, both at any time; neither
//!    waits for the other, or two full directions would wait for each other for ever.
//! 2. The connection breaks: the application is told.
//! 3. It dials, with pauses. Requests wait meanwhile.
//! 4. It has a connection again: open requests go out again.

use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{Sink, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{self, Instant, MissedTickBehavior};
use tokio_tungstenite::tungstenite::{self, Message};
use zentalk_onion_relay::frames::{Ack, Code, Refused};
use zentalk_onion_relay::limits::DELIVERY_WINDOW;
use zentalk_onion_relay::{Frame, MailboxKey};

use super::backoff::Backoff;
use super::endpoint::RelayEndpoint;
use super::error::RelayError;
use super::events::EventQueue;
use super::handle::FetchedPrekeys;
use super::requests::{Answer, Request, Requests, refused};
use super::session::{Session, Socket};

pub(super) struct Task {
    endpoint: RelayEndpoint,
    key: Option<MailboxKey>,
    waiting: mpsc::Receiver<Request>,
    acks: mpsc::UnboundedReceiver<u64>,
    events: Arc<EventQueue>,
    requests: Requests,
    backoff: Backoff,
}

impl Task {
    pub(super) fn new(
        endpoint: RelayEndpoint,
        key: Option<MailboxKey>,
        waiting: mpsc::Receiver<Request>,
        acks: mpsc::UnboundedReceiver<u64>,
        events: Arc<EventQueue>,
    ) -> Self {
        let (requests, backoff) = (Requests::default(), Backoff::default());
        Self { endpoint, key, waiting, acks, events, requests, backoff }
    }

    pub(super) async fn run(mut self, first: Session) {
        let mut session = first;
        loop {
            let began = Instant::now();
            let reason = self.serve(session).await;
            if began.elapsed() >= GOOD_AFTER {
                self.backoff.reset();
            }
            tracing::info!(%reason, "the relay is disconnected");
            self.events.disconnected(reason);
            if reason.is_final() {
                break;
            }
            session = match self.dial().await {
                Ok(session) => session,
                Err(reason) => {
                    self.events.disconnected(reason);
                    break;
                }
            };
        }
        self.events.end();
    }

    /// Dials until a connection is there, or a reason to give up.
    async fn dial(&mut self) -> Result<Session, RelayError> {
        loop {
            let chance = getrandom::u32().map_err(|_| RelayError::Cryptography)?;
            time::sleep(self.backoff.pause(chance)).await;
            match Session::open(&self.endpoint, self.key.as_ref()).await {
                Ok(session) => return Ok(session),
                Err(reason) if reason.is_final() => return Err(reason),
                Err(reason) => tracing::debug!(%reason, "the relay is still disconnected"),
            }
        }
    }

    /// One connection, from its first to its last frame.
    async fn serve(&mut self, session: Session) -> RelayError {
        self.events.connected(session.one_time_left);
        let (sink, stream) = session.socket.split();
        let mut link = Link::new(sink, stream);
        for message in self.requests.messages() {
            link.queue(Message::binary(message));
        }
        match self.exchange(&mut link).await {
            Ok(never) => match never {},
            // What the relay said last explains the end better than how the socket ended.
            Err(reason) => link.farewell.unwrap_or(reason),
        }
    }

    async fn exchange(&mut self, link: &mut Link) -> Result<Infallible, RelayError> {
        let mut ticks = time::interval_at(Instant::now() + PING_INTERVAL, PING_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let takes_requests = self.requests.has_room() && link.has_room();
            tokio::select! {
                request = self.waiting.recv(), if takes_requests => {
                    self.handle_request(link, request.ok_or(RelayError::Closed)?);
                }
                sequence = self.acks.recv(), if link.has_room() => {
                    handle_ack(link, sequence.ok_or(RelayError::Closed)?);
                }
                message = link.stream.next() => {
                    link.heard = Instant::now();
                    self.handle_message(link, message)?;
                }
                written = poll_fn(|cx| link.sink.poll_write(cx)), if link.sink.dirty => written?,
                _ = ticks.tick() => {
                    self.requests.forget_abandoned();
                    link.ping()?;
                }
            }
        }
    }

    fn handle_request(&mut self, link: &mut Link, request: Request) {
        if let Some(message) = self.requests.open(request) {
            link.queue(Message::binary(message));
        }
    }

    fn handle_message(
        &mut self,
        link: &mut Link,
        message: Option<Result<Message, tungstenite::Error>>,
    ) -> Result<(), RelayError> {
        match message {
            Some(Ok(Message::Binary(bytes))) => {
                let frame = Frame::decode(&bytes).map_err(|_| RelayError::NotARelay)?;
                self.handle_frame(link, frame)
            }
            Some(Ok(Message::Text(_))) => Err(RelayError::NotARelay),
            Some(Ok(Message::Ping(_))) => {
                // The library has queued the pong; it leaves with the next write.
                link.sink.dirty = true;
                Ok(())
            }
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(RelayError::ConnectionLost),
            Some(Ok(_)) => Ok(()),
        }
    }

    fn handle_frame(&mut self, link: &mut Link, frame: Frame) -> Result<(), RelayError> {
        match frame {
            Frame::Deliver(frame) => {
                link.delivered(frame.sequence)?;
                self.events.delivered(frame.sequence, frame.blob, frame.queued);
            }
            Frame::Stored(frame) => self.requests.answer(frame.request, Ok(Answer::Stored)),
            Frame::Published(frame) => {
                self.requests.answer(frame.request, Ok(Answer::Published(frame.one_time_left)));
            }
            Frame::Prekeys(frame) => {
                let (bundle, one_time) = (frame.bundle, frame.one_time);
                let prekeys = FetchedPrekeys { bundle, one_time };
                self.requests.answer(frame.request, Ok(Answer::Prekeys(prekeys)));
            }
            Frame::Refused(frame) => self.handle_refused(link, &frame),
            // A relay that sends these is none, or none that we understand.
            _ => return Err(RelayError::NotARelay),
        }
        Ok(())
    }

    fn handle_refused(&mut self, link: &mut Link, frame: &Refused) {
        let reason = refused(frame);
        match frame.request {
            Some(request) => self.requests.answer(request, Err(reason)),
            None if matches!(
                frame.code,
                Code::Replaced | Code::ShuttingDown | Code::RateLimited | Code::ProofRefused
            ) =>
            {
                link.farewell = Some(reason);
            }
            None => tracing::debug!(%reason, "the relay refused something"),
        }
    }
}

fn handle_ack(link: &mut Link, sequence: u64) {
    link.in_flight.remove(&sequence);
    // An acknowledgement has no bounds to break.
    if let Ok(message) = Frame::Ack(Ack { sequence }).encode() {
        link.queue(Message::binary(message));
    }
}

/// The two directions of one connection.
struct Link {
    sink: Outgoing,
    stream: SplitStream<Socket>,
    heard: Instant,
    /// Deliveries that were not acknowledged.
    in_flight: BTreeSet<u64>,
    /// Why the relay says that it will close.
    farewell: Option<RelayError>,
}

impl Link {
    fn new(sink: SplitSink<Socket, Message>, stream: SplitStream<Socket>) -> Self {
        let sink = Outgoing { sink, queue: VecDeque::new(), dirty: false };
        Self { sink, stream, heard: Instant::now(), in_flight: BTreeSet::new(), farewell: None }
    }

    fn has_room(&self) -> bool {
        self.sink.queue.len() < MAX_QUEUED
    }

    fn queue(&mut self, message: Message) {
        self.sink.queue.push_back(message);
        self.sink.dirty = true;
    }

    /// A relay that sends more than its window fills our memory: it is not one of ours.
    fn delivered(&mut self, sequence: u64) -> Result<(), RelayError> {
        self.in_flight.insert(sequence);
        if self.in_flight.len() > DELIVERY_WINDOW { Err(RelayError::NotARelay) } else { Ok(()) }
    }

    fn ping(&mut self) -> Result<(), RelayError> {
        if self.heard.elapsed() >= SILENCE {
            return Err(RelayError::ConnectionLost);
        }
        self.queue(Message::Ping(Default::default()));
        Ok(())
    }
}

/// What waits to be written. Its state is outside every future, so a write can be left and taken up.
struct Outgoing {
    sink: SplitSink<Socket, Message>,
    queue: VecDeque<Message>,
    /// Whether something is queued or not flushed.
    dirty: bool,
}

impl Outgoing {
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RelayError>> {
        let lost = |_| RelayError::ConnectionLost;
        let mut sink = std::pin::Pin::new(&mut self.sink);
        while !self.queue.is_empty() {
            ready!(sink.as_mut().poll_ready(cx)).map_err(lost)?;
            if let Some(message) = self.queue.pop_front() {
                sink.as_mut().start_send(message).map_err(lost)?;
            }
        }
        ready!(sink.as_mut().poll_flush(cx)).map_err(lost)?;
        self.dirty = false;
        Poll::Ready(Ok(()))
    }
}

/// Frames that may wait to be written before requests and acknowledgements wait instead.
const MAX_QUEUED: usize = 64;
const PING_INTERVAL: Duration = Duration::from_secs(15);
/// After this without a word, not even a pong, the connection is dead.
const SILENCE: Duration = Duration::from_secs(40);
/// A connection that held this long shows that the relay is well.
const GOOD_AFTER: Duration = Duration::from_secs(10);
