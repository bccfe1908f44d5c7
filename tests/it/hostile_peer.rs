//! Somebody with an identity and a session of their own, who says what no program of ours would.

use core::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zentalk_call::{EndReason, Media, PublicState};
use zentalk_primitives::{CallId, DeviceId, MailboxId};
use zentalk_session_description::{
    Capabilities, CodecCapability, Fingerprint, IceParameters, LocalMedia, LocalSession, Offer,
    Source,
};
use zentalk_signaling_ratchet::messages::{self, CallBody, FrameSecret};
use zentalk_signaling_ratchet::{CallMessage, ContactCard, Identity, Postbox, PrekeyBundle};
use zentalk_tests::{ALICE, BOB, RELAY, START, World};

use crate::scene::{FAST, talkers};

struct Mallory {
    postbox: Postbox,
    card: ContactCard,
    rng: ChaCha20Rng,
}

impl Mallory {
    /// Has a session with `victim`, and prekeys of his own at the relay.
    fn new(world: &mut World, victim: usize) -> Self {
        let mut rng = ChaCha20Rng::from_seed([66; 32]);
        let mut postbox = Postbox::new(Identity::generate(&mut rng), START, &mut rng);
        let mailbox = MailboxId::from_bytes([66; 32]);
        let card = ContactCard::new(postbox.identity().clone(), RELAY, mailbox);
        let victim = world.person(victim).card().clone();
        let found = world.mail.fetch(victim.mailbox()).unwrap();
        let one_time = found.one_time.as_deref();
        let bundle = PrekeyBundle::parse(&found.bundle, one_time, victim.identity(), START);
        postbox.begin(START, &bundle.unwrap(), &mut rng).unwrap();
        Self { postbox, card: card.unwrap(), rng }
    }

    fn say(&mut self, world: &mut World, to: usize, call: CallId, body: CallBody) {
        let victim = world.person(to).card().clone();
        let message = CallMessage::new(call, DeviceId::from_bytes([6; 4]), body);
        let sealed = self.postbox.seal(START, victim.identity(), &message, &mut self.rng).unwrap();
        world.mail.replay(world.now, victim.mailbox(), sealed.into_bytes());
        world.run_for(Duration::from_secs(1));
    }

    fn offer(&mut self, sdp: &str) -> CallBody {
        let media = messages::MediaKinds { audio: true, video: false };
        let secret = FrameSecret::random(&mut self.rng);
        let offer = messages::Offer::new(sdp.to_owned(), secret, self.card.clone(), media);
        CallBody::Offer(offer.unwrap())
    }

    /// What his victim answered.
    fn heard(&mut self, world: &mut World) -> Vec<CallBody> {
        let blobs = world.mail.take(self.card.mailbox());
        let open = |blob: Vec<u8>| self.postbox.open(START, &blob).unwrap().message.into_body();
        blobs.into_iter().map(open).collect()
    }
}

/// An offer that can be answered.
pub(crate) fn some_offer(media: LocalMedia) -> String {
    let ice = IceParameters::new("mall", "correctHorseBatteryStaple").unwrap();
    let fingerprint = Fingerprint::parse(&format!("sha-256 {}", ["AB"; 32].join(":"))).unwrap();
    let session = LocalSession::new(1, ice, fingerprint);
    let capabilities = Capabilities::new(&[CodecCapability::OPUS, CodecCapability::VP8]);
    Offer::new(session, &[media], &capabilities).unwrap().to_sdp()
}

pub(crate) fn audio() -> LocalMedia {
    LocalMedia::audio().with_source(Source::new(7, "mallory"))
}

fn call_id(number: u8) -> CallId {
    CallId::from_bytes([number; 16])
}

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
    let only_video = some_offer(LocalMedia::video().with_source(Source::new(7, "mallory")));
    let other_role = some_offer(audio()).replace("a=setup:actpass", "a=setup:active");
    for sdp in [only_video, other_role] {
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
