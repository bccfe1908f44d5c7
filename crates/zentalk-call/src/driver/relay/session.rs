use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time;
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};
use zentalk_onion_relay::frames::Subscribe;
use zentalk_onion_relay::limits::MAX_FRAME;
use zentalk_onion_relay::{Error, Frame, MailboxKey};

use super::dial::{Dial, network_cause};
use super::endpoint::RelayEndpoint;
use super::error::{RelayError, Unreachable};
use super::requests::refused;

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A connection on which the mailbox, if there is one, is proven and subscribed.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) socket: Socket,
    /// With a mailbox: the one-time prekeys that the relay has left.
    pub(super) one_time_left: Option<u32>,
    /// Where the relay answered.
    pub(super) address: Option<SocketAddr>,
}

impl Session {
    /// 1. TCP, 2. TLS, 3. WebSocket, 4. the relay's challenge, 5. our proof, 6. the relay's word that it
    ///    is good.
    pub(super) async fn open(
        endpoint: &RelayEndpoint,
        key: Option<&MailboxKey>,
        how: Dial,
    ) -> Result<Self, RelayError> {
        let timed_out = RelayError::Unreachable(Unreachable::TimedOut);
        let (connecting, greeting) =
            if how.hurry { HURRIED_TIMEOUTS } else { (CONNECT_TIMEOUT, GREETING_TIMEOUT) };
        let dialled = time::timeout(connecting, dial(endpoint, how, MAX_FRAME));
        let (mut socket, address) = dialled.await.map_err(|_| timed_out)??;
        let greeted = time::timeout(greeting, greet(&mut socket, key));
        let one_time_left = greeted.await.map_err(|_| RelayError::TimedOut)??;
        Ok(Self { socket, one_time_left, address })
    }
}

/// A WebSocket that takes messages of at most `max_message` bytes, and where the other side answered.
pub(crate) async fn dial(
    endpoint: &RelayEndpoint,
    how: Dial,
    max_message: usize,
) -> Result<(Socket, Option<SocketAddr>), RelayError> {
    let stream = how.connect(&endpoint.host, endpoint.port).await?;
    let address = stream.peer_addr().ok();
    // Frames are small and wanted at once. Where it cannot be set, they are only later.
    let _ = stream.set_nodelay(true);
    let config = WebSocketConfig::default()
        .max_message_size(Some(max_message))
        .max_frame_size(Some(max_message));
    let connector = match &endpoint.tls {
        Some(tls) => Connector::Rustls(tls.clone()),
        None => Connector::Plain,
    };
    let (uri, connector) = (endpoint.uri.clone(), Some(connector));
    tokio_tungstenite::client_async_tls_with_config(uri, stream, Some(config), connector)
        .await
        .map(|(socket, _)| (socket, address))
        .map_err(|error| handshake_error(&error))
}

async fn greet(socket: &mut Socket, key: Option<&MailboxKey>) -> Result<Option<u32>, RelayError> {
    let Frame::Challenge(challenge) = receive(socket).await? else {
        return Err(RelayError::NotARelay);
    };
    let Some(key) = key else { return Ok(None) };
    let proof = key.prove(&challenge).map_err(|_| RelayError::Cryptography)?;
    let subscribe = Frame::Subscribe(Subscribe { request: 0, proof });
    let message = subscribe.encode().map_err(|_| RelayError::Cryptography)?;
    let sent = socket.send(Message::binary(message)).await;
    sent.map_err(|_| RelayError::ConnectionLost)?;
    match receive(socket).await? {
        Frame::Subscribed(subscribed) => Ok(Some(subscribed.one_time_left)),
        _ => Err(RelayError::NotARelay),
    }
}

/// The next frame of a connection that is being set up. A refusal is an error here.
async fn receive(socket: &mut Socket) -> Result<Frame, RelayError> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Binary(bytes))) => {
                return match Frame::decode(&bytes) {
                    Ok(Frame::Refused(frame)) => Err(refused(&frame)),
                    Ok(frame) => Ok(frame),
                    Err(Error::UnsupportedVersion(_)) => Err(RelayError::Incompatible),
                    Err(_) => Err(RelayError::NotARelay),
                };
            }
            Some(Ok(Message::Text(_))) => return Err(RelayError::NotARelay),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return Err(RelayError::ConnectionLost),
        }
    }
}

fn handshake_error(error: &tungstenite::Error) -> RelayError {
    match error {
        tungstenite::Error::Io(error) => match tls_cause(error) {
            Some(cause) => RelayError::Unreachable(cause),
            None => match error.kind() {
                // Closed in the middle of the handshake: something that does not know it.
                io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::InvalidData => RelayError::NotARelay,
                _ => RelayError::Unreachable(network_cause(error)),
            },
        },
        tungstenite::Error::Tls(_) => RelayError::Unreachable(Unreachable::Tls),
        tungstenite::Error::Http(answer) if answer.status() == StatusCode::SERVICE_UNAVAILABLE => {
            RelayError::Busy
        }
        tungstenite::Error::Url(_) => RelayError::InvalidUrl,
        _ => RelayError::NotARelay,
    }
}

fn tls_cause(error: &io::Error) -> Option<Unreachable> {
    match error.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(_) => Some(Unreachable::Certificate),
        _ => Some(Unreachable::Tls),
    }
}

/// Name, TCP, TLS and WebSocket together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// Challenge and proof.
const GREETING_TIMEOUT: Duration = Duration::from_secs(10);
/// Both in a hurry. The first leaves time for a resolver whose first server is silent for 5 s.
const HURRIED_TIMEOUTS: (Duration, Duration) = (Duration::from_secs(8), Duration::from_secs(4));
