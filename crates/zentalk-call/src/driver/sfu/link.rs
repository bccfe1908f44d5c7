//! One control channel: a WebSocket, from its opening to its end.

use std::net::IpAddr;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{self, Instant, timeout};
use tokio_tungstenite::tungstenite::{self, Bytes, Message};
use zentalk_sfu_control::limits::MAX_FRAME;
use zeroize::Zeroizing;

use crate::driver::relay::dial::Dial;
use crate::driver::relay::session::{self, Socket};
use crate::driver::relay::{RelayEndpoint, RelayError};
use crate::engine::SfuInput;

/// Name, TCP, TLS and WebSocket together. There may be another server to go to, so patience does not pay.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
/// How long a frame may wait for the network.
const WRITE_TIMEOUT: Duration = Duration::from_secs(4);

/// How a server that does not answer any more is noticed.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    /// How often it is asked for a sign of life.
    pub(super) ping: Duration,
    /// After how long without any it is gone.
    pub(super) silence: Duration,
}

impl Default for Pace {
    /// That a server is gone shows earlier on the media path; this is for those that no media come from.
    fn default() -> Self {
        Self { ping: Duration::from_secs(5), silence: Duration::from_secs(8) }
    }
}

/// What the URL of an SFU names. Without TLS everyone on the way could take the token, so that is for one machine only.
///
/// # Errors
/// [`RelayError::InvalidUrl`], [`RelayError::InvalidCertificate`].
pub(super) fn endpoint(url: &str, authorities: Option<&[u8]>) -> Result<RelayEndpoint, RelayError> {
    let endpoint = RelayEndpoint::parse(url)?;
    let is_here = endpoint.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if endpoint.tls.is_none() && !is_here {
        return Err(RelayError::InvalidUrl);
    }
    match authorities {
        Some(pem) => endpoint.trusting(pem),
        None => Ok(endpoint),
    }
}

/// The task of one channel.
pub(super) struct Link {
    number: u64,
    frames: mpsc::Receiver<Zeroizing<Vec<u8>>>,
    reports: mpsc::Sender<SfuInput>,
    pace: Pace,
}

impl Link {
    pub(super) fn new(
        number: u64,
        frames: mpsc::Receiver<Zeroizing<Vec<u8>>>,
        reports: mpsc::Sender<SfuInput>,
        pace: Pace,
    ) -> Self {
        Self { number, frames, reports, pace }
    }

    /// Runs until either side closes; without an endpoint it is closed from the beginning. The last report says so.
    pub(super) async fn run(mut self, endpoint: Option<RelayEndpoint>) {
        if let Some(endpoint) = endpoint
            && let Err(error) = self.serve(&endpoint).await
        {
            tracing::info!(%error, "the channel to an SFU is closed");
        }
        self.report(SfuInput::Closed { link: self.number }).await;
    }

    async fn serve(&mut self, endpoint: &RelayEndpoint) -> Result<(), RelayError> {
        let hurry = Dial { known: None, hurry: true };
        let opened = timeout(CONNECT_TIMEOUT, session::dial(endpoint, hurry, MAX_FRAME));
        let (socket, _) = opened.await.map_err(|_| RelayError::TimedOut)??;
        self.report(SfuInput::Connected { link: self.number }).await;
        let (mut sink, mut stream) = socket.split();
        // The first thing that a server hears is the join, not a ping.
        let mut pings = time::interval_at(Instant::now() + self.pace.ping, self.pace.ping);
        let mut heard = Instant::now();
        loop {
            let message = tokio::select! {
                frame = self.frames.recv() => match frame {
                    Some(frame) => Message::binary(Bytes::from_owner(frame)),
                    None => return close(sink, stream).await,
                },
                message = stream.next() => {
                    heard = Instant::now();
                    match self.take(message).await? {
                        Some(answer) => answer,
                        None => continue,
                    }
                }
                _ = pings.tick() => Message::Ping(Default::default()),
                () = time::sleep_until(heard + self.pace.silence) => return Err(RelayError::TimedOut),
            };
            write(&mut sink, message).await?;
        }
    }

    /// Takes what the server sent; what is to be written for it.
    async fn take(
        &mut self,
        message: Option<Result<Message, tungstenite::Error>>,
    ) -> Result<Option<Message>, RelayError> {
        match message {
            Some(Ok(Message::Binary(frame))) => {
                let frame = frame.to_vec();
                self.report(SfuInput::Frame { link: self.number, frame }).await;
                Ok(None)
            }
            // The library has queued the pong, too; the second one does no harm, and both leave now.
            Some(Ok(Message::Ping(payload))) => Ok(Some(Message::Pong(payload))),
            Some(Ok(Message::Pong(_))) => Ok(None),
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(RelayError::ConnectionLost),
            Some(Ok(_)) => Err(RelayError::NotARelay),
        }
    }

    async fn report(&self, report: SfuInput) {
        // Nobody listens any more only while everything ends.
        let _ = self.reports.send(report).await;
    }
}

async fn write(sink: &mut SplitSink<Socket, Message>, message: Message) -> Result<(), RelayError> {
    let sent = timeout(WRITE_TIMEOUT, sink.send(message)).await;
    sent.map_err(|_| RelayError::TimedOut)?.map_err(|_| RelayError::ConnectionLost)
}

/// Says goodbye (RFC 6455 §7.1.2), and waits for the answer, so that what was said before has arrived.
async fn close(
    mut sink: SplitSink<Socket, Message>,
    mut stream: SplitStream<Socket>,
) -> Result<(), RelayError> {
    write(&mut sink, Message::Close(None)).await?;
    let end = async { while let Some(Ok(_)) = stream.next().await {} };
    // A server that does not answer has had its time.
    let _ = timeout(WRITE_TIMEOUT, end).await;
    Ok(())
}
