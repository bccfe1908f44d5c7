//! The TURN server with sockets: [`TurnServer::bind`] opens them, [`TurnServer::run`] serves until its shutdown future is
//! ready.

mod config;
mod connection;
mod error;
mod relay_ports;
mod secrets;
mod shared;
mod sockets;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;
use tokio::time;
use tokio_rustls::TlsAcceptor;
use zentalk_primitives::Secret;

use super::core::{AddressFamily, CoreConfig, TurnServerCore};
use crate::report::report;
use crate::tls;
use relay_ports::RelayPorts;
use shared::Shared;

pub use config::TurnServerConfig;
pub use error::TurnError;
pub use secrets::{read_secrets, secrets};

/// A TURN server whose sockets are open.
pub struct TurnServer {
    shared: Arc<Shared>,
    udp: Vec<(Arc<UdpSocket>, SocketAddr)>,
    streams: Vec<StreamListener>,
}

struct StreamListener {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
}

impl TurnServer {
    /// Reads the TLS files and opens the listening sockets.
    ///
    /// # Errors
    /// Each thing that an operator can get wrong has its own [`TurnError`].
    pub async fn bind(config: TurnServerConfig) -> Result<Self, TurnError> {
        let tls = match &config.tls_files {
            Some((chain, key)) => Some(tls::acceptor(chain, key)?),
            None => None,
        };
        let mut udp = Vec::new();
        for address in &config.udp {
            let socket = sockets::udp(*address).map_err(|source| listen_error(*address, source))?;
            let address = socket.local_addr()?;
            udp.push((Arc::new(socket), address));
        }
        let mut streams = Vec::new();
        for address in &config.tcp {
            streams.push(StreamListener::bind(*address, None)?);
        }
        if let Some(tls) = tls {
            for address in &config.tls {
                streams.push(StreamListener::bind(*address, Some(tls.clone()))?);
            }
        }
        Self::with_sockets(config, udp, streams)
    }

    fn with_sockets(
        config: TurnServerConfig,
        udp: Vec<(Arc<UdpSocket>, SocketAddr)>,
        streams: Vec<StreamListener>,
    ) -> Result<Self, TurnError> {
        let listening: BTreeSet<IpAddr> = udp
            .iter()
            .map(|(_, address)| address.ip())
            .chain(streams.iter().map(|listener| listener.address.ip()))
            .collect();
        if listening.is_empty() {
            return Err(TurnError::NoListener);
        }
        if config.ports.is_empty() {
            return Err(TurnError::NoRelayPort);
        }
        let relay_ips = relay_addresses(&config, &listening)?;
        let families: BTreeSet<_> = relay_ips.iter().map(|ip| AddressFamily::of(*ip)).collect();
        let own = listening.into_iter().chain(relay_ips.iter().copied());
        let mut nonce_key = Secret::new([0; 32]);
        getrandom::fill(nonce_key.expose_mut()).map_err(io::Error::other)?;
        let mut core = CoreConfig::new(config.realm, config.secrets, nonce_key)
            .peers(config.peers)
            .limits(config.limits)
            .families(families)
            .own_addresses(own);
        for (external, local) in config.external {
            let behind = |ip: &&IpAddr| {
                local.map_or(ip.is_ipv4() == external.is_ipv4(), |local| local == **ip)
            };
            for ip in relay_ips.iter().filter(behind) {
                core = core.external_address(*ip, external);
            }
        }
        let listeners: HashMap<_, _> =
            udp.iter().map(|(socket, address)| (*address, Arc::clone(socket))).collect();
        let ports = RelayPorts::new(relay_ips, config.ports);
        let shared = Shared::new(TurnServerCore::new(core), listeners, ports);
        Ok(Self { shared, udp, streams })
    }

    /// Where it listens, with the ports that were chosen, as TURN URIs (RFC 7065).
    pub fn uris(&self) -> Vec<String> {
        let udp = self.udp.iter().map(|(_, address)| format!("turn:{address}?transport=udp"));
        let streams = self.streams.iter().map(|listener| {
            let scheme = if listener.tls.is_some() { "turns" } else { "turn" };
            format!("{scheme}:{}?transport=tcp", listener.address)
        });
        udp.chain(streams).collect()
    }

    /// The UDP addresses it listens on.
    pub fn udp_addresses(&self) -> Vec<SocketAddr> {
        self.udp.iter().map(|(_, address)| *address).collect()
    }

    /// The TCP addresses it listens on.
    pub fn tcp_addresses(&self) -> Vec<SocketAddr> {
        self.stream_addresses(false)
    }

    /// The TLS addresses it listens on.
    pub fn tls_addresses(&self) -> Vec<SocketAddr> {
        self.stream_addresses(true)
    }

    fn stream_addresses(&self, tls: bool) -> Vec<SocketAddr> {
        let of_kind = self.streams.iter().filter(|listener| listener.tls.is_some() == tls);
        of_kind.map(|listener| listener.address).collect()
    }

    /// Serves until `shutdown` is ready; then closes every connection and relay socket.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self { shared, udp, streams } = self;
        let mut tasks = JoinSet::new();
        for (socket, address) in udp {
            tasks.spawn(read_datagrams(socket, address, Arc::clone(&shared)));
        }
        for listener in streams {
            tasks.spawn(accept(listener, Arc::clone(&shared)));
        }
        tasks.spawn(keep_time(Arc::clone(&shared)));
        let counted = Arc::clone(&shared);
        tasks.spawn(report("TURN server", move || counted.counts().sums()));
        tracing::info!("the TURN server listens");
        shutdown.await;
        tracing::info!(counts = ?shared.counts().sums(), "the TURN server stops");
        tasks.shutdown().await;
        shared.close();
    }
}

impl fmt::Debug for TurnServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TurnServer").finish_non_exhaustive()
    }
}

impl StreamListener {
    fn bind(address: SocketAddr, tls: Option<TlsAcceptor>) -> Result<Self, TurnError> {
        let listener = sockets::tcp(address).map_err(|source| listen_error(address, source))?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, tls })
    }
}

/// Where to relay from: what the operator says, else where it listens.
fn relay_addresses(
    config: &TurnServerConfig,
    listening: &BTreeSet<IpAddr>,
) -> Result<Vec<IpAddr>, TurnError> {
    let named = || config.relay_ips.iter().copied();
    let addresses: Vec<_> = if config.relay_ips.is_empty() {
        listening.iter().copied().filter(|ip| !ip.is_unspecified()).collect()
    } else {
        named().collect()
    };
    if addresses.is_empty() || addresses.iter().any(IpAddr::is_unspecified) {
        return Err(TurnError::NoRelayAddress);
    }
    for address in &addresses {
        sockets::can_bind(*address)
            .map_err(|source| TurnError::RelayAddress { address: *address, source })?;
    }
    Ok(addresses)
}

async fn read_datagrams(socket: Arc<UdpSocket>, address: SocketAddr, shared: Arc<Shared>) {
    let mut buffer = sockets::buffer();
    loop {
        let Some((payload, client)) = sockets::receive(&socket, &mut buffer).await else {
            continue;
        };
        shared.input(|core, moment| {
            core.handle_datagram(moment.now, moment.unix_now, address, client, payload);
        });
    }
}

async fn accept(listener: StreamListener, shared: Arc<Shared>) {
    // Aborts its connections when it is dropped.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // Reaps the ended ones; when there are none, the branch is off.
            Some(_) = connections.join_next() => {}
            accepted = listener.listener.accept() => match accepted {
                Ok((stream, client)) => {
                    connections.spawn(connect(stream, client, &listener, &shared));
                }
                // Too many open files and the like: they pass.
                Err(error) => {
                    tracing::warn!(kind = ?error.kind(), "a connection could not be accepted");
                    time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
}

/// Announces a connection to the core, and gives the task that runs it.
fn connect(
    stream: TcpStream,
    client: SocketAddr,
    listener: &StreamListener,
    shared: &Arc<Shared>,
) -> impl Future<Output = ()> + use<> {
    let (outbox, inbox) = connection::outbox();
    let id = shared.stream_opened(listener.address, client, outbox);
    connection::run(stream, listener.tls.clone(), id, inbox, Arc::clone(shared))
}

async fn keep_time(shared: Arc<Shared>) {
    loop {
        let (deadline, now) = shared.deadline();
        let wait = deadline.map_or(LONGEST_SLEEP, |deadline| deadline.saturating_since(now));
        tokio::select! {
            () = shared.sooner.notified() => {}
            () = time::sleep(wait) => shared.input(|core, moment| core.handle_timeout(moment.now)),
        }
    }
}

fn listen_error(address: SocketAddr, source: io::Error) -> TurnError {
    match source.kind() {
        io::ErrorKind::AddrInUse => TurnError::AddressInUse(address),
        _ => TurnError::AddressUnavailable { address, source },
    }
}

/// A pause after a failed accept, instead of a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_SLEEP: Duration = Duration::from_secs(3_600);
