//! Certificates that nobody vouches for: with another fingerprint, with none, with a weak one, with a new one.

use core::time::Duration;

use zentalk_call::{EndReason, Media, PublicState, Warning};
use zentalk_tests::{ALICE, BOB, World};

use crate::mallory::{Mallory, Transport, answer_from, audio, call_id, some_offer};
use crate::man_in_the_middle::ManInTheMiddle;
use crate::scene::{FAST, is_srtp, talkers};

/// CVE-2021-28681 (pion/webrtc): after a fingerprint that did not match, data went on to flow.
#[test]
fn no_keys_without_fingerprint() {
    let mut world = talkers(2, FAST);
    let (alice, bob) = (world.alice().address, world.bob().address);
    let mut attacker = ManInTheMiddle::new(alice, bob, world.now);
    world.network.attack(move |now, datagram| attacker.judge(now, datagram));
    world.place(ALICE, BOB, Media::AudioVideo);
    world.run_for(Duration::from_secs(10));
    for place in [ALICE, BOB] {
        let person = world.person(place);
        assert_eq!(person.end(), Some(EndReason::FingerprintMismatch));
        assert!(!person.seen.warnings.is_empty());
        assert!(person.seen.security.is_none() && person.seen.sounds == 0);
        assert!(!person.sent.iter().any(|(_, datagram)| is_srtp(datagram)), "media left");
    }
    let seen_here = Warning::FingerprintMismatch;
    assert!(world.people.iter().any(|person| person.seen.warnings.contains(&seen_here)));
}

/// What Bob does with an offer whose fingerprint line Mallory has changed.
fn rings(seed: u64, change: impl Fn(&str) -> String) -> bool {
    let mut world = World::new(seed, FAST);
    let mut mallory = Mallory::new(&mut world, BOB);
    let sdp = some_offer(audio());
    let line = sdp.lines().find(|line| line.starts_with("a=fingerprint:")).unwrap();
    let offer = mallory.offer(&sdp.replace(&format!("{line}\r\n"), &change(line)));
    mallory.say(&mut world, BOB, call_id(1), offer);
    let rang = !world.bob().seen.rings.is_empty();
    assert_eq!(world.bob().engine.dropped_messages(), u64::from(!rang));
    rang
}

/// RFC 8827 §6.5, RFC 8842 §5.1: media keys come from DTLS, and DTLS without a fingerprint proves nothing.
#[test]
fn an_offer_without_a_fingerprint_never_rings() {
    assert!(rings(17, |line| format!("{line}\r\n")), "unchanged it rings");
    assert!(!rings(17, |_| String::new()));
}

/// RFC 8122 §5: collisions of SHA-1 can be bought; only SHA-256 counts.
#[test]
fn an_offer_with_sha_1_alone_never_rings() {
    let sha_1 = format!("a=fingerprint:sha-1 {}\r\n", ["AB"; 20].join(":"));
    assert!(!rings(18, |_| sha_1.clone()));
    assert!(rings(18, |line| format!("{sha_1}{line}\r\n")), "beside SHA-256 it is passed over");
}

/// RFC 8122 §5: a fingerprint that is cut short must not be compared as far as it goes.
#[test]
fn an_offer_with_half_a_fingerprint_never_rings() {
    assert!(!rings(19, |line| format!("{}\r\n", &line[..line.len() / 2])));
}

/// RFC 8842 §4: a second description with another fingerprint would be another association. It rang as one device
/// and must be answered by that one.
#[test]
fn a_fingerprint_that_changes_from_one_description_to_the_next_is_refused() {
    for changed in [false, true] {
        let mut world = talkers(20, FAST);
        let mut mallory = Mallory::new(&mut world, ALICE);
        let (call, offer) = mallory.called_by(&mut world, ALICE);
        let first = answer_from(&Transport::invented(1), &offer);
        let second = answer_from(&Transport::invented(if changed { 2 } else { 1 }), &offer);
        mallory.ring(&mut world, ALICE, call, first);
        let before = world.alice().engine.dropped_messages();
        mallory.answer(&mut world, ALICE, call, second);
        let (state, dropped) = match changed {
            false => (PublicState::Connecting, before),
            true => (PublicState::Offering, before + 1),
        };
        assert_eq!(world.alice().states().last(), Some(&state));
        assert_eq!(world.alice().engine.dropped_messages(), dropped);
        assert!(!changed || world.alice().sent.is_empty(), "nothing was sent to whom it names");
    }
}
