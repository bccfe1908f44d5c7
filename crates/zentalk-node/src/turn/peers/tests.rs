use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::*;

/// IPv4 addresses that no client has business with, one for each reason and the edges of ranges.
const DENIED_V4: &[&str] = &[
    "0.0.0.0",
    "0.0.0.1",
    "0.255.255.255", // this network
    "10.0.0.0",
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.0",
    "172.31.255.255",
    "192.168.0.0",
    "192.168.255.255", // private
    "100.64.0.0",
    "100.127.255.255", // carrier-grade NAT
    "127.0.0.1",
    "127.0.0.0",
    "127.1.2.3",
    "127.255.255.255", // loopback
    "169.254.0.1",
    "169.254.255.255", // link-local
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16", // metadata of clouds
    "192.0.0.0",
    "192.0.0.8",
    "192.0.0.255",
    "192.88.99.1",
    "192.31.196.1",
    "192.52.193.255",
    "192.175.48.0", // protocols
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1", // documentation
    "198.18.0.0",
    "198.19.255.255", // benchmarks
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.254",
    "255.255.255.255", // multicast, reserved, broadcast
];

/// Next to the ranges above, and others.
const PUBLIC_V4: &[&str] = &[
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
];

const DENIED_V6: &[&str] = &[
    "::",
    "::1",
    "::2",
    "100::",
    "100:0:0:1::",
    "fc00::1",
    "fd00::1",
    "fdff:ffff::1",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "ff00::",
    "ff02::1",
    "ff0e::1",
    "2001:db8::1",
    "3fff::1",
    "3fff:fff::1",
    "2001:2::1",
    "2001:1::1",
    "2001:10::1",
    "2001:20::1",
    "2001:30::1",
    "2001:3::1",
    "2001:4:112::1",
    "2620:4f:8000::1",
    "5f00::1",
    "64:ff9b:1::1",
    "64:ff9b:1:fffe::7f00:1",
    "4000::1",
    "e000::1",
    "fd00:ec2::254",
    "fd20:ce::254",
];

const PUBLIC_V6: &[&str] =
    &["2606:4700::1111", "2a00:1450:4001::8", "2001:4860:4860::8888", "2400::1", "2001:dc8::1"];

/// Every form in which an IPv6 address stands for an IPv4 one.
fn forms(address: Ipv4Addr) -> Vec<(&'static str, Ipv6Addr)> {
    let [a, b] = [
        u16::from_be_bytes([address.octets()[0], address.octets()[1]]),
        u16::from_be_bytes([address.octets()[2], address.octets()[3]]),
    ];
    let public = Ipv6Addr::new(0x2606, 0x4700, 0, 0, 0, 0, 0, 0).segments();
    let new = |s: [u16; 8]| Ipv6Addr::from(s);
    vec![
        ("mapped", new([0, 0, 0, 0, 0, 0xffff, a, b])),
        ("compatible", new([0, 0, 0, 0, 0, 0, a, b])),
        ("translated", new([0, 0, 0, 0, 0xffff, 0, a, b])),
        ("NAT64", new([0x64, 0xff9b, 0, 0, 0, 0, a, b])),
        ("local NAT64 /96", new([0x64, 0xff9b, 1, 0, 0, 0, a, b])),
        ("local NAT64 /48", new([0x64, 0xff9b, 1, a, b >> 8, b << 8, 0, 0])),
        ("6to4", new([0x2002, a, b, 0, 0, 0, 0, 1])),
        ("Teredo client", new([0x2001, 0, 0x0808, 0x0808, 0x8000, 0xffff, !a, !b])),
        ("Teredo server", new([0x2001, 0, a, b, 0x8000, 0xffff, !0x0808, !0x0808])),
        ("ISATAP", new([public[0], public[1], 0, 0, 0, 0x5efe, a, b])),
        ("ISATAP of a unique address", new([public[0], public[1], 0, 0, 0x0200, 0x5efe, a, b])),
        ("ISATAP in 6to4", new([0x2002, 0x0808, 0x0808, 0, 0, 0x5efe, a, b])),
    ]
}

fn parse(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// RFC 8656 §10.2 lets a server choose. Over 400 encodings.
#[test]
fn addresses_that_are_not_public_are_denied_in_every_form() {
    let policy = PeerPolicy::default();
    let mut encodings = 0;
    for address in parse(DENIED_V4).into_iter().chain(parse(DENIED_V6)) {
        assert!(!policy.allows(address), "{address}");
        encodings += 1;
        let IpAddr::V4(inner) = address else { continue };
        for (form, outer) in forms(inner) {
            assert!(!policy.allows(outer.into()), "{inner} as {form}: {outer}");
            encodings += 1;
        }
    }
    assert!(encodings > 400, "{encodings}");
}

#[test]
fn public_addresses_are_allowed() {
    let policy = PeerPolicy::default();
    for address in parse(PUBLIC_V4).into_iter().chain(parse(PUBLIC_V6)) {
        assert!(policy.allows(address), "{address}");
    }
}

/// Translators and tunnels may be the only way to a public address; forms that no network carries are not.
#[test]
fn of_forms_of_public_addresses_those_are_allowed_that_networks_carry() {
    let policy = PeerPolicy::default();
    let carried = [
        "NAT64",
        "6to4",
        "Teredo client",
        "Teredo server",
        "ISATAP",
        "ISATAP of a unique address",
        "ISATAP in 6to4",
    ];
    for (form, outer) in forms(Ipv4Addr::new(9, 9, 9, 9)) {
        assert_eq!(policy.allows(outer.into()), carried.contains(&form), "{form}: {outer}");
    }
}

#[test]
fn what_is_allowed_by_name_is_allowed_in_that_form_only() {
    let policy = PeerPolicy::default().allow_loopback();
    assert!(policy.allows(Ipv4Addr::LOCALHOST.into()) && policy.allows(Ipv6Addr::LOCALHOST.into()));
    for (form, outer) in forms(Ipv4Addr::LOCALHOST) {
        assert!(!policy.allows(outer.into()), "{form}: {outer}");
    }
    assert!(!policy.allows([10, 0, 0, 1].into()));
}

#[test]
fn what_is_denied_by_name_is_denied_in_every_form() {
    let policy =
        PeerPolicy::default().deny("9.9.9.0/24".parse().unwrap()).allow("9.9.9.9".parse().unwrap());
    assert!(!policy.allows([9, 9, 9, 9].into()), "denial goes first");
    for (form, outer) in forms(Ipv4Addr::new(9, 9, 9, 9)) {
        assert!(!policy.allows(outer.into()), "{form}: {outer}");
    }
    assert!(policy.allows([9, 9, 8, 9].into()));
}

#[test]
fn ranges_are_parsed_strictly() {
    for (text, inside, outside) in [
        ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
        ("9.9.9.9", "9.9.9.9", "9.9.9.8"),
        ("fc00::/7", "fdff::1", "fe00::1"),
        ("::/0", "2606::1", "1.1.1.1"),
        ("0.0.0.0/0", "1.1.1.1", "::1"),
    ] {
        let range: Cidr = text.parse().unwrap();
        assert!(range.contains(inside.parse().unwrap()), "{inside} in {text}");
        assert!(!range.contains(outside.parse().unwrap()), "{outside} in {text}");
    }
    for text in
        ["", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/+8", "ten/8", "10.0.0.0/8/8", "/8"]
    {
        assert_eq!(text.parse::<Cidr>(), Err(InvalidCidr), "{text:?}");
    }
}
