use core::fmt;
use core::net::{IpAddr, SocketAddr};

use crate::Error;

/// A UDP socket of the driver's, bound to one address.
///
/// With a mapped address the host sits behind a static 1:1 NAT, as cloud servers do: checks leave
/// from the socket, but only the mapped address is signalled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LocalSocket {
    address: SocketAddr,
    mapped: Option<SocketAddr>,
}

impl LocalSocket {
    /// The socket bound to `address` (a real one, not `0.0.0.0`).
    pub fn new(address: SocketAddr) -> Self {
        Self { address, mapped: None }
    }

    /// It is reached from outside at `mapped`.
    #[must_use]
    pub fn mapped_to(mut self, mapped: SocketAddr) -> Self {
        self.mapped = Some(mapped);
        self
    }

    /// Where it is bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it is reached from outside, if that is known.
    pub fn mapped(&self) -> Option<SocketAddr> {
        self.mapped
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        if !is_usable(self.address) || self.mapped.is_some_and(|mapped| !is_usable(mapped)) {
            return Err(Error::UnusableAddress);
        }
        match self.mapped {
            Some(mapped) if mapped.is_ipv4() != self.address.is_ipv4() => {
                Err(Error::AddressFamilyMismatch)
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for LocalSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalSocket([redacted], mapped: {})", self.mapped.is_some())
    }
}

/// How a relay is reached, in the order of preference. (The relay itself speaks UDP to the peer in every case.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TransportProtocol {
    /// TURN over UDP.
    Udp,
    /// TURN over TCP.
    Tcp,
    /// TURN over TLS.
    Tls,
}

/// An address that a TURN server allocated for us (RFC 8656).
///
/// Transmits whose `local` is `relayed` are the TURN client's to carry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RelayedAddress {
    relayed: SocketAddr,
    base: SocketAddr,
    transport: TransportProtocol,
}

impl RelayedAddress {
    /// `relayed` is the allocation, `base` the local socket that talks to the TURN server over
    /// `transport`. The base is never signalled.
    pub fn new(relayed: SocketAddr, base: SocketAddr, transport: TransportProtocol) -> Self {
        Self { relayed, base, transport }
    }

    /// The allocated address.
    pub fn relayed(&self) -> SocketAddr {
        self.relayed
    }

    /// The local socket that talks to the TURN server.
    pub fn base(&self) -> SocketAddr {
        self.base
    }

    /// How the TURN server is reached.
    pub fn transport(&self) -> TransportProtocol {
        self.transport
    }
}

impl fmt::Debug for RelayedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RelayedAddress([redacted], {:?})", self.transport)
    }
}

/// Whether a server can be asked from there: the same IP version, both on this machine or neither, and not from a
/// link-local address, which reaches no further than the link.
pub(crate) fn can_reach(local: SocketAddr, server: SocketAddr) -> bool {
    let is_link_local = |ip| matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
    local.is_ipv4() == server.is_ipv4()
        && local.ip().is_loopback() == server.ip().is_loopback()
        && !is_link_local(local.ip())
}

/// Whether a datagram can be sent to and from it: one host, a port, and an address that means
/// something beyond one link (IPv6 link-local is allowed: RFC 8445 §5.1.1.1 pairs it). That section also rules out IPv4 in the guise of
/// IPv6, mapped or compatible, by which a peer could have us send to `127.0.0.1`, and site-local addresses.
pub(crate) fn is_usable(address: SocketAddr) -> bool {
    address.port() != 0
        && match address.ip() {
            IpAddr::V4(ip) => {
                !ip.is_unspecified()
                    && !ip.is_multicast()
                    && !ip.is_broadcast()
                    && !ip.is_link_local()
            }
            IpAddr::V6(ip) => {
                let is_ipv4 = ip.to_ipv4().is_some() && !ip.is_loopback();
                let is_site_local = ip.segments()[0] & 0xffc0 == 0xfec0;
                !ip.is_unspecified() && !ip.is_multicast() && !is_ipv4 && !is_site_local
            }
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8445 §5.1.1.1.
    #[test]
    fn ipv4_in_the_guise_of_ipv6_and_site_local_addresses_are_no_candidates() {
        for unusable in
            ["[::ffff:127.0.0.1]:5", "[::ffff:192.0.2.1]:5", "[::192.0.2.1]:5", "[fec0::1]:5"]
        {
            assert!(!is_usable(unusable.parse().unwrap()), "{unusable}");
        }
        for usable in ["[::1]:5", "[2001:db8::1]:5", "[fe80::1]:5", "[fd00::1]:5", "127.0.0.1:5"] {
            assert!(is_usable(usable.parse().unwrap()), "{usable}");
        }
    }
}
