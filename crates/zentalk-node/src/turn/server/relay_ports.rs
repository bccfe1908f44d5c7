//! Relay sockets on random ports: who guesses a port could send to its client before the client knows its peer.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use tokio::net::UdpSocket;

use super::super::core::{AddressFamily, Ports};
use super::sockets;

/// Where relay sockets are opened.
pub(super) struct RelayPorts {
    addresses: Vec<IpAddr>,
    ports: RangeInclusive<u16>,
    opened: usize,
}

/// A relay socket, and the one on the next port if there was to be one.
pub(super) struct Opened {
    pub(super) socket: UdpSocket,
    pub(super) next: Option<UdpSocket>,
}

/// Ports that are tried before the wish is refused. With three quarters of them taken, one in ten million wishes is
/// refused that need not be.
const TRIES: u32 = 64;

impl RelayPorts {
    pub(super) const fn new(addresses: Vec<IpAddr>, ports: RangeInclusive<u16>) -> Self {
        Self { addresses, ports, opened: 0 }
    }

    pub(super) fn open(&mut self, family: AddressFamily, ports: Ports) -> Option<Opened> {
        let address = self.next_address(family)?;
        (0..TRIES).find_map(|_| self.try_open(address, ports))
    }

    /// Takes turns where there are several.
    fn next_address(&mut self, family: AddressFamily) -> Option<IpAddr> {
        let of_family = || self.addresses.iter().filter(|ip| AddressFamily::of(**ip) == family);
        let turn = self.opened.checked_rem(of_family().count())?;
        let address = of_family().nth(turn).copied();
        self.opened = self.opened.wrapping_add(1);
        address
    }

    fn try_open(&self, address: IpAddr, ports: Ports) -> Option<Opened> {
        let bind = |port| sockets::udp(SocketAddr::new(address, port)).ok();
        let port = self.random_port()?;
        match ports {
            Ports::Any => Some(Opened { socket: bind(port)?, next: None }),
            Ports::Even => Some(Opened { socket: bind(self.even(port)?)?, next: None }),
            Ports::EvenAndNext => {
                let port = self.even(port)?;
                let next = port.checked_add(1).filter(|next| self.ports.contains(next))?;
                Some(Opened { socket: bind(port)?, next: Some(bind(next)?) })
            }
        }
    }

    fn even(&self, port: u16) -> Option<u16> {
        Some(port & !1).filter(|port| self.ports.contains(port))
    }

    fn random_port(&self) -> Option<u16> {
        let (first, last) = (u32::from(*self.ports.start()), u32::from(*self.ports.end()));
        let random = getrandom::u32().ok()?;
        // At most 2^16 ports out of 2^32 numbers: the first ones are likelier by one in 65,536.
        let offset = random.checked_rem(last.checked_sub(first)?.checked_add(1)?)?;
        u16::try_from(first.checked_add(offset)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loopback(ports: RangeInclusive<u16>) -> RelayPorts {
        RelayPorts::new(vec![IpAddr::from([127, 0, 0, 1])], ports)
    }

    fn port(socket: &UdpSocket) -> u16 {
        socket.local_addr().unwrap().port()
    }

    #[tokio::test]
    async fn ports_are_what_was_asked_for() {
        let mut ports = loopback(49_152..=65_535);
        for _ in 0..20 {
            let even = ports.open(AddressFamily::V4, Ports::Even).unwrap();
            assert_eq!(port(&even.socket) % 2, 0);
            let pair = ports.open(AddressFamily::V4, Ports::EvenAndNext).unwrap();
            assert_eq!(port(&pair.socket) % 2, 0);
            assert_eq!(port(&pair.next.unwrap()), port(&pair.socket) + 1);
        }
    }

    #[tokio::test]
    async fn a_used_up_range_is_refused() {
        let mut ports = loopback(50_001..=50_001);
        let first = ports.open(AddressFamily::V4, Ports::Any);
        assert!(ports.open(AddressFamily::V4, Ports::Any).is_none(), "the only port is taken");
        drop(first);
        assert!(ports.open(AddressFamily::V4, Ports::EvenAndNext).is_none(), "an odd port only");
        assert!(ports.open(AddressFamily::V6, Ports::Any).is_none(), "no IPv6 address");
    }
}
