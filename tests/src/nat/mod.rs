//! NAT boxes, in the words of RFC 4787: a mapping behaviour, a filtering behaviour, and a timer.

#[cfg(test)]
mod tests;

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;

use zentalk_primitives::Instant;

/// After this long without a packet from inside, a mapping is gone. RFC 4787 §4.3 asks for two minutes at
/// least; many boxes forget after half of one, and a call must live with them.
pub const MAPPING_TIMEOUT: Duration = Duration::from_secs(30);

/// The NATs that people sit behind, by their old names (RFC 3489 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NatKind {
    /// Endpoint-independent mapping, endpoint-independent filtering.
    FullCone,
    /// Endpoint-independent mapping, address-dependent filtering.
    AddressRestricted,
    /// Endpoint-independent mapping, address-and-port-dependent filtering.
    PortRestricted,
    /// Address-and-port-dependent mapping and filtering, and a random port for each mapping.
    Symmetric,
    /// A firewall: no UDP at all, and TCP to ports 443 and 5349 only.
    UdpBlocked,
}

/// What a mapping or a filter depends on (RFC 4787 §4.1 and §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// On nothing outside.
    EndpointIndependent,
    /// On the remote address.
    AddressDependent,
    /// On the remote address and port.
    AddressAndPortDependent,
}

/// As much of a remote endpoint as a [`Behaviour`] looks at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Any,
    Host(IpAddr),
    Endpoint(SocketAddr),
}

impl NatKind {
    /// All of them, the most open first.
    pub const ALL: [Self; 5] = [
        Self::FullCone,
        Self::AddressRestricted,
        Self::PortRestricted,
        Self::Symmetric,
        Self::UdpBlocked,
    ];

    /// What the outside port depends on. A firewall that lets no UDP through has TCP mappings only, and those
    /// are one for each connection.
    pub const fn mapping(self) -> Behaviour {
        match self {
            Self::FullCone | Self::AddressRestricted | Self::PortRestricted => {
                Behaviour::EndpointIndependent
            }
            Self::Symmetric | Self::UdpBlocked => Behaviour::AddressAndPortDependent,
        }
    }

    /// Which senders outside reach a mapping.
    pub const fn filtering(self) -> Behaviour {
        match self {
            Self::FullCone => Behaviour::EndpointIndependent,
            Self::AddressRestricted => Behaviour::AddressDependent,
            Self::PortRestricted | Self::Symmetric | Self::UdpBlocked => {
                Behaviour::AddressAndPortDependent
            }
        }
    }

    /// Whether TCP connections to this port pass.
    pub const fn passes_tcp_to(self, port: u16) -> bool {
        !matches!(self, Self::UdpBlocked) || matches!(port, 443 | 5349)
    }
}

impl fmt::Display for NatKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::FullCone => "full cone",
            Self::AddressRestricted => "address-restricted",
            Self::PortRestricted => "port-restricted",
            Self::Symmetric => "symmetric",
            Self::UdpBlocked => "UDP blocked",
        })
    }
}

impl Behaviour {
    const fn scope(self, remote: SocketAddr) -> Scope {
        match self {
            Self::EndpointIndependent => Scope::Any,
            Self::AddressDependent => Scope::Host(remote.ip()),
            Self::AddressAndPortDependent => Scope::Endpoint(remote),
        }
    }
}

/// One box: a LAN `10.81.n.0/24` behind one public address. No hairpinning.
pub(crate) struct Nat {
    kind: NatKind,
    lan: u8,
    mappings: Vec<Mapping>,
}

struct Mapping {
    inside: SocketAddr,
    scope: Scope,
    port: u16,
    /// Who was written to, and when last.
    contacted: Vec<(SocketAddr, Instant)>,
}

impl Nat {
    pub(crate) const fn new(kind: NatKind, lan: u8) -> Self {
        Self { kind, lan, mappings: Vec::new() }
    }

    pub(crate) const fn kind(&self) -> NatKind {
        self.kind
    }

    /// Its public address.
    pub(crate) const fn outside(&self) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(203, 0, 113, 10 + self.lan))
    }

    /// The address of a host in its LAN.
    pub(crate) const fn host(&self, number: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(10, 81, self.lan, number))
    }

    /// Whether `host` is in its LAN.
    pub(crate) fn has(&self, host: IpAddr) -> bool {
        matches!(host, IpAddr::V4(host) if host.octets()[..3] == [10, 81, self.lan])
    }

    /// A datagram leaves the LAN. Returns where it comes from, as seen outside; nothing if it does not leave.
    /// `port` proposes ports.
    pub(crate) fn outbound(
        &mut self,
        now: Instant,
        inside: SocketAddr,
        remote: SocketAddr,
        mut port: impl FnMut() -> u16,
    ) -> Option<SocketAddr> {
        if self.kind == NatKind::UdpBlocked || remote.ip() == self.outside() {
            return None;
        }
        self.expire(now);
        let outside = self.outside();
        let scope = self.kind.mapping().scope(remote);
        let known = self.mappings.iter().position(|m| m.inside == inside && m.scope == scope);
        let index = known.unwrap_or_else(|| {
            let free = self.free_port(&mut port);
            self.mappings.push(Mapping { inside, scope, port: free, contacted: Vec::new() });
            self.mappings.len() - 1
        });
        let mapping = self.mappings.get_mut(index)?;
        mapping.contacted.retain(|(contact, _)| *contact != remote);
        mapping.contacted.push((remote, now));
        Some(SocketAddr::new(outside, mapping.port))
    }

    /// A datagram from `from` arrives at this port outside. Returns where it goes inside; nothing if it is
    /// filtered.
    pub(crate) fn inbound(
        &mut self,
        now: Instant,
        port: u16,
        from: SocketAddr,
    ) -> Option<SocketAddr> {
        self.expire(now);
        let filtering = self.kind.filtering();
        let mapping = self.mappings.iter().find(|mapping| mapping.port == port)?;
        let passes = |(contact, _): &(_, _)| filtering.scope(*contact) == filtering.scope(from);
        mapping.contacted.iter().any(passes).then_some(mapping.inside)
    }

    fn free_port(&self, propose: &mut impl FnMut() -> u16) -> u16 {
        loop {
            let port = propose();
            if self.mappings.iter().all(|mapping| mapping.port != port) {
                return port;
            }
        }
    }

    /// Only packets from inside refresh (RFC 4787 §4.3, REQ-6): whoever only listens is forgotten.
    fn expire(&mut self, now: Instant) {
        for mapping in &mut self.mappings {
            mapping.contacted.retain(|(_, at)| now.saturating_since(*at) < MAPPING_TIMEOUT);
        }
        self.mappings.retain(|mapping| !mapping.contacted.is_empty());
    }
}
