//! Every growth that a client can drive has its bound.

use std::time::Duration;

use super::harness::*;
use crate::turn::core::Limits;

fn with_limits(change: impl FnOnce(&mut Limits)) -> Server {
    let mut limits = Limits::default();
    change(&mut limits);
    Server::new(config().limits(limits))
}

#[test]
fn a_credential_has_so_many_allocations() {
    let mut server = with_limits(|limits| limits.allocations_per_credential = 2);
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    let mut addresses = (1..).map(|n| address(&format!("1.1.1.{n}:1000")));
    for _ in 0..2 {
        client.address = addresses.next().unwrap();
        client.allocate(&mut server);
    }
    client.address = addresses.next().unwrap();
    client.challenge(&mut server);
    let reply = client.try_allocate(&mut server);
    assert_eq!((reply.code, reply.signed), (Some(486), true));
    server.pass(Duration::from_secs(600));
    client.allocate(&mut server);
}

#[test]
fn an_address_has_so_many_allocations_whatever_its_credentials() {
    let mut server = with_limits(|limits| limits.allocations_per_address = 2);
    for (i, text) in ["[2606:4700:1:2::1]:1", "[2606:4700:1:2:ffff::2]:2"].iter().enumerate() {
        Client::new(&server, text, u8::try_from(i).unwrap()).allocate(&mut server);
    }
    let mut same_subscriber = Client::new(&server, "[2606:4700:1:2:3::3]:3", 3);
    same_subscriber.challenge(&mut server);
    assert_eq!(same_subscriber.try_allocate(&mut server).code, Some(486), "the same /64");
    Client::new(&server, "[2606:4700:1:3::3]:3", 4).allocate(&mut server);
}

#[test]
fn the_server_has_so_many_allocations() {
    let mut server = with_limits(|limits| limits.allocations = 1);
    Client::new(&server, "1.1.1.1:1000", 1).allocate(&mut server);
    let mut client = Client::new(&server, "1.1.1.2:1000", 2);
    client.challenge(&mut server);
    assert_eq!(client.try_allocate(&mut server).code, Some(508));
}

#[test]
fn an_allocation_has_so_many_permissions_and_takes_all_or_none() {
    let mut server = with_limits(|limits| limits.permissions = 3);
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    let relay = client.allocate(&mut server);
    let peer = |n: u8| address(&format!("9.9.9.{n}:4000"));
    assert_eq!(client.permit(&mut server, &[peer(1), peer(2)]).code, None);
    assert_eq!(client.permit(&mut server, &[peer(3), peer(4)]).code, Some(508));
    server.peer_sends(relay, peer(3), b"x");
    assert!(server.to_clients.is_empty(), "none of them");
    assert_eq!(client.permit(&mut server, &[peer(2), peer(3)]).code, None, "one is known");
    server.pass(Duration::from_secs(300));
    assert_eq!(
        client.permit(&mut server, &[peer(4), peer(5), peer(6)]).code,
        None,
        "the old are gone"
    );
}

#[test]
fn an_allocation_has_so_many_channels() {
    let mut server = with_limits(|limits| limits.channels = 1);
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    client.allocate(&mut server);
    assert_eq!(client.bind(&mut server, 0x4000, address("9.9.9.9:1")).code, None);
    assert_eq!(client.bind(&mut server, 0x4001, address("9.9.9.9:2")).code, Some(508));
    assert_eq!(client.bind(&mut server, 0x4000, address("9.9.9.9:1")).code, None, "a refresh");
    server.pass(Duration::from_secs(599));
    client.refresh(&mut server, 600);
    server.pass(Duration::from_secs(1));
    assert_eq!(client.bind(&mut server, 0x4001, address("9.9.9.9:2")).code, None, "it has expired");
}

#[test]
fn an_allocation_relays_so_many_bytes_a_second() {
    let mut server = with_limits(|limits| limits.bytes_per_second = 10_000);
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    client.allocate(&mut server);
    client.permit(&mut server, &[address(PEER)]);
    for _ in 0..100 {
        client.send(&mut server, address(PEER), &[7; 1_000]);
    }
    assert_eq!(server.to_peers.len(), 20, "two seconds' worth at once");
    for _ in 0..10 {
        server.pass(Duration::from_secs(1));
        for _ in 0..100 {
            client.send(&mut server, address(PEER), &[7; 1_000]);
        }
    }
    assert_eq!(server.to_peers.len(), 120);
    assert_eq!(server.core.counts().relayed_bytes, 120_000);
    assert_eq!(server.core.counts().dropped, 11 * 100 - 120);
}

/// Each takes two system calls, whatever is in it.
#[test]
fn empty_datagrams_are_not_relayed_for_nothing() {
    let mut server = with_limits(|limits| limits.bytes_per_second = 64_000);
    let mut client = Client::new(&server, "1.1.1.1:1000", 1);
    client.allocate(&mut server);
    client.permit(&mut server, &[address(PEER)]);
    for _ in 0..10_000 {
        client.send(&mut server, address(PEER), &[]);
    }
    assert_eq!(server.to_peers.len(), 2_000, "two seconds' worth at once");
    assert_eq!(server.core.counts().relayed_bytes, 0);
}

/// Nothing is kept of a thousand clients that came and went.
#[test]
fn what_is_taken_is_given_back() {
    let mut server = Server::new(config());
    for i in 0..1_000_u32 {
        let text = format!("1.1.{}.{}:1000", i / 250, i % 250);
        let mut client = Client::new(&server, &text, u8::try_from(i % 256).unwrap());
        client.allocate(&mut server);
        client.permit(&mut server, &[address(PEER)]);
        match i % 3 {
            0 => assert_eq!(client.refresh(&mut server, 0).code, None),
            1 => server.pass(Duration::from_secs(600)),
            _ => {}
        }
        server.pass(Duration::from_millis(500));
    }
    server.pass(Duration::from_secs(600));
    assert_eq!(server.core.counts().allocations, 0);
    assert_eq!(server.core.counts().allocated, 1_000);
    assert!(server.open_relays.is_empty());
    assert_eq!(server.drain(), None);
}
