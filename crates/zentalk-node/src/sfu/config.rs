use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use zentalk_sfu::SfuConfig;
use zentalk_sfu_control::limits::MAX_DRAINING;

/// What an operator decides about an SFU.
#[derive(Clone, Debug)]
pub struct SfuServerConfig {
    pub(super) listen: SocketAddr,
    pub(super) media: SocketAddr,
    pub(super) advertise: Vec<SocketAddr>,
    pub(super) keys: Vec<[u8; 32]>,
    pub(super) tls: Option<(PathBuf, PathBuf)>,
    pub(super) plain: bool,
    pub(super) workers: NonZero<usize>,
    pub(super) max_connections: usize,
    pub(super) connections_per_address: u32,
    pub(super) idle_timeout: Duration,
    pub(super) drain: Duration,
    pub(super) core: SfuConfig,
}

impl SfuServerConfig {
    /// Where control connections come in by default: this machine only.
    pub const DEFAULT_LISTEN: SocketAddr =
        SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8_791);
    /// Where media comes in by default.
    pub const DEFAULT_MEDIA: SocketAddr =
        SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4_400);
    /// Control connections at a time by default.
    pub const DEFAULT_MAX_CONNECTIONS: usize = 8_192;
    /// Control connections of one address (of IPv6: of one /64) by default.
    pub const DEFAULT_CONNECTIONS_PER_ADDRESS: u32 = 64;
    /// How long a control connection may be silent by default. It is pinged at a third of it.
    pub const DEFAULT_IDLE_TIMEOUT: Duration = Duration::from_secs(60);
    /// How long calls may go on by default once the server is told to stop.
    pub const DEFAULT_DRAIN: Duration = Duration::from_secs(30);

    /// An SFU that takes tokens that one of these Ed25519 public keys has signed: that of the relay, and during a
    /// change the next one.
    pub fn new(keys: Vec<[u8; 32]>) -> Self {
        Self {
            listen: Self::DEFAULT_LISTEN,
            media: Self::DEFAULT_MEDIA,
            advertise: Vec::new(),
            keys,
            tls: None,
            plain: false,
            workers: std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN),
            max_connections: Self::DEFAULT_MAX_CONNECTIONS,
            connections_per_address: Self::DEFAULT_CONNECTIONS_PER_ADDRESS,
            idle_timeout: Self::DEFAULT_IDLE_TIMEOUT,
            drain: Self::DEFAULT_DRAIN,
            core: SfuConfig::default(),
        }
    }

    /// Takes control connections at `address`; port 0 takes any free one.
    #[must_use]
    pub const fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Takes media at the UDP port `address`; port 0 takes any free one.
    #[must_use]
    pub const fn media(mut self, address: SocketAddr) -> Self {
        self.media = address;
        self
    }

    /// Tells participants this address for media instead of the one that is listened on: behind one-to-one NAT, or
    /// where that is a wildcard. May be called several times, the preferred one first; port 0 stands for the one that
    /// is listened on.
    #[must_use]
    pub fn advertise(mut self, address: SocketAddr) -> Self {
        self.advertise.push(address);
        self
    }

    /// Speaks TLS on control connections, with a certificate chain and a private key in PEM files.
    #[must_use]
    pub fn tls(mut self, certificates: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.tls = Some((certificates.into(), key.into()));
        self
    }

    /// Speaks plain `ws://`; on loopback only, for tests and behind a proxy on the same machine. Whoever changes a
    /// session description on its way stands between a participant and this server.
    #[must_use]
    pub const fn plain(mut self) -> Self {
        self.plain = true;
        self
    }

    /// Threads for media; the processor's cores if not said. More than one need a Unix system.
    #[must_use]
    pub const fn workers(mut self, workers: NonZero<usize>) -> Self {
        self.workers = workers;
        self
    }

    /// Control connections at a time, and those of one address.
    #[must_use]
    pub const fn connections(mut self, most: usize, per_address: u32) -> Self {
        self.max_connections = most;
        self.connections_per_address = per_address;
        self
    }

    /// How long a control connection may be silent.
    #[must_use]
    pub const fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// How long calls may go on once the server is told to stop; an hour at most.
    #[must_use]
    pub fn drain(mut self, within: Duration) -> Self {
        self.drain = within.min(MAX_DRAINING);
        self
    }

    /// What each worker allows; its `worker` and `max_segments` are the server's to choose.
    #[must_use]
    pub fn core(mut self, core: SfuConfig) -> Self {
        self.core = core;
        self
    }
}
