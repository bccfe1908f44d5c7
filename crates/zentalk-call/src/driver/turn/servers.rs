use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::lookup_host;
use tokio::time::timeout;
use zentalk_ice_nat::relays::{Location, RelayServer};
use zentalk_onion_relay::frames::TurnServerEntry;

/// A TURN server, by name: where it takes which transport.
#[derive(Clone, PartialEq)]
pub struct TurnServer {
    host: String,
    udp: Option<u16>,
    tcp: Option<u16>,
    tls: Option<u16>,
    location: Option<Location>,
}

/// How long one name may take. Servers whose names take longer are left out.
const LOOKUP: Duration = Duration::from_millis(1_500);

impl TurnServer {
    /// A server without ports. `host` is a DNS name or an IP address; its certificate must be valid for it.
    pub fn new(host: impl Into<String>) -> Self {
        Self { host: host.into(), udp: None, tcp: None, tls: None, location: None }
    }

    /// It takes TURN over UDP at this port; 3478 usually.
    #[must_use]
    pub fn udp(mut self, port: u16) -> Self {
        self.udp = Some(port);
        self
    }

    /// It takes TURN over TCP at this port; 3478 usually.
    #[must_use]
    pub fn tcp(mut self, port: u16) -> Self {
        self.tcp = Some(port);
        self
    }

    /// It takes TURN over TLS at this port; 5349 usually, 443 to get through more firewalls.
    #[must_use]
    pub fn tls(mut self, port: u16) -> Self {
        self.tls = Some(port);
        self
    }

    /// It stands there: of servers that were not measured yet the nearest is taken.
    #[must_use]
    pub fn located(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }

    /// The server with its addresses; None if its name has none.
    async fn resolve(&self) -> Option<RelayServer> {
        let addresses = self.addresses().await;
        let mut server = RelayServer::new(self.host.clone());
        for ip in &addresses {
            let at = |port| SocketAddr::new(*ip, port);
            server = self.udp.into_iter().map(at).fold(server, RelayServer::udp);
            server = self.tcp.into_iter().map(at).fold(server, RelayServer::tcp);
            server = self.tls.into_iter().map(at).fold(server, RelayServer::tls);
        }
        let server = self.location.into_iter().fold(server, RelayServer::located);
        (!addresses.is_empty()).then_some(server)
    }

    /// IPv4 and IPv6 by turns, so that neither crowds out the other where few are kept.
    async fn addresses(&self) -> Vec<IpAddr> {
        if let Ok(ip) = self.host.parse() {
            return vec![ip];
        }
        let found = timeout(LOOKUP, lookup_host((self.host.as_str(), 0))).await;
        let found = found.ok().and_then(Result::ok).into_iter().flatten();
        let (mut v4, mut v6): (Vec<_>, Vec<_>) =
            found.map(|address| address.ip()).partition(IpAddr::is_ipv4);
        v4.dedup();
        v6.dedup();
        let (mut v4, mut v6) = (v4.into_iter(), v6.into_iter());
        let turns = std::iter::from_fn(|| Some([v4.next(), v6.next()]));
        turns.take_while(|turn| turn.iter().any(Option::is_some)).flatten().flatten().collect()
    }
}

/// All servers that have addresses, in their order.
pub(super) async fn resolve(servers: &[TurnServer]) -> Vec<RelayServer> {
    join_all(servers.iter().map(TurnServer::resolve)).await.into_iter().flatten().collect()
}

impl From<&TurnServerEntry> for TurnServer {
    fn from(entry: &TurnServerEntry) -> Self {
        let port = |port: u16| Some(port).filter(|port| *port != 0);
        let location = entry
            .location
            .and_then(|location| Location::new(location.latitude(), location.longitude()).ok());
        Self {
            host: entry.host.clone(),
            udp: port(entry.udp_port),
            tcp: port(entry.tcp_port),
            tls: port(entry.tls_port),
            location,
        }
    }
}

/// Prints no host: it tells where somebody's relay stands.
impl fmt::Debug for TurnServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TurnServer")
            .field("udp", &self.udp)
            .field("tcp", &self.tcp)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use zentalk_ice_nat::TransportProtocol;

    use super::*;

    #[tokio::test]
    async fn addresses_need_no_name_server_and_names_that_resolve_to_nothing_are_left_out() {
        let servers = [
            TurnServer::new("192.0.2.1").udp(3478).tls(443),
            TurnServer::new("2001:db8::1").tcp(3478),
            // Longer than a label may be: no name server is asked for it.
            TurnServer::new("a".repeat(64)).udp(3478),
            TurnServer::new("localhost").udp(1),
        ];
        let resolved = resolve(&servers).await;
        let hosts: Vec<_> = resolved.iter().map(RelayServer::host).collect();
        assert_eq!(hosts, ["192.0.2.1", "2001:db8::1", "localhost"]);
        let addresses = |at: usize, transport| resolved[at].addresses(transport).to_vec();
        assert_eq!(addresses(0, TransportProtocol::Udp), ["192.0.2.1:3478".parse().unwrap()]);
        assert!(addresses(0, TransportProtocol::Tcp).is_empty());
        assert_eq!(addresses(0, TransportProtocol::Tls), ["192.0.2.1:443".parse().unwrap()]);
        assert_eq!(addresses(1, TransportProtocol::Tcp), ["[2001:db8::1]:3478".parse().unwrap()]);
        assert!(addresses(2, TransportProtocol::Udp).iter().all(|at| at.ip().is_loopback()));
    }
}
