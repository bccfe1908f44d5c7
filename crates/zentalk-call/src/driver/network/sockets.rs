//! The UDP sockets of a participant: one for each interface address.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use zentalk_primitives::Transmit;

use super::Network;
use super::interfaces::{LocalAddress, local_addresses};
use crate::driver::error::DriverError;
use crate::engine::MAX_SOCKETS;

/// One datagram that came in.
pub(in crate::driver) struct Received {
    pub(in crate::driver) local: SocketAddr,
    pub(in crate::driver) remote: SocketAddr,
    pub(in crate::driver) payload: Vec<u8>,
}

/// The open sockets. Dropping them closes them and ends their readers.
pub(in crate::driver) struct Sockets {
    bound: Vec<Bound>,
}

/// What became of the sockets when the interfaces changed.
#[derive(Default)]
pub(in crate::driver) struct Changed {
    /// Closed: their addresses are gone.
    pub(in crate::driver) gone: Vec<SocketAddr>,
    /// Open since now.
    pub(in crate::driver) new: Vec<SocketAddr>,
    /// Whether there are addresses that cannot be bound yet.
    pub(in crate::driver) incomplete: bool,
}

struct Bound {
    local: SocketAddr,
    mapped: Option<SocketAddr>,
    socket: Arc<UdpSocket>,
    /// One task, which ends with this.
    reader: JoinSet<()>,
}

const RETRY: Duration = Duration::from_millis(5);
/// The longest datagram that is taken, in bytes: no layer sends longer ones than an Ethernet frame holds.
const MAX_DATAGRAM: usize = 2_048;
/// Datagrams that wait for the engine; more than this are dropped, as the system's own buffer would.
pub(in crate::driver) const QUEUE: usize = 1_024;

impl Sockets {
    /// Opens a socket on each address of `network`; what they receive goes into `sink`.
    pub(in crate::driver) async fn open(
        network: &Network,
        sink: &mpsc::Sender<Received>,
    ) -> Result<Self, DriverError> {
        let mut bound = Vec::new();
        for address in local_addresses(network)? {
            match Bound::open(address, sink).await {
                Ok(socket) => bound.push(socket),
                // One interface that cannot be used (it may just have gone) does not stop the others.
                Err(error) if matches!(network, Network::AllInterfaces) => {
                    // The error names the address, which is nothing for a log.
                    tracing::debug!(kind = ?error.kind(), "an interface cannot be used");
                }
                Err(error) => return Err(error),
            }
        }
        if bound.is_empty() { Err(DriverError::NoNetwork) } else { Ok(Self { bound }) }
    }

    /// Closes the sockets of addresses that are gone, and opens some on those that are new.
    pub(in crate::driver) async fn follow(
        &mut self,
        network: &Network,
        sink: &mpsc::Sender<Received>,
    ) -> Result<Changed, DriverError> {
        let now = local_addresses(network)?;
        let open: Vec<_> = self.bound.iter().map(|bound| bound.local).collect();
        let (gone, new) = difference(&open, &now);
        for local in &gone {
            self.close_one(*local).await;
        }
        let mut changed = Changed { gone, ..Changed::default() };
        for address in new {
            match Bound::open(address, sink).await {
                Ok(bound) => {
                    changed.new.push(bound.local);
                    self.bound.push(bound);
                }
                // An IPv6 address cannot be bound before it is known that nobody else has it (RFC 4862 §5.4).
                Err(_) => changed.incomplete = true,
            }
        }
        Ok(changed)
    }

    /// Opens one more socket on an address that has some. None if that does not go.
    pub(in crate::driver) async fn open_another(
        &mut self,
        address: IpAddr,
        sink: &mpsc::Sender<Received>,
    ) -> Option<SocketAddr> {
        let is_ours = self.bound.iter().any(|bound| bound.local.ip() == address);
        if !is_ours || self.bound.len() >= MAX_SOCKETS {
            return None;
        }
        let bound = Bound::open((SocketAddr::new(address, 0), None), sink).await.ok()?;
        let local = bound.local;
        self.bound.push(bound);
        Some(local)
    }

    /// Closes the sockets: when it returns, their addresses are free.
    pub(in crate::driver) async fn close(self) {
        for bound in self.bound {
            bound.close().await;
        }
    }

    /// The local addresses, each with the one it is mapped to.
    pub(in crate::driver) fn addresses(&self) -> impl Iterator<Item = LocalAddress> + '_ {
        self.bound.iter().map(|bound| (bound.local, bound.mapped))
    }

    /// Sends a datagram from the socket it names. What cannot be sent now is lost, as on the way.
    pub(in crate::driver) fn send(&self, datagram: &Transmit) {
        let socket = self.bound.iter().find(|bound| bound.local == datagram.local);
        if let Some(bound) = socket {
            // An error here says that the peer's port is closed or the buffer full: UDP promises no more.
            let _ = send_now(&bound.socket, &datagram.payload, datagram.remote);
        }
    }

    async fn close_one(&mut self, local: SocketAddr) {
        if let Some(at) = self.bound.iter().position(|bound| bound.local == local) {
            self.bound.swap_remove(at).close().await;
        }
    }
}

/// Sends without waiting. Not by tokio's `try_send_to`: that one says no until the runtime has seen the socket writable once, and the
/// first check of a call would be lost on a socket that was opened for it.
pub(super) fn send_now(
    socket: &UdpSocket,
    payload: &[u8],
    remote: SocketAddr,
) -> std::io::Result<usize> {
    SockRef::from(socket).send_to(payload, &remote.into())
}

/// Which of the `open` sockets have lost their address, and which of the addresses of `now` have none yet.
fn difference(open: &[SocketAddr], now: &[LocalAddress]) -> (Vec<SocketAddr>, Vec<LocalAddress>) {
    let stays = |local: &SocketAddr| now.iter().any(|(address, _)| address.ip() == local.ip());
    let gone: Vec<_> = open.iter().filter(|local| !stays(local)).copied().collect();
    let is_new = |address: &&LocalAddress| open.iter().all(|local| local.ip() != address.0.ip());
    let room = MAX_SOCKETS.saturating_sub(open.len() - gone.len());
    (gone, now.iter().filter(is_new).take(room).copied().collect())
}

impl Bound {
    async fn open(
        (address, mapped): LocalAddress,
        sink: &mpsc::Sender<Received>,
    ) -> Result<Self, DriverError> {
        let failed = |source| DriverError::Bind { address, source };
        let socket = UdpSocket::bind(address).await.map_err(failed)?;
        let local = socket.local_addr().map_err(failed)?;
        let socket = Arc::new(socket);
        let mut reader = JoinSet::new();
        reader.spawn(read(Arc::clone(&socket), local, sink.clone()));
        Ok(Self { local, mapped, socket, reader })
    }

    async fn close(self) {
        let Self { socket, mut reader, .. } = self;
        reader.abort_all();
        while reader.join_next().await.is_some() {}
        drop(socket);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn free(text: &str) -> LocalAddress {
        (SocketAddr::new(text.parse().unwrap(), 0), None)
    }

    #[test]
    fn sockets_follow_addresses() {
        let open = [at("10.0.0.1:4000"), at("10.0.0.1:4001"), at("[2001:db8::1]:4000")];
        let (gone, new) = difference(&open, &[free("10.0.0.1"), free("2001:db8::1")]);
        assert!(gone.is_empty() && new.is_empty());
        let (gone, new) = difference(&open, &[free("2001:db8::1"), free("192.168.7.7")]);
        assert_eq!(gone, [open[0], open[1]]);
        assert_eq!(new, [free("192.168.7.7")]);
        assert_eq!(difference(&open, &[]), (open.to_vec(), Vec::new()));
        assert_eq!(difference(&[], &[free("10.0.0.1")]), (Vec::new(), vec![free("10.0.0.1")]));
    }

    #[test]
    fn sockets_are_bounded_whatever_addresses_come() {
        let now: Vec<_> = (0..40_u8).map(|n| free(&format!("10.0.0.{n}"))).collect();
        assert_eq!(difference(&[at("10.0.0.0:1")], &now).1.len(), MAX_SOCKETS - 1);
        assert_eq!(difference(&[at("10.1.0.0:1")], &now).1.len(), MAX_SOCKETS);
    }

    #[tokio::test]
    async fn the_first_datagram_of_a_new_socket_leaves_at_once() {
        let (sink, mut received) = mpsc::channel(1);
        let sockets = Sockets::open(&Network::Loopback, &sink).await.unwrap();
        let (local, _) = sockets.addresses().next().unwrap();
        // Before the runtime has had its turn.
        sockets.send(&Transmit { local, remote: local, payload: b"first".to_vec() });
        assert_eq!(received.recv().await.unwrap().payload, b"first");
    }

    #[tokio::test]
    async fn another_socket_is_opened_only_where_there_is_one() {
        let (sink, _received) = mpsc::channel(1);
        let mut sockets = Sockets::open(&Network::Loopback, &sink).await.unwrap();
        let another = sockets.open_another(IpAddr::from([127, 0, 0, 1]), &sink).await.unwrap();
        assert_eq!(sockets.addresses().filter(|(local, _)| *local == another).count(), 1);
        assert!(sockets.open_another(IpAddr::from([127, 0, 0, 2]), &sink).await.is_none());
    }
}
