//! One connection.
//!
//! 1. The relay sends the challenge.
//! 2. Messages are judged by the gate (`zentalk_onion_relay::Connection`), done by the keeper, answered,
//!    one after the other: there is no queue of answers, so a client that does not read stops being
//!    read itself, and is dropped when it does not take a frame for [`WRITE_TIMEOUT`].
//! 3. After a subscription, each wake of the hub and each acknowledgement delivers what fits into the
//!    delivery window.
//! 4. A silent client is pinged, and dropped when it stays silent.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{self, MissedTickBehavior};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Message};
use zentalk_onion_relay::frames::{
    Code, Deliver, Prekeys, Published, Refused, SfuGrant, Stored, Subscribed, TurnGrant,
};
use zentalk_onion_relay::{
    Connection, DeliveryWindow, Error, Frame, ProvenMailbox, Refusal, Request,
};
use zentalk_primitives::{ParticipantId, RoomId};

use super::clock::Clock;
use super::hub::{Hub, Subscription, Wake};
use super::keeper::Keeper;
use super::sfu::SfuTokenConfig;
use super::turn::TurnConfig;

/// What every connection uses.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) keeper: Keeper,
    pub(super) hub: Hub,
    pub(super) clock: Clock,
    pub(super) idle_timeout: Duration,
    pub(super) turn: Option<TurnConfig>,
    pub(super) sfu: Option<SfuTokenConfig>,
}

/// Serves one connection to its end.
pub(super) async fn serve<S>(
    socket: WebSocketStream<S>,
    shared: Shared,
    shutdown: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // The generator panics only if the operating system has no randomness: nothing works then.
    let gate = Connection::new(shared.clock.now(), &mut UnwrapErr(SysRng));
    let mut client = Client { socket, shared, gate, delivery: None };
    if client.run(shutdown).await.is_err() {
        tracing::debug!("a connection broke");
    }
}

struct Client<S> {
    socket: WebSocketStream<S>,
    shared: Shared,
    gate: Connection,
    delivery: Option<Delivery>,
}

/// What a subscribed connection has beyond others.
struct Delivery {
    owner: ProvenMailbox,
    subscription: Subscription,
    window: DeliveryWindow,
    /// Whether blobs wait for room in the window.
    more: bool,
}

/// The connection ended without a proper goodbye, or needs none.
struct Broken;

/// Whether the connection goes on.
enum Next {
    GoOn,
    Close(CloseCode),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    async fn run(&mut self, mut shutdown: watch::Receiver<bool>) -> Result<(), Broken> {
        self.send(self.gate.opening()).await?;
        let period = self.shared.idle_timeout / PINGS_PER_TIMEOUT;
        let mut pings = time::interval_at(time::Instant::now() + period, period);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = self.shared.clock.now();
        loop {
            let next = tokio::select! {
                () = stopped(&mut shutdown) => self.say_shutting_down().await?,
                wake = woken(&mut self.delivery) => self.handle_wake(wake).await?,
                message = self.socket.next() => {
                    heard = self.shared.clock.now();
                    self.handle_message(message).await?
                }
                _ = pings.tick() => {
                    if self.shared.clock.now() - heard >= self.shared.idle_timeout {
                        return Err(Broken);
                    }
                    self.send_message(Message::Ping(Default::default())).await?;
                    Next::GoOn
                }
            };
            if let Next::Close(code) = next {
                return self.close(code).await;
            }
        }
    }

    async fn handle_message(
        &mut self,
        message: Option<Result<Message, tungstenite::Error>>,
    ) -> Result<Next, Broken> {
        match message {
            Some(Ok(Message::Binary(bytes))) => self.handle_frame(&bytes).await,
            // Not ours: judged like any other malformed frame.
            Some(Ok(Message::Text(_))) => self.handle_frame(NOT_A_FRAME).await,
            // Pings are answered by the library, but cost as much as a frame.
            Some(Ok(_)) => match self.gate.handle_control(self.shared.clock.now()) {
                Ok(()) => Ok(Next::GoOn),
                Err(refusal) => self.send_refusal(refusal).await,
            },
            Some(Err(tungstenite::Error::Capacity(_))) => {
                self.refuse(None, Error::FrameTooLarge).await?;
                Ok(Next::Close(CloseCode::Size))
            }
            Some(Err(_)) | None => Err(Broken),
        }
    }

    async fn handle_frame(&mut self, bytes: &[u8]) -> Result<Next, Broken> {
        match self.gate.handle_message(self.shared.clock.now(), bytes) {
            Ok(request) => {
                self.handle_request(request).await?;
                Ok(Next::GoOn)
            }
            Err(refusal) => self.send_refusal(refusal).await,
        }
    }

    async fn send_refusal(&mut self, refusal: Refusal) -> Result<Next, Broken> {
        let ends = refusal.ends_connection();
        self.send(refusal.into_frame()).await?;
        Ok(if ends { Next::Close(CloseCode::Policy) } else { Next::GoOn })
    }

    async fn handle_request(&mut self, request: Request) -> Result<(), Broken> {
        let keeper = self.shared.keeper.clone();
        match request {
            Request::Subscribe { request, owner } => self.subscribe(request, owner).await,
            Request::Put { request, mailbox, blob, time_to_live } => {
                let done = keeper.put(mailbox, blob, time_to_live).await;
                self.answer(request, done.map(|()| Frame::Stored(Stored { request }))).await
            }
            Request::Ack { owner, sequence } => self.ack(owner, sequence).await,
            Request::Publish { owner, frame } => {
                let request = frame.request;
                let left = keeper.publish(owner, frame).await;
                let frame = left.map(|left| {
                    Frame::Published(Published { request, one_time_left: count(left) })
                });
                self.answer(request, frame).await
            }
            Request::Fetch { request, mailbox } => {
                let fetched = keeper.fetch(mailbox).await;
                let frame = fetched.map(|keys| {
                    let (bundle, one_time) = (keys.bundle, keys.one_time);
                    Frame::Prekeys(Prekeys { request, bundle, one_time })
                });
                self.answer(request, frame).await
            }
            Request::Turn { request } => self.send(Frame::TurnGrant(self.turn(request))).await,
            Request::Sfu { request, room, participant } => {
                let grant = self.sfu(request, room, participant);
                self.answer(request, grant.map(Frame::SfuGrant)).await
            }
            // The gate of a newer protocol crate; this relay does not know what to do.
            _ => self.refuse(None, Error::Malformed).await,
        }
    }

    async fn subscribe(&mut self, request: u64, owner: ProvenMailbox) -> Result<(), Broken> {
        let left = match self.shared.keeper.one_time_left(owner.clone()).await {
            Ok(left) => left,
            Err(error) => return self.refuse(Some(request), error).await,
        };
        let subscription = self.shared.hub.subscribe(&owner);
        let window = DeliveryWindow::default();
        self.delivery = Some(Delivery { owner, subscription, window, more: true });
        let one_time_left = count(left);
        self.send(Frame::Subscribed(Subscribed { request, one_time_left })).await?;
        self.deliver().await
    }

    fn turn(&self, request: u64) -> TurnGrant {
        match &self.shared.turn {
            Some(turn) => turn.grant(request, Clock::system_time(), &mut UnwrapErr(SysRng)),
            None => TurnGrant::none(request),
        }
    }

    fn sfu(
        &self,
        request: u64,
        room: RoomId,
        participant: ParticipantId,
    ) -> Result<SfuGrant, Error> {
        match &self.shared.sfu {
            Some(sfu) => sfu.grant(request, room, participant, Clock::system_time()),
            None => Ok(SfuGrant::none(request)),
        }
    }

    async fn ack(&mut self, owner: ProvenMailbox, sequence: u64) -> Result<(), Broken> {
        if let Err(error) = self.shared.keeper.ack(owner, sequence).await {
            return self.refuse(None, error).await;
        }
        match &mut self.delivery {
            Some(delivery) => {
                delivery.window.acknowledged(sequence);
                if delivery.more { self.deliver().await } else { Ok(()) }
            }
            None => Ok(()),
        }
    }

    async fn handle_wake(&mut self, wake: Wake) -> Result<Next, Broken> {
        match wake {
            Wake::Blobs => {
                self.deliver().await?;
                Ok(Next::GoOn)
            }
            Wake::Replaced => {
                let text = "another connection subscribed to this mailbox";
                self.send(Frame::Refused(Refused::unasked(Code::Replaced, text))).await?;
                Ok(Next::Close(CloseCode::Policy))
            }
        }
    }

    /// Delivers what waits, as far as the window has room.
    async fn deliver(&mut self) -> Result<(), Broken> {
        let Some(delivery) = &mut self.delivery else { return Ok(()) };
        let room = delivery.window.room();
        if room == 0 {
            delivery.more = true;
            return Ok(());
        }
        let (owner, after) = (delivery.owner.clone(), delivery.window.after());
        let Ok(blobs) = self.shared.keeper.deliveries(owner, after, room).await else {
            return self.refuse(None, Error::StoreFailed).await;
        };
        delivery.more = blobs.len() == room;
        for blob in &blobs {
            delivery.window.sent(blob.sequence);
        }
        for blob in blobs {
            let (sequence, blob, queued) = (blob.sequence, blob.blob, blob.queued);
            self.send(Frame::Deliver(Deliver { sequence, blob, queued })).await?;
        }
        Ok(())
    }

    async fn say_shutting_down(&mut self) -> Result<Next, Broken> {
        let refused = Refused::unasked(Code::ShuttingDown, "the relay is being stopped");
        self.send(Frame::Refused(refused)).await?;
        Ok(Next::Close(CloseCode::Away))
    }

    async fn answer(&mut self, request: u64, frame: Result<Frame, Error>) -> Result<(), Broken> {
        match frame {
            Ok(frame) => self.send(frame).await,
            Err(error) => self.refuse(Some(request), error).await,
        }
    }

    async fn refuse(&mut self, request: Option<u64>, error: Error) -> Result<(), Broken> {
        self.send(Refusal::new(request, error).into_frame()).await
    }

    async fn send(&mut self, frame: Frame) -> Result<(), Broken> {
        let bytes = frame.encode().map_err(|_| Broken)?;
        self.send_message(Message::binary(bytes)).await
    }

    async fn send_message(&mut self, message: Message) -> Result<(), Broken> {
        let patience = self.shared.idle_timeout.min(WRITE_TIMEOUT);
        match time::timeout(patience, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Broken),
        }
    }

    /// Says goodbye, and waits a little for the client's, so that it reads our last frame.
    async fn close(&mut self, code: CloseCode) -> Result<(), Broken> {
        let frame = CloseFrame { code, reason: Default::default() };
        self.send_message(Message::Close(Some(frame))).await?;
        let rest = async { while let Some(Ok(_)) = self.socket.next().await {} };
        time::timeout(CLOSE_TIMEOUT, rest).await.map_err(|_| Broken)
    }
}

/// Ready when the relay is being stopped.
async fn stopped(shutdown: &mut watch::Receiver<bool>) {
    // An error means that the relay itself is gone, which is the same.
    let _ = shutdown.wait_for(|down| *down).await;
}

/// The next wake of a subscribed connection; never, for another.
async fn woken(delivery: &mut Option<Delivery>) -> Wake {
    match delivery {
        Some(delivery) => delivery.subscription.woken().await,
        None => std::future::pending().await,
    }
}

fn count(left: usize) -> u32 {
    u32::try_from(left).unwrap_or(u32::MAX)
}

/// How long a client may take to accept a frame.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a client may take to answer a close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Pings within the time after which a silent connection is dropped.
const PINGS_PER_TIMEOUT: u32 = 3;
/// Stands for a text message, which carries no frame.
const NOT_A_FRAME: &[u8] = &[0xff];

#[cfg(test)]
mod tests {
    use tempfile::tempdir;
    use tokio_tungstenite::tungstenite::protocol::Role;
    use zentalk_onion_relay::Mailboxes;

    use super::*;
    use crate::relay::store::Store;

    #[tokio::test]
    async fn client_that_does_not_read_is_dropped() {
        let data = tempdir().unwrap();
        let (hub, clock) = (Hub::default(), Clock::start());
        let store = Store::open(data.path(), clock.unix_now()).unwrap();
        let (keeper, _) = Keeper::start(store, Mailboxes::default(), hub.clone(), clock).unwrap();
        let idle_timeout = Duration::from_millis(50);
        let shared = Shared { keeper, hub, clock, idle_timeout, turn: None, sfu: None };
        // Room for eight bytes, and nobody takes them.
        let (ours, _theirs) = tokio::io::duplex(8);
        let socket = WebSocketStream::from_raw_socket(ours, Role::Server, None).await;
        let (_down, shutdown) = watch::channel(false);
        let served = serve(socket, shared, shutdown);
        assert!(time::timeout(Duration::from_secs(30), served).await.is_ok());
    }
}
