use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use zentalk_onion_relay::limits::MAX_FRAME;
use zentalk_onion_relay::{Mailboxes, StoreFailed};

use super::client::{self, Shared};
use super::clock::Clock;
use super::config::RelayConfig;
use super::error::RelayError;
use super::hub::Hub;
use super::keeper::{Keeper, SWEEP_AT_ONCE};
use super::store::Store;
use crate::tls;
use crate::visitors::{Visit, Visitors};

/// A relay whose store is open and whose socket listens.
#[derive(Debug)]
pub struct Relay {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Acceptor>,
    shared: Shared,
    store_closed: oneshot::Receiver<Result<(), StoreFailed>>,
    permits: Arc<Semaphore>,
    visitors: Arc<Visitors>,
}

impl Relay {
    /// Reads the TLS files, takes the address, opens the store.
    ///
    /// # Errors
    /// Each thing that an operator can get wrong has its own [`RelayError`].
    pub async fn bind(config: RelayConfig) -> Result<Self, RelayError> {
        let tls = match &config.tls {
            Some(files) => Some(Acceptor(tls::acceptor(&files.certificates, &files.key)?)),
            None => None,
        };
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(|source| listen_error(config.listen, source))?;
        let address = listener.local_addr()?;
        let (hub, clock) = (Hub::default(), Clock::start());
        let rules = Mailboxes::new(config.quota);
        let directory = config.data;
        let store = tokio::task::spawn_blocking(move || Store::open(&directory, clock.unix_now()))
            .await
            .map_err(io::Error::other)??;
        let (keeper, store_closed) = Keeper::start(store, rules, hub.clone(), clock)?;
        let (idle_timeout, turn, sfu) = (config.idle_timeout, config.turn, config.sfu);
        let shared = Shared { keeper, hub, clock, idle_timeout, turn, sfu };
        let permits = Arc::new(Semaphore::new(config.max_connections));
        let visitors = Visitors::new(config.connections_per_address);
        Ok(Self { listener, address, tls, shared, store_closed, permits, visitors })
    }

    /// Where it listens, with the port that was chosen.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL that a client on this machine connects to.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "wss" } else { "ws" };
        format!("{scheme}://{}{PATH}", self.address)
    }

    /// Serves until `shutdown` is ready; then takes no more connections, says goodbye to each, and
    /// closes the store.
    ///
    /// # Errors
    /// [`RelayError::StoreFailed`] if the store could not be closed properly.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), RelayError> {
        let Self { listener, tls, shared, store_closed, permits, visitors, .. } = self;
        let (down, watch_down) = watch::channel(false);
        let sweeper = tokio::spawn(sweep(shared.keeper.clone()));
        let mut connections = JoinSet::new();
        let mut shutdown = std::pin::pin!(shutdown);
        tracing::info!(tls = tls.is_some(), "the relay listens");
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                // Reaps the ended ones; when there are none, the branch is off.
                Some(_) = connections.join_next() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, client)) => match Place::take(&permits, &visitors, client.ip()) {
                        Some(place) => {
                            let (tls, shared) = (tls.clone(), shared.clone());
                            let connection = connect(stream, tls, shared, watch_down.clone(), place);
                            connections.spawn(connection);
                        }
                        None => turn_away(&stream, tls.is_some()),
                    },
                    // Too many open files and the like: they pass.
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(listener);
        tracing::info!(connections = connections.len(), "the relay stops");
        down.send_replace(true);
        let goodbye = async { while connections.join_next().await.is_some() {} };
        if time::timeout(GOODBYE_TIMEOUT, goodbye).await.is_err() {
            tracing::warn!(connections = connections.len(), "connections are cut");
        }
        connections.shutdown().await;
        sweeper.abort();
        // Ended or aborted; either way it has let go of the store after this.
        let _ = sweeper.await;
        drop(shared);
        match store_closed.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(RelayError::StoreFailed),
        }
    }
}

#[derive(Clone)]
struct Acceptor(TlsAcceptor);

impl std::fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Acceptor")
    }
}

/// A connection's place among all, and among those of its address.
struct Place {
    _permit: OwnedSemaphorePermit,
    _visit: Visit,
}

impl Place {
    fn take(permits: &Arc<Semaphore>, visitors: &Arc<Visitors>, address: IpAddr) -> Option<Self> {
        let visit = visitors.admit(address)?;
        let permit = Arc::clone(permits).try_acquire_owned().ok()?;
        Some(Self { _permit: permit, _visit: visit })
    }
}

/// One connection, from TCP to its end. It holds its place as long as it lives.
async fn connect(
    stream: TcpStream,
    tls: Option<Acceptor>,
    shared: Shared,
    shutdown: watch::Receiver<bool>,
    _place: Place,
) {
    // Frames are small and wanted at once. Where it cannot be set, they are only later.
    let _ = stream.set_nodelay(true);
    match tls {
        Some(Acceptor(tls)) => {
            let handshake = async { upgrade(tls.accept(stream).await.ok()?).await };
            if let Ok(Some(socket)) = time::timeout(HANDSHAKE_TIMEOUT, handshake).await {
                client::serve(socket, shared, shutdown).await;
            }
        }
        None => {
            if let Ok(Some(socket)) = time::timeout(HANDSHAKE_TIMEOUT, upgrade(stream)).await {
                client::serve(socket, shared, shutdown).await;
            }
        }
    }
}

/// The opening handshake of WebSocket (RFC 6455).
async fn upgrade<S>(stream: S) -> Option<WebSocketStream<S>>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_write_buffer_size(2 * MAX_FRAME)
        .max_message_size(Some(MAX_FRAME))
        .max_frame_size(Some(MAX_FRAME));
    tokio_tungstenite::accept_hdr_async_with_config(stream, check_path, Some(config)).await.ok()
}

/// The relay is at one path; elsewhere something else may be served one day.
// The library's type of an answer.
#[allow(clippy::result_large_err)]
fn check_path(request: &Request, response: Response) -> Result<Response, ErrorResponse> {
    if request.uri().path() == PATH {
        return Ok(response);
    }
    let mut not_found = ErrorResponse::new(Some("the relay is at /v1\n".into()));
    *not_found.status_mut() = StatusCode::NOT_FOUND;
    Err(not_found)
}

/// Says that there are too many connections, if that can be said without waiting.
fn turn_away(stream: &TcpStream, tls: bool) {
    tracing::debug!("a connection was turned away: there are too many");
    if !tls {
        // It is a courtesy; the connection ends either way.
        let _ = stream.try_write(TOO_MANY);
    }
}

async fn sweep(keeper: Keeper) {
    let mut ticks = time::interval(SWEEP_INTERVAL);
    loop {
        ticks.tick().await;
        // As long as a sweep finds as much as it may, there may be more.
        while keeper.sweep().await.is_ok_and(|swept| swept >= SWEEP_AT_ONCE) {}
    }
}

fn listen_error(address: SocketAddr, source: io::Error) -> RelayError {
    if source.kind() == io::ErrorKind::AddrInUse {
        RelayError::AddressInUse(address)
    } else {
        RelayError::AddressUnavailable { address, source }
    }
}

/// Where the WebSocket is.
const PATH: &str = "/v1";
const TOO_MANY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
/// Per connection; tungstenite's own 128 KiB would be most of the relay's memory.
const BUFFER: usize = 8 * 1024;
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(3);
const SWEEP_INTERVAL: Duration = Duration::from_secs(30);
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
