use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::StreamId;

/// Who an allocation belongs to: the client's 5-tuple (RFC 8656 §3.2). A connection is its own 5-tuple.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ClientId {
    Datagram { listen: SocketAddr, client: SocketAddr },
    Stream(StreamId),
}

/// Where a message came from and where its answer goes.
#[derive(Clone, Copy)]
pub(super) struct Sender {
    pub(super) id: ClientId,
    pub(super) listen: SocketAddr,
    pub(super) client: SocketAddr,
}

impl Sender {
    pub(super) const fn datagram(listen: SocketAddr, client: SocketAddr) -> Self {
        Self { id: ClientId::Datagram { listen, client }, listen, client }
    }

    pub(super) const fn stream(stream: StreamId, listen: SocketAddr, client: SocketAddr) -> Self {
        Self { id: ClientId::Stream(stream), listen, client }
    }

    /// What quotas are counted by.
    pub(super) fn source(&self) -> IpAddr {
        source(self.client.ip())
    }
}

/// An IPv4 address, or an IPv6 subscriber's /64: within it one host takes as many addresses as it likes.
pub(super) fn source(address: IpAddr) -> IpAddr {
    const SUBSCRIBER: u128 = u128::MAX << 64;
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & SUBSCRIBER)),
        v4 @ IpAddr::V4(_) => v4,
    }
}
