//! Somebody with an identity and a session of their own, who says what no program of ours would.

use core::time::Duration;

use zentalk_call::{EndReason, Media, PublicState};
use zentalk_signaling_ratchet::messages::{self, CallBody, FrameSecret};
use zentalk_tests::{ALICE, BOB, World};

use crate::mallory::{Mallory, audio, call_id, some_offer};
use crate::scene::{FAST, talkers};

#[test]
fn an_offer_that_can_be_answered_rings() {
    let mut world = World::new(1, FAST);
    world.bob().accepts = false;
    let mut mallory = Mallory::new(&mut world, BOB);
    let offer = mallory.offer(&some_offer(audio()));
    mallory.say(&mut world, BOB, call_id(1), offer);
    assert_eq!(world.bob().seen.rings.len(), 1);
    assert!(matches!(mallory.heard(&mut world)[..], [CallBody::Ringing(_)]));
}

#[test]
fn an_offer_that_cannot_become_a_call_does_not_ring_and_its_caller_is_told() {
    let other_codec = some_offer(audio()).replace("opus/48000/2", "speex/16000/1");
    let nobody_sends = some_offer(audio()).replace("a=sendrecv", "a=inactive");
    for sdp in [other_codec, nobody_sends] {
        let mut world = World::new(2, FAST);
        let mut mallory = Mallory::new(&mut world, BOB);
        let offer = mallory.offer(&sdp);
        mallory.say(&mut world, BOB, call_id(1), offer);
        assert!(world.bob().seen.rings.is_empty());
        assert!(world.bob().engine.active_call().is_none());
        let heard = mallory.heard(&mut world);
        assert!(matches!(heard[..], [CallBody::End(_)]), "{heard:?}");
    }
}

/// Found by fuzzing: the word that such a call ended went to the caller's own relay, and showed it our address.
#[test]
fn an_offer_that_cannot_become_a_call_tells_a_foreign_relay_nothing() {
    let mut world = World::on_relays(&["ws://bob.test/v1", "ws://bob.test/v1"], 2, FAST);
    let mut mallory = Mallory::new(&mut world, BOB);
    let nobody_sends = some_offer(audio()).replace("a=sendrecv", "a=inactive");
    let offer = mallory.offer(&nobody_sends);
    mallory.say(&mut world, BOB, call_id(1), offer);
    assert!(world.bob().engine.active_call().is_none());
    assert!(world.mail.relays().is_empty(), "{:?}", world.mail.relays());
}

#[test]
fn a_flood_of_offers_gets_one_word_each_and_disturbs_nothing() {
    let mut world = talkers(3, FAST);
    let mut mallory = Mallory::new(&mut world, BOB);
    world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(2));
    for number in 0..100 {
        let offer = mallory.offer(&some_offer(audio()));
        mallory.say(&mut world, BOB, call_id(number), offer);
    }
    let heard = mallory.heard(&mut world);
    assert_eq!(heard.len(), 100);
    assert!(heard.iter().all(|body| matches!(body, CallBody::Busy)));
    let bob = world.bob();
    assert_eq!(bob.states().last(), Some(&PublicState::Connected));
    assert!(bob.seen.rings.is_empty() || bob.seen.rings.len() == 1);
    assert!(bob.seen.sounds > 5_000, "{} sounds", bob.seen.sounds);
}

#[test]
fn a_stranger_can_neither_end_nor_answer_a_call_of_others() {
    let mut world = talkers(4, FAST);
    let mut mallory = Mallory::new(&mut world, ALICE);
    world.bob().accepts = false;
    let call = world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(1));
    let offer = some_offer(audio());
    let answer = offer.replace("a=setup:actpass", "a=setup:active");
    let secret = FrameSecret::random(&mut mallory.rng);
    let ringing = messages::Ringing::new(answer.clone()).unwrap();
    let answer = messages::Answer::new(answer, secret).unwrap();
    for body in [
        CallBody::Ringing(ringing),
        CallBody::Answer(answer),
        CallBody::Busy,
        CallBody::End(messages::EndCode(EndReason::Declined.to_wire())),
    ] {
        mallory.say(&mut world, ALICE, call, body);
    }
    assert_eq!(world.alice().states().last(), Some(&PublicState::Offering));
    world.accept(BOB, call);
    world.run_for(Duration::from_secs(3));
    assert_eq!(world.alice().states().last(), Some(&PublicState::Connected));
}
