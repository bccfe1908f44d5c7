//! What a participant's calls go through: sockets, streams, names, and the interfaces they belong to.

mod interfaces;
mod io;
mod multicast;
mod names;
mod sockets;
mod streams;
mod watch;

use std::net::SocketAddr;

pub(super) use io::{NetworkEvent, NetworkIo};
pub(super) use sockets::Received;

/// Which local addresses calls use.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Network {
    /// Every interface that is up, IPv4 and IPv6, but not loopback and not link-local; the first
    /// sixteen of them. Addresses that come and go in mid-call are followed.
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
