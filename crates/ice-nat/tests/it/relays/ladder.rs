//! UDP, then TCP, then TLS; this server, then that one.

use zentalk_ice_nat::TransportProtocol::{Tcp, Tls, Udp};
use zentalk_ice_nat::relays::{RelayServer, RelaysEvent, RelaysFailure};
use zentalk_ice_nat::turn::{TurnCredentials, TurnFailure};
use zentalk_ice_nat::{RelayedAddress, SERVERS_IN_USE, TransportProtocol};

use super::world::{HOST, World, is_allocated, millis};

/// Milliseconds from the start to the first address, and how it was come by.
fn first(world: &World) -> Option<(u64, TransportProtocol)> {
    let (at, relay) = world.allocated().into_iter().next()?;
    Some((at.as_millis() - 1_000, relay.transport()))
}

#[test]
fn udp_is_taken_where_it_works_and_nothing_else_is_tried() {
    let mut world = World::new(1, 4);
    world.grant();
    world.run(millis(20_000));
    assert_eq!(first(&world), Some((100, Udp)));
    assert_eq!(world.standing().len(), SERVERS_IN_USE);
    assert!(world.connects.is_empty());
    assert_eq!(world.sites.iter().map(|site| site.allocates).collect::<Vec<_>>(), [1, 1, 0, 0]);
    assert_eq!(world.count(|event| *event == RelaysEvent::Settled), 1);
    assert_eq!(world.failed(), None);
}

#[test]
fn tcp_is_taken_where_udp_is_dropped() {
    let mut world = World::new(2, 2);
    world.silence(&[Udp]);
    world.grant();
    world.run(millis(20_000));
    // A step, the connection, the challenge, the allocation.
    assert_eq!(first(&world), Some((600 + 3 * 50, Tcp)));
    assert!(world.standing().iter().all(|relay| relay.transport() == Tcp));
    let tls = world.sites[0].address(Tls);
    assert!(world.connects.iter().all(|(_, remote)| remote.port() != tls.port()));
}

/// The network of a hotel: port 443 or nothing, and nobody says so.
#[test]
fn tls_is_taken_within_three_seconds_where_all_else_is_dropped() {
    for (one_way, expected) in [(25, 1_200 + 4 * 50), (150, 1_200 + 4 * 300)] {
        let mut world = World::new(3, 2);
        world.silence(&[Udp, Tcp]);
        world.sites.iter_mut().for_each(|site| site.one_way = millis(one_way));
        world.grant();
        world.run(millis(20_000));
        assert_eq!(first(&world), Some((expected, Tls)));
        assert!(expected < 3_000);
    }
}

#[test]
fn a_refused_connection_is_not_waited_for() {
    let mut world = World::new(4, 1);
    world.silence(&[Udp]);
    world.sites[0].closed = vec![Tcp];
    world.grant();
    world.run(millis(20_000));
    assert_eq!(first(&world), Some((600 + 50 + 4 * 50, Tls)));
}

/// Where packets are lost and only TLS is let through, a call must not wait for one connection alone.
#[test]
fn a_tls_connection_that_does_not_come_is_tried_once_more_beside_it() {
    let mut world = World::new(5, 1);
    world.silence(&[Udp, Tcp, Tls]);
    world.grant();
    world.run(millis(1_700));
    world.silence(&[Udp, Tcp]);
    world.run(millis(20_000));
    assert_eq!(first(&world), Some((1_800 + 4 * 50, Tls)));
    assert_eq!(world.connects.len(), 3);
}

/// A lost datagram must not bind a call to TCP.
#[test]
fn udp_that_comes_late_is_taken_beside_tcp() {
    let mut world = World::new(5, 1);
    world.silence(&[Udp]);
    world.grant();
    world.run(millis(1_000));
    assert_eq!(first(&world), Some((750, Tcp)));
    world.silence(&[]);
    world.run(millis(3_000));
    let all: Vec<_> = world.standing().iter().map(RelayedAddress::transport).collect();
    assert_eq!(all, [Tcp, Udp]);
    assert_eq!(world.sites[0].allocations.len(), 2);
}

#[test]
fn slower_rungs_are_given_up_when_a_faster_one_allocates() {
    let mut world = World::new(6, 1);
    world.silence(&[Udp, Tls]);
    world.sites[0].one_way = millis(300);
    world.grant();
    // The TLS rung has been begun, and begun again, when TCP allocates.
    world.run(millis(20_000));
    assert_eq!(first(&world), Some((600 + 3 * 600, Tcp)));
    assert_eq!(world.connects.len(), 3);
    assert_eq!(world.standing().len(), 1);
    assert_eq!(world.sites[0].allocates, 1);
}

#[test]
fn the_second_server_serves_where_the_first_is_dead_and_the_third_joins() {
    let mut world = World::new(7, 4);
    world.sites[0].silent = vec![Udp, Tcp, Tls];
    world.grant();
    world.run(millis(20_000));
    let times: Vec<_> = world.allocated().iter().map(|(at, _)| at.as_millis() - 1_000).collect();
    // 2.5 s of patience with the first one.
    assert_eq!(times, [100, 2_600]);
    assert_eq!(world.sites.iter().map(|site| site.allocates).collect::<Vec<_>>(), [0, 1, 1, 0]);
    let dead = world.sites[0].host();
    assert_eq!(
        world.count(|e| matches!(e, RelaysEvent::ServerFailed { host, .. } if *host == dead)),
        1
    );
}

#[test]
fn where_all_servers_are_dead_the_call_hears_why() {
    let mut world = World::new(8, 3);
    world.silence(&[Udp, Tcp, Tls]);
    world.grant();
    world.run(millis(30_000));
    let (at, failure) = world.failed().unwrap();
    assert_eq!(failure, RelaysFailure::Servers(TurnFailure::Unreachable));
    assert!((8_000..11_000).contains(&(at.as_millis() - 1_000)), "{at:?}");
    assert_eq!(world.count(|event| *event == RelaysEvent::Settled), 1);
    // It is tried again by and by, and found when it is back.
    world.silence(&[]);
    world.run(millis(30_000));
    assert_eq!(world.standing().len(), SERVERS_IN_USE);
}

#[test]
fn servers_that_refuse_are_passed_over_at_once() {
    for (code, failure) in [
        (486, TurnFailure::QuotaReached),
        (508, TurnFailure::NoCapacity),
        (403, TurnFailure::Forbidden),
        (441, TurnFailure::Unauthorized),
    ] {
        let mut world = World::new(9, 4);
        world.sites[0].refuses = Some(code);
        world.sites[1].refuses = Some(code);
        world.grant();
        world.run(millis(20_000));
        let (at, transport) = first(&world).unwrap();
        assert!(at <= 1_000 && transport == Udp, "{code}: {at} ms");
        assert_eq!(world.standing().len(), SERVERS_IN_USE);
        let refused = |event: &RelaysEvent| matches!(event, RelaysEvent::ServerFailed { failure: f, .. } if *f == failure);
        assert!(world.count(refused) >= 2, "{code}");
        assert_eq!(world.failed(), None);
    }
}

#[test]
fn where_all_refuse_the_most_telling_cause_is_told() {
    let mut world = World::new(10, 3);
    world.sites[0].refuses = Some(508);
    world.sites[1].refuses = Some(486);
    world.sites[2].silent = vec![Udp, Tcp, Tls];
    world.grant();
    world.run(millis(30_000));
    let (_, failure) = world.failed().unwrap();
    assert_eq!(failure, RelaysFailure::Servers(TurnFailure::QuotaReached));
}

/// RFC 8656 §7.4: another client had our port before us.
#[test]
fn after_437_it_is_tried_from_another_port() {
    let mut world = World::new(11, 1);
    world.sites[0].refuses = Some(437);
    world.sites[0].refusals = 1;
    world.grant();
    world.run(millis(500));
    assert_eq!(world.count(|event| matches!(event, RelaysEvent::SocketNeeded { .. })), 1);
    let standing = world.standing();
    assert_eq!(standing[0].transport(), Udp);
    assert_ne!(standing[0].base(), HOST.parse().unwrap());
    // And where it stays that way, it is no endless loop.
    let mut world = World::new(12, 1);
    world.sites[0].refuses = Some(437);
    world.grant();
    world.run(millis(15_000));
    assert_eq!(world.failed().unwrap().1, RelaysFailure::Servers(TurnFailure::AllocationMismatch));
    // Twice on each rung; then the server rests.
    assert!(world.sites[0].allocates <= 6 * 4, "{}", world.sites[0].allocates);
}

#[test]
fn thirty_percent_of_loss_each_way_are_no_obstacle() {
    let (mut late, mut over_udp) = (0, 0);
    for seed in 0..200 {
        let mut world = World::new(seed, 2);
        world.loss = 30;
        world.grant();
        world.run(millis(12_000));
        let (at, transport) = first(&world).expect("an allocation");
        late += usize::from(at > 3_000);
        over_udp += usize::from(world.standing().iter().any(|relay| relay.transport() == Udp));
        assert!(transport <= Tcp);
    }
    assert_eq!(late, 0);
    assert!(over_udp >= 195, "{over_udp}");
}

#[test]
fn without_servers_or_a_way_to_them_the_call_hears_that() {
    let mut world = World::new(13, 0);
    world.grant();
    assert_eq!(world.failed().map(|(_, failure)| failure), Some(RelaysFailure::NoServers));

    let mut world = World::new(14, 1);
    let server = RelayServer::new("v6.example").udp(world.sites[0].address_v6());
    let credentials = TurnCredentials::new("u", String::new());
    let expires = world.now + millis(60_000);
    world.command(|relays, now| relays.set_servers(now, vec![server], credentials, expires));
    world.run(millis(5_000));
    let (at, failure) = world.failed().unwrap();
    assert_eq!((at.as_millis() - 1_000, failure), (1_000, RelaysFailure::NoRoute));
    assert!(world.sent.is_empty());
}

#[test]
fn a_server_whose_certificate_is_of_nobody_we_trust_gets_no_credentials() {
    let mut world = World::new(15, 1);
    world.distrust();
    world.silence(&[Udp, Tcp]);
    world.grant();
    world.run(millis(20_000));
    assert_eq!(world.failed().unwrap().1, RelaysFailure::Servers(TurnFailure::BadCertificate));
    assert_eq!(world.sites[0].allocates, 0);
}

#[test]
fn equal_seeds_give_equal_traces() {
    let trace = |seed| {
        let mut world = World::new(seed, 3);
        world.loss = 20;
        world.sites[0].silent = vec![Tcp];
        world.grant();
        world.run(millis(20_000));
        world.events.iter().map(|(at, event)| format!("{at:?} {event:?}")).collect::<Vec<_>>()
    };
    assert_eq!(trace(21), trace(21));
    assert!(trace(21).iter().any(|line| line.contains("Allocated")));
    assert!(World::new(1, 1).count(is_allocated) == 0);
}
