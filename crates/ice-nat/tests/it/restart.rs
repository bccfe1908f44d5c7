use zentalk_ice_nat::{Credentials, Error, Event, IceState, Input, LocalSocket};

use crate::world::{A, B, World, secs};

const ADDRESSES: [&str; 2] = ["192.0.2.1:5000", "198.51.100.1:6000"];

fn connected(seed: u64) -> World {
    let mut world = World::hosts(seed, ADDRESSES);
    assert!(world.connect(secs(3.0)));
    world.run_for(secs(5.0));
    world
}

/// RFC 8445 §9: data flows on the old pair until the new one is there.
#[test]
fn the_old_pair_serves_until_the_new_one_is_nominated() {
    let mut world = connected(1);
    // The offer takes its time: 20 s in which only the old generation works.
    world.signalling = false;
    world.restart_in_silence(A);
    let old = world.peers[A].agent.selected_pair().unwrap();
    for _ in 0..1_000 {
        world.run_for(secs(0.020));
        for peer in &world.peers {
            assert!(peer.agent.may_send_media(world.now));
            assert_eq!(peer.agent.state(), IceState::Connected);
        }
    }
    assert_eq!(world.peers[A].agent.selected_pair(), Some(old));
    world.signalling = true;
    world.restart(B);
    world.signal_credentials(A);
    for _ in 0..1_000 {
        world.run_for(secs(0.020));
        assert!(world.peers.iter().all(|peer| peer.agent.may_send_media(world.now)));
    }
    for peer in &world.peers {
        assert_eq!(peer.count(|event| *event == Event::ConsentExpired), 0);
        assert_eq!(peer.agent.stats().restarts, 1);
    }
}

/// The network changes under the call: the new generation finds the new path.
#[test]
fn a_restart_moves_to_another_interface() {
    let mut world = connected(2);
    let (gone, new) = (ADDRESSES[A].parse().unwrap(), "192.0.2.200:7000".parse().unwrap());
    world.switch.cut.insert(gone);
    world.run_for(secs(5.0));
    world.peers[A].agent.remove_local(world.now, gone);
    world.add_socket(A, LocalSocket::new(new));
    world.restart(A);
    world.restart(B);
    assert!(world.run_until(world.now + secs(5.0), |world| {
        let pair = world.peers[B].agent.selected_pair();
        pair.is_some_and(|pair| pair.remote() == new)
    }));
    assert_eq!(world.peers[A].agent.selected_pair().unwrap().local(), new);
    assert!(world.peers[A].agent.may_send_media(world.now));
}

#[test]
fn restarts_survive_loss_and_repetition() {
    for seed in 0..10 {
        let mut world = connected(seed);
        world.switch.loss = 20;
        for _ in 0..3 {
            world.restart(A);
            world.restart(B);
            world.run_for(secs(0.3));
        }
        world.run_for(secs(15.0));
        for peer in &world.peers {
            assert!(peer.agent.may_send_media(world.now), "seed {seed}");
            assert_eq!(peer.count(|event| *event == Event::ConsentExpired), 0);
        }
    }
}

#[test]
fn the_role_survives_a_restart() {
    let mut world = connected(3);
    let roles = [A, B].map(|who| world.peers[who].agent.role());
    world.restart(A);
    world.restart(B);
    world.run_for(secs(3.0));
    assert_eq!([A, B].map(|who| world.peers[who].agent.role()), roles);
}

#[test]
fn a_restart_has_fresh_credentials() {
    let mut world = connected(4);
    let old = world.peers[A].agent.local_credentials().clone();
    world.restart(A);
    let new = world.peers[A].agent.local_credentials();
    assert!(old.ufrag() != new.ufrag() && old.password() != new.password());
}

#[test]
fn other_remote_credentials_need_a_restart() {
    let mut world = connected(5);
    let same = world.peers[B].agent.local_credentials().clone();
    let other = Credentials::new("other", &"p".repeat(22)).unwrap();
    let agent = &mut world.peers[A].agent;
    assert_eq!(agent.handle_input(world.now, Input::RemoteCredentials(same)), Ok(()));
    let refused = agent.handle_input(world.now, Input::RemoteCredentials(other.clone()));
    assert_eq!(refused, Err(Error::CredentialsChanged));
    world.restart(A);
    let agent = &mut world.peers[A].agent;
    assert_eq!(agent.handle_input(world.now, Input::RemoteCredentials(other)), Ok(()));
}

/// RFC 8838 §4: candidates of the old generation do not disturb the new one.
/// RFC 8840 §4.4.
#[test]
fn candidates_of_the_old_generation_are_ignored() {
    let mut world = connected(6);
    let old = world.peers[B].candidates()[0].clone();
    world.restart(A);
    world.restart(B);
    world.run_for(secs(2.0));
    let before = world.peers[A].agent.stats().candidates_ignored;
    world.input(A, Input::RemoteCandidate(old));
    assert_eq!(world.peers[A].agent.stats().candidates_ignored, before + 1);
}
