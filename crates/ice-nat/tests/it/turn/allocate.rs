use core::time::Duration;

use stun_types::attribute::{Userhash, Username};
use turn_types::message::{ALLOCATE, REFRESH};
use zentalk_ice_nat::Error;
use zentalk_ice_nat::turn::{
    AddressFamilies, TURN_RELEASE_TIMEOUT, TURN_TIMEOUT, TurnClient, TurnConfig, TurnCredentials,
    TurnEnd, TurnEvent, TurnFailure, TurnOutput,
};
use zentalk_primitives::Instant;

use super::messages::{has_credentials, is, lifetime, parse};
use super::server::{PASSWORD, USERNAME, relayed_v4, relayed_v6};
use super::stream::Gateway;
use super::world::{World, credentials, listen, local, mapped, peer};

const SECOND: Duration = Duration::from_secs(1);

/// RFC 8656 §7, RFC 8489 §9.2: once without credentials, once with.
#[test]
fn allocation_stands_after_two_round_trips() {
    let mut world = World::udp(1);
    let start = world.now;
    world.one_way = Duration::from_millis(80);
    world.run(SECOND);
    let Some((at, TurnEvent::Allocated { relayed, mapped: seen, round_trip })) =
        world.events.first().cloned()
    else {
        panic!("{:?}", world.events);
    };
    assert_eq!((relayed, seen), (relayed_v4(), Some(mapped())));
    assert_eq!(round_trip, Duration::from_millis(160));
    // And the pace of the library between two requests.
    assert!(at.saturating_since(start) <= Duration::from_millis(2 * 160 + 50));
    assert_eq!(world.sent.iter().map(|m| has_credentials(m)).collect::<Vec<_>>(), [false, true]);
}

/// RFC 8489 §14.4: a server that issues ephemeral credentials cannot find a name by its hash.
#[test]
fn user_name_is_sent_as_it_is() {
    let world = World::udp(1).allocated();
    let request = parse(&world.sent[1]).unwrap();
    assert_eq!(request.attribute::<Username>().unwrap().username(), USERNAME);
    assert!(request.attribute::<Userhash>().is_err());
}

/// RFC 8656 §7.1, §18.6 (one family), §18.11 (both).
#[test]
fn both_address_families_are_allocated() {
    for (families, wanted) in [
        (AddressFamilies::Ipv4, vec![relayed_v4()]),
        (AddressFamilies::Ipv6, vec![relayed_v6()]),
        (AddressFamilies::Both, vec![relayed_v4(), relayed_v6()]),
    ] {
        let config = TurnConfig::udp(local(), listen(), credentials()).families(families);
        let world = World::new(1, config, Gateway::Datagrams).allocated();
        let mut relayed: Vec<_> = world
            .events
            .iter()
            .map(|(_, event)| match event {
                TurnEvent::Allocated { relayed, .. } => *relayed,
                other => panic!("{other:?}"),
            })
            .collect();
        relayed.sort();
        assert_eq!(relayed, wanted, "{families:?}");
    }
}

#[test]
fn server_without_ipv6_grants_ipv4_and_a_peer_of_the_other_family_is_refused() {
    let config = TurnConfig::udp(local(), listen(), credentials()).families(AddressFamilies::Both);
    let mut world = World::new(1, config, Gateway::Datagrams);
    world.server.relayed = vec![relayed_v4()];
    let mut world = world.allocated();
    assert_eq!(world.events.len(), 1);
    let peer = "[2001:db8::9]:9".parse().unwrap();
    world.send(peer, b"who?");
    // RFC 8656 §19: 443 Peer Address Family Mismatch.
    let refused = TurnEvent::PeerRefused { peer: peer.ip(), code: 443 };
    assert_eq!(world.events.last(), Some(&(world.now, refused)));
}

/// 30 % of all packets are lost, each way.
#[test]
fn allocation_stands_within_3_s_at_30_percent_loss() {
    let (mut late, mut failed) = (0, 0);
    for seed in 0..400 {
        let mut world = World::udp(seed);
        let start = world.now;
        world.one_way = Duration::from_millis(50);
        world.loss = 30;
        world.run(TURN_TIMEOUT + SECOND);
        match world.allocated_at() {
            Some(at) => late += u32::from(at.saturating_since(start) > 3 * SECOND),
            None => failed += 1,
        }
    }
    assert_eq!(failed, 0);
    assert!(late <= 8, "{late} of 400 took longer than 3 s");
}

#[test]
fn silent_server_is_unreachable_after_8_s() {
    let mut world = World::udp(1);
    let start = world.now;
    world.loss = 100;
    world.run(60 * SECOND);
    assert_eq!(world.end(), Some(TurnEnd::Failed(TurnFailure::Unreachable)));
    assert_eq!(world.ended_at().unwrap().saturating_since(start), TURN_TIMEOUT);
}

/// A satellite's round trip is longer than the wait before a request is repeated.
#[test]
fn copies_of_a_challenge_are_answered_once() {
    let mut world = World::udp(1);
    world.one_way = Duration::from_millis(450);
    world.run(4 * SECOND);
    assert_eq!(world.relayed(), Some(relayed_v4()));
    let with_credentials = world.sent.iter().filter(|m| has_credentials(m));
    let mut ids: Vec<_> = with_credentials.map(|m| parse(m).unwrap().transaction_id()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 1, "one transaction");
}

/// RFC 8656 §8: a lifetime of zero.
#[test]
fn release_deletes_the_allocation() {
    let mut world = World::udp(1).allocated();
    let before = world.sent.len();
    world.release();
    world.run(SECOND);
    assert_eq!(world.end(), Some(TurnEnd::Released));
    let sent = &world.sent[before..];
    assert_eq!(sent.iter().map(|m| lifetime(m)).collect::<Vec<_>>(), [Some(0)]);
    // A new client of the same address gets one: the old one is gone.
    world.client =
        TurnClient::new(world.now, TurnConfig::udp(local(), listen(), credentials())).unwrap();
    world.events.clear();
    assert!(world.allocated().relayed().is_some());
}

#[test]
fn release_waits_2_s_for_a_server_that_is_gone() {
    let mut world = World::udp(1).allocated();
    world.loss = 100;
    let asked = world.now;
    world.release();
    world.run(10 * SECOND);
    assert_eq!(world.end(), Some(TurnEnd::Released));
    assert_eq!(world.ended_at().unwrap().saturating_since(asked), TURN_RELEASE_TIMEOUT);
}

#[test]
fn release_of_an_allocation_in_the_making_leaves_none_behind() {
    let mut world = World::udp(1);
    world.run(Duration::from_millis(65)); // The request with credentials is on its way.
    assert!(world.relayed().is_none() && world.sent.iter().any(|m| has_credentials(m)));
    world.release();
    world.run(SECOND);
    assert_eq!(world.end(), Some(TurnEnd::Released));
    assert!(world.sent.iter().any(|m| is(m, REFRESH) && lifetime(m) == Some(0)));
    assert_eq!(world.relayed(), None);
}

#[test]
fn nothing_happens_after_the_end() {
    let mut world = World::udp(1).allocated();
    world.close();
    assert_eq!(world.end(), Some(TurnEnd::Failed(TurnFailure::Closed)));
    let events = world.events.len();
    world.permit(peer(1));
    world.bind_channel(peer(1));
    world.send(peer(1), b"late");
    world.release();
    world.inject(&[0; 20]);
    world.close();
    world.run(10 * SECOND);
    assert_eq!(world.events.len(), events);
    assert!(matches!(world.client.poll_output(), TurnOutput::Timeout(None)));
}

#[test]
fn configuration_that_cannot_work_is_refused() {
    let now = Instant::ZERO;
    let long = TurnCredentials::new("u".repeat(509), PASSWORD.to_owned());
    let config = TurnConfig::udp(local(), listen(), long);
    assert_eq!(TurnClient::new(now, config).err(), Some(Error::MalformedTurnUsername));
}

#[test]
fn longest_user_name_is_sent() {
    let credentials = TurnCredentials::new("u".repeat(508), PASSWORD.to_owned());
    let config = TurnConfig::udp(local(), listen(), credentials);
    let mut world = World::new(1, config, Gateway::Datagrams);
    world.run(SECOND);
    assert!(world.sent.len() >= 2 && world.sent.iter().all(|m| is(m, ALLOCATE)));
    assert_eq!(world.end(), Some(TurnEnd::Failed(TurnFailure::Unauthorized)));
}

#[test]
fn debug_shows_no_address_and_no_name() {
    let mut world = World::udp(1).allocated();
    world.permit(peer(1));
    let config = TurnConfig::udp(local(), listen(), credentials());
    let text = format!("{:?} {:?} {:?}", world.client, world.events, config);
    for secret in ["203.0.113", "10.0.0.2", "192.0.2", USERNAME, PASSWORD] {
        assert!(!text.contains(secret), "{text}");
    }
}
