use core::time::Duration;

use turn_types::message::{CHANNEL_BIND, CREATE_PERMISSION, SEND};
use zentalk_ice_nat::turn::{MAX_PERMISSIONS, MAX_RELAYED_PAYLOAD, MAX_WAITING_FOR_PERMISSION};

use super::messages::is;
use super::server::{relayed_v4, relayed_v6};
use super::stream::Gateway;
use super::world::{World, credentials, listen, local, peer};
use zentalk_ice_nat::turn::{AddressFamilies, TurnConfig};

const SECOND: Duration = Duration::from_secs(1);

/// RFC 8656 §9, §11: what is sent before waits for the permission, in order.
#[test]
fn packets_wait_for_the_permission() {
    let mut world = World::udp(1);
    for number in 0..5 {
        world.send(peer(1), &[number]);
    }
    world.run(SECOND);
    let payloads: Vec<_> = world
        .server
        .to_peers
        .iter()
        .map(|(from, to, payload)| {
            assert_eq!((*from, *to), (relayed_v4(), peer(1)));
            payload[0]
        })
        .collect();
    assert_eq!(payloads, [0, 1, 2, 3, 4]);
    assert_eq!(world.sent.iter().filter(|m| is(m, CREATE_PERMISSION)).count(), 1);
}

#[test]
fn few_packets_wait() {
    let mut world = World::udp(1);
    for _ in 0..10 * MAX_WAITING_FOR_PERMISSION {
        world.send(peer(1), b"probe");
    }
    world.run(SECOND);
    assert_eq!(world.server.to_peers.len(), MAX_WAITING_FOR_PERMISSION);
}

#[test]
fn peers_are_bounded_and_asked_for_few_at_a_time() {
    let mut world = World::udp(1).allocated();
    for host in 0..=255 {
        world.permit(peer(host));
    }
    // Nobody answers: few requests are under way, and repeated.
    world.loss = 100;
    world.run(2 * SECOND);
    world.loss = 0;
    assert!(world.sent.len() < 100, "{}", world.sent.len());
    world.run(20 * SECOND);
    let mut asked: Vec<_> = world.sent.iter().filter(|m| is(m, CREATE_PERMISSION)).collect();
    asked.sort();
    asked.dedup();
    assert!((MAX_PERMISSIONS..MAX_PERMISSIONS + 20).contains(&asked.len()), "{}", asked.len());
}

/// RFC 8656 §12: 4 bytes instead of 36 around each packet.
#[test]
fn channel_carries_data_both_ways() {
    let mut world = World::udp(1).allocated();
    world.bind_channel(peer(1));
    world.run(SECOND);
    assert_eq!(world.sent.iter().filter(|m| is(m, CHANNEL_BIND)).count(), 1);
    let before = world.sent.len();
    for length in 0..40_u8 {
        world.send(peer(1), &vec![length; usize::from(length)]);
        world.peer_sends(peer(1), &vec![length; usize::from(length)]);
    }
    world.run(SECOND);
    let framed = &world.sent[before..];
    assert!(framed.iter().all(|m| m.len() == 4 + usize::from(m[3])), "channel data");
    assert_eq!(world.server.to_peers.len(), 40);
    assert_eq!(world.data().len(), 40);
    for (length, (from, payload)) in world.data().iter().enumerate() {
        assert_eq!((*from, payload.len()), (peer(1), length));
    }
}

/// The channel is of one address, the permission of its host.
#[test]
fn other_ports_of_a_host_go_without_the_channel() {
    let mut world = World::udp(1).allocated();
    world.bind_channel(peer(1));
    world.run(SECOND);
    let mut other = peer(1);
    other.set_port(9);
    world.send(other, b"hello");
    world.run(SECOND);
    assert!(is(world.sent.last().unwrap(), SEND));
    assert_eq!(world.server.to_peers, [(relayed_v4(), other, b"hello".to_vec())]);
}

#[test]
fn ipv6_peers_are_reached_through_the_ipv6_allocation() {
    let config = TurnConfig::udp(local(), listen(), credentials()).families(AddressFamilies::Both);
    let mut world = World::new(1, config, Gateway::Datagrams).allocated();
    let peer = "[2001:db8::9]:9".parse().unwrap();
    world.bind_channel(peer);
    world.run(SECOND);
    world.send(peer, b"ping");
    world.run(SECOND);
    world.peer_sends(peer, b"pong");
    world.run(SECOND);
    assert_eq!(world.server.to_peers, [(relayed_v6(), peer, b"ping".to_vec())]);
    assert_eq!(world.data(), [(peer, b"pong".to_vec())]);
}

#[test]
fn longest_payload_passes_and_a_longer_one_is_dropped() {
    let mut world = World::udp(1).allocated();
    world.permit(peer(1));
    world.run(SECOND);
    world.send(peer(1), &vec![1; MAX_RELAYED_PAYLOAD]);
    world.send(peer(1), &vec![2; MAX_RELAYED_PAYLOAD + 1]);
    world.run(SECOND);
    assert_eq!(world.server.to_peers.len(), 1);
    world.peer_sends(peer(1), &vec![3; 9_000]);
    world.run(SECOND);
    assert_eq!(world.data()[0].1.len(), 9_000);
}

/// A permission that nobody answered is asked for again when the server is back.
#[test]
fn permission_is_asked_for_until_it_is_answered() {
    let mut world = World::udp(1).allocated();
    world.loss = 100;
    world.permit(peer(1));
    world.run(30 * SECOND);
    world.loss = 0;
    world.run(SECOND);
    world.peer_sends(peer(1), b"hello");
    world.run(SECOND);
    assert_eq!(world.data().len(), 1);
}
