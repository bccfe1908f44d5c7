//! The time-out waits for relays, for without them it would give up what was about to work.

use std::net::SocketAddr;

use zentalk_ice_nat::{
    Event, ICE_TIMEOUT, ICE_TIMEOUT_AT_MOST, Input, LocalSocket, PathKind, RelayedAddress,
    TransportProtocol,
};
use zentalk_primitives::Instant;

use crate::world::{A, B, World, secs};

const HOSTS: [&str; 2] = ["192.0.2.1:5000", "198.51.100.1:6000"];
const RELAYS: [&str; 2] = ["203.0.113.10:50000", "203.0.113.20:60000"];

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// Both accepted; no packet passes between their hosts.
fn blocked() -> (World, Instant) {
    let mut world = World::unconfigured(1);
    for who in [A, B] {
        world.switch.cut.insert(address(HOSTS[who]));
        world.add_socket(who, LocalSocket::new(address(HOSTS[who])));
    }
    world.start();
    world.run_for(secs(0.06));
    let began = world.now;
    (world, began)
}

fn expect(world: &mut World, who: usize, expected: bool) {
    world.peers[who].agent.expect_relays(world.now, expected);
    world.drain(who);
}

fn add_relay(world: &mut World, who: usize) {
    let base = address(HOSTS[who]);
    world.add_relay(who, RelayedAddress::new(address(RELAYS[who]), base, TransportProtocol::Tls));
}

fn timed_out(world: &World, began: Instant) -> Option<core::time::Duration> {
    world.peers[A].time_of(|event| *event == Event::TimedOut).map(|at| at - began)
}

#[test]
fn without_relays_to_come_it_is_ten_seconds() {
    let (mut world, began) = blocked();
    world.run_for(secs(40.0));
    assert_eq!(timed_out(&world, began), Some(ICE_TIMEOUT));
}

#[test]
fn a_relay_that_comes_late_still_connects_the_call() {
    let (mut world, began) = blocked();
    expect(&mut world, A, true);
    expect(&mut world, B, true);
    world.run_for(secs(12.0));
    assert_eq!(timed_out(&world, began), None);
    for who in [A, B] {
        add_relay(&mut world, who);
        expect(&mut world, who, false);
    }
    assert!(world.connect(secs(2.0)));
    world.run_for(secs(20.0));
    assert_eq!(timed_out(&world, began), None);
    let path = world.peers[A].agent.selected_pair().unwrap().path();
    assert_eq!(path, PathKind::Relay { transport: Some(TransportProtocol::Tls) });
}

#[test]
fn a_relay_gets_ten_seconds_from_when_it_came() {
    let (mut world, began) = blocked();
    expect(&mut world, A, true);
    world.run_for(secs(4.0));
    add_relay(&mut world, A);
    expect(&mut world, A, false);
    world.run_for(secs(40.0));
    assert_eq!(timed_out(&world, began), Some(secs(4.0) + ICE_TIMEOUT));
}

#[test]
fn it_is_twenty_five_seconds_in_all() {
    let (mut world, began) = blocked();
    expect(&mut world, A, true);
    world.run_for(secs(20.0));
    add_relay(&mut world, A);
    world.run_for(secs(40.0));
    assert_eq!(timed_out(&world, began), Some(ICE_TIMEOUT_AT_MOST));
}

#[test]
fn when_no_relay_comes_what_time_has_passed_counts() {
    let (mut world, began) = blocked();
    expect(&mut world, A, true);
    world.run_for(secs(13.0));
    assert_eq!(timed_out(&world, began), None);
    expect(&mut world, A, false);
    world.run_for(secs(0.001));
    assert_eq!(timed_out(&world, began), Some(secs(13.0)));
}

/// With nothing to pair it is hopeless, but for the relays.
#[test]
fn nothing_is_hopeless_while_relays_are_on_their_way() {
    for expected in [true, false] {
        let mut world = World::unconfigured(2);
        world.signalling = false;
        world.signal_credentials(B);
        world.run_for(secs(0.1));
        expect(&mut world, A, expected);
        world.open(A);
        let began = world.now;
        world.input(A, Input::RemoteEndOfCandidates);
        assert_eq!(timed_out(&world, began).is_some(), !expected);
        expect(&mut world, A, false);
        assert!(timed_out(&world, began).is_some());
    }
}

/// Nor while a name is looked up: an answer on a busy link may take a second.
#[test]
fn nothing_is_hopeless_while_a_name_has_no_address_yet() {
    let name = "1f4712db-ea17-4bcf-a596-105139dfd8bf.local";
    let mut world = World::unconfigured(2);
    world.signalling = false;
    world.signal_credentials(B);
    world.run_for(secs(0.1));
    world.open(A);
    let began = world.now;
    let candidate = format!("1 1 udp 2130706431 {name} 6000 typ host");
    world.input(A, Input::RemoteCandidateText(&candidate));
    world.input(A, Input::RemoteEndOfCandidates);
    assert_eq!(timed_out(&world, began), None);
    // There is nothing here that it could be paired with.
    world.input(A, Input::NameResolved { name, address: "192.0.2.2".parse().unwrap() });
    assert!(timed_out(&world, began).is_some());
}
