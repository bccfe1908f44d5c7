//! The network changes in mid-call: what the present generation does about it, and what a restart does.

use std::net::SocketAddr;
use std::time::Duration;

use zentalk_ice_nat::{Event, IceState, LocalSocket, PathKind, RelayedAddress, TransportProtocol};

use crate::world::{A, B, World, secs};

const ADDRESSES: [&str; 2] = ["192.0.2.1:5000", "198.51.100.1:6000"];
const NEW: &str = "203.0.113.77:7000";

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn connected(seed: u64) -> World {
    let mut world = World::hosts(seed, ADDRESSES);
    assert!(world.connect(secs(3.0)));
    world.run_for(secs(5.0));
    world
}

/// The old interface goes, a new one is there.
fn roam(world: &mut World, who: usize) {
    let old = address(ADDRESSES[who]);
    world.switch.cut.insert(old);
    world.peers[who].agent.remove_local(world.now, old);
    world.add_socket(who, LocalSocket::new(address(NEW)));
}

fn path(world: &World, who: usize) -> Option<(SocketAddr, SocketAddr)> {
    world.peers[who].agent.media_path(world.now)
}

/// How long until the one that moved sends from its new address, and how long until the other one sends to it.
fn recovery(world: &mut World, who: usize) -> [Option<Duration>; 2] {
    let (since, new) = (world.now, address(NEW));
    let end = since + secs(25.0);
    let moved =
        world.run_until(end, |world| path(world, who).is_some_and(|(local, _)| local == new));
    let first = moved.then(|| world.now - since);
    let followed =
        world.run_until(end, |world| path(world, 1 - who).is_some_and(|(_, remote)| remote == new));
    [first, followed.then(|| world.now - since)]
}

/// The way to a packet's address and back takes 40 to 50 ms here.
const ROUND_TRIP: Duration = Duration::from_millis(50);

/// RFC 8445 §7.3.1.3: the peer learns the new address from the check.
#[test]
fn a_new_socket_is_heard_within_two_round_trips_without_any_signalling() {
    for (who, seed) in [(A, 1), (B, 2)] {
        let mut world = connected(seed);
        world.signalling = false;
        roam(&mut world, who);
        let [moved, followed] = recovery(&mut world, who);
        assert!(moved.unwrap() <= 2 * ROUND_TRIP, "{who}: {moved:?}");
        assert!(followed.unwrap() <= secs(0.5), "{who}: {followed:?}");
        let other = &world.peers[1 - who].agent;
        assert!(other.is_validated(address(ADDRESSES[1 - who]), address(NEW)));
    }
}

/// At least until a restart comes, and for ever if none does.
#[test]
fn the_way_to_the_new_address_lasts() {
    for who in [A, B] {
        let mut world = connected(3);
        roam(&mut world, who);
        world.run_for(secs(1.0));
        for _ in 0..120 {
            world.run_for(secs(1.0));
            assert_eq!(path(&world, 1 - who).map(|(_, remote)| remote), Some(address(NEW)));
            assert_eq!(path(&world, who).map(|(local, _)| local), Some(address(NEW)));
        }
        for peer in &world.peers {
            assert_eq!(peer.count(|event| *event == Event::ConsentExpired), 0);
        }
    }
}

#[test]
fn roaming_survives_loss() {
    for seed in 0..40 {
        for who in [A, B] {
            let mut world = connected(seed);
            world.switch.loss = 20;
            roam(&mut world, who);
            let [_, followed] = recovery(&mut world, who);
            assert!(followed.is_some_and(|took| took < secs(6.0)), "{who} {seed}: {followed:?}");
        }
    }
}

/// Another interface beside the one in use is no reason to leave it.
#[test]
fn a_further_socket_does_not_take_over_from_one_that_works() {
    for who in [A, B] {
        let mut world = connected(4);
        let before = world.peers.each_ref().map(|peer| peer.agent.selected_pair());
        world.add_socket(who, LocalSocket::new(address(NEW)));
        for _ in 0..200 {
            world.run_for(secs(0.05));
            assert_eq!(world.peers.each_ref().map(|peer| peer.agent.selected_pair()), before);
        }
        assert!(world.peers[1 - who].agent.is_validated(address(ADDRESSES[1 - who]), address(NEW)));
    }
}

/// The old one was only slow to answer.
#[test]
fn the_nominated_pair_is_taken_again_when_it_answers_again() {
    let mut world = connected(5);
    let old = world.peers[B].agent.selected_pair();
    world.add_socket(A, LocalSocket::new(address(NEW)));
    world.switch.cut.insert(address(ADDRESSES[A]));
    world.run_for(secs(0.5));
    assert_eq!(path(&world, B).map(|(_, remote)| remote), Some(address(NEW)));
    world.switch.cut.clear();
    world.run_for(secs(1.5));
    assert_eq!(world.peers[B].agent.selected_pair(), old);
}

/// RFC 8445 §9: the old generation serves over the new interface until the new one is nominated.
#[test]
fn a_restart_after_the_address_is_gone_connects_whoever_begins() {
    for who in [A, B] {
        for seed in 0..10 {
            let mut world = connected(seed);
            roam(&mut world, who);
            world.restart(A);
            world.restart(B);
            let [moved, _] = recovery(&mut world, who);
            assert!(moved.unwrap() <= 2 * ROUND_TRIP, "{who} {seed}: {moved:?}");
            world.run_for(secs(15.0));
            let nominated = world.peers[1 - who].agent.selected_pair().unwrap();
            assert_eq!(nominated.remote(), address(NEW));
            for peer in &world.peers {
                assert_eq!(peer.agent.state(), IceState::Connected);
                assert_eq!(peer.count(|event| *event == Event::ConsentExpired), 0);
            }
        }
    }
}

/// The interface may come up only after the restart was begun.
#[test]
fn a_socket_added_after_the_restart_serves_the_old_generation_too() {
    for who in [A, B] {
        let mut world = connected(6);
        world.signalling = false;
        let old = address(ADDRESSES[who]);
        world.switch.cut.insert(old);
        world.peers[who].agent.remove_local(world.now, old);
        world.restart_in_silence(who);
        world.run_for(secs(1.0));
        world.add_socket(who, LocalSocket::new(address(NEW)));
        let [moved, followed] = recovery(&mut world, who);
        assert!(moved.unwrap() <= 2 * ROUND_TRIP, "{who}: {moved:?}");
        assert!(followed.unwrap() <= secs(0.5), "{who}: {followed:?}");
    }
}

/// A generation that nobody answers any more is forgotten.
#[test]
fn the_old_generation_without_a_pair_lingers_for_ten_seconds() {
    let mut world = connected(7);
    let old = address(ADDRESSES[A]);
    world.switch.cut.insert(old);
    world.peers[A].agent.remove_local(world.now, old);
    world.restart_in_silence(A);
    world.run_for(secs(11.0));
    world.add_socket(A, LocalSocket::new(address(NEW)));
    let sent = world.peers[A].sent.len();
    world.run_for(secs(10.0));
    assert_eq!(world.peers[A].sent.len(), sent);
}

/// Only direct paths were left, and they are gone: the relay that was allocated meanwhile takes over.
#[test]
fn a_relay_added_in_mid_call_serves_when_the_direct_path_breaks() {
    let mut world = connected(8);
    for (who, relayed) in ["203.0.113.10:50000", "203.0.113.20:50000"].into_iter().enumerate() {
        // Its TURN server is reached from a port of its own, that of a connection.
        let base = SocketAddr::new(address(ADDRESSES[who]).ip(), 41_000);
        world.add_relay(who, RelayedAddress::new(address(relayed), base, TransportProtocol::Tls));
    }
    world.run_for(secs(2.0));
    assert_eq!(world.peers[A].agent.selected_pair().unwrap().path(), PathKind::Direct);
    world.switch.cut.extend(ADDRESSES.map(address));
    for who in [A, B] {
        world.peers[who].agent.remove_local(world.now, address(ADDRESSES[who]));
        world.drain(who);
    }
    assert!(world.run_until(world.now + secs(1.0), |world| {
        world.peers.iter().all(|peer| peer.agent.media_path(world.now).is_some())
    }));
    let relayed = PathKind::Relay { transport: Some(TransportProtocol::Tls) };
    world.run_for(secs(0.2));
    assert_eq!(world.peers[A].agent.selected_pair().map(|pair| pair.path()), Some(relayed));
}
