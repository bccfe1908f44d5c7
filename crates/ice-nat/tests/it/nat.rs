use zentalk_ice_nat::{CandidateKind, Config, Event, LocalSocket, PathKind, Role};

use crate::switch::{Filter, Nat};
use crate::world::{A, B, World, secs};

const SERVER: &str = "203.0.113.1:3478";
const PRIVATE: [&str; 2] = ["10.0.0.2:5000", "10.1.0.2:6000"];
const PUBLIC: [&str; 2] = ["192.0.2.1", "198.51.100.1"];

fn behind_nats(seed: u64, filters: [Filter; 2], servers: &[&str]) -> World {
    let config = || {
        servers.iter().fold(Config::new(), |config, server| {
            config.stun_server(server.parse().unwrap()).unwrap()
        })
    };
    let mut world = World::new(seed, [Role::Controlling, Role::Controlled], [config(), config()]);
    world.switch.stun_server = Some(SERVER.parse().unwrap());
    for who in [A, B] {
        let ip = PRIVATE[who].split(':').next().unwrap();
        world.switch.nats.push(Nat::new(PUBLIC[who], ip, filters[who]));
        world.add_socket(who, LocalSocket::new(PRIVATE[who].parse().unwrap()));
    }
    world.start();
    world
}

#[test]
fn reflexive_candidates_connect_through_nats() {
    let kinds = [Filter::FullCone, Filter::PortRestricted];
    for (first, second) in kinds.into_iter().flat_map(|a| kinds.map(|b| (a, b))) {
        for seed in 0..5 {
            let mut world = behind_nats(seed, [first, second], &[SERVER]);
            assert!(world.connect(secs(3.0)));
            for who in [A, B] {
                let pair = world.peers[who].agent.selected_pair().unwrap();
                assert_eq!(pair.path(), PathKind::ServerReflexive);
                assert_eq!(pair.local(), PRIVATE[who].parse().unwrap());
                assert_eq!(
                    pair.remote().ip(),
                    PUBLIC[1 - who].parse::<std::net::IpAddr>().unwrap()
                );
                assert_eq!(pair.local_kind(), CandidateKind::ServerReflexive);
            }
        }
    }
}

#[test]
fn the_reflexive_candidate_is_signalled_with_its_base_hidden() {
    let mut world = behind_nats(1, [Filter::FullCone; 2], &[SERVER]);
    world.run_for(secs(1.0));
    let candidates = world.peers[A].candidates();
    assert_eq!(candidates.len(), 2);
    let reflexive = candidates.iter().find(|c| c.kind() == CandidateKind::ServerReflexive).unwrap();
    assert_eq!(reflexive.socket_address(), Some("192.0.2.1:40000".parse().unwrap()));
    assert!(reflexive.to_attribute().contains("raddr 0.0.0.0 rport 9"));
    assert!(reflexive.priority() < candidates[0].priority());
    assert_ne!(reflexive.foundation(), candidates[0].foundation());
    assert_eq!(world.peers[A].count(|event| *event == Event::GatheringComplete), 1);
    let mut events = world.peers[A].events.iter().map(|(_, event)| event);
    let last =
        events.rfind(|event| matches!(event, Event::LocalCandidate(_) | Event::GatheringComplete));
    assert_eq!(last, Some(&Event::GatheringComplete));
}

#[test]
fn without_a_nat_the_reflexive_address_is_not_signalled_twice() {
    let config = || Config::new().stun_server(SERVER.parse().unwrap()).unwrap();
    let mut world = World::new(1, [Role::Controlling, Role::Controlled], [config(), config()]);
    world.switch.stun_server = Some(SERVER.parse().unwrap());
    world.add_socket(A, LocalSocket::new("192.0.2.1:5000".parse().unwrap()));
    world.open(A);
    world.run_for(secs(1.0));
    assert_eq!(world.peers[A].candidates().len(), 1);
    assert_eq!(world.peers[A].count(|event| *event == Event::GatheringComplete), 1);
}

#[test]
fn a_dead_stun_server_holds_nothing_back_for_more_than_ten_seconds() {
    let mut world = behind_nats(1, [Filter::FullCone; 2], &["203.0.113.99:3478"]);
    world.signalling = false;
    world.run_for(secs(40.0));
    let done = world.peers[A].time_of(|event| *event == Event::GatheringComplete).unwrap();
    assert_eq!(done.as_millis(), 11_000);
    assert_eq!(world.peers[A].agent.stats().gathering_sent, 5);
}

#[test]
fn lost_gathering_requests_are_repeated() {
    for seed in 0..20 {
        let mut world = behind_nats(seed, [Filter::PortRestricted; 2], &[SERVER]);
        world.switch.loss = 25;
        assert!(world.connect(secs(20.0)), "seed {seed}");
    }
}

#[test]
fn a_restart_gathers_again() {
    let mut world = behind_nats(2, [Filter::PortRestricted; 2], &[SERVER]);
    assert!(world.connect(secs(3.0)));
    let before = world.peers[A].candidates().len();
    world.restart(A);
    world.restart(B);
    world.run_for(secs(3.0));
    let after = world.peers[A].candidates();
    assert_eq!(after.len(), 2 * before);
    let ufrag = world.peers[A].agent.local_credentials().ufrag().to_owned();
    assert!(after[before..].iter().all(|candidate| candidate.ufrag() == Some(&ufrag)));
    assert_eq!(world.peers[A].count(|event| *event == Event::GatheringComplete), 2);
}

/// A cloud server: the private address is never signalled, and the peer reaches the mapped one.
#[test]
fn a_mapped_address_works_and_hides_the_private_one() {
    let config = || Config::new().stun_server(SERVER.parse().unwrap()).unwrap();
    let mut world = World::new(4, [Role::Controlling, Role::Controlled], [config(), config()]);
    world.switch.stun_server = Some(SERVER.parse().unwrap());
    world.switch.nats.push(Nat::one_to_one(PUBLIC[A], "10.0.0.2"));
    let mapped = LocalSocket::new(PRIVATE[A].parse().unwrap());
    world.add_socket(A, mapped.mapped_to("192.0.2.1:5000".parse().unwrap()));
    world.add_socket(B, LocalSocket::new("198.51.100.1:6000".parse().unwrap()));
    world.start();
    assert!(world.connect(secs(2.0)));
    world.run_for(secs(2.0));

    let signalled = world.peers[A].candidates();
    assert_eq!(signalled.len(), 1);
    assert!(signalled.iter().all(|candidate| !candidate.to_attribute().contains("10.0.")));
    assert_eq!(world.peers[A].agent.stats().gathering_sent, 0);
    let pairs = [A, B].map(|who| world.peers[who].agent.selected_pair().unwrap());
    assert_eq!(pairs[A].local(), PRIVATE[A].parse().unwrap());
    assert_eq!(pairs[B].remote(), "192.0.2.1:5000".parse().unwrap());
    assert_eq!(pairs.map(|pair| pair.path()), [PathKind::Direct; 2]);
}
