//! A worker's socket: many datagrams with one system call in, equal ones with one out.

use std::io::{self, ErrorKind, IoSliceMut};
use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};

use mio::net::UdpSocket;
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSocketState};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use zentalk_sfu::Burst;

/// The one port for media, as one worker has it.
pub(super) struct UdpPort {
    socket: UdpSocket,
    state: UdpSocketState,
    local: SocketAddr,
    buffer: Vec<u8>,
    metas: [RecvMeta; BATCH_SIZE],
}

/// What came of one attempt to receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// This many buffers are filled.
    Some(usize),
    /// There is nothing more for now.
    Nothing,
}

impl UdpPort {
    /// Takes over a socket that [`bind`] has bound.
    pub(super) fn new(socket: Socket) -> io::Result<Self> {
        let socket = UdpSocket::from_std(socket.into());
        let state = UdpSocketState::new((&socket).into())?;
        let local = socket.local_addr()?;
        let buffer = vec![0; BATCH_SIZE * BUFFER];
        Ok(Self { socket, state, local, buffer, metas: [RecvMeta::default(); BATCH_SIZE] })
    }

    /// For waiting.
    pub(super) const fn source(&mut self) -> &mut UdpSocket {
        &mut self.socket
    }

    /// Datagrams of one size that leave with one system call at most.
    pub(super) fn max_segments(&self) -> usize {
        self.state.max_gso_segments()
    }

    /// Fills the buffers with what is there.
    pub(super) fn receive(&mut self) -> Received {
        let mut buffers = self.buffer.chunks_mut(BUFFER);
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] =
            std::array::from_fn(|_| IoSliceMut::new(buffers.next().unwrap_or_default()));
        let (socket, state, metas) = (&self.socket, &self.state, &mut self.metas);
        match socket.try_io(|| state.recv(socket.into(), &mut slices, metas)) {
            Ok(count) => Received::Some(count),
            Err(error) if error.kind() == ErrorKind::Interrupted => Received::Some(0),
            // Nothing there, or an error about one datagram: both are waited over.
            Err(_) => Received::Nothing,
        }
    }

    /// The datagrams that came last: local and remote address, and the bytes.
    pub(super) fn datagrams(
        &mut self,
        count: usize,
        mut each: impl FnMut(SocketAddr, SocketAddr, &mut [u8]),
    ) {
        let local = self.local;
        for (meta, buffer) in self.metas.iter().zip(self.buffer.chunks_mut(BUFFER)).take(count) {
            let remote = canonical(meta.addr);
            let ip = meta.dst_ip.map_or_else(|| local.ip(), |ip| ip.to_canonical());
            let to = SocketAddr::new(ip, local.port());
            let filled = buffer.get_mut(..meta.len).unwrap_or_default();
            for datagram in filled.chunks_mut(meta.stride.max(1)) {
                each(to, remote, datagram);
            }
        }
    }

    /// Sends a burst, and says how many of its datagrams did not leave: whoever is late with media may as well not
    /// come, and what matters is sent again.
    pub(super) fn send(&self, burst: &Burst<'_>) -> usize {
        let segment = burst.segment_size.max(1);
        let most = self.state.max_gso_segments().max(1).saturating_mul(segment);
        let mut lost = 0;
        for contents in burst.bytes.chunks(most) {
            let transmit = Transmit {
                destination: self.reachable(burst.to),
                ecn: None,
                contents,
                segment_size: (contents.len() > segment).then_some(segment),
                // One address needs not be said; of several the one that was spoken to.
                src_ip: self.local.ip().is_unspecified().then(|| burst.from.ip()),
            };
            if self.state.try_send((&self.socket).into(), &transmit).is_err() {
                lost += contents.len().div_ceil(segment);
            }
        }
        lost
    }

    /// The address as a socket of ours takes it: one of IPv6 has IPv4 in mapped form (RFC 4291 §2.5.5.2).
    fn reachable(&self, remote: SocketAddr) -> SocketAddr {
        match (self.local, remote) {
            (SocketAddr::V6(_), SocketAddr::V4(v4)) => {
                SocketAddrV6::new(v4.ip().to_ipv6_mapped(), v4.port(), 0, 0).into()
            }
            _ => remote,
        }
    }
}

/// Opens `count` sockets on one address; port 0 takes any free one. The kernel spreads datagrams over them by
/// sender.
pub(in crate::sfu) fn bind(
    address: SocketAddr,
    count: usize,
) -> io::Result<(Vec<Socket>, SocketAddr)> {
    // With the port shared, a second server of the same user would take half of our datagrams: find it before.
    let alone = open(address, false)?;
    let taken = alone.local_addr()?.as_socket().unwrap_or(address);
    if count == 1 {
        return Ok((vec![alone], taken));
    }
    drop(alone);
    let sockets = (0..count).map(|_| open(taken, true)).collect::<io::Result<_>>()?;
    Ok((sockets, taken))
}

fn open(address: SocketAddr, shared: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.ip().is_unspecified() && address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    #[cfg(unix)]
    if shared {
        socket.set_reuse_port(true)?;
    }
    #[cfg(not(unix))]
    let _ = shared;
    socket.set_nonblocking(true)?;
    // As much as the system allows: less is only less patience.
    let _ = socket.set_recv_buffer_size(SOCKET_BUFFER);
    let _ = socket.set_send_buffer_size(SOCKET_BUFFER);
    socket.bind(&SockAddr::from(address))?;
    Ok(socket)
}

/// An IPv4 address that an IPv6 socket gave as a mapped one, as what it is.
fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(v4) => SocketAddrV4::new(v4, address.port()).into(),
        IpAddr::V6(_) => address,
    }
}

/// What one receive operation gives at most: datagrams that the kernel has joined.
const BUFFER: usize = 65_536;
/// Of the kernel, each way.
const SOCKET_BUFFER: usize = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn port(address: &str) -> UdpPort {
        let (mut sockets, _) = bind(address.parse().unwrap(), 1).unwrap();
        UdpPort::new(sockets.remove(0)).unwrap()
    }

    fn received(port: &mut UdpPort, enough: usize) -> Vec<(SocketAddr, Vec<u8>)> {
        let mut all = Vec::new();
        while all.len() < enough {
            if let Received::Some(count) = port.receive() {
                port.datagrams(count, |_, remote, bytes| all.push((remote, bytes.to_vec())));
            }
        }
        all
    }

    #[test]
    fn a_burst_arrives_as_the_datagrams_that_it_is_made_of() {
        let (sender, mut receiver) = (port("127.0.0.1:0"), port("0.0.0.0:0"));
        let to = SocketAddr::from(([127, 0, 0, 1], receiver.local.port()));
        let bytes: Vec<u8> = (0..50_u8).flat_map(|n| [n; 1_000]).chain([50; 300]).collect();
        let burst = Burst { from: sender.local, to, segment_size: 1_000, bytes: &bytes };
        assert_eq!(sender.send(&burst), 0);
        let datagrams = received(&mut receiver, 51);
        assert_eq!(datagrams.len(), 51);
        for (at, (remote, datagram)) in datagrams.iter().enumerate() {
            assert_eq!(*remote, sender.local);
            let length = if at == 50 { 300 } else { 1_000 };
            assert_eq!(*datagram, vec![at as u8; length]);
        }
    }

    #[test]
    fn a_socket_of_both_families_speaks_to_ipv4_by_its_own_address() {
        let Ok((mut sockets, address)) = bind("[::]:0".parse().unwrap(), 1) else {
            println!("SKIPPED: this machine has no IPv6");
            return;
        };
        let mut both = UdpPort::new(sockets.remove(0)).unwrap();
        let mut four = port("127.0.0.1:0");
        let to = SocketAddr::from(([127, 0, 0, 1], address.port()));
        let burst = Burst { from: four.local, to, segment_size: 2, bytes: b"hi" };
        assert_eq!(four.send(&burst), 0);
        assert_eq!(received(&mut both, 1), [(four.local, b"hi".to_vec())]);
        let burst = Burst { from: to, to: four.local, segment_size: 2, bytes: b"ho" };
        assert_eq!(both.send(&burst), 0);
        assert_eq!(received(&mut four, 1), [(to, b"ho".to_vec())]);
    }

    #[cfg(unix)]
    #[test]
    fn a_port_that_another_server_shares_is_in_use() {
        let (_held, address) = bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
        let error = bind(address, 2).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
    }
}
