//! IPv4 and IPv6, alone and together.

use core::time::Duration;

use zentalk_tests::{Home, Link, NatKind, TurnSite, World, WorldBuilder};

use super::{at_homes, connect, paths, story};

const LINK: Link = Link::perfect(Duration::from_millis(40));

/// Connects, and ends up with these paths.
fn check(homes: [Home; 2], expected: [&str; 2]) {
    let mut world = at_homes(3, LINK, homes);
    connect(&mut world, Duration::from_secs(10)).unwrap_or_else(|| panic!("{}", story(&world)));
    let arrived =
        world.run_until(Duration::from_secs(10), |world: &World| paths(world) == expected);
    assert!(arrived, "{expected:?} expected\n{}", story(&world));
}

#[test]
fn two_with_ipv6_only_meet_directly() {
    check([Home::ipv6_only(), Home::ipv6_only()], ["direct", "direct"]);
}

#[test]
fn two_with_both_need_no_relay_where_only_their_ipv4_is_in_the_way() {
    let home = || Home::dual_stack(NatKind::Symmetric);
    check([home(), home()], ["direct", "direct"]);
}

#[test]
fn who_has_both_meets_who_has_ipv6_only_over_ipv6() {
    check([Home::dual_stack(NatKind::PortRestricted), Home::ipv6_only()], ["direct", "direct"]);
}

/// RFC 8656 §3.9: a server with both families stands between those that have one each.
#[test]
fn who_has_ipv4_only_meets_who_has_ipv6_only_at_a_relay() {
    for kind in [NatKind::FullCone, NatKind::PortRestricted, NatKind::Symmetric] {
        check([Home::behind(kind), Home::ipv6_only()], ["relay/udp", "relay/udp"]);
        check([Home::ipv6_only(), Home::behind(kind)], ["relay/udp", "relay/udp"]);
    }
    check([Home::behind(NatKind::UdpBlocked), Home::ipv6_only()], ["relay/tls", "relay/udp"]);
}

#[test]
fn neighbours_on_one_network_meet_there() {
    let mut world = {
        let alone = World::builder(4, LINK).turn(TurnSite::default());
        // The first box of a world has this network.
        let alice = std::net::IpAddr::from([10, 81, 0, 2]);
        let homes = [Home::behind(NatKind::Symmetric), Home::beside(alice)];
        homes.into_iter().fold(alone, WorldBuilder::person).build()
    };
    connect(&mut world, Duration::from_secs(10)).unwrap_or_else(|| panic!("{}", story(&world)));
    let direct = ["direct", "direct"];
    let arrived = world.run_until(Duration::from_secs(10), |world: &World| paths(world) == direct);
    assert!(arrived, "{}", story(&world));
}
