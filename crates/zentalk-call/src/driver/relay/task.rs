//! The task of a client.
//!
//! 1. It has a connection: requests go out, answers and deliveries come in, both at any time; neither
//!    waits for the other, or two full directions would wait for each other for ever.
//! 2. The connection breaks: the application is told.
//! 3. It dials, with pauses. Requests wait meanwhile.
//! 4. It has a connection again: open requests go out again.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::time::{self, Instant};
use tokio_tungstenite::tungstenite::{self, Message};
use zentalk_onion_relay::frames::{Ack, Code, Refused};
use zentalk_onion_relay::{Frame, MailboxKey};

use super::backoff::Backoff;
use super::dial::Dial;
use super::endpoint::RelayEndpoint;
use super::error::RelayError;
use super::events::EventQueue;
use super::handle::FetchedPrekeys;
use super::link::Link;
use super::pace::Pace;
use super::requests::{Answer, Request, Requests, refused};
use super::session::Session;
use super::sfu::SfuGrant;
use super::turn::TurnGrant;

pub(super) struct Task {
    endpoint: RelayEndpoint,
    key: Option<MailboxKey>,
    waiting: mpsc::Receiver<Request>,
    acks: mpsc::UnboundedReceiver<u64>,
    events: Arc<EventQueue>,
    requests: Requests,
    backoff: Backoff,
    pace: Pace,
    /// Where the relay answered last.
    known: Option<SocketAddr>,
}

impl Task {
    pub(super) fn new(
        endpoint: RelayEndpoint,
        key: Option<MailboxKey>,
        waiting: mpsc::Receiver<Request>,
        acks: mpsc::UnboundedReceiver<u64>,
        pace: Pace,
        events: Arc<EventQueue>,
    ) -> Self {
        let (requests, backoff) = (Requests::default(), Backoff::default());
        Self { endpoint, key, waiting, acks, events, requests, backoff, pace, known: None }
    }

    pub(super) async fn run(mut self, first: Session) {
        let mut session = first;
        loop {
            let began = Instant::now();
            let reason = self.serve(session).await;
            if began.elapsed() >= GOOD_AFTER {
                self.backoff.reset();
            }
            if reason == RelayError::NetworkChanged {
                self.backoff.at_once();
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
            let pause = self.backoff.pause(chance, self.pace.longest_pause());
            let how = Dial { known: self.known, hurry: self.pace.hurries() };
            let (endpoint, key) = (&self.endpoint, self.key.as_ref());
            let attempt = async {
                time::sleep(pause).await;
                Session::open(endpoint, key, how).await
            };
            tokio::select! {
                session = attempt => match session {
                    Ok(session) => return Ok(session),
                    Err(reason) if reason.is_final() => return Err(reason),
                    Err(reason) => tracing::debug!(%reason, "the relay is still disconnected"),
                },
                () = self.pace.quickened() => self.backoff.at_once(),
            }
        }
    }

    /// One connection, from its first to its last frame.
    async fn serve(&mut self, session: Session) -> RelayError {
        self.events.connected(session.one_time_left);
        self.known = session.address;
        let mut link = Link::new(session.socket, self.pace.ping_interval());
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
                () = time::sleep_until(link.next_ping) => {
                    self.requests.forget_abandoned();
                    link.ping(self.pace.ping_interval(), self.pace.silence())?;
                }
                () = self.pace.changed() => {
                    if self.pace.take_network_change() {
                        return Err(RelayError::NetworkChanged);
                    }
                    link.change_pace();
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
            Frame::TurnGrant(frame) => {
                let request = frame.request;
                let granted = TurnGrant::from_frame(frame).ok_or(RelayError::NoTurnServers);
                self.requests.answer(request, granted.map(Answer::Turn));
            }
            Frame::SfuGrant(frame) => {
                let request = frame.request;
                let granted = SfuGrant::from_frame(frame).ok_or(RelayError::NoSfus);
                self.requests.answer(request, granted.map(Answer::Sfu));
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
    link.acknowledged(sequence);
    // An acknowledgement has no bounds to break.
    if let Ok(message) = Frame::Ack(Ack { sequence }).encode() {
        link.queue(Message::binary(message));
    }
}

/// A connection that held this long shows that the relay is well.
const GOOD_AFTER: Duration = Duration::from_secs(10);
