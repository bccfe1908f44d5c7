//! One ruleset for each kind of NAT.
//!
//! A Linux masquerade keeps the port where it can, and lets in only what answers: that is a port-restricted
//! cone. The wider cones remember what went out in a set, and let in what the set allows; the symmetric
//! one takes a random port for each destination.
//!
//! What nobody asked for is dropped in `input`, not answered: otherwise the kernel would remember such a flow
//! as one of its own, would have to give the host's next flow another port, and the cone would turn
//! symmetric.

use std::net::{IpAddr, Ipv4Addr};

use super::NatKind;

/// A private network and the public address in front of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gateway {
    /// The host that unsolicited datagrams go to where the NAT lets them in.
    pub(crate) host: IpAddr,
    /// Its network, as /24.
    pub(crate) network: Ipv4Addr,
    pub(crate) public: IpAddr,
}

/// How long a mapping lives without traffic. RFC 4787 §4.3 wants two minutes and more; many have less.
const MAPPING_SECONDS: u32 = 60;

/// The ruleset of a router whose interfaces are `lan` and `wan`. It filters IPv6, which it does not map, as
/// tightly as a port-restricted NAT does: what was not asked for stays out (RFC 6092 §3).
pub(crate) fn ruleset(kind: NatKind, gateways: &[Gateway]) -> String {
    let lines = |line: fn(NatKind, &Gateway) -> String| -> String {
        gateways.iter().map(|gateway| line(kind, gateway)).collect()
    };
    format!(
        "flush ruleset
table ip nat {{
  set mapped {{ type inet_service; flags dynamic,timeout; timeout {MAPPING_SECONDS}s; }}
  set asked {{ type inet_service . ipv4_addr; flags dynamic,timeout; timeout {MAPPING_SECONDS}s; }}
  chain remember {{
    type filter hook forward priority -10
    {remember}
  }}
  chain inward {{
    type nat hook prerouting priority dstnat
{inward}  }}
  chain outward {{
    type nat hook postrouting priority srcnat
{outward}  }}
}}
table inet gate {{
  chain input {{
    type filter hook input priority filter
    iifname wan ct state new drop
  }}
  chain forward {{
    type filter hook forward priority filter; policy drop
    {blocked}
    ct state established,related accept
    iifname lan accept
    ct status dnat accept
  }}
}}
",
        remember = remember(kind),
        inward = lines(inward),
        outward = lines(outward),
        blocked = blocked(kind),
    )
}

fn remember(kind: NatKind) -> &'static str {
    match kind {
        NatKind::FullCone => "iifname lan meta l4proto udp update @mapped { udp sport }",
        NatKind::AddressRestricted => {
            "iifname lan meta l4proto udp update @asked { udp sport . ip daddr }"
        }
        NatKind::PortRestricted | NatKind::Symmetric | NatKind::UdpBlocked => "",
    }
}

fn inward(kind: NatKind, gateway: &Gateway) -> String {
    let allowed = match kind {
        NatKind::FullCone => "udp dport @mapped",
        NatKind::AddressRestricted => "udp dport . ip saddr @asked",
        NatKind::PortRestricted | NatKind::Symmetric | NatKind::UdpBlocked => return String::new(),
    };
    let Gateway { host, public, .. } = gateway;
    format!("    iifname wan ip daddr {public} {allowed} dnat to {host}\n")
}

fn outward(kind: NatKind, gateway: &Gateway) -> String {
    let Gateway { network, public, .. } = gateway;
    let how = if kind == NatKind::Symmetric { ":1024-65535 fully-random" } else { "" };
    let protocols = "meta l4proto { tcp, udp }";
    format!("    oifname wan ip saddr {network}/24 {protocols} snat to {public}{how}\n")
}

fn blocked(kind: NatKind) -> &'static str {
    match kind {
        NatKind::UdpBlocked => {
            "meta l4proto udp drop\n    iifname lan meta l4proto tcp tcp dport != { 443, 5349 } drop"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(kind: NatKind) -> String {
        let [host, public] = ["10.81.1.2", "203.0.113.21"].map(|ip| ip.parse().unwrap());
        ruleset(kind, &[Gateway { host, network: Ipv4Addr::new(10, 81, 1, 0), public }])
    }

    #[test]
    fn only_the_wide_cones_let_in_what_no_flow_asked_for() {
        for kind in NatKind::ALL {
            let lets_in = matches!(kind, NatKind::FullCone | NatKind::AddressRestricted);
            assert_eq!(rules(kind).contains("dnat to 10.81.1.2"), lets_in, "{kind:?}");
        }
    }

    #[test]
    fn only_the_symmetric_nat_takes_random_ports() {
        for kind in NatKind::ALL {
            let random = kind == NatKind::Symmetric;
            assert_eq!(rules(kind).contains("fully-random"), random, "{kind:?}");
        }
    }

    #[test]
    fn every_nat_drops_what_comes_unasked_to_itself() {
        for kind in NatKind::ALL {
            assert!(rules(kind).contains("iifname wan ct state new drop"), "{kind:?}");
        }
    }
}
