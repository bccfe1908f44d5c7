//! A control connection: from TCP to the worker that has its participant's room, and back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{self, Instant};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use zentalk_sfu_control::limits::MAX_FRAME;
use zentalk_sfu_control::{RefusedCode, ServerFrame};

use super::admission::Request;
use super::shared::Shared;
use super::worker::{Command, WorkerHandle};
use crate::pacing::Bucket;
use crate::relay::clock::Clock;

/// Runs a connection to its end. It holds its permit and its visit as long as it lives.
pub(super) async fn serve(
    stream: TcpStream,
    client: SocketAddr,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    _permit: OwnedSemaphorePermit,
) {
    let Some(_visit) = shared.connect(client.ip()) else {
        return tracing::debug!("a control connection was turned away: its address has too many");
    };
    // Frames are small and wanted at once. Where it cannot be set, they are only later.
    let _ = stream.set_nodelay(true);
    match tls {
        Some(tls) => {
            let handshake = async { upgrade(tls.accept(stream).await.ok()?).await };
            if let Ok(Some(socket)) = time::timeout(HANDSHAKE_TIMEOUT, handshake).await {
                converse(socket, client, &shared).await;
            }
        }
        None => {
            if let Ok(Some(socket)) = time::timeout(HANDSHAKE_TIMEOUT, upgrade(stream)).await {
                converse(socket, client, &shared).await;
            }
        }
    }
}

/// The opening handshake of WebSocket (RFC 6455), at whatever path.
async fn upgrade<S>(stream: S) -> Option<WebSocketStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_write_buffer_size(2 * MAX_FRAME)
        .max_message_size(Some(MAX_FRAME))
        .max_frame_size(Some(MAX_FRAME));
    tokio_tungstenite::accept_async_with_config(stream, Some(config)).await.ok()
}

/// Waits for a good join, finds its worker, and then carries messages both ways.
async fn converse<S>(mut socket: WebSocketStream<S>, client: SocketAddr, shared: &Shared)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Ok(Some(first)) = time::timeout(JOIN_TIMEOUT, first_frame(&mut socket)).await else {
        return;
    };
    let mut join = match shared.admission.check(Clock::system_time(), &first) {
        Ok(Request::Join(join)) => join,
        Ok(_) => return refuse(socket, shared, RefusedCode::NotJoined).await,
        Err(code) => return refuse(socket, shared, code).await,
    };
    join.visit = shared.participate(client.ip());
    if join.visit.is_none() {
        return refuse(socket, shared, RefusedCode::ServerFull).await;
    }
    let Some(worker) = shared.worker(join.room()) else { return };
    let connection = shared.number();
    let (outbox, inbox) = mpsc::channel(MAX_WAITING);
    // One command, so that a worker that is too busy for it knows nothing of the connection.
    if worker.ask(Command::Open { connection, join, outbox }).is_err() {
        return refuse(socket, shared, RefusedCode::ServerFull).await;
    }
    Conversation { connection, worker, shared }.run(socket, inbox).await;
    // A worker that is too busy to hear it forgets the connection when it has something to tell it, at the latest that its
    // participant has fallen silent.
    let _ = worker.ask(Command::Closed { connection });
}

/// The first binary message. Signs of life may come before it; they count for nothing.
async fn first_frame<S>(socket: &mut WebSocketStream<S>) -> Option<Bytes>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    for _ in 0..=MAX_EARLY_PINGS {
        match socket.next().await?.ok()? {
            Message::Binary(frame) => return Some(frame),
            Message::Ping(_) | Message::Pong(_) => {}
            _ => return None,
        }
    }
    None
}

struct Conversation<'a> {
    connection: u64,
    worker: &'a WorkerHandle,
    shared: &'a Shared,
}

/// Why a conversation is over: the other side, or what it did, gave reason to.
struct Over;

impl Conversation<'_> {
    async fn run<S>(&self, socket: WebSocketStream<S>, mut inbox: mpsc::Receiver<Vec<u8>>)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let (mut sink, mut stream) = socket.split();
        tokio::select! {
            _ = self.read(&mut stream) => {}
            _ = self.write(&mut sink, &mut inbox) => {}
        }
        // A courtesy, if it can be told at once.
        let _ = time::timeout(GOODBYE_TIMEOUT, sink.close()).await;
    }

    /// Reads until the participant falls silent, says something that ends the connection, or goes.
    async fn read<S>(&self, stream: &mut SplitStream<WebSocketStream<S>>) -> Result<(), Over>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut frames = Bucket::new(MESSAGES_PER_SECOND, MESSAGE_SECONDS, self.shared.clock.now());
        loop {
            let message = time::timeout(self.shared.idle_timeout, stream.next()).await;
            let Ok(Some(Ok(message))) = message else { return Err(Over) };
            // Pongs count, too: a flood is a flood.
            if !frames.take(self.shared.clock.now(), 1) {
                return Err(Over);
            }
            match message {
                Message::Binary(frame) => self.pass_on(&frame)?,
                Message::Ping(_) | Message::Pong(_) => {}
                _ => return Err(Over),
            }
        }
    }

    fn pass_on(&self, frame: &[u8]) -> Result<(), Over> {
        let request = self.shared.admission.check(Clock::system_time(), frame);
        let command = Command::Request { connection: self.connection, request };
        self.worker.ask(command).map_err(|_| Over)
    }

    /// Writes what the worker says until it closes the connection.
    async fn write<S>(
        &self,
        sink: &mut SplitSink<WebSocketStream<S>, Message>,
        inbox: &mut mpsc::Receiver<Vec<u8>>,
    ) -> Result<(), Over>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let pause = (self.shared.idle_timeout / 3).max(Duration::from_millis(1));
        let mut pings = time::interval_at(Instant::now() + pause, pause);
        loop {
            let message = tokio::select! {
                frame = inbox.recv() => Message::binary(frame.ok_or(Over)?),
                _ = pings.tick() => Message::Ping(Vec::new().into()),
            };
            let sent = time::timeout(WRITE_TIMEOUT, sink.send(message)).await;
            if !matches!(sent, Ok(Ok(()))) {
                return Err(Over);
            }
        }
    }
}

/// Tells a stranger why it does not get in.
async fn refuse<S>(mut socket: WebSocketStream<S>, shared: &Shared, code: RefusedCode)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    shared.count_refusal();
    let Ok(frame) = ServerFrame::Refused(code).encode() else { return };
    let goodbye = async {
        socket.send(Message::binary(frame)).await?;
        socket.close(None).await
    };
    // It is told once; whether it listens is its own affair.
    let _ = time::timeout(GOODBYE_TIMEOUT, goodbye).await;
}

/// Per connection; tungstenite's own 128 KiB would be most of the server's memory.
const BUFFER: usize = 8 * 1024;
/// Frames that wait for a participant that reads slowly; then it is dropped, and may come again.
const MAX_WAITING: usize = 64;
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// More of them before the join are a flood.
const MAX_EARLY_PINGS: u32 = 8;
const JOIN_TIMEOUT: Duration = Duration::from_secs(10);
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(1);
/// Messages of any kind; the reception allows fewer frames, and says so.
const MESSAGES_PER_SECOND: u64 = 40;
const MESSAGE_SECONDS: u64 = 3;
