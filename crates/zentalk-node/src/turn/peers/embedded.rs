//! The IPv4 addresses that an IPv6 address stands for: whoever translates it sends to them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The IPv4 addresses inside `address`: none, one, or Teredo's two.
pub(super) fn ipv4_addresses(address: IpAddr) -> impl Iterator<Item = Ipv4Addr> {
    let found = match address {
        IpAddr::V4(_) => [None, None],
        IpAddr::V6(address) => inside(address),
    };
    found.into_iter().flatten()
}

fn inside(address: Ipv6Addr) -> [Option<Ipv4Addr>; 2] {
    let bits = address.to_bits();
    let [a, b, c, d, e, f, _, _] = address.segments();
    match [a, b, c, d, e, f] {
        // RFC 4380 §4: the server in clear, the client's address inverted.
        [0x2001, 0, ..] => [Some(at(bits, 64)), Some(at(!bits, 0))],
        // RFC 3056 §2 (6to4): behind the 16-bit prefix. The rest may hold another form.
        [0x2002, ..] => [Some(at(bits, 80)), interface(bits)],
        // RFC 4291 §2.5.5.1 (compatible), §2.5.5.2 (mapped); RFC 2765 §2.1 (translated).
        [0, 0, 0, 0, 0, 0 | 0xffff] | [0, 0, 0, 0, 0xffff, 0] => [Some(at(bits, 0)), None],
        // RFC 6052 §2.1 (NAT64).
        [0x64, 0xff9b, 0, 0, 0, 0] => [Some(at(bits, 0)), None],
        _ => [interface(bits), None],
    }
}

/// RFC 5214 §6.1 (ISATAP): an interface identifier `[02]00:5efe` before the IPv4 address, in any prefix.
fn interface(bits: u128) -> Option<Ipv4Addr> {
    const LOCAL_BIT: u64 = 0x0200_0000_0000_0000;
    let identifier = low_64(bits) & !LOCAL_BIT;
    (identifier >> 32 == 0x5efe).then(|| at(bits, 0))
}

fn low_64(bits: u128) -> u64 {
    u64::try_from(bits & u128::from(u64::MAX)).unwrap_or_default()
}

/// The 32 bits above the lowest `shift` ones.
fn at(bits: u128, shift: u32) -> Ipv4Addr {
    let word = (bits >> shift) & u128::from(u32::MAX);
    Ipv4Addr::from_bits(u32::try_from(word).unwrap_or_default())
}
