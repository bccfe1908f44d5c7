//! Each pair by the path that theory allows (RFC 5128 §3.3: a hole can be punched where the port that one side
//! writes to is the one that the other side writes from, and its filter lets it in).

use core::time::Duration;

use zentalk_tests::{Link, NatKind, World};

use super::{behind, connect, paths, story};

/// What a pair ends up with, whichever of the two calls.
struct Theory {
    pair: [NatKind; 2],
    /// In the order of the pair.
    paths: [&'static str; 2],
    why: &'static str,
}

const fn theory(pair: [NatKind; 2], paths: [&'static str; 2], why: &'static str) -> Theory {
    Theory { pair, paths, why }
}

const PUNCHED: [&str; 2] = ["server-reflexive", "server-reflexive"];
const RELAYED: [&str; 2] = ["relay/udp", "relay/udp"];
/// The second one reaches its own relay over TLS; the first one writes to that relay as to anybody.
const SECOND_BLOCKED: [&str; 2] = ["relay/udp", "relay/tls"];

use NatKind::{
    AddressRestricted as Address, FullCone as Full, PortRestricted as Port, Symmetric, UdpBlocked,
};

const THEORY: [Theory; 15] = [
    theory([Full, Full], PUNCHED, "each mapping takes anybody's packets"),
    theory(
        [Full, Address],
        PUNCHED,
        "each has one port for all; each wrote to the other's address",
    ),
    theory([Full, Port], PUNCHED, "each has one port for all; each wrote to the other's port"),
    theory(
        [Full, Symmetric],
        PUNCHED,
        "the open side takes packets from any port, and answers there",
    ),
    theory(
        [Address, Address],
        PUNCHED,
        "each has one port for all; each wrote to the other's address",
    ),
    theory([Address, Port], PUNCHED, "each has one port for all; each wrote to the other's port"),
    theory(
        [Address, Symmetric],
        PUNCHED,
        "the filter looks at the address only, and answers go to the port",
    ),
    theory([Port, Port], PUNCHED, "each has one port for all; each wrote to the other's port"),
    theory(
        [Port, Symmetric],
        RELAYED,
        "the new port of the one is not one that the other wrote to",
    ),
    theory([Symmetric, Symmetric], RELAYED, "neither can know the port that the other will use"),
    theory([Full, UdpBlocked], SECOND_BLOCKED, "no UDP leaves the second network"),
    theory([Address, UdpBlocked], SECOND_BLOCKED, "no UDP leaves the second network"),
    theory([Port, UdpBlocked], SECOND_BLOCKED, "no UDP leaves the second network"),
    theory([Symmetric, UdpBlocked], SECOND_BLOCKED, "no UDP leaves the second network"),
    theory([UdpBlocked, UdpBlocked], ["relay/tls", "relay/tls"], "no UDP leaves either network"),
];

const LINK: Link = Link::perfect(Duration::from_millis(40));

#[test]
fn each_pair_takes_the_path_that_theory_allows() {
    let mut table = String::from("caller, callee: set-up, paths, why\n");
    for Theory { pair, paths, why } in &THEORY {
        let line = check(*pair, *paths);
        table +=
            &format!("{:>18}, {:<18} {line}; {why}\n", pair[0].to_string(), pair[1].to_string());
        if pair[0] != pair[1] {
            let line = check([pair[1], pair[0]], [paths[1], paths[0]]);
            table += &format!("{:>18}, {:<18} {line}\n", pair[1].to_string(), pair[0].to_string());
        }
    }
    println!("{table}");
}

/// All 25 are in the table, once.
#[test]
fn the_theory_is_complete() {
    for a in NatKind::ALL {
        for b in NatKind::ALL {
            let rows = THEORY.iter().filter(|row| row.pair == [a, b] || row.pair == [b, a]);
            assert_eq!(rows.count(), 1, "{a}, {b}");
        }
    }
}

fn check(pair: [NatKind; 2], expected: [&str; 2]) -> String {
    let mut world = behind(1, LINK, pair);
    let took = connect(&mut world, Duration::from_secs(10));
    let took = took.unwrap_or_else(|| panic!("{pair:?}: {}", story(&world)));
    // Media may flow over the relay that was warm at the accept, while better paths are still checked.
    let arrived =
        world.run_until(Duration::from_secs(10), |world: &World| paths(world) == expected);
    assert!(arrived, "{pair:?}: {expected:?} expected\n{}", story(&world));
    world.run_for(Duration::from_secs(3));
    assert_eq!(paths(&world), expected, "{pair:?} did not stay there\n{}", story(&world));
    format!("{took:>12?} {}", expected.join(", "))
}
