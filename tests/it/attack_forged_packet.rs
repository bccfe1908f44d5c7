//! Forged media: packets that nobody with a key made.

use core::time::Duration;

use zentalk_call::Media;
use zentalk_tests::{ALICE, BOB};

use crate::scene::{FAST, assert_all_goes_well, is_srtp, talkers};

/// werift-webrtc issue 582 (2026): authentication tags of SRTP were not looked at.
#[test]
fn forged_packets_change_nothing() {
    let mut world = talkers(3, FAST);
    let mut count = 0usize;
    world.network.attack(move |_, datagram| {
        let mut all = vec![datagram.clone()];
        if is_srtp(&datagram) {
            count += 1;
            let mut flipped = datagram.clone();
            let bit = count % (flipped.payload.len() * 8);
            flipped.payload[bit / 8] ^= 1 << (bit % 8);
            let mut cut = datagram.clone();
            cut.payload.truncate(count % datagram.payload.len());
            // The forgeries come first, so that they could do the most harm.
            all = vec![flipped, cut, datagram.clone(), datagram];
        }
        all
    });
    world.place(ALICE, BOB, Media::AudioVideo);
    world.run_for(Duration::from_secs(5));
    assert_all_goes_well(&mut world);
    for place in [ALICE, BOB] {
        let stats = world.person(place).seen.stats.unwrap();
        assert!(stats.datagrams_refused > 500, "{} refused", stats.datagrams_refused);
        assert_eq!(stats.frames_refused, 0);
    }
}

/// RFC 3711 §3.3.1: the index that a packet claims counts once the packet is authentic, or one forgery moves the
/// rollover counter and every packet after it is lost.
#[test]
fn a_forged_far_future_sequence_number_loses_no_packet() {
    let mut world = talkers(12, FAST);
    world.network.attack(|_, datagram| {
        if !is_srtp(&datagram) {
            return vec![datagram];
        }
        let number = u16::from_be_bytes([datagram.payload[2], datagram.payload[3]]);
        let ahead = [0x4000, 0x7fff, 0x8000, 0x8001, 0xffff];
        let forgeries = ahead.map(|step: u16| {
            let mut forged = datagram.clone();
            forged.payload[2..4].copy_from_slice(&number.wrapping_add(step).to_be_bytes());
            forged
        });
        forgeries.into_iter().chain([datagram]).collect()
    });
    world.place(ALICE, BOB, Media::AudioVideo);
    world.run_for(Duration::from_secs(5));
    assert_all_goes_well(&mut world);
    for place in [ALICE, BOB] {
        let stats = world.person(place).seen.stats.unwrap();
        assert!(stats.datagrams_refused > 1_000, "{} refused", stats.datagrams_refused);
        assert_eq!((stats.audio.packets_lost, stats.video.packets_lost), (0, 0));
    }
}
