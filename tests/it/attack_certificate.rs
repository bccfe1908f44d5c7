//! A certificate is public: whoever shows it must have its key.

use core::time::Duration;

use dimpl::{Dtls, DtlsCertificate, certificate};
use zentalk_call::PublicState;
use zentalk_signaling_ratchet::messages::CallBody;
use zentalk_tests::{ALICE, BOB, Person};

use crate::device::{CANDIDATE, Device, End, NewDtls};
use crate::mallory::{Mallory, Transport, answer_from, audio, call_id, offer_from};
use crate::scene::{FAST, is_dtls, is_srtp, talkers};

const VERSIONS: [NewDtls; 2] = [Dtls::new_12, Dtls::new_13];

/// A certificate, with its own key or with another one.
fn shown(stolen: bool) -> DtlsCertificate {
    let mut shown = certificate::generate_self_signed_certificate().unwrap();
    if stolen {
        shown.private_key = certificate::generate_self_signed_certificate().unwrap().private_key;
    }
    shown
}

/// The path is found and the fingerprint is right; the handshake begins, and must not end well.
fn assert_secured(person: &Person, secured: bool) {
    let states = person.states();
    assert!(states.contains(&PublicState::Connecting), "{states:?}");
    assert!(person.sent.iter().any(|(_, datagram)| is_dtls(datagram)), "no handshake");
    assert_eq!(person.seen.security.is_some(), secured);
    assert_eq!(person.sent.iter().any(|(_, datagram)| is_srtp(datagram)), secured);
}

/// CVE-2022-29222 (pion/dtls): a client's Certificate was believed without its CertificateVerify.
#[test]
fn a_callee_with_a_stolen_certificate_gets_no_keys() {
    for (version, stolen) in VERSIONS.into_iter().flat_map(|v| [(v, false), (v, true)]) {
        let mut world = talkers(23, FAST);
        let mut mallory = Mallory::new(&mut world, ALICE);
        let (call, offer) = mallory.called_by(&mut world, ALICE);
        let shown = shown(stolen);
        let der = shown.certificate.clone();
        let device = Device::join(&mut world, End::Callee, shown, version);
        device.borrow_mut().meet(world.now, &offer);
        let transport = Transport::of(device.borrow().credentials(), &der);
        mallory.answer(&mut world, ALICE, call, answer_from(&transport, &offer));
        mallory.name(&mut world, ALICE, call, CANDIDATE);
        world.run_for(Duration::from_secs(3));
        assert_secured(world.alice(), !stolen);
        assert!(device.borrow().has_keys() || stolen);
    }
}

/// RFC 5246 §7.4.3, RFC 8446 §4.4.3: the same by the server, whose key signs what the client sent.
#[test]
fn a_caller_with_a_stolen_certificate_gets_no_keys() {
    for (version, stolen) in VERSIONS.into_iter().flat_map(|v| [(v, false), (v, true)]) {
        let mut world = talkers(24, FAST);
        let mut mallory = Mallory::new(&mut world, BOB);
        let shown = shown(stolen);
        let der = shown.certificate.clone();
        let device = Device::join(&mut world, End::Caller, shown, version);
        let transport = Transport::of(device.borrow().credentials(), &der);
        let offer = mallory.offer(&offer_from(&transport, audio()));
        mallory.say(&mut world, BOB, call_id(1), offer);
        for body in mallory.heard(&mut world) {
            match body {
                CallBody::Answer(answer) => device.borrow_mut().meet(world.now, answer.sdp()),
                CallBody::Candidates(candidates) => device.borrow_mut().add(world.now, &candidates),
                _ => {}
            }
        }
        mallory.name(&mut world, BOB, call_id(1), CANDIDATE);
        world.run_for(Duration::from_secs(3));
        assert_secured(world.bob(), !stolen);
        assert!(!device.borrow().has_keys() || !stolen);
    }
}
