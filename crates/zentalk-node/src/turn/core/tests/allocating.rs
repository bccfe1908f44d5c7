//! Allocate and Refresh (RFC 8656 §7.2, §8).

use std::time::Duration;

use stun_types::attribute::RawAttribute;
use stun_types::prelude::{AttributeStaticType, AttributeWrite, MessageWriteExt};
use turn_types::AddressFamily as Family;
use turn_types::attribute::{
    AdditionalAddressFamily, AddressErrorCode, EvenPort, Lifetime, RequestedAddressFamily,
    RequestedTransport, ReservationToken, XorRelayedAddress,
};
use turn_types::message::{ALLOCATE, REFRESH};

use super::harness::*;
use crate::turn::core::AddressFamily;

const UDP: u8 = RequestedTransport::UDP;

fn allocate_with(attributes: &[&dyn AttributeWrite]) -> (Server, Client, Reply) {
    let mut server = Server::new(config());
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    client.challenge(&mut server);
    let transport = RequestedTransport::new(UDP);
    let all: Vec<&dyn AttributeWrite> = std::iter::once(&transport as &dyn AttributeWrite)
        .chain(attributes.iter().copied())
        .collect();
    let reply = client.request(&mut server, ALLOCATE, &all);
    (server, client, reply)
}

/// RFC 8656 §7.2: the answer may have been lost.
#[test]
fn a_retransmitted_allocate_gets_the_same_answer() {
    let mut server = Server::new(config());
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    client.challenge(&mut server);
    let mut message = client.builder(ALLOCATE);
    message.add_attribute(&RequestedTransport::new(UDP)).unwrap();
    let request = client.sign(message);
    server.receive(client.address, &request);
    let first = server.answer();
    server.receive(client.address, &request);
    assert_eq!(server.answer(), first);
    assert_eq!(server.open_relays.len(), 1);
    assert_eq!(client.try_allocate(&mut server).code, Some(437), "another request is not the same");
}

/// RFC 8656 §7.2: TCP (6) would be an allocation of RFC 6062.
#[test]
fn other_transports_than_udp_are_refused() {
    for (protocol, code) in [(6, 442), (132, 442), (0, 442)] {
        let mut server = Server::new(config());
        let mut client = Client::new(&server, "1.1.1.1:1000", 1);
        client.challenge(&mut server);
        let reply = client.request(&mut server, ALLOCATE, &[&RequestedTransport::new(protocol)]);
        assert_eq!(reply.code, Some(code), "{protocol}");
        assert_eq!(client.request(&mut server, ALLOCATE, &[]).code, Some(400), "none");
    }
}

#[test]
fn contradictions_are_bad_requests() {
    let (requested, additional) =
        (RequestedAddressFamily::new(Family::IPV6), AdditionalAddressFamily::new(Family::IPV6));
    let (even, token) = (EvenPort::new(false), ReservationToken::new(7));
    let additional_v4 = RawAttribute::new(AdditionalAddressFamily::TYPE, &[1, 0, 0, 0]);
    let cases: [&[&dyn AttributeWrite]; 6] = [
        &[&requested, &additional],
        &[&additional, &even],
        &[&additional_v4],
        &[&token, &even],
        &[&token, &requested],
        &[&token, &additional],
    ];
    for (i, case) in cases.iter().enumerate() {
        assert_eq!(allocate_with(case).2.code, Some(400), "{i}");
    }
    assert_eq!(allocate_with(&[&token]).2.code, Some(508), "no such reservation");
}

#[test]
fn families_are_what_was_asked_for() {
    let reply = allocate_with(&[&RequestedAddressFamily::new(Family::IPV6)]).2;
    assert!(reply.relayed().is_ipv6());
    let reply = allocate_with(&[]).2;
    assert!(reply.relayed().is_ipv4(), "RFC 8656 §7.2: IPv4 if nothing is said");

    let (mut server, mut client, reply) =
        allocate_with(&[&AdditionalAddressFamily::new(Family::IPV6)]);
    let message = reply.message();
    let relayed: Vec<_> = (0..2)
        .map(|n| {
            message.nth_attribute::<XorRelayedAddress>(n).unwrap().addr(message.transaction_id())
        })
        .collect();
    assert!(relayed[0].is_ipv4() && relayed[1].is_ipv6(), "both");
    // RFC 8656 §8: each may be ended alone.
    let (zero, v6) = (Lifetime::new(0), RequestedAddressFamily::new(Family::IPV6));
    assert_eq!(client.request(&mut server, REFRESH, &[&zero, &v6]).code, None);
    assert_eq!(server.open_relays, [relayed[0]]);
    assert_eq!(client.request(&mut server, REFRESH, &[&zero, &v6]).code, Some(443));
}

#[test]
fn a_family_that_is_not_there_is_said_so() {
    let mut server = Server::new(config().families([AddressFamily::V4]));
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    client.challenge(&mut server);
    let transport = RequestedTransport::new(UDP);
    let requested = RequestedAddressFamily::new(Family::IPV6);
    assert_eq!(client.request(&mut server, ALLOCATE, &[&transport, &requested]).code, Some(440));
    let additional = AdditionalAddressFamily::new(Family::IPV6);
    let reply = client.request(&mut server, ALLOCATE, &[&transport, &additional]);
    assert!(reply.relayed().is_ipv4());
    let error = reply.message().attribute::<AddressErrorCode>().unwrap();
    assert_eq!((error.family(), error.error().code()), (Family::IPV6, 440));
}

/// RFC 8656 §7.2: EVEN-PORT and RESERVATION-TOKEN.
#[test]
fn a_reserved_port_is_for_the_same_credential_and_for_half_a_minute() {
    let (mut server, mut client, reply) = allocate_with(&[&EvenPort::new(true)]);
    assert_eq!(reply.relayed().port() % 2, 0);
    let token = reply.message().attribute::<ReservationToken>().unwrap();
    assert_eq!(server.core.counts().allocations, 2, "a reservation counts");

    let (transport, asked) = (RequestedTransport::new(UDP), ReservationToken::new(token.token()));
    let mut thief = Client::new(&server, "1.1.1.2:1000", 2);
    thief.challenge(&mut server);
    assert_eq!(thief.request(&mut server, ALLOCATE, &[&transport, &asked]).code, Some(508));

    client.address = address("1.1.1.1:1001");
    client.challenge(&mut server);
    let next = client.request(&mut server, ALLOCATE, &[&transport, &asked]);
    assert_eq!(next.relayed().port(), reply.relayed().port() + 1);
    assert_eq!(server.core.counts().allocations, 2);

    let (mut server, ..) = allocate_with(&[&EvenPort::new(true)]);
    assert_eq!(server.open_relays.len(), 2);
    server.pass(Duration::from_secs(30));
    assert_eq!((server.open_relays.len(), server.core.counts().allocations), (1, 1));
}

/// RFC 8656 §7.2.
#[test]
fn lifetimes_are_granted_within_bounds() {
    for (asked, granted) in [(1, 600), (600, 600), (777, 777), (3_600, 3_600), (100_000, 3_600)] {
        let (mut server, mut client, _) = allocate_with(&[]);
        // The credential is good for an hour.
        assert_eq!(client.refresh(&mut server, asked).lifetime(), granted, "{asked}");
        server.pass(Duration::from_secs(u64::from(granted)) - Duration::from_millis(1));
        assert_eq!(server.open_relays.len(), 1);
        server.pass(Duration::from_millis(1));
        assert!(server.open_relays.is_empty());
        assert_eq!(server.core.counts().allocations, 0);
    }
}

#[test]
fn an_allocation_does_not_outlast_its_credential() {
    let mut server = Server::new(config());
    let mut client = Client::with_lifetime(&server, "1.1.1.1:1000", 1, Duration::from_secs(700));
    client.allocate(&mut server);
    server.pass(Duration::from_secs(590));
    assert_eq!(client.refresh(&mut server, 3_600).lifetime(), 140, "110 s and half a minute");
    server.pass(Duration::from_secs(111));
    let reply = client.refresh(&mut server, 600);
    assert_eq!((reply.code, reply.signed), (Some(401), false), "expired");
    assert_eq!(client.permit(&mut server, &[address(PEER)]).code, Some(401));
    assert_eq!(client.bind(&mut server, 0x4000, address(PEER)).code, Some(401));
    assert_eq!(client.refresh(&mut server, 0).code, None, "a release is possible");
    assert!(server.open_relays.is_empty());
}

#[test]
fn without_an_allocation_there_is_nothing_to_change() {
    let mut server = Server::new(config());
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    client.challenge(&mut server);
    assert_eq!(client.refresh(&mut server, 600).code, Some(437));
    assert_eq!(client.permit(&mut server, &[address(PEER)]).code, Some(437));
    assert_eq!(client.bind(&mut server, 0x4000, address(PEER)).code, Some(437));
}

#[test]
fn no_free_port_is_no_capacity_and_leaves_nothing() {
    let mut server = Server::new(config());
    server.exhausted = true;
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    client.challenge(&mut server);
    let reply = client.try_allocate(&mut server);
    assert_eq!((reply.code, reply.signed), (Some(508), true));
    let (transport, even) = (RequestedTransport::new(UDP), EvenPort::new(true));
    assert_eq!(client.request(&mut server, ALLOCATE, &[&transport, &even]).code, Some(508));
    assert_eq!(server.core.counts().allocations, 0);
    server.exhausted = false;
    assert_eq!(client.try_allocate(&mut server).code, None);
}

#[test]
fn behind_one_to_one_nat_the_external_address_is_told() {
    let config = config().external_address(address("8.8.8.8:1").ip(), address("8.8.8.9:1").ip());
    let mut server = Server::new(config);
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    assert_eq!(client.allocate(&mut server).ip(), address("8.8.8.9:1").ip());
    assert_eq!(server.open_relays[0].ip(), address("8.8.8.8:1").ip());
}
