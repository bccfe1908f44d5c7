//! What a public unicast address is.

use std::net::IpAddr;

use super::cidr::Cidr;
use super::embedded;

/// Whether `address` is a unicast address that is routed on the public internet, and so are the IPv4 addresses that it
/// stands for.
pub(super) fn is_public(address: IpAddr) -> bool {
    let direct = match address {
        IpAddr::V4(_) => !NOT_PUBLIC_V4.iter().any(|range| range.contains(address)),
        IpAddr::V6(_) => {
            PUBLIC_V6.iter().any(|range| range.contains(address))
                && !NOT_PUBLIC_V6.iter().any(|range| range.contains(address))
        }
    };
    direct && embedded::ipv4_addresses(address).all(|inner| is_public(IpAddr::V4(inner)))
}

/// IANA's special-purpose registry for IPv4 (RFC 6890), and what clouds keep for themselves.
const NOT_PUBLIC_V4: &[Cidr] = &[
    Cidr::v4([0, 0, 0, 0], 8),        // this network, RFC 791
    Cidr::v4([10, 0, 0, 0], 8),       // private, RFC 1918
    Cidr::v4([100, 64, 0, 0], 10), // carrier-grade NAT, RFC 6598; Alibaba's metadata, 100.100.100.200
    Cidr::v4([127, 0, 0, 0], 8),   // loopback, RFC 1122
    Cidr::v4([168, 63, 129, 16], 32), // Azure's platform address: public in form only
    Cidr::v4([169, 254, 0, 0], 16), // link-local, RFC 3927; metadata of most clouds, 169.254.169.254
    Cidr::v4([172, 16, 0, 0], 12),  // private, RFC 1918
    Cidr::v4([192, 0, 0, 0], 24),   // IETF protocols, RFC 6890; Oracle's metadata, 192.0.0.192
    Cidr::v4([192, 0, 2, 0], 24),   // documentation, RFC 5737
    Cidr::v4([192, 31, 196, 0], 24), // AS112, RFC 7535
    Cidr::v4([192, 52, 193, 0], 24), // AMT, RFC 7450
    Cidr::v4([192, 88, 99, 0], 24), // 6to4 relays, RFC 7526
    Cidr::v4([192, 168, 0, 0], 16), // private, RFC 1918
    Cidr::v4([192, 175, 48, 0], 24), // AS112, RFC 7534
    Cidr::v4([198, 18, 0, 0], 15),  // benchmarks, RFC 2544
    Cidr::v4([198, 51, 100, 0], 24), // documentation, RFC 5737
    Cidr::v4([203, 0, 113, 0], 24), // documentation, RFC 5737
    Cidr::v4([224, 0, 0, 0], 4),    // multicast, RFC 5771
    Cidr::v4([240, 0, 0, 0], 4),    // reserved, RFC 1112; broadcast
];

/// Global unicast (RFC 4291 §2.4), and NAT64's well-known prefix (RFC 6052): whatever is neither is refused, known or not.
const PUBLIC_V6: &[Cidr] = &[Cidr::v6(0x2000_0000, 0, 3), Cidr::v6(0x0064_ff9b, 0, 96)];

/// What of that is special after all (RFC 6890's registry for IPv6).
const NOT_PUBLIC_V6: &[Cidr] = &[
    Cidr::v6(0x2001_0001, 0, 32), // anycast of protocols, RFC 7723, RFC 8155
    Cidr::v6(0x2001_0002, 0, 48), // benchmarks, RFC 5180
    Cidr::v6(0x2001_0003, 0, 32), // AMT, RFC 7450
    Cidr::v6(0x2001_0004, 0x0112_0000, 48), // AS112, RFC 7535
    Cidr::v6(0x2001_0010, 0, 28), // ORCHID, RFC 4843
    Cidr::v6(0x2001_0020, 0, 28), // ORCHID, RFC 7343
    Cidr::v6(0x2001_0030, 0, 28), // drone remote identification, RFC 9374
    Cidr::v6(0x2001_0db8, 0, 32), // documentation, RFC 3849
    Cidr::v6(0x2620_004f, 0x8000_0000, 48), // AS112, RFC 7534
    Cidr::v6(0x3fff_0000, 0, 20), // documentation, RFC 9637
];
