use core::fmt;
use core::net::SocketAddr;

use super::Location;
use crate::limits::MAX_SERVER_ADDRESSES;

/// One TURN server: a host, and where its name resolved to. `Debug` shows counts only.
#[derive(Clone, PartialEq)]
pub struct RelayServer {
    host: String,
    udp: Vec<SocketAddr>,
    tcp: Vec<SocketAddr>,
    tls: Vec<SocketAddr>,
    location: Option<Location>,
}

impl RelayServer {
    /// A server without addresses. `host` is the name (or the address as text) that its certificate is valid for.
    pub fn new(host: impl Into<String>) -> Self {
        let none = Vec::new;
        Self { host: host.into(), udp: none(), tcp: none(), tls: none(), location: None }
    }

    /// It takes TURN over UDP there. Of each transport the first [`MAX_SERVER_ADDRESSES`] are kept.
    #[must_use]
    pub fn udp(mut self, address: SocketAddr) -> Self {
        keep(&mut self.udp, address);
        self
    }

    /// It takes TURN over TCP there.
    #[must_use]
    pub fn tcp(mut self, address: SocketAddr) -> Self {
        keep(&mut self.tcp, address);
        self
    }

    /// It takes TURN over TLS there.
    #[must_use]
    pub fn tls(mut self, address: SocketAddr) -> Self {
        keep(&mut self.tls, address);
        self
    }

    /// It stands there.
    #[must_use]
    pub fn located(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }

    /// The name.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Where it stands, if that is known.
    pub fn location(&self) -> Option<Location> {
        self.location
    }

    /// Its addresses for this transport.
    pub fn addresses(&self, transport: crate::TransportProtocol) -> &[SocketAddr] {
        match transport {
            crate::TransportProtocol::Udp => &self.udp,
            crate::TransportProtocol::Tcp => &self.tcp,
            crate::TransportProtocol::Tls => &self.tls,
        }
    }
}

impl fmt::Debug for RelayServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelayServer")
            .field("udp", &self.udp.len())
            .field("tcp", &self.tcp.len())
            .field("tls", &self.tls.len())
            .finish_non_exhaustive()
    }
}

fn keep(addresses: &mut Vec<SocketAddr>, address: SocketAddr) {
    if addresses.len() < MAX_SERVER_ADDRESSES && !addresses.contains(&address) {
        addresses.push(address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TransportProtocol;

    #[test]
    fn addresses_are_bounded_and_kept_once() {
        let mut server = RelayServer::new("turn.example");
        for port in [1, 1, 2, 3, 4, 5, 6] {
            server = server.tls(([192, 0, 2, 1], port).into());
        }
        let ports: Vec<_> =
            server.addresses(TransportProtocol::Tls).iter().map(SocketAddr::port).collect();
        assert_eq!(ports, [1, 2, 3, 4]);
        assert!(!format!("{server:?}").contains("192"));
    }
}
