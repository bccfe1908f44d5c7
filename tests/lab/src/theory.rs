//! Which path a call must take, and why. What theory allows without a relay must not take one.

use std::fmt;

use crate::nat::NatKind;
use crate::topology::{Families, Site};

/// What a side's program must say of its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    /// Both at addresses of their own.
    Direct,
    /// Through NATs, by addresses that STUN tells.
    Punched,
    /// By a TURN server that this side reaches over UDP, or by the other side's, which takes UDP from anybody.
    RelayUdp,
    /// By a TURN server that this side reaches over TLS.
    RelayTls,
}

/// What theory says of two sites.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expectation {
    pub(crate) paths: [Path; 2],
    pub(crate) why: &'static str,
}

impl Path {
    /// As the journal names it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Punched => "server-reflexive",
            Self::RelayUdp => "relay/udp",
            Self::RelayTls => "relay/tls",
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the path between two sites must be.
pub(crate) fn expect(a: Site, b: Site) -> Expectation {
    match (a.families, b.families) {
        (Families::V4, Families::V4) => expect_nats(a.nat, b.nat),
        (Families::V4, Families::V6) | (Families::V6, Families::V4) => Expectation {
            paths: [Path::RelayUdp; 2],
            why: "no family in common: the TURN server, which has both, goes between",
        },
        (Families::V4, Families::Both) | (Families::Both, Families::V4) => {
            expect_nats(a.nat, b.nat)
        }
        (Families::V6 | Families::Both, Families::V6 | Families::Both) => Expectation {
            paths: [Path::Direct; 2],
            why: "IPv6 on both sides: nothing is mapped, and checks from both sides open both filters",
        },
    }
}

/// The same for NATs of IPv4.
fn expect_nats(a: NatKind, b: NatKind) -> Expectation {
    use NatKind::{AddressRestricted, FullCone, PortRestricted, Symmetric, UdpBlocked};
    let punched = |why| Expectation { paths: [Path::Punched; 2], why };
    let relayed = |paths, why| Expectation { paths, why };
    match (a, b) {
        (UdpBlocked, UdpBlocked) => relayed(
            [Path::RelayTls; 2],
            "UDP is blocked on both sides: both reach TURN over TLS only",
        ),
        (UdpBlocked, _) => relayed(
            [Path::RelayTls, Path::RelayUdp],
            "A's UDP is blocked: A reaches TURN over TLS, B sends to A's relayed address",
        ),
        (_, UdpBlocked) => relayed(
            [Path::RelayUdp, Path::RelayTls],
            "B's UDP is blocked: B reaches TURN over TLS, A sends to B's relayed address",
        ),
        (Symmetric, Symmetric) => relayed(
            [Path::RelayUdp; 2],
            "each takes a new port for the other one, and neither can tell which",
        ),
        (Symmetric, PortRestricted) | (PortRestricted, Symmetric) => relayed(
            [Path::RelayUdp; 2],
            "the symmetric side comes from a port that the other's filter was not told of",
        ),
        (Symmetric, FullCone) | (FullCone, Symmetric) => punched(
            "the full cone lets in the symmetric side's new port, and answers to it (peer-reflexive)",
        ),
        (Symmetric, AddressRestricted) | (AddressRestricted, Symmetric) => punched(
            "the filter asks for the address only, and the symmetric side keeps its address",
        ),
        (
            FullCone | AddressRestricted | PortRestricted,
            FullCone | AddressRestricted | PortRestricted,
        ) => punched("both keep one port for every destination, and checks open both filters"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn theory_is_the_same_from_both_sides() {
        for a in NatKind::ALL {
            for b in NatKind::ALL {
                let [left, right] = expect_nats(a, b).paths;
                assert_eq!(expect_nats(b, a).paths, [right, left], "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn nine_pairs_of_cones_and_four_with_a_symmetric_nat_need_no_relay() {
        let pairs = NatKind::ALL.map(|a| NatKind::ALL.map(|b| expect_nats(a, b).paths));
        let punched = pairs.iter().flatten().filter(|paths| **paths == [Path::Punched; 2]).count();
        // 3 × 3 cones; symmetric with two of them, either way.
        assert_eq!(punched, 9 + 4);
    }
}
