use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time;
use tokio_rustls::TlsAcceptor;
use zentalk_dtls_fingerprint::Certificate;
use zentalk_primitives::Secret;
use zentalk_sfu::limits::MAX_SEGMENTS;
use zentalk_sfu::{Sfu, SfuConfig};
use zentalk_sfu_control::TokenVerifier;

use super::admission::Admission;
use super::config::SfuServerConfig;
use super::control;
use super::counts::SfuCounts;
use super::error::SfuError;
use super::reception::Reception;
use super::shared::Shared;
use super::worker::{self, Command, Worker};
use crate::relay::clock::Clock;
use crate::report::report;
use crate::tls;

/// An SFU whose sockets are open.
pub struct SfuServer {
    listener: TcpListener,
    address: SocketAddr,
    media: SocketAddr,
    tls: Option<TlsAcceptor>,
    permits: Arc<Semaphore>,
    workers: Vec<Worker>,
    shared: Arc<Shared>,
    drain: Duration,
}

impl SfuServer {
    /// Reads the TLS files, opens the sockets and makes the certificate for media.
    ///
    /// # Errors
    /// Each thing that an operator can get wrong has its own [`SfuError`].
    pub async fn bind(config: SfuServerConfig) -> Result<Self, SfuError> {
        config.core.check()?;
        let verifier = TokenVerifier::new(config.keys.clone()).map_err(|_| SfuError::Keys)?;
        let tls = match &config.tls {
            Some((chain, key)) => Some(tls::acceptor(chain, key)?),
            None if config.plain && config.listen.ip().is_loopback() => None,
            None => return Err(SfuError::PlainRefused),
        };
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(|source| listen_error(config.listen, source))?;
        let address = listener.local_addr()?;
        let count = if cfg!(unix) { config.workers.get() } else { 1 };
        let (sockets, media) = worker::bind(config.media, count)
            .map_err(|source| listen_error(config.media, source))?;
        let candidates = candidates(&config.advertise, media)?;
        let clock = Clock::start();
        let certificate = Certificate::generate(&mut UnwrapErr(SysRng), Clock::system_time())
            .map_err(|_| SfuError::Certificate)?;
        let core = config.core;
        let make = |worker, segments: usize| {
            let max_segments = core.max_segments.min(segments).clamp(1, MAX_SEGMENTS);
            let config = SfuConfig { worker, max_segments, ..core.clone() };
            Sfu::new(config, certificate.duplicate(), &mut UnwrapErr(SysRng))
                .map_err(io::Error::other)
        };
        let (workers, handles) =
            worker::prepare(sockets, clock, make, || Reception::new(candidates.clone()))?;
        let mut key = Secret::new([0; 32]);
        getrandom::fill(key.expose_mut()).map_err(io::Error::other)?;
        let per_address = config.connections_per_address;
        let admission = Admission::new(verifier);
        let shared = Shared::new(admission, clock, config.idle_timeout, per_address, handles, &key);
        Ok(Self {
            listener,
            address,
            media,
            tls,
            permits: Arc::new(Semaphore::new(config.max_connections)),
            workers,
            shared: Arc::new(shared),
            drain: config.drain,
        })
    }

    /// The URL that control connections are made to.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "wss" } else { "ws" };
        format!("{scheme}://{}{PATH}", self.address)
    }

    /// Where it takes media, with the port that was chosen.
    pub const fn media(&self) -> SocketAddr {
        self.media
    }

    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// What it has done so far.
    pub fn counts(&self) -> SfuCounts {
        self.shared.counts()
    }

    /// Serves until `shutdown` is ready; then takes no more connections, tells everybody to go elsewhere, and ends when
    /// nobody is left or the time for it is over.
    ///
    /// # Errors
    /// [`SfuError::System`] if a worker failed.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), SfuError> {
        let Self { listener, tls, permits, workers, shared, drain, .. } = self;
        let mut threads = threads(workers)?;
        let mut connections = JoinSet::new();
        let counted = Arc::clone(&shared);
        let report = tokio::spawn(report("SFU", move || counted.counts().sums()));
        tracing::info!(workers = threads.len(), "the SFU listens");
        let failed = tokio::select! {
            () = shutdown => None,
            () = accept(&listener, tls, &permits, &shared, &mut connections) => None,
            ended = threads.join_next() => ended,
        };
        drop(listener);
        tracing::info!("the SFU stops");
        if failed.is_none() {
            empty(&shared, drain).await;
        }
        for worker in shared.workers() {
            worker.stop().await;
        }
        report.abort();
        // The workers have let go of every connection, which ends it.
        let goodbye = async { while connections.join_next().await.is_some() {} };
        let _ = time::timeout(GOODBYE_TIMEOUT, goodbye).await;
        connections.shutdown().await;
        let mut ended: Vec<_> = failed.into_iter().collect();
        while let Some(end) = threads.join_next().await {
            ended.push(end);
        }
        tracing::info!(counts = ?shared.counts().sums(), "the SFU has stopped");
        ended.into_iter().try_for_each(|end| end.map_err(io::Error::other)?)?;
        Ok(())
    }
}

impl fmt::Debug for SfuServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SfuServer").finish_non_exhaustive()
    }
}

/// Starts the workers' threads; each is a task that ends when its thread does.
fn threads(workers: Vec<Worker>) -> io::Result<JoinSet<io::Result<()>>> {
    let mut threads = JoinSet::new();
    for worker in workers {
        let (done, ended) = oneshot::channel();
        thread::Builder::new().name(worker.name()).spawn(move || {
            // Nobody waits for it only if the runtime is gone.
            let _ = done.send(worker.run());
        })?;
        threads.spawn(async {
            ended.await.unwrap_or_else(|_| Err(io::Error::other("a worker failed")))
        });
    }
    Ok(threads)
}

async fn accept(
    listener: &TcpListener,
    tls: Option<TlsAcceptor>,
    permits: &Arc<Semaphore>,
    shared: &Arc<Shared>,
    connections: &mut JoinSet<()>,
) {
    loop {
        tokio::select! {
            // Reaps the ended ones; when there are none, the branch is off.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, client)) => match Arc::clone(permits).try_acquire_owned() {
                    Ok(permit) => {
                        let (tls, shared) = (tls.clone(), Arc::clone(shared));
                        connections.spawn(control::serve(stream, client, tls, shared, permit));
                    }
                    Err(_) => tracing::debug!("a control connection was turned away: there are too many"),
                },
                // Too many open files and the like: they pass.
                Err(error) => {
                    tracing::warn!(kind = ?error.kind(), "a control connection could not be accepted");
                    time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
}

/// Has everybody go elsewhere, and waits for it; `drain` at most.
async fn empty(shared: &Shared, drain: Duration) {
    for worker in shared.workers() {
        // One that is too busy for it is stopped with the others.
        let _ = worker.ask(Command::Drain { within: drain });
    }
    let emptied = async {
        loop {
            // Counts are a moment old: the first look is not before the workers counted once more.
            time::sleep(EMPTY_PAUSE).await;
            if shared.counts().forwarding.participants == 0 {
                return;
            }
        }
    };
    let _ = time::timeout(drain.max(2 * EMPTY_PAUSE), emptied).await;
}

/// What participants are told: what the operator says, else where it listens.
fn candidates(advertise: &[SocketAddr], media: SocketAddr) -> Result<Vec<SocketAddr>, SfuError> {
    let told = if advertise.is_empty() { std::slice::from_ref(&media) } else { advertise };
    if told.iter().any(|address| address.ip().is_unspecified()) {
        return Err(SfuError::NoAdvertisedAddress);
    }
    if told.len() > MAX_ADVERTISED {
        return Err(SfuError::TooManyAdvertised);
    }
    let with_port = |address: &SocketAddr| match address.port() {
        0 => SocketAddr::new(address.ip(), media.port()),
        _ => *address,
    };
    Ok(told.iter().map(with_port).collect())
}

fn listen_error(address: SocketAddr, source: io::Error) -> SfuError {
    match source.kind() {
        io::ErrorKind::AddrInUse => SfuError::AddressInUse(address),
        _ => SfuError::AddressUnavailable { address, source },
    }
}

/// Where the WebSocket is said to be; every other path will do.
const PATH: &str = "/v1";
/// A pause after a failed accept, instead of a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Addresses that participants are told.
const MAX_ADVERTISED: usize = 8;
const EMPTY_PAUSE: Duration = Duration::from_millis(250);
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(3);
