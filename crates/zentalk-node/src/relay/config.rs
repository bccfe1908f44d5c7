use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use zentalk_onion_relay::Quota;

use super::sfu::SfuTokenConfig;
use super::turn::TurnConfig;

/// What an operator decides about a relay.
#[derive(Clone, Debug)]
pub struct RelayConfig {
    pub(super) listen: SocketAddr,
    pub(super) data: PathBuf,
    pub(super) tls: Option<TlsFiles>,
    pub(super) quota: Quota,
    pub(super) max_connections: usize,
    pub(super) connections_per_address: u32,
    pub(super) idle_timeout: Duration,
    pub(super) turn: Option<TurnConfig>,
    pub(super) sfu: Option<SfuTokenConfig>,
}

/// Where certificate and key lie.
#[derive(Clone, Debug)]
pub(super) struct TlsFiles {
    pub(super) certificates: PathBuf,
    pub(super) key: PathBuf,
}

impl RelayConfig {
    /// Connections at a time by default.
    pub const DEFAULT_MAX_CONNECTIONS: usize = 1_024;

    /// Connections of one address (of IPv6: of one /64) by default. A device takes two while it sets up a call.
    pub const DEFAULT_CONNECTIONS_PER_ADDRESS: u32 = 256;

    /// How long a connection may be silent by default. The relay pings at a third of it.
    pub const DEFAULT_IDLE_TIMEOUT: Duration = Duration::from_secs(60);

    /// The shortest idle timeout.
    pub const MIN_IDLE_TIMEOUT: Duration = Duration::from_millis(100);

    /// A relay without TLS that listens on `listen` (port 0: any free one) and keeps its store in the
    /// directory `data`, which is made if it is not there.
    pub fn new(listen: SocketAddr, data: impl Into<PathBuf>) -> Self {
        Self {
            listen,
            data: data.into(),
            tls: None,
            quota: Quota::default(),
            max_connections: Self::DEFAULT_MAX_CONNECTIONS,
            connections_per_address: Self::DEFAULT_CONNECTIONS_PER_ADDRESS,
            idle_timeout: Self::DEFAULT_IDLE_TIMEOUT,
            turn: None,
            sfu: None,
        }
    }

    /// Speaks TLS, with a certificate chain and a private key in PEM files.
    #[must_use]
    pub fn tls(mut self, certificates: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.tls = Some(TlsFiles { certificates: certificates.into(), key: key.into() });
        self
    }

    /// Hands out credentials for these TURN servers to whoever asks on a connection without a mailbox.
    #[must_use]
    pub fn turn(mut self, turn: TurnConfig) -> Self {
        self.turn = Some(turn);
        self
    }

    /// Hands out tokens for these SFUs to whoever asks on a connection without a mailbox.
    #[must_use]
    pub fn sfu(mut self, sfu: SfuTokenConfig) -> Self {
        self.sfu = Some(sfu);
        self
    }

    /// How much a mailbox and the whole relay may hold.
    #[must_use]
    pub const fn quota(mut self, quota: Quota) -> Self {
        self.quota = quota;
        self
    }

    /// Connections at a time; more are turned away.
    #[must_use]
    pub const fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// Connections of one address at a time; more are turned away, or one could take them all. Behind a proxy all come from
    /// its address.
    #[must_use]
    pub const fn connections_per_address(mut self, connections: u32) -> Self {
        self.connections_per_address = connections;
        self
    }

    /// How long a connection may be silent, at least [`RelayConfig::MIN_IDLE_TIMEOUT`]. A client answers
    /// pings, so this finds the dead ones.
    #[must_use]
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout.max(Self::MIN_IDLE_TIMEOUT);
        self
    }
}
