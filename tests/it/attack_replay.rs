//! What was said once is said again, by somebody who has listened.

use core::time::Duration;
use std::collections::VecDeque;

use zentalk_call::Media;
use zentalk_primitives::{Instant, Transmit};
use zentalk_tests::{ALICE, BOB};

use crate::scene::{FAST, assert_all_goes_well, is_srtp, talkers};

/// Double Ratchet §2.6: a message key serves once; a relay that delivers twice is answered once.
#[test]
fn replayed_signalling_is_dropped_and_the_call_goes_on() {
    let mut world = talkers(6, FAST);
    world.place(ALICE, BOB, Media::AudioVideo);
    world.run_for(Duration::from_secs(2));
    let (now, everything) = (world.now, world.mail.seen().to_vec());
    for blob in everything {
        for place in [ALICE, BOB] {
            let mailbox = world.person(place).mailbox();
            world.mail.replay(now, mailbox, blob.clone());
        }
    }
    world.run_for(Duration::from_secs(3));
    assert_all_goes_well(&mut world);
    assert_eq!(world.bob().seen.rings.len(), 1);
    assert!(world.alice().engine.dropped_messages() > 3);
    assert!(world.bob().engine.dropped_messages() > 3);
}

/// RFC 3711 §3.3.2. The contexts of webrtc-srtp 0.17.2 and rtc-srtp 0.21.1 keep no window unless they are asked to.
#[test]
fn every_media_packet_once_more_a_second_later_is_heard_once() {
    let mut world = talkers(15, FAST);
    let mut heard: VecDeque<(Instant, Transmit)> = VecDeque::new();
    world.network.attack(move |now, datagram| {
        let old = heard.partition_point(|(at, _)| *at + Duration::from_secs(1) <= now);
        let mut all: Vec<_> = heard.drain(..old).map(|(_, datagram)| datagram).collect();
        if is_srtp(&datagram) {
            heard.push_back((now, datagram.clone()));
        }
        all.push(datagram);
        all
    });
    world.place(ALICE, BOB, Media::AudioVideo);
    world.run_for(Duration::from_secs(5));
    assert_all_goes_well(&mut world);
    for place in [ALICE, BOB] {
        let said = world.person(1 - place).talk.clone().unwrap();
        let person = world.person(place);
        assert!(person.seen.sounds <= said.sounds, "{} of {}", person.seen.sounds, said.sounds);
        let stats = person.seen.stats.unwrap();
        assert!(stats.datagrams_refused > 300, "{} refused", stats.datagrams_refused);
        assert_eq!(stats.frames_refused, 0, "SRTP drops them, not the frames behind it");
    }
}
