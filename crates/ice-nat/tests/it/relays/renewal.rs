//! Fresh credentials beside old ones, and the end of the call.

use std::collections::BTreeSet;

use zentalk_ice_nat::TransportProtocol::{Tcp, Tls, Udp};
use zentalk_ice_nat::relays::{Relays, RelaysEvent, RelaysFailure, RelaysOutput};
use zentalk_ice_nat::{RelayedAddress, SERVERS_IN_USE, TransportProtocol};

use super::site::Site;
use super::world::{HOST, World, millis};

const MINUTE: u64 = 60_000;

fn started(sites: u8) -> World {
    let mut world = World::new(1, sites);
    world.grant();
    world.run(millis(5_000));
    assert_eq!(world.standing().len(), SERVERS_IN_USE);
    world
}

#[test]
fn fresh_credentials_are_asked_for_at_four_fifths_of_the_lifetime() {
    let mut world = started(2);
    world.run(millis(47 * MINUTE));
    assert_eq!(world.count(|event| *event == RelaysEvent::RenewalDue), 0);
    world.run(millis(2 * MINUTE));
    let at = world.time_of(|event| *event == RelaysEvent::RenewalDue).unwrap();
    assert_eq!(at.as_millis() - 1_000, 48 * MINUTE);
}

/// RFC 8656 §3.2: an allocation belongs to a pair of ports, so the second one needs another.
#[test]
fn a_renewal_makes_new_allocations_beside_the_old_ones() {
    let mut world = started(2);
    world.run(millis(48 * MINUTE));
    let old = world.standing();
    world.grant();
    world.run(millis(1_000));
    let all = world.standing();
    assert_eq!(all.len(), 2 * SERVERS_IN_USE);
    assert!(all.iter().all(|relay| relay.transport() == Udp));
    assert!(old.iter().all(|relay| world.relays.owns(relay.relayed())));
    world.command(Relays::retire_old);
    world.run(millis(3_000));
    assert_eq!(world.standing().len(), SERVERS_IN_USE);
    assert!(old.iter().all(|relay| !world.relays.owns(relay.relayed())));
    assert_eq!(world.sites.iter().map(|site| site.released).sum::<usize>(), SERVERS_IN_USE);
    assert_eq!(
        world.sites.iter().map(|site| site.allocations.len()).sum::<usize>(),
        SERVERS_IN_USE
    );
}

#[test]
fn old_allocations_go_by_themselves_a_minute_after_the_new_ones_stand() {
    let mut world = started(2);
    world.grant();
    world.run(millis(59_000));
    assert_eq!(world.standing().len(), 2 * SERVERS_IN_USE);
    world.run(millis(3_000));
    assert_eq!(world.standing().len(), SERVERS_IN_USE);
}

#[test]
fn old_allocations_stay_while_there_are_no_new_ones() {
    let mut world = started(2);
    world.silence(&[Udp, Tcp, Tls]);
    world.grant();
    world.run(millis(3 * MINUTE));
    assert_eq!(world.standing().len(), SERVERS_IN_USE);
}

#[test]
fn a_renewal_without_another_socket_goes_over_tcp() {
    let mut world = started(2);
    world.binds_sockets = false;
    world.grant();
    world.run(millis(2_000));
    let needed = |event: &RelaysEvent| matches!(event, RelaysEvent::SocketNeeded { .. });
    assert!(world.count(needed) >= 1);
    let ways: Vec<TransportProtocol> =
        world.standing().iter().map(RelayedAddress::transport).collect();
    assert_eq!(ways, [Udp, Udp, Tcp, Tcp]);
}

/// Two ports take turns, however long the call is.
#[test]
fn a_call_of_a_day_is_never_without_a_relay_and_needs_two_sockets() {
    let mut world = started(3);
    let mut renewals = 0;
    for _ in 0..(24 * 60) {
        world.run(millis(MINUTE));
        let due = world.count(|event| *event == RelaysEvent::RenewalDue);
        if due > renewals {
            world.grant();
            world.run(millis(500));
            world.command(Relays::retire_old);
            renewals = due;
        }
        assert!(world.standing().len() >= SERVERS_IN_USE);
    }
    world.run(millis(3_000));
    assert_eq!(renewals, 30);
    let bases: BTreeSet<_> = world.allocated().iter().map(|(_, relay)| relay.base()).collect();
    assert_eq!(bases.len(), 2);
    assert!(world.allocated().iter().all(|(_, relay)| relay.transport() == Udp));
    let held: usize = world.sites.iter().map(|site| site.allocations.len()).sum();
    assert_eq!(held, SERVERS_IN_USE);
}

#[test]
fn expired_credentials_are_not_used_for_anything_new() {
    let mut world = started(2);
    world.run(millis(61 * MINUTE));
    world.events.clear();
    world.sites.iter_mut().for_each(Site::forget_everything);
    let allocates = |world: &World| world.sites.iter().map(|site| site.allocates).sum::<usize>();
    let before = allocates(&world);
    // A refresh fails, sooner or later.
    world.run(millis(60 * MINUTE));
    assert_eq!(world.failed().map(|(_, failure)| failure), Some(RelaysFailure::CredentialsExpired));
    assert_eq!(allocates(&world), before);
    world.grant();
    world.run(millis(1_000));
    assert!(allocates(&world) > before);
}

#[test]
fn at_the_end_everything_is_released_and_nothing_more_is_sent() {
    for way in [Udp, Tcp, Tls] {
        let mut world = World::new(5, 2);
        world.silence(match way {
            Udp => &[],
            Tcp => &[Udp],
            _ => &[Udp, Tcp],
        });
        world.grant();
        world.run(millis(5_000));
        assert!(world.standing().iter().all(|relay| relay.transport() == way));
        world.command(Relays::release);
        world.run(millis(4_000));
        assert!(world.relays.is_idle());
        for site in &world.sites {
            assert!(site.released == 1 && site.allocations.is_empty(), "{way:?}");
        }
        let sent = world.sent.len();
        world.run(millis(60 * MINUTE));
        assert_eq!(world.sent.len(), sent);
        assert_eq!(world.relays.poll_output(), RelaysOutput::Timeout(None));
    }
}

/// Rung off while it was still being set up: what the server makes meanwhile is given back.
#[test]
fn an_allocation_under_way_at_the_end_is_released_when_it_comes() {
    for after in 0..20 {
        let mut world = World::new(6, 2);
        world.grant();
        world.run(millis(after * 7));
        world.command(Relays::release);
        world.run(millis(10_000));
        assert!(world.relays.is_idle());
        assert!(world.sites.iter().all(|site| site.allocations.is_empty()), "after {after} ms");
    }
}

#[test]
fn a_release_that_nobody_answers_ends_all_the_same() {
    let mut world = started(2);
    world.silence(&[Udp, Tcp, Tls]);
    world.command(Relays::release);
    world.run(millis(5_000));
    assert!(world.relays.is_idle());
    let local = HOST.parse().unwrap();
    world.command(|relays, now| relays.add_local(now, local));
    assert!(world.relays.is_idle());
}
