//! Whether IPv6 leads out.

use std::net::{Ipv6Addr, SocketAddr, UdpSocket};

use super::finding::Finding;

/// Asks the routing table; no packet is sent.
pub(super) fn examine() -> Finding {
    // RFC 3849: an address for documentation. Any global one asks for the same route.
    let somewhere: SocketAddr = (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), 9).into();
    let leads_out = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0))
        .and_then(|socket| socket.connect(somewhere).and_then(|()| socket.local_addr()));
    match leads_out {
        Ok(local) if is_global(&local) => Finding::good("ipv6", "", "a route leads out"),
        _ => Finding::note(
            "ipv6",
            "",
            "no route leads out",
            "Calls use IPv4. Those who have IPv6 only are reached through a TURN server.",
        ),
    }
}

/// RFC 4291 §2.4: the global unicast addresses in use are those in 2000::/3.
fn is_global(address: &SocketAddr) -> bool {
    match address {
        SocketAddr::V6(address) => {
            address.ip().segments().first().is_some_and(|first| first >> 13 == 1)
        }
        SocketAddr::V4(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4291 §2.4.
    #[test]
    fn local_addresses_lead_nowhere() {
        let global = |text: &str| is_global(&SocketAddr::new(text.parse().unwrap(), 9));
        assert!(global("2001:4860:4860::8888") && global("3fff::1"));
        for text in ["::1", "fe80::1", "fd00::1", "::ffff:192.0.2.1", "192.0.2.1", "::"] {
            assert!(!global(text), "{text}");
        }
    }
}
