use zentalk_ice_nat::{
    CandidateKind, Config, Error, Event, IceState, Input, LocalSocket, MAX_REMOTE_CANDIDATES,
    PathKind, Role,
};

use crate::world::{A, B, World, secs};

const V4: [&str; 2] = ["192.0.2.1:5000", "198.51.100.1:6000"];
const V6: [&str; 2] = ["[2001:db8::1]:5000", "[2001:db8:1::1]:6000"];

#[test]
fn hosts_connect_directly_over_ipv4_and_ipv6() {
    for addresses in [V4, V6, ["127.0.0.1:5000", "127.0.0.1:6000"]] {
        let mut world = World::hosts(1, addresses);
        assert!(world.connect(secs(1.0)));
        world.run_for(secs(1.0));
        for who in [A, B] {
            let agent = &world.peers[who].agent;
            let pair = agent.selected_pair().unwrap();
            assert_eq!(pair.local(), addresses[who].parse().unwrap());
            assert_eq!(pair.remote(), addresses[1 - who].parse().unwrap());
            assert_eq!(pair.path(), PathKind::Direct);
            assert_eq!(agent.state(), IceState::Connected);
            assert!(agent.is_validated(pair.local(), pair.remote()));
            assert!(!agent.is_validated(pair.remote(), pair.local()));
            let round_trip = agent.stats().round_trip.unwrap();
            assert!((secs(0.040)..secs(0.051)).contains(&round_trip), "{round_trip:?}");
        }
    }
}

#[test]
fn every_host_address_of_both_ip_versions_is_a_candidate() {
    let mut world = World::hosts(1, V4);
    for who in [A, B] {
        world.add_socket(who, LocalSocket::new(V6[who].parse().unwrap()));
    }
    assert!(world.connect(secs(1.0)));
    world.run_for(secs(3.0));
    for peer in &world.peers {
        assert_eq!(peer.candidates().len(), 2);
        // RFC 8421: IPv6 first where both work.
        assert!(peer.agent.selected_pair().unwrap().local().is_ipv6());
    }
}

#[test]
fn lossy_networks_connect_for_every_seed() {
    for seed in 0..200 {
        let mut world = World::hosts(seed, V4);
        world.switch.loss = 30;
        assert!(world.connect(secs(10.0)), "seed {seed}");
        world.run_for(secs(20.0));
        for who in [A, B] {
            let pair = world.peers[who].agent.selected_pair().unwrap();
            assert_eq!(pair.remote(), V4[1 - who].parse().unwrap(), "seed {seed}");
        }
    }
}

/// RFC 8445 §7.3.1.1.
#[test]
fn role_conflicts_resolve_whichever_role_both_take() {
    for role in [Role::Controlling, Role::Controlled] {
        for seed in 0..20 {
            let mut world = World::new(seed, [role; 2], [Config::new(), Config::new()]);
            for who in [A, B] {
                world.add_socket(who, LocalSocket::new(V4[who].parse().unwrap()));
            }
            world.start();
            assert!(world.connect(secs(5.0)), "seed {seed}");
            let roles = [A, B].map(|who| world.peers[who].agent.role());
            assert_ne!(roles[A], roles[B], "seed {seed}");
        }
    }
}

/// RFC 8838.
/// RFC 8838 §3.
#[test]
fn candidates_that_come_late_still_connect() {
    let mut world = World::unconfigured(3);
    world.signalling = false;
    for who in [A, B] {
        world.add_socket(who, LocalSocket::new(V4[who].parse().unwrap()));
    }
    world.start();
    world.run_for(secs(6.0));
    assert_eq!(world.peers[A].agent.state(), IceState::Checking);
    // One side's candidate is enough: the other learns it from the check.
    let late = world.peers[B].candidates()[0].clone();
    world.input(A, Input::RemoteCandidate(late));
    assert!(world.connect(secs(2.0)));
    let pair = world.peers[B].agent.selected_pair().unwrap();
    assert_eq!(pair.remote_kind(), CandidateKind::PeerReflexive);
    // Once it is signalled, the pair is what it always was, and says so.
    let late = world.peers[A].candidates()[0].clone();
    world.input(B, Input::RemoteCandidate(late));
    let pair = world.peers[B].agent.selected_pair().unwrap();
    assert_eq!((pair.remote_kind(), pair.path()), (CandidateKind::Host, PathKind::Direct));
    assert_eq!(world.peers[B].count(|event| *event == Event::NominatedPair(pair)), 1);
}

#[test]
fn candidates_before_the_credentials_wait_for_them() {
    let mut world = World::unconfigured(3);
    for who in [A, B] {
        world.add_socket(who, LocalSocket::new(V4[who].parse().unwrap()));
        world.open(who);
    }
    world.run_for(secs(2.0));
    assert!(world.peers.iter().all(|peer| peer.sent.is_empty()));
    for who in [A, B] {
        world.signal_credentials(who);
    }
    assert!(world.connect(secs(2.0)));
}

/// RFC 8839 §5.1: what is unknown is ignored.
#[test]
fn candidates_that_cannot_be_used_are_ignored() {
    let mut world = World::hosts(4, V4);
    world.run_for(secs(0.1));
    let before = world.peers[A].agent.stats().candidates_ignored;
    let useless = [
        "1 1 udp 1 192.0.2.9 9 typ quantum",
        "1 1 sctp 1 192.0.2.9 9 typ host",
        "1 1 tcp 1 192.0.2.9 9 typ host tcptype active",
        "1 2 udp 1 192.0.2.9 9 typ host",
        "1 1 udp 1 name.local 9 typ host",
        "1 1 udp 1 0.0.0.0 9 typ host",
        "1 1 udp 1 192.0.2.9 0 typ host",
        "1 1 udp 1 127.0.0.1 9 typ host",
        "1 1 udp 1 ::ffff:127.0.0.1 9 typ host",
        "1 1 udp 1 192.0.2.9 9 typ host ufrag another",
    ];
    for text in useless {
        world.input(A, Input::RemoteCandidateText(text));
    }
    let agent = &mut world.peers[A].agent;
    assert_eq!(agent.stats().candidates_ignored - before, useless.len() as u64);
    let error = agent.handle_input(world.now, Input::RemoteCandidateText("nonsense"));
    assert!(matches!(error, Err(Error::MalformedCandidate(_))));
    assert!(world.connect(secs(2.0)));
    let strangers = ["192.0.2.9", "127.0.0.1"].map(|ip| ip.parse().unwrap());
    assert!(world.peers[A].sent.iter().all(|packet| !strangers.contains(&packet.remote.ip())));
}

#[test]
fn a_flood_of_candidates_is_bounded() {
    let mut world = World::hosts(5, V4);
    world.run_for(secs(0.1));
    let mut refused = 0;
    for number in 0..10_000_u32 {
        let text = format!("1 1 udp 1 203.0.113.{} {} typ host", number % 250, 1 + number / 250);
        let input = Input::RemoteCandidateText(&text);
        match world.peers[A].agent.handle_input(world.now, input) {
            Ok(()) => {}
            Err(Error::TooManyRemoteCandidates) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(refused >= 10_000 - MAX_REMOTE_CANDIDATES);
    assert!(world.connect(secs(5.0)));
    // Ta = 50 ms bounds the checks whatever the number of pairs (RFC 8445 §14.2).
    let (sent, since) = (world.peers[A].sent.len(), world.now);
    world.run_for(secs(10.0));
    let rate = (world.peers[A].sent.len() - sent) as f64 / (world.now - since).as_secs_f64();
    assert!(rate <= 25.0, "{rate} packets/s");
}

#[test]
fn ten_seconds_without_a_pair_time_out_once_and_checking_goes_on() {
    let mut world = World::hosts(6, V4);
    world.switch.loss = 100;
    world.run_for(secs(30.0));
    for peer in &world.peers {
        assert_eq!(peer.count(|event| *event == Event::TimedOut), 1);
        let at = peer.time_of(|event| *event == Event::TimedOut).unwrap();
        // Credentials arrive after 60 ms.
        assert_eq!(at.as_millis(), 1_000 + 60 + 10_000);
        assert_eq!(peer.agent.state(), IceState::Checking);
    }
    world.switch.loss = 0;
    assert!(world.connect(secs(5.0)));
}

/// RFC 8838 §14: when both sides have said everything, there is nothing to wait for.
#[test]
fn without_anything_to_pair_the_time_out_comes_at_once() {
    let mut world = World::hosts(7, [V4[0], V6[1]]);
    world.run_for(secs(1.0));
    for peer in &world.peers {
        assert_eq!(peer.count(|event| *event == Event::TimedOut), 1);
    }
}

/// RFC 8445 §8.1.1.
#[test]
fn a_better_pair_takes_over_and_is_reported() {
    let mut world = World::hosts(8, V4);
    assert!(world.connect(secs(2.0)));
    for who in [A, B] {
        world.add_socket(who, LocalSocket::new(V6[who].parse().unwrap()));
    }
    world.run_for(secs(4.0));
    for peer in &world.peers {
        assert!(peer.agent.selected_pair().unwrap().local().is_ipv6());
        assert!(peer.count(|event| matches!(event, Event::NominatedPair(_))) >= 2);
    }
}

#[test]
fn a_removed_socket_leaves_the_pair_and_another_one_takes_over() {
    let mut world = World::hosts(9, V4);
    for who in [A, B] {
        world.add_socket(who, LocalSocket::new(V6[who].parse().unwrap()));
    }
    world.run_for(secs(4.0));
    world.peers[A].agent.remove_local(world.now, V6[0].parse().unwrap());
    world.drain(A);
    world.run_for(secs(4.0));
    assert!(world.peers[A].agent.selected_pair().unwrap().local().is_ipv4());
    assert!(world.peers[A].agent.may_send_media(world.now));
}

/// Times, states and paths are the same on every run; only transaction ids differ.
#[test]
fn one_seed_gives_one_event_trace() {
    let trace = |seed| {
        let mut world = World::hosts(seed, V4);
        world.switch.loss = 20;
        world.run_for(secs(60.0));
        let events = world.peers.each_ref().map(|peer| format!("{:?}", peer.events));
        let sent = world.peers.each_ref().map(|peer| peer.sent.len());
        let stats = world.peers.each_ref().map(|peer| peer.agent.stats());
        (events, sent, stats)
    };
    assert_eq!(trace(11), trace(11));
    assert_ne!(trace(11), trace(12));
}

/// RFC 8445 §12.1.
#[test]
fn media_may_be_sent_on_an_answered_pair_before_nomination() {
    let mut world = World::hosts(1, V4);
    let mut early = false;
    for _ in 0..200 {
        let now = world.now;
        let peer = &world.peers[B];
        if peer.agent.selected_pair().is_none() {
            early |= peer.agent.media_path(now).is_some();
        } else {
            let pair = peer.agent.selected_pair().unwrap();
            if peer.agent.may_send_media(now) {
                assert_eq!(peer.agent.media_path(now), Some((pair.local(), pair.remote())));
            }
        }
        world.run_for(secs(0.005));
    }
    assert!(early, "no pair answered before the nomination");
}
