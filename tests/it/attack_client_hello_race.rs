//! Who sends the first ClientHello: the peer, or somebody else who has found out the port.

use core::net::SocketAddr;
use core::time::Duration;
use std::sync::Arc;

use dimpl::{Config, Dtls, Output, certificate};
use zentalk_call::Media;
use zentalk_primitives::{Instant, StdClock, Transmit};
use zentalk_tests::{ALICE, BOB};

use crate::scene::{FAST, assert_all_goes_well, is_dtls, talkers};

/// CVE-2023-49786 (Asterisk), CVE-2023-51443 (FreeSWITCH), Enable Security 2024: the first ClientHello won, whoever
/// sent it, and the call failed; most surely with TLS_NULL_WITH_NULL_NULL as its only cipher suite.
#[test]
fn ten_thousand_client_hellos_from_elsewhere_lose_the_race() {
    let hellos = [client_hello(), without_cipher_suites(client_hello())];
    let mut world = talkers(13, FAST);
    let (mut checks, mut records) = (0, 0);
    world.network.attack(move |_, datagram| {
        let seen = if is_dtls(&datagram) { &mut records } else { &mut checks };
        *seen += 1;
        // Before the first checks arrive, and before the first records do: 1,250 to whom they are for.
        let flood = if *seen <= 4 { 1_250 } else { 0 };
        let to = datagram.remote;
        let first = (0..flood).map(|n| from_elsewhere(n, to, &hellos[usize::from(n % 2)]));
        first.chain([datagram]).collect()
    });
    world.place(ALICE, BOB, Media::AudioVideo);
    world.run_for(Duration::from_secs(5));
    assert_all_goes_well(&mut world);
    for place in [ALICE, BOB] {
        let person = world.person(place);
        let connected = person.connected_at().unwrap().saturating_since(Instant::ZERO);
        assert!(connected < Duration::from_secs(3), "after {connected:?}");
        let to_strangers = |to: SocketAddr| to.ip().to_string().starts_with("203.");
        let answered = person.sent.iter().any(|(_, sent)| to_strangers(sent.remote));
        assert!(!answered, "a stranger was answered");
    }
}

/// RFC 8445 §12.2, RFC 8827 §6.5: what the peer itself said counts for nothing from an address that ICE did not validate,
/// and what is nearly that even less.
#[test]
fn dtls_only_from_validated_addresses() {
    let mut world = talkers(4, FAST);
    let mut last = Vec::new();
    world.network.attack(move |_, datagram| {
        let to = datagram.remote;
        // The datagram before, of whatever kind, and this one with a bit flipped, before this one itself.
        let before = core::mem::replace(&mut last, datagram.payload.clone());
        let mut nearly = datagram.payload.clone();
        let middle = nearly.len() / 2;
        nearly[middle] ^= 1;
        vec![from_elsewhere(9, to, &before), from_elsewhere(9, to, &nearly), datagram]
    });
    world.place(ALICE, BOB, Media::AudioVideo);
    world.run_for(Duration::from_secs(5));
    assert_all_goes_well(&mut world);
}

/// A stranger's datagram.
fn from_elsewhere(number: u16, to: SocketAddr, payload: &[u8]) -> Transmit {
    let [high, low] = number.to_be_bytes();
    let local = SocketAddr::from(([203, 0, high, low], 1_024 + number));
    Transmit { local, remote: to, payload: payload.to_vec() }
}

/// The same with nothing but TLS_NULL_WITH_NULL_NULL.
fn without_cipher_suites(mut hello: Vec<u8>) -> Vec<u8> {
    // Record header 13, handshake header 12, version 2, random 32, no session id, no cookie: the list of suites.
    let length = usize::from(u16::from_be_bytes([hello[61], hello[62]]));
    hello[63..63 + length].fill(0);
    hello
}

/// The first datagram of a client that means it.
fn client_hello() -> Vec<u8> {
    let config = Arc::new(Config::builder().build().unwrap());
    let certificate = certificate::generate_self_signed_certificate().unwrap();
    let (now, clock) = (Instant::ZERO, StdClock::new(Instant::ZERO));
    let mut client = Dtls::new_12(config, certificate, clock.to_std(now));
    client.set_active(true);
    client.handle_timeout(clock.to_std(now)).unwrap();
    let mut buffer = vec![0; 2_048];
    loop {
        match client.poll_output(&mut buffer) {
            Output::Packet(packet) => return packet.to_vec(),
            Output::Timeout(_) => panic!("no ClientHello"),
            _ => {}
        }
    }
}
