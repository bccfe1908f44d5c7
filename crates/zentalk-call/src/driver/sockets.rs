//! The UDP sockets of a participant: one for each interface address.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use zentalk_primitives::Transmit;

use super::error::DriverError;
use crate::engine::MAX_SOCKETS;

/// Which local addresses calls use.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Network {
    /// Every interface that is up, IPv4 and IPv6, but not loopback and not link-local; the first
    /// sixteen of them.
    #[default]
    AllInterfaces,
    /// The loopback interface only: both participants on one machine.
    Loopback,
    /// Exactly one address, and the address it is mapped to where there is a fixed one-to-one mapping
    /// in front of it, as on cloud servers: then only the mapped one is told to peers.
    Fixed {
        /// The address to bind; port 0 takes any.
        bind: SocketAddr,
        /// What peers are told instead.
        mapped: Option<SocketAddr>,
    },
}

/// One datagram that came in.
pub(super) struct Received {
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
    pub(super) payload: Vec<u8>,
}

/// The open sockets. Dropping them closes them and ends their readers.
pub(super) struct Sockets {
    bound: Vec<Bound>,
}

struct Bound {
    local: SocketAddr,
    mapped: Option<SocketAddr>,
    socket: Arc<UdpSocket>,
    /// One task, which ends with this.
    reader: JoinSet<()>,
}

const RETRY: std::time::Duration = std::time::Duration::from_millis(5);
/// The longest datagram that is taken, in bytes: no layer sends longer ones than an Ethernet frame holds.
const MAX_DATAGRAM: usize = 2_048;
/// Datagrams that wait for the engine; more than this are dropped, as the system's own buffer would.
pub(super) const QUEUE: usize = 1_024;

impl Sockets {
    /// Opens a socket on each address of `network`; what they receive goes into `sink`.
    pub(super) async fn open(
        network: &Network,
        sink: &mpsc::Sender<Received>,
    ) -> Result<Self, DriverError> {
        let mut bound = Vec::new();
        for (address, mapped) in addresses(network)? {
            match UdpSocket::bind(address).await {
                Ok(socket) => bound.push(Bound::new(socket, mapped, sink.clone())?),
                // One interface that cannot be used (it may just have gone) does not stop the others.
                Err(error) if matches!(network, Network::AllInterfaces) => {
                    tracing::debug!(kind = ?error.kind(), "an interface cannot be used");
                }
                Err(source) => return Err(DriverError::Bind { address, source }),
            }
        }
        if bound.is_empty() { Err(DriverError::NoNetwork) } else { Ok(Self { bound }) }
    }

    /// Closes the sockets: when it returns, their addresses are free.
    pub(super) async fn close(self) {
        for bound in self.bound {
            let Bound { socket, mut reader, .. } = bound;
            reader.abort_all();
            while reader.join_next().await.is_some() {}
            drop(socket);
        }
    }

    /// The local addresses, each with the one it is mapped to.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (SocketAddr, Option<SocketAddr>)> + '_ {
        self.bound.iter().map(|bound| (bound.local, bound.mapped))
    }

    /// Sends a datagram from the socket it names. What cannot be sent now is lost, as on the way.
    pub(super) fn send(&self, datagram: &Transmit) {
        let socket = self.bound.iter().find(|bound| bound.local == datagram.local);
        if let Some(bound) = socket {
            // An error here says that the peer's port is closed or the buffer full: UDP promises no more.
            let _ = bound.socket.try_send_to(&datagram.payload, datagram.remote);
        }
    }
}

impl Bound {
    fn new(
        socket: UdpSocket,
        mapped: Option<SocketAddr>,
        sink: mpsc::Sender<Received>,
    ) -> Result<Self, DriverError> {
        let local = socket.local_addr().map_err(|_| DriverError::NoNetwork)?;
        let socket = Arc::new(socket);
        let mut reader = JoinSet::new();
        reader.spawn(read(Arc::clone(&socket), local, sink));
        Ok(Self { local, mapped, socket, reader })
    }
}

async fn read(socket: Arc<UdpSocket>, local: SocketAddr, sink: mpsc::Sender<Received>) {
    // One byte more, to tell what is too long.
    let mut buffer = vec![0; MAX_DATAGRAM + 1];
    loop {
        // Errors on receiving are echoes of what was sent (port unreachable): nothing to do about them,
        // but not to spin if one stays.
        let Ok((len, remote)) = socket.recv_from(&mut buffer).await else {
            tokio::time::sleep(RETRY).await;
            continue;
        };
        let Some(payload) = buffer.get(..len).filter(|_| len <= MAX_DATAGRAM) else { continue };
        let payload = payload.to_vec();
        match sink.try_send(Received { local, remote, payload }) {
            Err(mpsc::error::TrySendError::Closed(_)) => return,
            Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => {}
        }
    }
}

fn addresses(network: &Network) -> Result<Vec<(SocketAddr, Option<SocketAddr>)>, DriverError> {
    let any_port = |ip| (SocketAddr::new(ip, 0), None);
    Ok(match network {
        Network::Fixed { bind, mapped } => vec![(*bind, *mapped)],
        Network::Loopback => vec![any_port(IpAddr::from([127, 0, 0, 1]))],
        Network::AllInterfaces => if_addrs::get_if_addrs()
            .map_err(|source| DriverError::Interfaces { source })?
            .into_iter()
            .map(|interface| interface.ip())
            .filter(is_usable)
            .take(MAX_SOCKETS)
            .map(any_port)
            .collect(),
    })
}

/// Loopback reaches nobody else. Link-local addresses need a scope that candidates cannot carry (IPv6), or
/// are what an interface has that got none (IPv4, RFC 3927).
fn is_usable(ip: &IpAddr) -> bool {
    let link_local = match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    !ip.is_loopback() && !link_local
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_no_peer_can_reach_are_left_out() {
        let usable = |text: &str| is_usable(&text.parse().unwrap());
        for address in ["127.0.0.1", "::1", "169.254.7.8", "fe80::1"] {
            assert!(!usable(address), "{address}");
        }
        for address in ["192.168.1.2", "203.0.113.5", "2001:db8::1", "fd00::1"] {
            assert!(usable(address), "{address}");
        }
    }
}
