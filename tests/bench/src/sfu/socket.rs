use std::io::{ErrorKind, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};

use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSocketState};

/// A socket on the loopback that sends and receives runs of datagrams with one system call.
pub(crate) struct Socket {
    socket: UdpSocket,
    state: UdpSocketState,
    address: SocketAddr,
}

/// Where datagrams are received to: as many runs as one system call gives.
pub(crate) struct Buffers {
    bytes: Vec<u8>,
    metas: [RecvMeta; BATCH_SIZE],
}

/// Datagrams of one size, the last perhaps shorter, from one sender.
pub(crate) struct Run<'a> {
    pub(crate) from: SocketAddr,
    pub(crate) stride: usize,
    pub(crate) bytes: &'a mut [u8],
}

/// The longest run.
const RUN_LEN: usize = 65_536;

/// What the kernel may keep for us: a few tens of milliseconds of many calls.
const KERNEL_BUFFER: usize = 4 * 1_024 * 1_024;

impl Socket {
    pub(crate) fn bind(address: SocketAddr) -> Self {
        let socket = UdpSocket::bind(address).unwrap();
        let state = UdpSocketState::new((&socket).into()).unwrap();
        // As much as the system allows.
        let _ = state.set_recv_buffer_size((&socket).into(), KERNEL_BUFFER);
        let _ = state.set_send_buffer_size((&socket).into(), KERNEL_BUFFER);
        let address = socket.local_addr().unwrap();
        Self { socket, state, address }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends `bytes` in datagrams of `segment` bytes with one system call. A full queue loses them, as a network would.
    pub(crate) fn send(&self, from: Option<IpAddr>, to: SocketAddr, segment: usize, bytes: &[u8]) {
        let transmit = Transmit {
            destination: to,
            ecn: None,
            contents: bytes,
            segment_size: Some(segment),
            src_ip: from,
        };
        match self.state.try_send((&self.socket).into(), &transmit) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => panic!("cannot send: {error}"),
            _ => {}
        }
    }

    /// Receives what one system call gives; false if there is nothing.
    pub(crate) fn receive(&self, buffers: &mut Buffers, mut each: impl FnMut(Run<'_>)) -> bool {
        let mut chunks = buffers.bytes.chunks_exact_mut(RUN_LEN);
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] =
            std::array::from_fn(|_| IoSliceMut::new(chunks.next().unwrap()));
        let socket = (&self.socket).into();
        let count = match self.state.recv(socket, &mut slices, &mut buffers.metas) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
            Err(error) => panic!("cannot receive: {error}"),
        };
        for (meta, chunk) in
            buffers.metas[..count].iter().zip(buffers.bytes.chunks_exact_mut(RUN_LEN))
        {
            let stride = meta.stride.max(1);
            each(Run { from: meta.addr, stride, bytes: &mut chunk[..meta.len] });
        }
        true
    }

    /// Waits until there is something to receive, at most so many milliseconds.
    pub(crate) fn wait(&self, millis: u32) {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};

        let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(millis) * 1_000_000 };
        let mut fds = [PollFd::new(&self.socket, PollFlags::IN)];
        // A signal in between is as good as a datagram.
        let _ = poll(&mut fds, Some(&timeout));
    }
}

impl Buffers {
    pub(crate) fn new() -> Self {
        Self { bytes: vec![0; RUN_LEN * BATCH_SIZE], metas: [RecvMeta::default(); BATCH_SIZE] }
    }
}

impl Run<'_> {
    pub(crate) fn datagrams(&mut self) -> impl ExactSizeIterator<Item = &mut [u8]> {
        self.bytes.chunks_mut(self.stride)
    }
}
