use zentalk_ice_nat::{CONSENT_TIMEOUT, Event, IceState, LocalSocket};
use zentalk_primitives::Instant;

use crate::world::{A, B, World, secs};

const ADDRESSES: [&str; 2] = ["192.0.2.1:5000", "198.51.100.1:6000"];

/// Runs on, and says when the last answer to A's checks came, to the millisecond.
fn last_answer(world: &mut World, until: Instant) -> Option<Instant> {
    let mut last = None;
    while world.now < until {
        let before = world.peers[A].agent.stats().responses_received;
        world.run_until(world.now + secs(0.001), |_| false);
        if world.peers[A].agent.stats().responses_received != before {
            last = Some(world.now);
        }
    }
    last
}

/// RFC 7675 §5.1: 29.9 s after the last answer media may flow, 30.1 s after it may not.
#[test]
fn consent_lasts_thirty_seconds_after_the_last_answer() {
    for seed in 0..10 {
        let mut world = World::hosts(seed, ADDRESSES);
        assert!(world.connect(secs(2.0)));
        let (cut, quiet) = (world.now + secs(20.0), world.now + secs(20.1));
        let before = last_answer(&mut world, cut);
        world.switch.loss = 100;
        // An answer that is under way counts from when it arrives.
        let last = last_answer(&mut world, quiet).or(before).unwrap();
        world.run_until(last + secs(29.9), |_| false);
        assert!(world.peers[A].agent.may_send_media(world.now), "seed {seed}");
        assert_eq!(world.peers[A].agent.state(), IceState::Disconnected);
        assert_eq!(world.peers[A].count(|event| *event == Event::ConsentExpired), 0);
        // Without any call in between, the getter already knows.
        assert!(!world.peers[A].agent.may_send_media(last + secs(30.1)));
        world.run_until(last + secs(30.1), |_| false);
        assert!(!world.peers[A].agent.may_send_media(world.now), "seed {seed}");
        assert_eq!(world.peers[A].agent.state(), IceState::Failed);
        assert_eq!(world.peers[A].count(|event| *event == Event::ConsentExpired), 1);
        let at = world.peers[A].time_of(|event| *event == Event::ConsentExpired).unwrap();
        assert!(at - last <= CONSENT_TIMEOUT + secs(0.001), "{:?}", at - last);
    }
}

/// RFC 7675 §5.1: the same credentials are not used on that pair again.
#[test]
fn an_expired_pair_stays_dead_until_a_restart() {
    let mut world = World::hosts(1, ADDRESSES);
    assert!(world.connect(secs(2.0)));
    world.switch.loss = 100;
    world.run_for(secs(32.0));
    world.switch.loss = 0;
    let sent = world.peers[A].sent.len();
    world.run_for(secs(60.0));
    for peer in &world.peers {
        assert!(!peer.agent.may_send_media(world.now));
        assert_eq!(peer.agent.state(), IceState::Failed);
        assert_eq!(peer.count(|event| *event == Event::ConsentExpired), 1);
    }
    assert_eq!(world.peers[A].sent.len(), sent, "not even checks go out on it");
}

/// RFC 7675 §5.1, RFC 8445 §9: new credentials regain what was lost, on the same addresses.
#[test]
fn a_restart_regains_consent_that_was_lost() {
    for seed in 0..10 {
        let mut world = World::hosts(seed, ADDRESSES);
        assert!(world.connect(secs(2.0)));
        world.switch.loss = 100;
        world.run_for(secs(32.0));
        assert!(world.peers.iter().all(|peer| peer.agent.media_path(world.now).is_none()));
        world.switch.loss = 20;
        world.restart(A);
        world.restart(B);
        assert!(world.connect(secs(10.0)), "seed {seed}");
        world.run_for(secs(60.0));
        for peer in &world.peers {
            assert!(peer.agent.may_send_media(world.now), "seed {seed}");
            assert_eq!(peer.count(|event| *event == Event::ConsentExpired), 1);
            assert!(peer.agent.media_path(world.now).is_some());
        }
    }
}

/// RFC 7675 §5.1: consent is a pair's. Where another one still answers, the call goes on there.
#[test]
fn another_pair_serves_when_one_falls_silent() {
    let mut world = World::hosts(4, ADDRESSES);
    for (who, second) in ["192.0.2.1:5001", "198.51.100.1:6001"].into_iter().enumerate() {
        world.add_socket(who, LocalSocket::new(second.parse().unwrap()));
    }
    assert!(world.connect(secs(2.0)));
    world.run_for(secs(3.0));
    let silent = world.peers[A].agent.selected_pair().unwrap();
    world.switch.cut.extend([silent.local(), silent.remote()]);
    world.run_for(secs(50.0));
    for peer in &world.peers {
        assert!(peer.agent.may_send_media(world.now));
        assert_eq!(peer.agent.state(), IceState::Connected);
        let now = peer.agent.selected_pair().unwrap();
        assert!(![silent.local(), silent.remote()].contains(&now.local()));
    }
}

#[test]
fn a_short_outage_shows_and_passes() {
    let mut world = World::hosts(2, ADDRESSES);
    assert!(world.connect(secs(2.0)));
    world.run_for(secs(5.0));
    world.switch.loss = 100;
    world.run_for(secs(15.0));
    assert_eq!(world.peers[A].agent.state(), IceState::Disconnected);
    assert!(world.peers[A].agent.may_send_media(world.now));
    world.switch.loss = 0;
    world.run_for(secs(4.0));
    assert_eq!(world.peers[A].agent.state(), IceState::Connected);
    assert_eq!(world.peers[A].count(|event| *event == Event::ConsentExpired), 0);
}

/// RFC 7675 §5.1: 5 s or less between checks, spread by 0.8 to 1.2.
#[test]
fn consent_is_checked_often_enough_and_not_in_step() {
    let mut world = World::hosts(3, ADDRESSES);
    assert!(world.connect(secs(2.0)));
    world.run_for(secs(20.0));
    let mut checks = Vec::new();
    for _ in 0..120_000 {
        let before = world.peers[A].agent.stats().checks_sent;
        world.run_until(world.now + secs(0.001), |_| false);
        if world.peers[A].agent.stats().checks_sent != before {
            checks.push(world.now);
        }
    }
    let gaps: Vec<_> = checks.windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect();
    assert!(gaps.len() > 30);
    assert!(gaps.iter().all(|gap| (2_300..=3_800).contains(gap)), "{gaps:?}");
    assert!(gaps.iter().max() > gaps.iter().min().map(|least| least + 200).as_ref());
}

#[test]
fn heavy_loss_does_not_cost_consent() {
    for seed in 0..30 {
        let mut world = World::hosts(seed, ADDRESSES);
        assert!(world.connect(secs(2.0)));
        world.switch.loss = 30;
        world.run_for(secs(120.0));
        for peer in &world.peers {
            assert_eq!(peer.count(|event| *event == Event::ConsentExpired), 0, "seed {seed}");
        }
    }
}
