//! A caller who tries to have the call accepted without the callee.

use core::time::Duration;

use zentalk_call::{EndReason, Media};
use zentalk_primitives::DeviceId;
use zentalk_signaling_ratchet::messages::{self, CallBody, Candidate, Candidates, FrameSecret};
use zentalk_tests::{ALICE, BOB, World};

use crate::mallory::{Mallory, audio, call_id, some_offer};
use crate::scene::{FAST, talkers};

/// What a caller can say to somebody whose phone rings, in every order of two.
const KINDS: usize = 7;

fn message(mallory: &mut Mallory, kind: usize) -> CallBody {
    let offer = some_offer(audio());
    let answer = offer.replace("a=setup:actpass", "a=setup:active");
    let own = DeviceId::from_bytes([6; 4]);
    match kind {
        0 => CallBody::Ringing(messages::Ringing::new(answer).unwrap()),
        1 => {
            let secret = FrameSecret::random(&mut mallory.rng);
            CallBody::Answer(messages::Answer::new(answer, secret).unwrap())
        }
        2 => {
            let line = "candidate:1 1 udp 2130706431 203.0.113.66 6666 typ host".to_owned();
            let candidate = Candidate::new("0".to_owned(), line).unwrap();
            CallBody::Candidates(Candidates::new(vec![candidate], true).unwrap())
        }
        3 => CallBody::AcceptedElsewhere(messages::Elsewhere::new(own)),
        4 => CallBody::DeclinedElsewhere(messages::Elsewhere::new(own)),
        5 => CallBody::Busy,
        _ => mallory.offer(&offer),
    }
}

/// CVE-2019-17191 (Signal), CVE-2019-6223 (FaceTime), Project Zero 2021 "The State of State Machines" (Messenger, Duo, JioChat,
/// Mocha): a message of the caller's made the callee's device answer, or send.
#[test]
fn nothing_that_a_caller_says_accepts_the_call() {
    for first in 0..KINDS {
        for second in 0..KINDS {
            let mut world = talkers(21, FAST);
            world.bob().accepts = false;
            let mut mallory = Mallory::new(&mut world, BOB);
            let offer = mallory.offer(&some_offer(audio()));
            mallory.say(&mut world, BOB, call_id(1), offer);
            assert_eq!(world.bob().seen.rings.len(), 1);
            for kind in [first, second] {
                let body = message(&mut mallory, kind);
                mallory.say(&mut world, BOB, call_id(1), body);
            }
            world.run_for(Duration::from_secs(2));
            let bob = world.bob();
            let orders = format!("{first} then {second}: {:?}", bob.states());
            assert!(bob.states().is_empty() || bob.end().is_some(), "{orders}");
            assert!(bob.sent.is_empty(), "{orders}: a packet left");
            assert!(bob.seen.path.is_none() && bob.seen.security.is_none(), "{orders}");
        }
    }
}

/// The same with a caller who has reason to: an honest call, which only its callee accepts.
#[test]
fn a_call_that_nobody_accepts_ends_unaccepted_on_both_sides() {
    let mut world: World = talkers(22, FAST);
    world.bob().accepts = false;
    world.place(ALICE, BOB, Media::AudioVideo);
    world.run_for(Duration::from_secs(61));
    for place in [ALICE, BOB] {
        let person = world.person(place);
        assert_eq!(person.end(), Some(EndReason::NoAnswer));
        assert!(person.sent.is_empty() && person.seen.security.is_none());
    }
}
