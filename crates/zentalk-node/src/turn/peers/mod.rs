//! To whom a TURN server relays.
//!
//! A TURN server stands in the operator's network: without a filter each of its users could reach what only that network
//! reaches, from the loopback services of the machine itself to the cloud's metadata. So only public addresses are peers
//! unless the operator says otherwise (RFC 8656 §10.2 leaves that to it; the attack is CVE-2020-26262's).

mod cidr;
mod embedded;
mod ranges;

use std::net::{IpAddr, SocketAddr};

pub use cidr::{Cidr, InvalidCidr};

/// Which addresses a TURN server relays to.
///
/// The default refuses everything that is not a public unicast address, in every IPv6 form that stands for an IPv4 address.
#[derive(Clone, Debug, Default)]
pub struct PeerPolicy {
    allowed: Vec<Cidr>,
    denied: Vec<Cidr>,
    sockets: Vec<SocketAddr>,
}

impl PeerPolicy {
    /// Relays to `range`, too, whatever it is. For tests and closed networks.
    #[must_use]
    pub fn allow(mut self, range: Cidr) -> Self {
        self.allowed.push(range);
        self
    }

    /// Relays to 127.0.0.0/8 and ::1, too. For tests: whoever may use the server reaches every service of its machine.
    #[must_use]
    pub fn allow_loopback(self) -> Self {
        self.allow(Cidr::LOOPBACK_V4).allow(Cidr::LOOPBACK_V6)
    }

    /// Refuses `range`, too, before anything that is allowed: the operator's own networks with public addresses, and NAT64
    /// prefixes of their own.
    #[must_use]
    pub fn deny(mut self, range: Cidr) -> Self {
        self.denied.push(range);
        self
    }

    /// Relays to this one address and port, whatever the ranges say: an SFU in the operator's own network, or on this very
    /// machine, whose other services stay out of reach.
    #[must_use]
    pub fn allow_socket(mut self, socket: SocketAddr) -> Self {
        self.sockets.push(socket);
        self
    }

    /// Whether `peer` is a socket that was allowed by itself.
    pub fn is_named_socket(&self, peer: SocketAddr) -> bool {
        self.sockets.contains(&peer)
    }

    /// Whether a socket at `peer` was allowed by itself.
    pub fn has_named_socket(&self, peer: IpAddr) -> bool {
        self.sockets.iter().any(|socket| socket.ip() == peer)
    }

    /// Whether `peer` was allowed by the operator's own word.
    pub fn is_named(&self, peer: IpAddr) -> bool {
        self.allowed.iter().any(|range| range.contains(peer)) && !self.is_denied(peer)
    }

    /// Whether the server relays to `peer`.
    pub fn allows(&self, peer: IpAddr) -> bool {
        self.is_named(peer) || (ranges::is_public(peer) && !self.is_denied(peer))
    }

    /// Refused by the operator, in this form or in the IPv4 address that it stands for.
    fn is_denied(&self, peer: IpAddr) -> bool {
        let denied = |address| self.denied.iter().any(|range| range.contains(address));
        denied(peer) || embedded::ipv4_addresses(peer).any(|inner| denied(IpAddr::V4(inner)))
    }
}

#[cfg(test)]
mod tests;
