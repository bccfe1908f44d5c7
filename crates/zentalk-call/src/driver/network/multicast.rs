//! Sockets that speak multicast DNS, each on one address of one interface.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use zentalk_primitives::Transmit;

use super::sockets::send_now;
use crate::mdns::{self, Link};

/// A message that came in.
pub(super) struct Heard {
    /// The address of the link.
    pub(super) local: IpAddr,
    pub(super) source: SocketAddr,
    pub(super) payload: Vec<u8>,
}

/// One link's socket. Dropped, it is closed.
pub(super) struct MulticastSocket {
    link: Link,
    socket: Arc<UdpSocket>,
    /// One task, which ends with this.
    _reader: JoinSet<()>,
}

/// What RFC 6762 §11 asks of everything that is sent: nobody behind a router can send with it.
const TIME_TO_LIVE: u32 = 255;
const RETRY: Duration = Duration::from_millis(50);

impl MulticastSocket {
    pub(super) fn open(link: Link, sink: mpsc::Sender<Heard>) -> io::Result<Self> {
        let socket = Arc::new(UdpSocket::from_std(bind(&link)?.into())?);
        let mut reader = JoinSet::new();
        reader.spawn(read(Arc::clone(&socket), link.address, sink));
        Ok(Self { link, socket, _reader: reader })
    }

    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    /// Sends a message. What cannot be sent now is lost: questions are asked again.
    pub(super) fn send(&self, transmit: &Transmit) {
        let mut remote = transmit.remote;
        if let SocketAddr::V6(remote) = &mut remote {
            // Neither groups nor link-local addresses say which interface they mean.
            remote.set_scope_id(self.link.interface);
        }
        let _ = send_now(&self.socket, &transmit.payload, remote);
    }
}

/// A socket that has joined the group on its interface alone, beside whoever else on this machine speaks multicast DNS
/// (RFC 6762 §15.1).
fn bind(link: &Link) -> io::Result<Socket> {
    let socket = match link.address {
        IpAddr::V4(address) => bind_v4(address)?,
        IpAddr::V6(_) => bind_v6(link.interface)?,
    };
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn bind_v4(address: Ipv4Addr) -> io::Result<Socket> {
    let socket = shared(Domain::IPV4)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, mdns::PORT)).into())?;
    // Otherwise it hears what comes to any interface that anybody's socket has joined on.
    #[cfg(target_os = "linux")]
    socket.set_multicast_all_v4(false)?;
    socket.set_multicast_if_v4(&address)?;
    socket.set_multicast_ttl_v4(TIME_TO_LIVE)?;
    socket.set_multicast_loop_v4(true)?;
    if let IpAddr::V4(group) = mdns::group(&IpAddr::V4(address)).ip() {
        socket.join_multicast_v4(&group, &address)?;
    }
    Ok(socket)
}

fn bind_v6(interface: u32) -> io::Result<Socket> {
    let socket = shared(Domain::IPV6)?;
    socket.set_only_v6(true)?;
    socket.bind(&SocketAddr::from((Ipv6Addr::UNSPECIFIED, mdns::PORT)).into())?;
    #[cfg(target_os = "linux")]
    socket.set_multicast_all_v6(false)?;
    socket.set_multicast_if_v6(interface)?;
    socket.set_multicast_hops_v6(TIME_TO_LIVE)?;
    socket.set_multicast_loop_v6(true)?;
    if let IpAddr::V6(group) = mdns::group(&Ipv6Addr::UNSPECIFIED.into()).ip() {
        socket.join_multicast_v6(&group, interface)?;
    }
    Ok(socket)
}

fn shared(domain: Domain) -> io::Result<Socket> {
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    Ok(socket)
}

async fn read(socket: Arc<UdpSocket>, local: IpAddr, sink: mpsc::Sender<Heard>) {
    // One byte more, to tell what is too long.
    let mut buffer = vec![0; mdns::MAX_MESSAGE + 1];
    loop {
        let Ok((length, source)) = socket.recv_from(&mut buffer).await else {
            tokio::time::sleep(RETRY).await;
            continue;
        };
        let Some(payload) = buffer.get(..length) else { continue };
        let heard = Heard { local, source, payload: payload.to_vec() };
        match sink.try_send(heard) {
            Err(mpsc::error::TrySendError::Closed(_)) => return,
            // Beyond what is taken, messages are lost, as on the way.
            Ok(()) | Err(mpsc::error::TrySendError::Full(_)) => {}
        }
    }
}
