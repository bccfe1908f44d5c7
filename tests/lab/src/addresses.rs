//! Who lives where. Public addresses are documentation ranges (RFC 5737, RFC 3849), so nothing here can be
//! meant by anybody outside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The TURN server's name, the only one that the lab's resolvers know.
pub(crate) const TURN_NAME: &str = "turn.zentalk.test";
/// The signalling relay's name. Hosts have it in their `/etc/hosts`: no query tells who is asked for.
pub(crate) const RELAY_NAME: &str = "relay.zentalk.test";

pub(crate) const TURN: [IpAddr; 2] = public(10);
pub(crate) const RELAY: [IpAddr; 2] = public(20);
/// Where the probes of NATs are answered: two addresses of which nothing else is served.
pub(crate) const PROBES: [IpAddr; 2] = [public(53)[0], public(54)[0]];

/// The ports of the TURN server. Its TLS port is one of the two that a network without UDP lets out.
pub(crate) const TURN_PORT: u16 = 3478;
pub(crate) const TURNS_PORT: u16 = 5349;
/// The other one is the signalling relay's.
pub(crate) const RELAY_PORT: u16 = 443;

/// Where everything goes that has no place in the lab: a neighbour that is not there, so that it vanishes
/// without an answer, as on the Internet.
pub(crate) const BLACK_HOLE: [IpAddr; 2] = public(254);

/// A network behind a router. The router has the first address, hosts the following ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network(u8);

impl Network {
    /// The one that the hosts of a side are in at first: side 0 or 1.
    pub(crate) const fn home(side: u8) -> Self {
        Self(1 + side)
    }

    /// The one that a host of that side can go to: another router's, as far as it can see.
    pub(crate) const fn away(side: u8) -> Self {
        Self(3 + side)
    }

    pub(crate) const fn v4(self) -> Ipv4Addr {
        Ipv4Addr::new(10, 81, self.0, 0)
    }

    pub(crate) const fn router(self) -> [IpAddr; 2] {
        self.member(1)
    }

    /// Host 0 or 1 in this network.
    pub(crate) const fn host(self, number: u8) -> [IpAddr; 2] {
        self.member(2 + number)
    }

    const fn member(self, last: u8) -> [IpAddr; 2] {
        [
            IpAddr::V4(Ipv4Addr::new(10, 81, self.0, last)),
            IpAddr::V6(Ipv6Addr::new(0x2001, 0xDB8, 0x81, self.0 as u16, 0, 0, 0, last as u16)),
        ]
    }

    /// Its router's address in the public segment.
    pub(crate) const fn public(self) -> [IpAddr; 2] {
        public(20 + self.0)
    }

    /// Its prefix for a route, of IPv6.
    pub(crate) fn v6_prefix(self) -> String {
        format!("2001:db8:81:{}::/64", self.0)
    }
}

/// A member of the public segment, by IPv4 and IPv6.
const fn public(last: u8) -> [IpAddr; 2] {
    [
        IpAddr::V4(Ipv4Addr::new(203, 0, 113, last)),
        IpAddr::V6(Ipv6Addr::new(0x2001, 0xDB8, 0x203, 0, 0, 0, 0, last as u16)),
    ]
}

/// With the length of its network's prefix, for `ip address add`. Nobody else has it, and until the kernel has made sure
/// of that, nothing can be bound to an address of IPv6.
pub(crate) fn with_prefix(address: IpAddr) -> String {
    if address.is_ipv4() { format!("{address}/24") } else { format!("{address}/64 nodad") }
}

/// All sockets of one port.
pub(crate) fn at_port(addresses: [IpAddr; 2], port: u16) -> [SocketAddr; 2] {
    addresses.map(|address| SocketAddr::new(address, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_the_address_of_another() {
        let networks = [0, 1].map(|side| [Network::home(side), Network::away(side)]);
        let mut all: Vec<_> = networks
            .into_iter()
            .flatten()
            .flat_map(|net| [net.router(), net.host(0), net.host(1), net.public()])
            .chain([TURN, RELAY, PROBES, BLACK_HOLE])
            .flatten()
            .collect();
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
