//! Interfaces that come and go, servers that go down, and what passes through an allocation.

use std::net::SocketAddr;

use zentalk_ice_nat::TransportProtocol::{Tcp, Tls, Udp};
use zentalk_ice_nat::relays::{RelayServer, RelaysEvent};
use zentalk_ice_nat::turn::TurnCredentials;
use zentalk_ice_nat::{RelayedAddress, SERVERS_IN_USE};

use super::world::{HOST, World, is_allocated, millis};
use crate::turn::server::{PASSWORD, USERNAME};

const OTHER: &str = "198.18.0.9:5000";
const HOST_V6: &str = "[2001:db8:1::1]:5000";
const PEER: &str = "203.0.113.200:7000";

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn started(sites: u8) -> World {
    let mut world = World::new(1, sites);
    world.grant();
    world.run(millis(5_000));
    assert_eq!(world.standing().len(), SERVERS_IN_USE);
    world
}

#[test]
fn allocations_of_an_interface_that_is_gone_are_lost_and_replaced() {
    let mut world = started(2);
    let old = world.standing();
    world.remove_local(address(HOST));
    assert!(world.standing().is_empty() && old.iter().all(|r| !world.relays.owns(r.relayed())));
    world.run(millis(5_000));
    world.add_local(address(OTHER));
    let back = world.now;
    world.run(millis(5_000));
    let standing = world.standing();
    assert_eq!(standing.len(), SERVERS_IN_USE);
    assert!(standing.iter().all(|relay| relay.base() == address(OTHER)));
    let (at, _) = world.allocated()[SERVERS_IN_USE];
    assert_eq!(at - back, millis(100));
}

#[test]
fn an_interface_that_comes_up_gets_allocations_of_its_own() {
    let mut world = started(3);
    world.add_local(address(OTHER));
    world.run(millis(5_000));
    let bases: Vec<_> = world.standing().iter().map(RelayedAddress::base).collect();
    assert_eq!(bases, [HOST, HOST, OTHER, OTHER].map(address));
    assert_eq!(world.sites[2].allocates, 0);
    // And when the old one goes, nothing has to be made anew.
    world.remove_local(address(HOST));
    world.run(millis(5_000));
    assert_eq!(world.standing().len(), SERVERS_IN_USE);
    assert_eq!(world.count(is_allocated), 2 * SERVERS_IN_USE);
}

#[test]
fn streams_go_with_the_last_socket_of_their_interface() {
    let mut world = World::new(2, 2);
    world.silence(&[Udp]);
    world.grant();
    world.run(millis(5_000));
    assert!(world.standing().iter().all(|relay| relay.transport() == Tcp));
    world.add_local(address("192.0.2.1:5001"));
    world.remove_local(address(HOST));
    assert_eq!(world.standing().len(), SERVERS_IN_USE);
    world.remove_local(address("192.0.2.1:5001"));
    assert!(world.standing().is_empty());
    assert!(world.sites.iter().all(|site| site.allocations.is_empty()));
}

#[test]
fn every_interface_is_tried_and_the_first_to_allocate_stays() {
    let mut world = World::new(3, 2);
    world.add_local(address(OTHER));
    world.grant();
    world.run(millis(10_000));
    assert_eq!(world.standing().len(), SERVERS_IN_USE);
    // The other interface's attempts were given back.
    assert_eq!(world.sites.iter().map(|site| site.allocations.len()).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn servers_are_reached_over_the_version_that_both_sides_speak() {
    let mut world = World::new(4, 1);
    world.remove_local(address(HOST));
    world.add_local(address(HOST_V6));
    let site = &mut world.sites[0];
    site.dual = true;
    let server = RelayServer::new(site.host()).udp(site.address(Udp)).udp(site.address_v6());
    let credentials = TurnCredentials::new(USERNAME, PASSWORD.to_owned());
    let expires = world.now + millis(3_600_000);
    world.command(|relays, now| relays.set_servers(now, vec![server], credentials, expires));
    world.run(millis(5_000));
    assert!(world.sent.iter().all(|(_, transmit)| transmit.remote == world.sites[0].address_v6()));
    // A peer of either version can be reached.
    let versions: Vec<_> = world.standing().iter().map(|relay| relay.relayed().is_ipv4()).collect();
    assert_eq!(versions.len(), 2);
    assert!(versions.contains(&true) && versions.contains(&false));
}

#[test]
fn a_server_that_goes_down_is_replaced_by_the_next() {
    let mut world = World::new(5, 3);
    world.silence(&[Udp]);
    world.grant();
    world.run(millis(5_000));
    world.silence(&[Udp, Tcp, Tls]);
    world.sites[2].silent = vec![Udp];
    world.close_streams();
    assert!(world.standing().is_empty());
    world.run(millis(20_000));
    let third = world.sites[2].allocations.len();
    assert_eq!((world.standing().len(), third), (1, 1));
    assert!(world.count(|event| *event == RelaysEvent::Settled) >= 1);
}

#[test]
fn packets_pass_both_ways_and_then_over_a_channel() {
    let mut world = started(2);
    let relayed = world.standing()[0].relayed();
    world.send(relayed, address(PEER), b"there");
    world.run(millis(1_000));
    let passed = world.sites[0].passed_to_peers();
    assert_eq!(passed, [(relayed, address(PEER), b"there".to_vec())]);
    world.peer_sends(address(PEER), relayed, b"back");
    world.run(millis(1_000));
    let data =
        RelaysEvent::Data { local: relayed, remote: address(PEER), payload: b"back".to_vec() };
    assert_eq!(world.count(|event| *event == data), 1);
    world.command(|relays, now| relays.select(now, relayed, PEER.parse().unwrap()));
    world.run(millis(1_000));
    world.send(relayed, address(PEER), b"channel");
    // RFC 8656 §12.4: a channel number, a length.
    let (_, last) = world.sent.last().unwrap();
    assert!((0x40..0x50).contains(&last.payload[0]) && last.payload.len() < 4 + 7 + 4);
    world.run(millis(1_000));
    assert_eq!(world.sites[0].passed_to_peers().last().unwrap().2, b"channel");
    // From an address that is not ours nothing is sent.
    let sent = world.sent.len();
    world.send(address(OTHER), address(PEER), b"?");
    assert_eq!(world.sent.len(), sent);
}

#[test]
fn binding_messages_are_left_to_the_agent() {
    let mut world = started(1 + 1);
    let site = world.sites[0].address(Udp);
    let mut binding = vec![0x01, 0x01, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    binding.extend([7; 12]);
    let now = world.now;
    assert!(!world.relays.handle_datagram(now, address(HOST), site, &binding));
    assert!(!world.relays.handle_datagram(now, address(HOST), address(PEER), b"media"));
    assert!(!world.relays.handle_datagram(now, address(OTHER), site, b"media"));
    assert!(world.relays.handle_datagram(now, address(HOST), site, b"nonsense of a TURN server"));
}

/// What is learnt in one call serves the next (and costs three datagrams a server at most).
#[test]
fn servers_that_are_not_used_are_measured_once_the_call_is_set_up() {
    let mut world = World::new(6, 4);
    world.sites[2].one_way = millis(40);
    world.sites[3].silent = vec![Udp];
    world.grant();
    world.run(millis(60_000));
    let measured = |number: usize| {
        let wanted = world.sites[number].host();
        world.events.iter().find_map(|(_, event)| match event {
            RelaysEvent::ServerMeasured { host, round_trip } if *host == wanted => {
                Some(*round_trip)
            }
            _ => None,
        })
    };
    assert_eq!(measured(0), Some(millis(50)));
    assert_eq!(measured(2), Some(millis(80)));
    assert_eq!(measured(3), None);
    let to = |number: usize| world.sites[number].address(Udp);
    let count = |number| world.sent.iter().filter(|(_, t)| t.remote == to(number)).count();
    assert_eq!((count(2), count(3)), (1, 3));
    let settled = world.time_of(|event| *event == RelaysEvent::Settled).unwrap();
    let probe =
        |(_, t): &&(_, zentalk_primitives::Transmit)| t.remote == to(2) || t.remote == to(3);
    assert!(world.sent.iter().filter(probe).all(|(at, _)| *at >= settled));
    let failed = |event: &RelaysEvent| matches!(event, RelaysEvent::ServerFailed { .. });
    assert_eq!(world.count(failed), 1);
}
