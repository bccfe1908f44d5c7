//! Names in place of addresses (draft-ietf-mmusic-mdns-ice-candidates): the peer's are resolved after the accept, ours hide our hosts.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use zentalk_ice_nat::{
    CandidateKind, CandidatePolicy, Config, Event, Input, LocalSocket, MAX_RESOLVED_NAMES,
    PathKind, RelayedAddress, Role, TransportProtocol,
};

use crate::switch::{Filter, Nat};
use crate::world::{A, B, World, secs};

const NAME: &str = "1f4712db-ea17-4bcf-a596-105139dfd8bf.local";
const HOSTS: [&str; 2] = ["192.0.2.1:5000", "192.0.2.2:6000"];
const STUN: &str = "203.0.113.1:3478";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn named(name: &str, port: u16) -> String {
    format!("1 1 udp 2130706431 {name} {port} typ host")
}

fn wanted(world: &World, who: usize) -> Vec<String> {
    let names = world.peers[who].events.iter().filter_map(|(_, event)| match event {
        Event::ResolveName(name) => Some(name.clone()),
        _ => None,
    });
    names.collect()
}

fn published(world: &World, who: usize) -> BTreeMap<String, IpAddr> {
    let names = world.peers[who].events.iter().filter_map(|(_, event)| match event {
        Event::PublishName { name, address } => Some((name.clone(), *address)),
        _ => None,
    });
    names.collect()
}

/// Both have a socket; credentials are exchanged; candidates are not; nothing is open.
fn ringing(configs: [Config; 2]) -> World {
    let mut world = World::new(1, [Role::Controlling, Role::Controlled], configs);
    world.signalling = false;
    for who in [A, B] {
        world.add_socket(who, LocalSocket::new(HOSTS[who].parse().unwrap()));
        world.signal_credentials(who);
    }
    world.run_for(secs(0.1));
    world
}

/// An attacker who could have names resolved by ringing would learn who is at home.
#[test]
fn names_are_resolved_only_after_accept() {
    let mut world = ringing([Config::new(), Config::new()]);
    for port in [6000, 6001, 6000] {
        world.input(A, Input::RemoteCandidateText(&named(&NAME.to_uppercase(), port)));
    }
    world.input(A, Input::NameResolved { name: NAME, address: ip("192.0.2.2") });
    world.run_for(secs(30.0));
    assert!(wanted(&world, A).is_empty() && world.peers[A].sent.is_empty());
    world.open(B);
    world.open(A);
    assert_eq!(wanted(&world, A), [NAME]);
    world.run_for(secs(1.0));
    assert!(world.peers[A].sent.is_empty());
    world.input(A, Input::NameResolved { name: NAME, address: ip("192.0.2.2") });
    assert!(world.connect(secs(2.0)));
    let pair = world.peers[A].agent.selected_pair().unwrap();
    assert_eq!((pair.remote(), pair.path()), (HOSTS[B].parse().unwrap(), PathKind::Direct));
}

/// A query tells the local network that there is a call.
#[test]
fn relay_only_resolves_no_names_ever() {
    let mut world = ringing([Config::new().policy(CandidatePolicy::RelayOnly), Config::new()]);
    let relayed = "203.0.113.10:50000".parse().unwrap();
    world.add_relay(
        A,
        RelayedAddress::new(relayed, HOSTS[A].parse().unwrap(), TransportProtocol::Udp),
    );
    world.input(A, Input::RemoteCandidateText(&named(NAME, 6000)));
    world.open(A);
    world.input(A, Input::RemoteCandidateText(&named(NAME, 6001)));
    world.input(A, Input::NameResolved { name: NAME, address: ip("192.0.2.2") });
    world.run_for(secs(5.0));
    assert!(wanted(&world, A).is_empty() && world.peers[A].sent.is_empty());
    assert_eq!(world.peers[A].agent.stats().candidates_ignored, 2);
}

#[test]
fn names_of_another_form_or_kind_are_ignored() {
    let mut world = ringing([Config::new(), Config::new()]);
    world.open(A);
    let others = [
        named("printer.local", 6000),
        named("turn.example.com", 6000),
        named("1f4712db-ea17-1bcf-a596-105139dfd8bf.local", 6000),
        format!("1 1 udp 5 {NAME} 6000 typ srflx"),
        format!("1 1 udp 5 {NAME} 6000 typ relay"),
        format!("1 1 tcp 5 {NAME} 9 typ host tcptype active"),
    ];
    for text in &others {
        world.input(A, Input::RemoteCandidateText(text));
    }
    assert!(wanted(&world, A).is_empty());
    assert_eq!(world.peers[A].agent.stats().candidates_ignored, others.len() as u64);
}

#[test]
fn resolved_names_are_bounded_in_each_generation() {
    let name = |number: usize| format!("1f4712db-ea17-4bcf-a596-{number:012x}.local");
    let mut world = ringing([Config::new(), Config::new()]);
    world.open(A);
    for number in 0..100 {
        world.input(A, Input::RemoteCandidateText(&named(&name(number), 6000)));
    }
    // A known name takes more ports, up to a bound of its own.
    for port in 1..1_000 {
        world.input(A, Input::RemoteCandidateText(&named(&name(0), port)));
    }
    assert_eq!(wanted(&world, A).len(), MAX_RESOLVED_NAMES);
    world.restart(A);
    world.restart(B);
    world.run_for(secs(0.2));
    world.input(A, Input::RemoteCandidateText(&named(&name(50), 6000)));
    assert_eq!(wanted(&world, A).len(), MAX_RESOLVED_NAMES + 1);
}

/// Whoever answers for the name must not make us send to ourselves.
#[test]
fn what_a_name_resolves_to_is_checked_like_any_address() {
    let mut world = ringing([Config::new(), Config::new()]);
    world.open(A);
    for (number, address) in
        ["127.0.0.1", "::1", "0.0.0.0", "224.0.0.251", "::ffff:127.0.0.1"].into_iter().enumerate()
    {
        let name = format!("1f4712db-ea17-4bcf-a596-{number:012x}.local");
        world.input(A, Input::RemoteCandidateText(&named(&name, 6000)));
        world.input(A, Input::NameResolved { name: &name, address: ip(address) });
    }
    world.run_for(secs(5.0));
    assert!(world.peers[A].sent.is_empty());
    assert_eq!(world.peers[A].agent.stats().candidates_ignored, 5);
}

fn hiding() -> Config {
    Config::new().hide_host_addresses(true)
}

/// RFC 8828 §5.2: no private address is shown.
#[test]
fn hidden_hosts_are_signalled_by_one_name_for_each_address() {
    let mut world = ringing([hiding(), Config::new()]);
    world.add_socket(A, LocalSocket::new("192.0.2.1:5001".parse().unwrap()));
    world.add_socket(A, LocalSocket::new("[2001:db8::1]:5000".parse().unwrap()));
    assert!(published(&world, A).is_empty());
    world.open(A);
    let names = published(&world, A);
    assert_eq!(names.len(), 2);
    world.restart_in_silence(A);
    assert_eq!(published(&world, A), names);
    let candidates = world.peers[A].candidates();
    assert_eq!(candidates.len(), 6);
    for candidate in candidates {
        let text = candidate.to_attribute();
        assert!(!text.contains("192.0.2") && !text.contains("2001:db8"), "{text}");
        assert!(names.contains_key(&candidate.address().to_text()), "{text}");
    }
}

/// Two browsers on one network find each other by multicast DNS.
#[test]
fn hidden_hosts_on_one_network_connect_directly() {
    let mut world = ringing([hiding(), hiding()]);
    world.open(A);
    world.open(B);
    let names = [A, B].map(|who| published(&world, who));
    for who in [A, B] {
        for candidate in world.peers[1 - who].candidates() {
            world.input(who, Input::RemoteCandidate(candidate));
        }
        for name in wanted(&world, who) {
            let address = names[1 - who][&name];
            world.input(who, Input::NameResolved { name: &name, address });
        }
    }
    assert!(world.connect(secs(2.0)));
    assert_eq!(world.peers[A].agent.selected_pair().unwrap().path(), PathKind::Direct);
}

/// The base of a server-reflexive candidate is hidden anyway (RFC 8839 §5.1).
#[test]
fn hidden_hosts_behind_a_nat_show_only_its_outside() {
    let stun: SocketAddr = STUN.parse().unwrap();
    let mut world = ringing([hiding().stun_server(stun).unwrap(), Config::new()]);
    world.switch.stun_server = Some(stun);
    world.switch.nats.push(Nat::new("198.51.100.7", "192.0.2.1", Filter::FullCone));
    world.open(A);
    world.run_for(secs(1.0));
    let all: Vec<_> =
        world.peers[A].candidates().iter().map(zentalk_ice_nat::Candidate::to_attribute).collect();
    assert_eq!(all.len(), 2);
    assert!(all.iter().all(|text| !text.contains("192.0.2")), "{all:?}");
    assert!(all[1].contains("198.51.100.7") && all[1].contains("raddr 0.0.0.0 rport 9"), "{all:?}");
}

/// Without a NAT the address is public: whom the name does not reach, it does.
#[test]
fn a_hidden_public_address_is_signalled_as_server_reflexive() {
    let stun: SocketAddr = STUN.parse().unwrap();
    let mut world = ringing([hiding().stun_server(stun).unwrap(), Config::new()]);
    world.switch.stun_server = Some(stun);
    world.open(A);
    world.open(B);
    world.run_for(secs(1.0));
    let candidates = world.peers[A].candidates();
    let kinds: Vec<_> = candidates.iter().map(zentalk_ice_nat::Candidate::kind).collect();
    assert_eq!(kinds, [CandidateKind::Host, CandidateKind::ServerReflexive]);
    world.input(B, Input::RemoteCandidate(candidates[1].clone()));
    for candidate in world.peers[B].candidates() {
        world.input(A, Input::RemoteCandidate(candidate));
    }
    assert!(world.connect(secs(2.0)));
}
