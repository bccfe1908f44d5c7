use std::collections::{BTreeSet, VecDeque};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{Sink, StreamExt};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use zentalk_onion_relay::limits::DELIVERY_WINDOW;

use super::error::RelayError;
use super::session::Socket;

/// The two directions of one connection.
pub(super) struct Link {
    pub(super) sink: Outgoing,
    pub(super) stream: SplitStream<Socket>,
    /// When the relay was last heard.
    pub(super) heard: Instant,
    pub(super) next_ping: Instant,
    /// Why the relay says that it will close.
    pub(super) farewell: Option<RelayError>,
    /// Deliveries that were not acknowledged.
    in_flight: BTreeSet<u64>,
}

impl Link {
    pub(super) fn new(socket: Socket, ping_interval: Duration) -> Self {
        let (sink, stream) = socket.split();
        let sink = Outgoing { sink, queue: VecDeque::new(), dirty: false };
        let heard = Instant::now();
        let (next_ping, in_flight) = (heard + ping_interval, BTreeSet::new());
        Self { sink, stream, heard, next_ping, farewell: None, in_flight }
    }

    pub(super) fn has_room(&self) -> bool {
        self.sink.queue.len() < MAX_QUEUED
    }

    pub(super) fn queue(&mut self, message: Message) {
        self.sink.queue.push_back(message);
        self.sink.dirty = true;
    }

    /// A relay that sends more than its window fills our memory: it is not one of ours.
    pub(super) fn delivered(&mut self, sequence: u64) -> Result<(), RelayError> {
        self.in_flight.insert(sequence);
        if self.in_flight.len() > DELIVERY_WINDOW { Err(RelayError::NotARelay) } else { Ok(()) }
    }

    pub(super) fn acknowledged(&mut self, sequence: u64) {
        self.in_flight.remove(&sequence);
    }

    /// Asks for a sign of life, unless there was none for `silence`.
    pub(super) fn ping(&mut self, interval: Duration, silence: Duration) -> Result<(), RelayError> {
        if self.heard.elapsed() >= silence {
            return Err(RelayError::ConnectionLost);
        }
        self.next_ping = Instant::now() + interval;
        self.queue(Message::Ping(Default::default()));
        Ok(())
    }

    /// From now on it is asked more often, or less: what it did not say before does not count.
    pub(super) fn change_pace(&mut self) {
        self.heard = Instant::now();
        self.next_ping = self.heard;
    }
}

/// What waits to be written. Its state is outside every future, so a write can be left and taken up.
pub(super) struct Outgoing {
    sink: SplitSink<Socket, Message>,
    queue: VecDeque<Message>,
    /// Whether something is queued or not flushed.
    pub(super) dirty: bool,
}

impl Outgoing {
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RelayError>> {
        let lost = |_| RelayError::ConnectionLost;
        let mut sink = Pin::new(&mut self.sink);
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
