//! Sockets with the options that a TURN server needs.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, Type};
use tokio::net::{TcpListener, UdpSocket};
use tokio::time;

/// A UDP socket. One on `[::]` takes IPv6 only, so that there can be one on `0.0.0.0`, too.
pub(super) fn udp(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = bound(address, Type::DGRAM, Protocol::UDP)?;
    UdpSocket::from_std(socket.into())
}

pub(super) fn tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = bound(address, Type::STREAM, Protocol::TCP)?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

fn bound(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    #[cfg(unix)]
    if kind == Type::STREAM {
        // A restart does not wait for connections of the last run.
        socket.set_reuse_address(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::from(address))?;
    Ok(socket)
}

/// Sends now or not at all: whoever is late with media may as well not come. Past the runtime, whose sockets count as not
/// writable until they were waited for once.
pub(super) fn send(socket: &UdpSocket, payload: &[u8], to: SocketAddr) {
    // A full queue, an unreachable network: the packet is lost, as it could be anywhere on its way.
    let _ = SockRef::from(socket).send_to(payload, &SockAddr::from(to));
}

/// Room for any datagram that crosses the internet, and one byte to tell what is longer.
pub(super) fn buffer() -> Vec<u8> {
    vec![0; MAX_DATAGRAM + 1]
}

/// The next datagram; `None` if there was none, or a longer one, of which the rest is lost.
pub(super) async fn receive<'a>(
    socket: &UdpSocket,
    buffer: &'a mut [u8],
) -> Option<(&'a [u8], SocketAddr)> {
    match socket.recv_from(buffer).await {
        Ok((length, from)) => {
            Some((buffer.get(..length)?, from)).filter(|(payload, _)| payload.len() <= MAX_DATAGRAM)
        }
        Err(_) => {
            // About one datagram, or about memory: it passes.
            time::sleep(ERROR_PAUSE).await;
            None
        }
    }
}

/// Whether relay sockets can be opened at `address`.
pub(super) fn can_bind(address: IpAddr) -> io::Result<()> {
    bound(SocketAddr::new(address, 0), Type::DGRAM, Protocol::UDP).map(drop)
}

const MAX_DATAGRAM: usize = 16 * 1024;
/// A pause after an error, instead of a busy loop.
const ERROR_PAUSE: Duration = Duration::from_millis(10);
/// Connections that wait to be accepted.
const BACKLOG: i32 = 1_024;
