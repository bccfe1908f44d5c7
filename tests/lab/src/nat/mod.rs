//! The NATs of the lab, in the words of RFC 4787, by nftables.

mod probe;
mod rules;

pub(crate) use probe::{Probes, Seen};
pub(crate) use rules::{Gateway, ruleset};

/// How a NAT maps (RFC 4787 §4.1) and filters (§5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, clap::ValueEnum)]
pub(crate) enum NatKind {
    /// Endpoint-independent mapping and filtering.
    FullCone,
    /// Endpoint-independent mapping, address-dependent filtering.
    AddressRestricted,
    /// Endpoint-independent mapping, address-and-port-dependent filtering.
    PortRestricted,
    /// Address-and-port-dependent mapping and filtering.
    Symmetric,
    /// No UDP at all, and TCP only to ports 443 and 5349.
    UdpBlocked,
}

impl NatKind {
    pub(crate) const ALL: [Self; 5] = [
        Self::FullCone,
        Self::AddressRestricted,
        Self::PortRestricted,
        Self::Symmetric,
        Self::UdpBlocked,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::FullCone => "full cone",
            Self::AddressRestricted => "address-restricted",
            Self::PortRestricted => "port-restricted",
            Self::Symmetric => "symmetric",
            Self::UdpBlocked => "UDP blocked",
        }
    }

    /// What probes see behind such a NAT.
    pub(crate) const fn signature(self) -> Seen {
        use self::probe::{Dependence::*, Seen::*};
        match self {
            Self::FullCone => Udp { mapping: Endpoint, filtering: Endpoint },
            Self::AddressRestricted => Udp { mapping: Endpoint, filtering: Address },
            Self::PortRestricted => Udp { mapping: Endpoint, filtering: AddressAndPort },
            Self::Symmetric => Udp { mapping: AddressAndPort, filtering: AddressAndPort },
            Self::UdpBlocked => NoUdp,
        }
    }
}
