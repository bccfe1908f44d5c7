use std::net::SocketAddr;

use zentalk_ice_nat::{
    Candidate, CandidateKind, CandidatePolicy, Config, Error, Event, Input, LocalSocket,
    MAX_PARKED_CANDIDATES, PathKind, RelayedAddress, Role, TransportProtocol,
};

use crate::world::{A, B, World, secs};

const SERVER: &str = "203.0.113.1:3478";
const HOSTS: [&str; 2] = ["192.0.2.1:5000", "198.51.100.1:6000"];
const RELAYS: [&str; 2] = ["203.0.113.10:50000", "203.0.113.20:60000"];

fn config(policy: CandidatePolicy) -> Config {
    Config::new().policy(policy).stun_server(SERVER.parse().unwrap()).unwrap()
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// Both with a socket, a STUN server and a relay; nothing is open; credentials are exchanged.
fn ringing(policies: [CandidatePolicy; 2]) -> World {
    let mut world = World::new(1, [Role::Controlling, Role::Controlled], policies.map(config));
    world.switch.stun_server = Some(address(SERVER));
    for who in [A, B] {
        world.add_socket(who, LocalSocket::new(address(HOSTS[who])));
        let (relayed, base) = (address(RELAYS[who]), address(HOSTS[who]));
        world.add_relay(who, RelayedAddress::new(relayed, base, TransportProtocol::Udp));
        world.signal_credentials(who);
    }
    world
}

fn goes_between_relays(world: &World, who: usize) -> bool {
    let (ours, theirs) = (address(RELAYS[who]), address(RELAYS[1 - who]));
    world.peers[who].sent.iter().all(|packet| packet.local == ours && packet.remote == theirs)
}

/// Architecture invariant `no_packet_before_accept`, this layer's part.
#[test]
fn before_the_direct_phase_packets_go_between_relays_only() {
    let mut world = ringing([CandidatePolicy::Direct; 2]);
    // The peer signals more than it should; someone probes our socket; a check comes from nowhere.
    world.run_for(secs(0.1));
    for text in
        ["1 1 udp 2130706431 198.51.100.1 6000 typ host", "2 1 udp 5 198.51.100.9 6 typ srflx"]
    {
        world.input(A, Input::RemoteCandidateText(text));
    }
    assert!(world.connect(secs(3.0)));
    let check = world.peers[B].sent[0].payload.clone();
    world.deliver(A, address(HOSTS[A]), address(HOSTS[B]), &check);
    world.deliver(A, address(RELAYS[A]), address(HOSTS[B]), &check);
    world.run_for(secs(20.0));
    for who in [A, B] {
        let peer = &world.peers[who];
        assert!(!peer.sent.is_empty() && goes_between_relays(&world, who));
        let kinds: Vec<_> = peer.candidates().iter().map(Candidate::kind).collect();
        assert_eq!(kinds, [CandidateKind::Relayed]);
        assert_eq!(peer.count(|event| *event == Event::GatheringComplete), 0);
        let path = peer.agent.selected_pair().unwrap().path();
        assert_eq!(path, PathKind::Relay { transport: Some(TransportProtocol::Udp) });
    }
    assert_eq!(world.peers[A].agent.stats().dropped.gated, 2);
    assert_eq!(world.peers[A].agent.stats().gathering_sent, 0);
}

#[test]
fn without_relays_nothing_leaves_at_all_before_the_direct_phase() {
    let mut world = World::new(
        1,
        [Role::Controlling, Role::Controlled],
        [config(CandidatePolicy::Direct), config(CandidatePolicy::Direct)],
    );
    for who in [A, B] {
        world.add_socket(who, LocalSocket::new(address(HOSTS[who])));
        world.signal_credentials(who);
    }
    world.input(A, Input::RemoteCandidateText("1 1 udp 2130706431 198.51.100.1 6000 typ host"));
    world.run_for(secs(60.0));
    assert!(world.peers.iter().all(|peer| peer.sent.is_empty() && peer.events.is_empty()));
}

#[test]
fn the_direct_phase_moves_the_call_to_the_direct_path() {
    let mut world = ringing([CandidatePolicy::Direct; 2]);
    assert!(world.connect(secs(3.0)));
    world.open(B);
    world.run_for(secs(1.0));
    // B's direct candidates are with A, which has not had the answer.
    assert!(goes_between_relays(&world, A));
    world.open(A);
    world.run_for(secs(5.0));
    for peer in &world.peers {
        assert_eq!(peer.agent.selected_pair().unwrap().path(), PathKind::Direct);
        assert_eq!(peer.count(|event| *event == Event::GatheringComplete), 1);
        assert_eq!(peer.count(|event| *event == Event::ConsentExpired), 0);
    }
    assert!(world.peers[A].agent.stats().gathering_sent > 0);
}

#[test]
fn relay_only_never_sends_from_a_socket() {
    let mut world = ringing([CandidatePolicy::RelayOnly, CandidatePolicy::Direct]);
    world.open(A);
    world.open(B);
    world.run_for(secs(20.0));
    let peer = &world.peers[A];
    assert!(peer.sent.iter().all(|packet| packet.local == address(RELAYS[A])));
    assert!(peer.sent.iter().all(|packet| packet.remote != address(SERVER)));
    assert!(peer.candidates().iter().all(|c| c.kind() == CandidateKind::Relayed));
    assert_eq!(peer.count(|event| *event == Event::GatheringComplete), 1);
    assert!(matches!(peer.agent.selected_pair().unwrap().path(), PathKind::Relay { .. }));
    // The peer may still go direct to our relay.
    let other = world.peers[B].agent.selected_pair().unwrap();
    assert_eq!(other.remote(), address(RELAYS[A]));
}

#[test]
fn parked_candidates_are_bounded() {
    let mut world = ringing([CandidatePolicy::Direct; 2]);
    world.run_for(secs(0.2));
    let mut parked = 0;
    for port in 1..=1_000 {
        let text = format!("1 1 udp 1 203.0.113.77 {port} typ host");
        match world.peers[A].agent.handle_input(world.now, Input::RemoteCandidateText(&text)) {
            Ok(()) => parked += 1,
            Err(error) => assert_eq!(error, Error::TooManyParkedCandidates),
        }
    }
    assert_eq!(parked, MAX_PARKED_CANDIDATES);
}

#[test]
fn the_time_out_starts_anew_with_the_direct_phase() {
    let mut world = ringing([CandidatePolicy::Direct; 2]);
    world.switch.loss = 100;
    world.run_for(secs(15.0));
    assert_eq!(world.peers[A].count(|event| *event == Event::TimedOut), 1);
    world.open(A);
    let opened = world.now;
    world.run_for(secs(15.0));
    assert_eq!(world.peers[A].count(|event| *event == Event::TimedOut), 2);
    let (at, _) = world.peers[A].events.iter().rfind(|(_, e)| *e == Event::TimedOut).unwrap();
    assert_eq!(*at - opened, secs(10.0));
}

/// Slower ways to a relay rank below faster ones.
#[test]
fn relays_rank_by_how_they_are_reached() {
    let mut world = World::unconfigured(1);
    let ways = [TransportProtocol::Tls, TransportProtocol::Tcp, TransportProtocol::Udp];
    for (number, way) in ways.into_iter().enumerate() {
        let relayed = SocketAddr::from(([203, 0, 113, 10], 50_000 + number as u16));
        world.add_relay(A, RelayedAddress::new(relayed, address(HOSTS[A]), way));
    }
    let priorities: Vec<_> = world.peers[A].candidates().iter().map(Candidate::priority).collect();
    assert!(priorities.is_sorted(), "{priorities:?}");
    assert_eq!(priorities.len(), 3);
}
