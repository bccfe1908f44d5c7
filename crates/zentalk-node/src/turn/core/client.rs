use std::net::{IpAddr, SocketAddr};

use super::StreamId;
use crate::visitors::network;

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
        network(self.client.ip())
    }
}
