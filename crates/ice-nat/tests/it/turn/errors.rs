use core::time::Duration;

use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH};
use zentalk_ice_nat::turn::{
    TURN_TIMEOUT, TurnConfig, TurnCredentials, TurnEnd, TurnEvent, TurnFailure,
};

use super::messages::{
    challenge, error, has_credentials, is, lifetime, parse, signed_error, success,
};
use super::server::REALM;
use super::stream::Gateway;
use super::world::{World, listen, local, peer};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn failed(world: &World) -> Option<TurnFailure> {
    match world.end() {
        Some(TurnEnd::Failed(failure)) => Some(failure),
        _ => None,
    }
}

/// RFC 8656 §7.4, §19: each by its name, at once.
#[test]
fn refused_allocation_is_named() {
    for (code, failure) in [
        (300, TurnFailure::Refused(300)),
        (400, TurnFailure::Refused(400)),
        (403, TurnFailure::Forbidden),
        (420, TurnFailure::Refused(420)),
        (437, TurnFailure::AllocationMismatch),
        (440, TurnFailure::Refused(440)),
        (441, TurnFailure::Unauthorized),
        (442, TurnFailure::Refused(442)),
        (486, TurnFailure::QuotaReached),
        (500, TurnFailure::Refused(500)),
        (508, TurnFailure::NoCapacity),
    ] {
        let mut world = World::udp(1);
        world.script(move |m| has_credentials(m).then(|| vec![signed_error(m, code)]));
        world.run(SECOND);
        assert_eq!(failed(&world), Some(failure), "{code}");
    }
}

/// The same before there is a key that could sign it.
#[test]
fn server_that_refuses_the_first_request_is_named() {
    for (code, failure) in [(403, TurnFailure::Forbidden), (508, TurnFailure::NoCapacity)] {
        let mut world = World::udp(1);
        world.script(move |m| Some(vec![error(m, code)]));
        world.run(SECOND);
        assert_eq!(failed(&world), Some(failure));
    }
}

/// RFC 8489 §9.2.5: no further try with the same credentials.
#[test]
fn wrong_password_is_unauthorized_after_one_try() {
    let wrong = TurnCredentials::new(super::server::USERNAME, "wrong".to_owned());
    let mut world = World::new(1, TurnConfig::udp(local(), listen(), wrong), Gateway::Datagrams);
    world.run(SECOND);
    assert_eq!(failed(&world), Some(TurnFailure::Unauthorized));
    assert_eq!(world.sent.len(), 2);
}

/// RFC 8489 §9.2.5: a server that renews its nonce with each 401 is not asked forever.
#[test]
fn endless_challenges_end_at_the_second() {
    let mut world = World::udp(1);
    let mut count = 0;
    world.script(move |m| {
        count += 1;
        Some(vec![challenge(m, 401, REALM, &format!("nonce {count}"))])
    });
    world.run(SECOND);
    assert_eq!(failed(&world), Some(TurnFailure::Unauthorized));
    assert_eq!(world.sent.len(), 2);
}

/// RFC 8489 §9.2.4: a challenge says with what.
#[test]
fn challenge_without_a_nonce_is_no_turn() {
    let mut world = World::udp(1);
    world.script(|m| Some(vec![error(m, 401)]));
    world.run(SECOND);
    assert_eq!(failed(&world), Some(TurnFailure::Protocol));
}

/// RFC 8489 §9.2.5: 438 brings a new nonce.
#[test]
fn stale_nonce_is_renewed() {
    let mut world = World::udp(1);
    let mut stale = 3;
    world.script(move |m| {
        stale -= i32::from(has_credentials(m));
        (has_credentials(m) && stale >= 0).then(|| vec![challenge(m, 438, REALM, "another")])
    });
    world.run(SECOND);
    // The server did not make the last nonce: it renews that one as well.
    assert!(world.relayed().is_some(), "{:?}", world.events);
}

#[test]
fn server_that_calls_every_nonce_stale_is_given_up() {
    let mut world = World::udp(1);
    world.script(|m| has_credentials(m).then(|| vec![challenge(m, 438, REALM, "another")]));
    world.run(2 * TURN_TIMEOUT);
    assert_eq!(failed(&world), Some(TurnFailure::Unreachable));
    let mut ids: Vec<_> = world.sent.iter().map(|m| parse(m).unwrap().transaction_id()).collect();
    ids.dedup();
    assert!(ids.len() < 12, "{} transactions", ids.len());
}

/// The server's nonces live for 30 s, our requests come minutes apart.
#[test]
fn nonces_go_stale_all_the_time_and_the_allocation_stands() {
    let mut world = World::udp(1);
    world.server.expire_nonces_after(Duration::from_secs(30));
    let mut world = world.allocated();
    world.bind_channel(peer(1));
    for round in 0..12_u8 {
        world.run(10 * MINUTE);
        world.peer_sends(peer(1), &[round]);
        world.run(SECOND);
    }
    assert_eq!((world.data().len(), world.end()), (12, None));
}

/// A round trip is longer than the time between two requests: when the nonce goes stale, dozens are under way.
#[test]
fn nonce_that_goes_stale_under_many_requests_ends_nothing() {
    for mut world in [World::udp(1), World::tcp(1)] {
        world.one_way = Duration::from_millis(400);
        world.server.expire_nonces_after(Duration::from_secs(30));
        let mut world = world.allocated();
        for host in 0..50 {
            world.permit(peer(host));
        }
        world.run(120 * MINUTE);
        for host in 0..50 {
            world.peer_sends(peer(host), &[host]);
        }
        world.run(SECOND);
        assert_eq!((world.end(), world.data().len()), (None, 50));
    }
}

/// RFC 8656 §10.2: the peer is refused, the allocation stands.
#[test]
fn forbidden_peer_is_refused_by_name_and_alone() {
    let mut world = World::udp(1).allocated();
    world.script(|m| is(m, CREATE_PERMISSION).then(|| vec![signed_error(m, 403)]));
    world.send(peer(1), b"who waits in vain");
    world.run(SECOND);
    let refused = TurnEvent::PeerRefused { peer: peer(1).ip(), code: 403 };
    let refusals = |world: &World| world.events.iter().filter(|(_, e)| *e == refused).count();
    assert_eq!(refusals(&world), 1);
    world.script = None;
    // It is not asked for again, whatever is sent there.
    let before = world.sent.len();
    world.send(peer(1), b"again");
    world.permit(peer(1));
    world.run(SECOND);
    assert_eq!((world.sent.len(), refusals(&world)), (before, 1));
    world.send(peer(2), b"another");
    world.run(SECOND);
    assert_eq!(world.server.to_peers.len(), 1);
    assert_eq!(world.end(), None);
}

/// RFC 8656 §12.2: without a channel there are still indications.
#[test]
fn refused_channel_leaves_indications() {
    let mut world = World::udp(1).allocated();
    world.script(|m| is(m, CHANNEL_BIND).then(|| vec![signed_error(m, 400)]));
    world.bind_channel(peer(1));
    world.run(SECOND);
    world.send(peer(1), b"by an indication");
    world.run(SECOND);
    assert_eq!(world.server.to_peers.last().unwrap().2, b"by an indication");
    let binds = world.sent.iter().filter(|m| is(m, CHANNEL_BIND)).count();
    assert_eq!(binds, 1, "asked once");
}

/// RFC 8656 §7.4, §8.2: a server that was started anew does not know us.
#[test]
fn mismatch_says_that_the_allocation_is_lost() {
    for method in [REFRESH, CREATE_PERMISSION, CHANNEL_BIND] {
        let mut world = World::udp(1).allocated();
        world.script(move |m| is(m, method).then(|| vec![signed_error(m, 437)]));
        world.bind_channel(peer(1));
        world.run(60 * MINUTE);
        assert_eq!(failed(&world), Some(TurnFailure::AllocationLost), "{method}");
    }
}

/// An error that says nothing about the allocation is asked about again while it lives.
#[test]
fn failed_refresh_is_repeated() {
    let mut world = World::udp(1).allocated();
    let mut failures = 3;
    world.script(move |m| {
        failures -= i32::from(is(m, REFRESH));
        (is(m, REFRESH) && failures >= 0).then(|| vec![signed_error(m, 500)])
    });
    world.run(180 * MINUTE);
    assert_eq!(world.end(), None);
}

#[test]
fn refresh_that_fails_for_good_loses_the_allocation() {
    let mut world = World::udp(1).allocated();
    world.script(|m| is(m, REFRESH).then(|| vec![signed_error(m, 500)]));
    world.run(60 * MINUTE);
    assert_eq!(failed(&world), Some(TurnFailure::AllocationLost));
}

/// RFC 8656 §8: when the server has forgotten it already, it is released.
#[test]
fn mismatch_on_release_is_a_release() {
    let mut world = World::udp(1).allocated();
    world.script(|m| (lifetime(m) == Some(0)).then(|| vec![signed_error(m, 437)]));
    world.release();
    world.run(SECOND);
    assert_eq!(world.end(), Some(TurnEnd::Released));
}

/// RFC 8656 §7.3: without a relayed address it is no allocation.
#[test]
fn success_that_allocates_nothing_is_no_turn() {
    let mut world = World::udp(1);
    world.script(|m| (is(m, ALLOCATE) && has_credentials(m)).then(|| vec![success(m)]));
    world.run(SECOND);
    assert_eq!(failed(&world), Some(TurnFailure::Protocol));
}
