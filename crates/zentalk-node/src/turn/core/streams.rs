//! Clients' TCP and TLS connections.

use std::net::SocketAddr;
use std::time::Duration;

use zentalk_primitives::{Instant, UnixTime};

use super::client::{ClientId, Sender};
use super::deadlines::Due;
use super::framing::{Frame, Framer, MAX_FRAME};
use super::{CoreOutput, StreamId, TurnServerCore};

/// A connection.
pub(super) struct Stream {
    listen: SocketAddr,
    client: SocketAddr,
    framer: Framer,
    /// When it is closed unless it has an allocation by then.
    idle_until: Option<Instant>,
}

/// How long a connection may be without an allocation.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest message on a connection without an allocation: an Allocate with the longest username.
const MAX_FIRST_FRAME: usize = 2_048;

impl TurnServerCore {
    pub(super) fn open_stream(
        &mut self,
        now: Instant,
        stream: StreamId,
        listen: SocketAddr,
        client: SocketAddr,
    ) {
        let sender = Sender::stream(stream, listen, client);
        if !self.connections.take(&self.config.limits, sender.source()) {
            self.outputs.push_back(CoreOutput::StreamClose { stream });
            return;
        }
        let idle_until = now + IDLE_TIMEOUT;
        self.deadlines.add(idle_until, Due::Stream(stream));
        let opened =
            Stream { listen, client, framer: Framer::default(), idle_until: Some(idle_until) };
        self.streams.insert(stream, opened);
    }

    pub(super) fn read_stream(
        &mut self,
        now: Instant,
        unix_now: UnixTime,
        stream: StreamId,
        bytes: &[u8],
    ) {
        let Some(opened) = self.streams.get_mut(&stream) else { return };
        let sender = Sender::stream(stream, opened.listen, opened.client);
        let mut framer = std::mem::take(&mut opened.framer);
        framer.push(bytes);
        loop {
            let longest =
                if self.book.get(sender.id).is_some() { MAX_FRAME } else { MAX_FIRST_FRAME };
            match framer.next(longest) {
                Ok(Some(Frame::Stun(message))) => {
                    self.handle_stun(now, unix_now, &sender, &message);
                }
                Ok(Some(Frame::ChannelData { number, payload })) => {
                    let done = self.channel_data(now, sender.id, number, &payload);
                    self.count_dropped(done);
                }
                Ok(None) => break,
                Err(_) => return self.shut_stream(now, stream),
            }
        }
        if let Some(opened) = self.streams.get_mut(&stream) {
            opened.framer = framer;
        }
    }

    /// Ends a connection from our side.
    pub(super) fn shut_stream(&mut self, now: Instant, stream: StreamId) {
        self.forget_stream(now, stream);
        self.outputs.push_back(CoreOutput::StreamClose { stream });
    }

    /// A connection is gone, and its allocation with it (RFC 8656 §5).
    pub(super) fn forget_stream(&mut self, now: Instant, stream: StreamId) {
        self.end_allocation(now, ClientId::Stream(stream));
        let Some(closed) = self.streams.remove(&stream) else { return };
        if let Some(at) = closed.idle_until {
            self.deadlines.remove(at, Due::Stream(stream));
        }
        self.connections.give_back(Sender::stream(stream, closed.listen, closed.client).source());
    }

    /// The connection has an allocation now.
    pub(super) fn stop_idling(&mut self, client: ClientId) {
        let ClientId::Stream(stream) = client else { return };
        let Some(opened) = self.streams.get_mut(&stream) else { return };
        if let Some(at) = opened.idle_until.take() {
            self.deadlines.remove(at, Due::Stream(stream));
        }
    }

    /// It has none any more.
    pub(super) fn start_idling(&mut self, now: Instant, client: ClientId) {
        let ClientId::Stream(stream) = client else { return };
        let Some(opened) = self.streams.get_mut(&stream) else { return };
        let at = now + IDLE_TIMEOUT;
        if opened.idle_until.replace(at).is_none() {
            self.deadlines.add(at, Due::Stream(stream));
        }
    }
}
