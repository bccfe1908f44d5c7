//! Where people are: what stands between their machine and everybody else.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use zentalk_call::engine::EngineConfig;

use crate::nat::NatKind;
use crate::network::{Link, Network};

/// How somebody's machine is connected, and what its owner wants.
#[derive(Clone)]
pub struct Home {
    ipv4: Option<Ipv4>,
    ipv6: bool,
    access: Option<Link>,
    config: EngineConfig,
}

#[derive(Clone, Copy)]
enum Ipv4 {
    /// An address that everybody reaches, joined to others by the network's one link.
    Flat,
    /// A NAT box of one's own.
    Behind(NatKind),
    /// The LAN of somebody who was there before.
    Beside(IpAddr),
}

impl Home {
    /// One address that everybody reaches.
    pub fn flat() -> Self {
        Self { ipv4: Some(Ipv4::Flat), ipv6: false, access: None, config: EngineConfig::default() }
    }

    /// A LAN behind a NAT box.
    pub fn behind(kind: NatKind) -> Self {
        Self { ipv4: Some(Ipv4::Behind(kind)), ..Self::flat() }
    }

    /// The same LAN as the machine with this address.
    pub fn beside(neighbour: IpAddr) -> Self {
        Self { ipv4: Some(Ipv4::Beside(neighbour)), ..Self::flat() }
    }

    /// IPv6 without anything between, and no IPv4.
    pub fn ipv6_only() -> Self {
        Self { ipv4: None, ipv6: true, ..Self::flat() }
    }

    /// IPv6 without anything between, and IPv4 behind a NAT box.
    pub fn dual_stack(kind: NatKind) -> Self {
        Self { ipv6: true, ..Self::behind(kind) }
    }

    /// With this between the machine and the backbone, where it matters: not between [`flat`](Self::flat) homes.
    #[must_use]
    pub fn access(mut self, access: Link) -> Self {
        self.access = Some(access);
        self
    }

    /// With other settings.
    #[must_use]
    pub fn configured(mut self, change: impl FnOnce(&mut EngineConfig)) -> Self {
        change(&mut self.config);
        self
    }

    pub(crate) fn config(&self) -> EngineConfig {
        self.config.clone()
    }

    /// Plugs it in. Returns the addresses of its machine; `number` tells people apart, `move_number` the places
    /// that one of them has been at.
    pub(crate) fn join(
        &self,
        network: &mut Network,
        access: Link,
        (number, move_number): (u8, u8),
    ) -> Vec<IpAddr> {
        let access = self.access.unwrap_or(access);
        let ipv4 = self.ipv4.map(|ipv4| match ipv4 {
            Ipv4::Flat => IpAddr::V4(Ipv4Addr::new(10, 0, move_number, number)),
            Ipv4::Behind(kind) => network.add_nat(kind, access),
            Ipv4::Beside(neighbour) => beside(neighbour, move_number),
        });
        let ipv6 = self.ipv6.then(|| {
            let (number, move_number) = (u16::from(number), u16::from(move_number));
            let address = Ipv6Addr::new(0x2001, 0xdb8, number, move_number, 0, 0, 0, 2);
            network.set_access(address.into(), access);
            IpAddr::V6(address)
        });
        ipv4.into_iter().chain(ipv6).collect()
    }
}

/// Another address of the same LAN.
fn beside(neighbour: IpAddr, move_number: u8) -> IpAddr {
    match neighbour {
        IpAddr::V4(address) => {
            let [a, b, lan, _] = address.octets();
            IpAddr::V4(Ipv4Addr::new(a, b, lan, 100 + move_number))
        }
        IpAddr::V6(_) => neighbour,
    }
}
