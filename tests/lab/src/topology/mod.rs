//! Two hosts, their routers and the public segment:
//!
//! ```text
//!   ha eth0 ══ lan0 │ ra │ wan ── to-0 ┐                 ┌ 203.0.113.10  TURN
//!        (bridge)                      ├ br0 │ pub │ ────┤ 203.0.113.20  signalling relay
//!   hb eth0 ══ lan0 │ rb │ wan ── to-1 ┘                 └ 203.0.113.53, .54  probes
//! ```
//!
//! `══` is a [`Link`](crate::bridge::Link): frames cross this program. Each name is a network namespace. Everything has IPv4 and
//! IPv6 addresses but for hosts that are told to have only one of them.

mod host;
mod router;
mod site;

use crate::addresses::{BLACK_HOLE, Network, PROBES, RELAY, TURN, with_prefix};
use crate::bridge::Impairment;
use crate::error::Error;
use crate::namespace::Namespace;
use crate::nat::{NatKind, Probes};

pub(crate) use host::Host;
use router::Router;
pub(crate) use site::{Families, Site};

/// What is to be built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Tells the labs of one run apart.
    pub(crate) number: u32,
    pub(crate) sites: [Site; 2],
    /// Both hosts behind the first site's router, in one network.
    pub(crate) together: bool,
    pub(crate) impairment: Impairment,
}

impl Plan {
    /// Two sites behind NATs of the same kind, with IPv4.
    pub(crate) fn alike(number: u32, nat: NatKind, impairment: Impairment) -> Self {
        let site = Site { nat, families: Families::V4 };
        Self { number, sites: [site; 2], together: false, impairment }
    }
}

/// On a busy machine a probe may be late, which looks as if it were dropped; a NAT of another kind stays one.
const PROBINGS: usize = 3;

/// All of it.
pub(crate) struct Lab {
    // In this order they are taken away: the wires' ends go before the namespaces that they are in.
    pub(crate) hosts: [Host; 2],
    _routers: Vec<Router>,
    pub(crate) public: Namespace,
}

impl Lab {
    /// Builds it, and proves that its NATs are what they should be. Blocks for some seconds.
    pub(crate) fn build(plan: &Plan) -> Result<Self, Error> {
        let [a, b] = plan.sites;
        let public = public_segment(plan.number)?;
        let near = Router::build(plan.number, 0, a.nat, &public)?;
        let (hosts, routers) = if plan.together {
            let hosts = [Host::build(plan, 0, a, &near, 0)?, Host::build(plan, 1, b, &near, 1)?];
            (hosts, vec![near])
        } else {
            let far = Router::build(plan.number, 1, b.nat, &public)?;
            let hosts = [Host::build(plan, 0, a, &near, 0)?, Host::build(plan, 1, b, &far, 0)?];
            (hosts, vec![near, far])
        };
        let lab = Self { hosts, _routers: routers, public };
        // Probes want to know what never comes from what is lost: they run before anything is.
        let delay_only = Impairment { delay: plan.impairment.delay, ..Impairment::default() };
        lab.impair(delay_only);
        if !plan.together {
            lab.prove_nats()?;
        }
        lab.impair(plan.impairment);
        Ok(lab)
    }

    fn impair(&self, impairment: Impairment) {
        self.hosts.iter().for_each(|host| host.link.impair(impairment));
    }

    /// # Errors
    /// [`Error::NotThatKind`], if a NAT does not map and filter as its kind does.
    fn prove_nats(&self) -> Result<(), Error> {
        let probes = Probes::open(&self.public, PROBES)?;
        for (host, side) in self.hosts.iter().zip(['A', 'B']) {
            let [local, _] = host.first_addresses();
            // NAT is a matter of IPv4.
            if host.site.families == Families::V6 {
                continue;
            }
            let wanted = host.site.nat.signature();
            let mut seen = probes.run(&host.namespace, local)?;
            for _ in 1..PROBINGS {
                if seen == wanted {
                    break;
                }
                seen = probes.run(&host.namespace, local)?;
            }
            if seen != wanted {
                let (wanted, found) = (wanted.to_string(), seen.to_string());
                return Err(Error::NotThatKind { side, wanted, found });
            }
        }
        Ok(())
    }
}

/// The segment between the routers, with the servers' addresses.
fn public_segment(number: u32) -> Result<Namespace, Error> {
    let public = Namespace::create(number, "pub")?;
    public.sysctl("ipv6/conf/all/forwarding 1")?;
    let mut lines = "link add br0 type bridge mcast_snooping 0\nlink set br0 up\n".to_owned();
    for address in [TURN, RELAY, PROBES].into_iter().flatten() {
        lines += &format!("address add dev br0 {}\n", with_prefix(address));
    }
    lines += &black_hole("br0");
    for side in [0, 1] {
        let [_, router] = Network::home(side).public();
        for network in [Network::home(side), Network::away(side)] {
            lines += &format!("route add {} via {router}\n", network.v6_prefix());
        }
    }
    public.ip(&lines)?;
    Ok(public)
}

/// A way to everywhere, by a neighbour that never answers.
fn black_hole(device: &str) -> String {
    let lines = BLACK_HOLE.map(|hole| {
        format!(
            "neighbour add {hole} lladdr 02:00:00:00:00:fe dev {device} nud permanent\n\
             route add default via {hole} dev {device}\n"
        )
    });
    lines.concat()
}
