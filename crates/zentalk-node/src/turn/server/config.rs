use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use super::super::core::{Limits, Realm};
use super::super::credentials::RestSecrets;
use super::super::peers::PeerPolicy;

/// What an operator decides about a TURN server.
#[derive(Debug)]
pub struct TurnServerConfig {
    pub(super) realm: Realm,
    pub(super) secrets: RestSecrets,
    pub(super) udp: Vec<SocketAddr>,
    pub(super) tcp: Vec<SocketAddr>,
    pub(super) tls: Vec<SocketAddr>,
    pub(super) tls_files: Option<(PathBuf, PathBuf)>,
    pub(super) relay_ips: Vec<IpAddr>,
    pub(super) external: Vec<(IpAddr, Option<IpAddr>)>,
    pub(super) ports: RangeInclusive<u16>,
    pub(super) peers: PeerPolicy,
    pub(super) limits: Limits,
}

impl TurnServerConfig {
    /// The ports of relay sockets by default: the dynamic ones (RFC 6335 §6, RFC 8656 §7.2).
    pub const DEFAULT_PORTS: RangeInclusive<u16> = 49_152..=65_535;

    /// A server that listens nowhere yet.
    pub fn new(realm: Realm, secrets: RestSecrets) -> Self {
        Self {
            realm,
            secrets,
            udp: Vec::new(),
            tcp: Vec::new(),
            tls: Vec::new(),
            tls_files: None,
            relay_ips: Vec::new(),
            external: Vec::new(),
            ports: Self::DEFAULT_PORTS,
            peers: PeerPolicy::default(),
            limits: Limits::default(),
        }
    }

    /// Listens for UDP at `address`, too; port 0 takes any free one.
    #[must_use]
    pub fn udp(mut self, address: SocketAddr) -> Self {
        self.udp.push(address);
        self
    }

    /// Listens for TCP at `address`, too.
    #[must_use]
    pub fn tcp(mut self, address: SocketAddr) -> Self {
        self.tcp.push(address);
        self
    }

    /// Listens for TLS at `address`, too. It needs [`certificate`](Self::certificate).
    #[must_use]
    pub fn tls(mut self, address: SocketAddr) -> Self {
        self.tls.push(address);
        self
    }

    /// The certificate chain and the private key for TLS, in PEM files.
    #[must_use]
    pub fn certificate(mut self, chain: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.tls_files = Some((chain.into(), key.into()));
        self
    }

    /// Relays from `address`, too. Without any, from the listening addresses that are no wildcards.
    #[must_use]
    pub fn relay_ip(mut self, address: IpAddr) -> Self {
        self.relay_ips.push(address);
        self
    }

    /// Peers reach the relay address `local` at `external`: one-to-one NAT, as clouds have it. `None` stands for all relay
    /// addresses of that family.
    #[must_use]
    pub fn external_ip(mut self, external: IpAddr, local: Option<IpAddr>) -> Self {
        self.external.push((external, local));
        self
    }

    /// The ports of relay sockets.
    #[must_use]
    pub const fn ports(mut self, ports: RangeInclusive<u16>) -> Self {
        self.ports = ports;
        self
    }

    /// To whom it relays.
    #[must_use]
    pub fn peers(mut self, peers: PeerPolicy) -> Self {
        self.peers = peers;
        self
    }

    /// How much of everything there may be.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}
