use std::net::IpAddr;
use std::time::Instant;

use super::router::Router;
use super::{Families, Plan, Site};
use crate::addresses::{Network, RELAY, RELAY_NAME, with_prefix};
use crate::bridge::Link;
use crate::error::Error;
use crate::namespace::Namespace;

/// A host and its wire.
pub(crate) struct Host {
    pub(crate) link: Link,
    pub(crate) namespace: Namespace,
    pub(crate) site: Site,
    side: u8,
    number: u8,
    home: Network,
    /// Since when it is in another network.
    moved: Option<Instant>,
}

impl Host {
    /// Host `number` of the router's network.
    pub(super) fn build(
        plan: &Plan,
        side: u8,
        site: Site,
        router: &Router,
        number: u8,
    ) -> Result<Self, Error> {
        let namespace = Namespace::create(plan.number, if side == 0 { "ha" } else { "hb" })?;
        namespace.sysctl("ipv6/conf/default/accept_ra 0")?;
        if site.families == Families::V4 {
            namespace.sysctl("ipv6/conf/all/disable_ipv6 1\nipv6/conf/default/disable_ipv6 1")?;
        }
        let port = format!("lan{number}");
        let seed = u64::from(plan.number) << 8 | u64::from(side);
        let link = Link::lay(&namespace, &router.namespace, &port, seed)?;
        router.namespace.ip(&format!("link set {port} master lan up"))?;
        let host = Self { link, namespace, site, side, number, home: router.network, moved: None };
        host.configure(router.network)?;
        host.name_servers(router.network)?;
        Ok(host)
    }

    /// Moves to another network: address and default route are replaced, as when a telephone leaves the
    /// wireless network at home. Behind the same kind of NAT, with another public address.
    pub(crate) fn move_away(&mut self) -> Result<(), Error> {
        let away = Network::away(self.side);
        self.namespace.ip("address flush dev eth0")?;
        self.moved = Some(Instant::now());
        self.configure(away)
    }

    fn configure(&self, network: Network) -> Result<(), Error> {
        let mut lines = "link set eth0 up\n".to_owned();
        for address in
            network.host(self.number).into_iter().filter(|ip| self.site.families.has(*ip))
        {
            lines += &format!("address add dev eth0 {}\n", with_prefix(address));
        }
        for router in network.router().into_iter().filter(|ip| self.site.families.has(*ip)) {
            lines += &format!("route add default via {router}\n");
        }
        self.namespace.ip(&lines)
    }

    /// The resolver is the router; the signalling relay is known without it.
    fn name_servers(&self, network: Network) -> Result<(), Error> {
        let families = self.site.families;
        let lines = |ips: [IpAddr; 2], line: fn(IpAddr) -> String| -> String {
            ips.into_iter().filter(|ip| families.has(*ip)).map(line).collect()
        };
        let resolvers = lines(network.router(), |ip| format!("nameserver {ip}\n"));
        self.namespace.etc("resolv.conf", &format!("{resolvers}options timeout:1 attempts:3\n"))?;
        let relays = lines(RELAY, |ip| format!("{ip} {RELAY_NAME}\n"));
        self.namespace.etc("hosts", &format!("127.0.0.1 localhost\n{relays}"))
    }

    /// Its addresses before it moved, also that of a family that it has not.
    pub(super) fn first_addresses(&self) -> [IpAddr; 2] {
        self.home.host(self.number)
    }

    /// Whether it had this address at that time.
    pub(crate) fn had(&self, at: Instant, address: IpAddr) -> bool {
        let has_moved = self.moved.is_some_and(|moved| moved <= at);
        let network = if has_moved { Network::away(self.side) } else { self.home };
        network.host(self.number).contains(&address)
    }

    /// All the addresses that it ever had: its own, and those that its NAT gave it outside.
    pub(crate) fn all_addresses(&self) -> Vec<IpAddr> {
        let away = self.moved.map(|_| Network::away(self.side));
        let networks = std::iter::once(self.home).chain(away);
        networks
            .flat_map(|network| [network.host(self.number), network.public()])
            .flatten()
            .collect()
    }
}
