//! Padding that counts more bytes than there are, from a peer who has the keys.

use core::time::Duration;

use dimpl::{Dtls, certificate};
use zentalk_call::PublicState;
use zentalk_tests::ALICE;

use crate::device::{CANDIDATE, Device, End};
use crate::mallory::{Mallory, Transport, answer_from};
use crate::scene::{FAST, talkers};

/// An audio packet (Opus is 111, and Mallory's source 7) whose last byte may be a padding count (RFC 3550 §5.1).
fn packet(sequence: u16, padded: bool, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![if padded { 0xa0 } else { 0x80 }, 111];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&(u32::from(sequence) * 960).to_be_bytes());
    packet.extend_from_slice(&7_u32.to_be_bytes());
    packet.extend_from_slice(payload);
    packet
}

/// How many packets of Mallory's Alice takes to be sound.
fn received(packets: impl Iterator<Item = Vec<u8>>) -> u64 {
    let mut world = talkers(25, FAST);
    let mut mallory = Mallory::new(&mut world, ALICE);
    let (call, offer) = mallory.called_by(&mut world, ALICE);
    let certificate = certificate::generate_self_signed_certificate().unwrap();
    let der = certificate.certificate.clone();
    let device = Device::join(&mut world, End::Callee, certificate, Dtls::new_auto);
    device.borrow_mut().meet(world.now, &offer);
    let transport = Transport::of(device.borrow().credentials(), &der);
    mallory.answer(&mut world, ALICE, call, answer_from(&transport, &offer));
    mallory.name(&mut world, ALICE, call, CANDIDATE);
    assert!(device.borrow().has_keys(), "the handshake");
    device.borrow_mut().to_say = packets.collect();
    world.run_for(Duration::from_secs(3));
    let alice = world.alice();
    assert!(alice.seen.ends.is_empty(), "{:?}", alice.end());
    assert_eq!(alice.states().last(), Some(&PublicState::Connected), "{:?}", alice.states());
    alice.seen.stats.unwrap().audio.packets_received
}

/// pion/rtp pull request 274 (2024), webrtc-rs/rtp issue 9: the count was not compared with what there was.
#[test]
fn padding_longer_than_the_payload_is_dropped() {
    let well_formed = || (0..10).map(|number| packet(number, false, &[1; 40]));
    assert_eq!(received(well_formed()), 10);
    // No bytes at all, a count of none, one more than there are, and the most that a byte can say.
    let payloads: [&[u8]; 5] = [&[], &[0], &[2], &[9, 9, 9, 5], &[255]];
    let padded = || (10..).zip(payloads).map(|(number, payload)| packet(number, true, payload));
    assert_eq!(received(well_formed().chain(padded())), 10, "none of them is one");
}

/// RFC 3550 §5.1: where the count fits, what is left is the payload.
#[test]
fn padding_as_long_as_the_payload_is_an_empty_packet() {
    let packets = (0..10).map(|number| packet(number, true, &[0, 0, 0, 4]));
    assert_eq!(received(packets), 10);
}
