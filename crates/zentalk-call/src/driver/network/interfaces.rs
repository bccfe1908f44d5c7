use std::net::{IpAddr, SocketAddr};

use if_addrs::{IfAddr, Interface};

use super::Network;
use crate::driver::error::DriverError;
use crate::engine::MAX_SOCKETS;
use crate::mdns::Link;

/// An address to bind, and the one it is mapped to.
pub(in crate::driver) type LocalAddress = (SocketAddr, Option<SocketAddr>);

/// The addresses that calls use on `network`, now.
pub(in crate::driver) fn local_addresses(
    network: &Network,
) -> Result<Vec<LocalAddress>, DriverError> {
    let any_port = |ip| (SocketAddr::new(ip, 0), None);
    Ok(match network {
        Network::Fixed { bind, mapped } => vec![(*bind, *mapped)],
        Network::Loopback => vec![any_port(IpAddr::from([127, 0, 0, 1]))],
        Network::AllInterfaces => usable()?.into_iter().map(any_port).collect(),
    })
}

/// The links of these addresses, by which multicast DNS is spoken. None where the interfaces cannot be listed.
pub(in crate::driver) fn links(addresses: &[IpAddr]) -> Vec<Link> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    interfaces.iter().filter(|interface| addresses.contains(&interface.ip())).map(link).collect()
}

/// Every address that a peer might reach, in a fixed order.
pub(super) fn usable() -> Result<Vec<IpAddr>, DriverError> {
    let interfaces =
        if_addrs::get_if_addrs().map_err(|source| DriverError::Interfaces { source })?;
    Ok(interfaces.iter().map(Interface::ip).filter(is_usable).take(MAX_SOCKETS).collect())
}

fn link(interface: &Interface) -> Link {
    let prefix_length = match &interface.addr {
        IfAddr::V4(v4) => v4.prefixlen,
        IfAddr::V6(v6) => v6.prefixlen,
    };
    Link { address: interface.ip(), prefix_length, interface: interface.index.unwrap_or_default() }
}

/// Loopback reaches nobody else. Link-local addresses need a scope that candidates cannot carry (IPv6), or
/// are what an interface has that got none (IPv4, RFC 3927).
fn is_usable(ip: &IpAddr) -> bool {
    let link_local = match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    !ip.is_loopback() && !link_local
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_no_peer_can_reach_are_left_out() {
        let usable = |text: &str| is_usable(&text.parse().unwrap());
        for address in ["127.0.0.1", "::1", "169.254.7.8", "fe80::1"] {
            assert!(!usable(address), "{address}");
        }
        for address in ["192.168.1.2", "203.0.113.5", "2001:db8::1", "fd00::1"] {
            assert!(usable(address), "{address}");
        }
    }

    #[test]
    fn loopback_is_a_link_with_its_prefix() {
        let links = links(&[IpAddr::from([127, 0, 0, 1])]);
        assert_eq!(links.len(), 1);
        assert_eq!(links[0].prefix_length, 8);
    }
}
