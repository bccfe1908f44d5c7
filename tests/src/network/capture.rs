//! What crosses somebody's interfaces, as a sniffer on their machine sees it.

use core::fmt;
use core::net::{IpAddr, SocketAddr};
use std::collections::BTreeSet;

use zentalk_primitives::{Instant, Transmit};

/// Something that crossed an interface.
#[derive(Clone)]
pub struct Packet {
    /// When.
    pub at: Instant,
    /// Whether it left or arrived.
    pub direction: Direction,
    /// Over what.
    pub protocol: Protocol,
    /// The end that is watched: an address of its own, not what a NAT makes of it.
    pub host: SocketAddr,
    /// The other end.
    pub peer: SocketAddr,
    /// The bytes: a datagram, or a piece of a stream.
    pub payload: Vec<u8>,
}

/// Which way it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// It left the watched host.
    Out,
    /// It arrived there.
    In,
}

/// What carried it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// A datagram.
    Udp,
    /// A piece of a stream.
    Tcp,
}

impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, direction, protocol, host, peer, payload } = self;
        let bytes = payload.len();
        write!(f, "{at:?} {protocol:?} {direction:?} {host} - {peer}, {bytes} bytes")
    }
}

#[derive(Default)]
pub(super) struct Capture {
    hosts: BTreeSet<IpAddr>,
    packets: Vec<Packet>,
}

impl Capture {
    pub(super) fn watch(&mut self, host: IpAddr) {
        self.hosts.insert(host);
    }

    pub(super) fn packets(&self) -> &[Packet] {
        &self.packets
    }

    pub(super) fn datagram(&mut self, at: Instant, direction: Direction, datagram: &Transmit) {
        let (host, peer) = match direction {
            Direction::Out => (datagram.local, datagram.remote),
            Direction::In => (datagram.remote, datagram.local),
        };
        self.keep(at, direction, Protocol::Udp, (host, peer), &datagram.payload);
    }

    pub(super) fn piece(
        &mut self,
        at: Instant,
        direction: Direction,
        ends: (SocketAddr, SocketAddr),
        payload: &[u8],
    ) {
        self.keep(at, direction, Protocol::Tcp, ends, payload);
    }

    fn keep(
        &mut self,
        at: Instant,
        direction: Direction,
        protocol: Protocol,
        (host, peer): (SocketAddr, SocketAddr),
        payload: &[u8],
    ) {
        if self.hosts.contains(&host.ip()) {
            let payload = payload.to_vec();
            self.packets.push(Packet { at, direction, protocol, host, peer, payload });
        }
    }
}
