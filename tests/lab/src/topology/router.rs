use super::black_hole;
use crate::addresses::{Network, TURN, with_prefix};
use crate::dns::Resolver;
use crate::error::Error;
use crate::namespace::Namespace;
use crate::nat::{Gateway, NatKind, ruleset};

/// A router with its NAT, and the networks behind it.
pub(super) struct Router {
    _resolvers: Vec<Resolver>,
    pub(super) namespace: Namespace,
    /// The one that its hosts are in at first.
    pub(super) network: Network,
}

impl Router {
    pub(super) fn build(
        number: u32,
        side: u8,
        nat: NatKind,
        public: &Namespace,
    ) -> Result<Self, Error> {
        let (home, away) = (Network::home(side), Network::away(side));
        let namespace = Namespace::create(number, if side == 0 { "ra" } else { "rb" })?;
        namespace.sysctl("ipv4/ip_forward 1\nipv6/conf/all/forwarding 1")?;
        let port = format!("to-{side}");
        public.ip(&format!(
            "link add {port} type veth peer name wan netns {}\nlink set {port} master br0 up",
            namespace.name()
        ))?;
        let mut lines = "link add lan type bridge mcast_snooping 0\n".to_owned();
        for (device, networks) in
            [("wan", [home, away].map(Network::public)), ("lan", [home, away].map(Network::router))]
        {
            lines += &format!("link set {device} up\n");
            for address in networks.into_iter().flatten() {
                lines += &format!("address add dev {device} {}\n", with_prefix(address));
            }
        }
        lines += &ways_out();
        namespace.ip(&lines)?;
        namespace.nft(&ruleset(nat, &[gateway(home), gateway(away)]))?;
        let resolvers = home.router().map(|address| Resolver::start(&namespace, address));
        let resolvers = resolvers.into_iter().collect::<Result<_, _>>()?;
        Ok(Self { _resolvers: resolvers, namespace, network: home })
    }
}

fn gateway(network: Network) -> Gateway {
    let ([host, _], [public, _]) = (network.host(0), network.public());
    Gateway { host, network: network.v4(), public }
}

/// To the other routers' IPv6 networks through the public segment; to everything else into nothing.
fn ways_out() -> String {
    let [_, segment] = TURN;
    format!("{}route add 2001:db8:81::/48 via {segment}\n", black_hole("wan"))
}
