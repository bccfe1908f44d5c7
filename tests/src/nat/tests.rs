//! Each box as a STUN probe sees it (RFC 5780 §4): which ports it shows to whom, and who reaches them.

use super::*;

const SERVER: SocketAddr = endpoint(200, 3478);
const OTHER_PORT: SocketAddr = endpoint(200, 3479);
const OTHER_HOST: SocketAddr = endpoint(201, 3478);
const UDP_KINDS: [NatKind; 4] =
    [NatKind::FullCone, NatKind::AddressRestricted, NatKind::PortRestricted, NatKind::Symmetric];

const fn endpoint(last: u8, port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(203, 0, 113, last)), port)
}

/// A box, a host behind it, and a generator of ports.
struct Probe {
    nat: Nat,
    host: SocketAddr,
    next_port: u16,
}

impl Probe {
    fn of(kind: NatKind) -> Self {
        let nat = Nat::new(kind, 1);
        let host = SocketAddr::new(nat.host(2), 40_000);
        Self { nat, host, next_port: 50_000 }
    }

    /// The address that `server` sees.
    fn mapped(&mut self, now: Instant, server: SocketAddr) -> Option<SocketAddr> {
        let next = &mut self.next_port;
        self.nat.outbound(now, self.host, server, || {
            *next += 1;
            *next
        })
    }

    fn is_reached(&mut self, now: Instant, port: u16, from: SocketAddr) -> bool {
        self.nat.inbound(now, port, from) == Some(self.host)
    }
}

/// RFC 4787 §4.1.
#[test]
fn cones_show_one_port_to_all_and_symmetric_boxes_one_to_each() {
    for kind in UDP_KINDS {
        let mut probe = Probe::of(kind);
        let seen = [SERVER, OTHER_PORT, OTHER_HOST].map(|to| probe.mapped(Instant::ZERO, to));
        let same = seen.iter().all(|address| *address == seen[0]);
        assert_eq!(same, kind != NatKind::Symmetric, "{kind}: {seen:?}");
        assert_eq!(seen[0].unwrap().ip(), probe.nat.outside());
        // The same endpoint always sees the same port.
        assert_eq!(probe.mapped(Instant::ZERO, SERVER), seen[0]);
    }
}

/// RFC 4787 §5.
#[test]
fn who_was_not_written_to_passes_only_where_the_filter_does_not_look() {
    let expected = [
        (NatKind::FullCone, [true, true, true]),
        (NatKind::AddressRestricted, [true, true, false]),
        (NatKind::PortRestricted, [true, false, false]),
        (NatKind::Symmetric, [true, false, false]),
    ];
    for (kind, reaches) in expected {
        let mut probe = Probe::of(kind);
        let port = probe.mapped(Instant::ZERO, SERVER).unwrap().port();
        let found = [SERVER, OTHER_PORT, OTHER_HOST]
            .map(|from| probe.is_reached(Instant::ZERO, port, from));
        assert_eq!(found, reaches, "{kind}");
        assert!(!probe.is_reached(Instant::ZERO, port + 1, SERVER), "{kind}: no such mapping");
    }
}

/// RFC 4787 §4.3.
#[test]
fn a_mapping_lives_as_long_as_packets_leave_through_it() {
    for kind in UDP_KINDS {
        let mut probe = Probe::of(kind);
        let port = probe.mapped(Instant::ZERO, SERVER).unwrap().port();
        let almost = Instant::ZERO + (MAPPING_TIMEOUT - Duration::from_millis(1));
        assert!(probe.is_reached(almost, port, SERVER));
        // What came in did not refresh it.
        assert!(!probe.is_reached(Instant::ZERO + MAPPING_TIMEOUT, port, SERVER), "{kind}");
        let mut probe = Probe::of(kind);
        let port = probe.mapped(Instant::ZERO, SERVER).unwrap().port();
        assert_eq!(probe.mapped(almost, SERVER).unwrap().port(), port);
        assert!(probe.is_reached(Instant::ZERO + MAPPING_TIMEOUT, port, SERVER), "{kind}");
    }
}

#[test]
fn a_forgotten_mapping_gets_another_port() {
    let mut probe = Probe::of(NatKind::PortRestricted);
    let before = probe.mapped(Instant::ZERO, SERVER);
    let after = probe.mapped(Instant::ZERO + MAPPING_TIMEOUT, SERVER);
    assert!(after.is_some() && before != after);
}

#[test]
fn a_filter_forgets_whom_nobody_writes_to_while_others_keep_the_mapping() {
    let mut probe = Probe::of(NatKind::PortRestricted);
    let port = probe.mapped(Instant::ZERO, OTHER_HOST).unwrap().port();
    for second in [10, 20, 30] {
        let now = Instant::from_millis(second * 1_000);
        assert_eq!(probe.mapped(now, SERVER).unwrap().port(), port);
    }
    let now = Instant::from_millis(30_000);
    assert!(probe.is_reached(now, port, SERVER) && !probe.is_reached(now, port, OTHER_HOST));
}

#[test]
fn a_firewall_passes_no_udp_and_only_two_ports_of_tcp() {
    let mut probe = Probe::of(NatKind::UdpBlocked);
    assert_eq!(probe.mapped(Instant::ZERO, SERVER), None);
    let passes = |kind: NatKind| [80, 443, 3478, 5349].map(|port| kind.passes_tcp_to(port));
    assert_eq!(passes(NatKind::UdpBlocked), [false, true, false, true]);
    assert!(UDP_KINDS.iter().all(|kind| passes(*kind) == [true; 4]));
}

#[test]
fn nobody_reaches_a_neighbour_by_the_public_address() {
    let mut probe = Probe::of(NatKind::FullCone);
    let own = probe.mapped(Instant::ZERO, SERVER).unwrap();
    assert_eq!(probe.mapped(Instant::ZERO, own), None, "hairpinning");
}

#[test]
fn two_hosts_behind_one_box_have_different_ports() {
    for kind in UDP_KINDS {
        let mut probe = Probe::of(kind);
        let first = probe.mapped(Instant::ZERO, SERVER);
        probe.host = SocketAddr::new(probe.nat.host(3), 40_000);
        let second = probe.mapped(Instant::ZERO, SERVER);
        assert_ne!(first, second, "{kind}");
        assert!(probe.is_reached(Instant::ZERO, second.unwrap().port(), SERVER));
        assert!(!probe.is_reached(Instant::ZERO, first.unwrap().port(), SERVER));
    }
}
