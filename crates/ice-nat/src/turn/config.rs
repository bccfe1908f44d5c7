use core::fmt;
use core::net::SocketAddr;

use super::credentials::TurnCredentials;
use super::trust::TlsTrust;
use crate::TransportProtocol;

/// Where an allocation is made, how it is reached, and as whom.
pub struct TurnConfig {
    pub(super) local: SocketAddr,
    pub(super) server: SocketAddr,
    pub(super) way: Way,
    pub(super) credentials: TurnCredentials,
    pub(super) families: AddressFamilies,
}

impl TurnConfig {
    /// Over UDP, from the socket at `local`.
    pub fn udp(local: SocketAddr, server: SocketAddr, credentials: TurnCredentials) -> Self {
        Self::new(local, server, Way::Udp, credentials)
    }

    /// Over a TCP connection from `local`, open already.
    pub fn tcp(local: SocketAddr, server: SocketAddr, credentials: TurnCredentials) -> Self {
        Self::new(local, server, Way::Tcp, credentials)
    }

    /// Over TLS on a TCP connection from `local`, open already. The certificate must be for `server_name`: a DNS name, or an IP address in
    /// its usual notation.
    pub fn tls(
        local: SocketAddr,
        server: SocketAddr,
        credentials: TurnCredentials,
        server_name: impl Into<String>,
        trust: TlsTrust,
    ) -> Self {
        Self::new(local, server, Way::Tls { server_name: server_name.into(), trust }, credentials)
    }

    /// The address families that relayed addresses are wanted in; without this the one of the server's address.
    #[must_use]
    pub fn families(mut self, families: AddressFamilies) -> Self {
        self.families = families;
        self
    }

    /// How the server is reached.
    pub fn transport(&self) -> TransportProtocol {
        match self.way {
            Way::Udp => TransportProtocol::Udp,
            Way::Tcp => TransportProtocol::Tcp,
            Way::Tls { .. } => TransportProtocol::Tls,
        }
    }

    fn new(local: SocketAddr, server: SocketAddr, way: Way, credentials: TurnCredentials) -> Self {
        let families = if server.is_ipv4() { AddressFamilies::Ipv4 } else { AddressFamilies::Ipv6 };
        Self { local, server, way, credentials, families }
    }
}

impl fmt::Debug for TurnConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TurnConfig({:?}, {:?}, [redacted])", self.transport(), self.families)
    }
}

/// How the server is reached, with what only this way needs.
pub(super) enum Way {
    Udp,
    Tcp,
    Tls { server_name: String, trust: TlsTrust },
}

/// The IP versions that relayed addresses are asked for in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressFamilies {
    /// IPv4 alone.
    Ipv4,
    /// IPv6 alone (REQUESTED-ADDRESS-FAMILY, RFC 8656 §18.6).
    Ipv6,
    /// One of each, by one request (ADDITIONAL-ADDRESS-FAMILY, RFC 8656 §18.11). A server may grant only one.
    Both,
}
