use std::fmt;
use std::net::IpAddr;

use crate::nat::NatKind;

/// Which addresses a host has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Families {
    V4,
    V6,
    Both,
}

/// Where a host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    pub(crate) nat: NatKind,
    pub(crate) families: Families,
}

impl Site {
    /// IPv6 only, behind a filter that lets in what was asked for.
    pub(crate) const IPV6: Self = Self { nat: NatKind::PortRestricted, families: Families::V6 };
    /// Both families, IPv4 behind a port-restricted NAT.
    pub(crate) const DUAL: Self = Self { nat: NatKind::PortRestricted, families: Families::Both };
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.families {
            Families::V4 => self.nat.name(),
            Families::V6 => "IPv6 only",
            Families::Both => "dual stack",
        })
    }
}

impl Families {
    pub(super) fn has(self, address: IpAddr) -> bool {
        match self {
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
            Self::Both => true,
        }
    }
}
