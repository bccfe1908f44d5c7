//! A hostile peer, as far as signalling goes.

use core::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zentalk_call::{LocalAccept, Media};
use zentalk_dtls_fingerprint::Fingerprint as DtlsFingerprint;
use zentalk_primitives::{CallId, DeviceId, MailboxId};
use zentalk_session_description::{
    Answer, Capabilities, CodecCapability, Fingerprint, IceParameters, LocalMedia, LocalSession,
    Offer, Source,
};
use zentalk_signaling_ratchet::messages::{self, CallBody, Candidate, Candidates, FrameSecret};
use zentalk_signaling_ratchet::{CallMessage, ContactCard, Identity, Postbox, PrekeyBundle};
use zentalk_tests::{RELAY, START, World};

/// Somebody with an identity and a session of his own, who says what no program of ours would.
pub(crate) struct Mallory {
    postbox: Postbox,
    pub(crate) card: ContactCard,
    pub(crate) rng: ChaCha20Rng,
}

impl Mallory {
    /// Has a session with `victim`, and prekeys of his own at the relay.
    pub(crate) fn new(world: &mut World, victim: usize) -> Self {
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

    pub(crate) fn say(&mut self, world: &mut World, to: usize, call: CallId, body: CallBody) {
        self.say_all(world, to, call, vec![body]);
    }

    /// Says all of it in one breath.
    pub(crate) fn say_all(
        &mut self,
        world: &mut World,
        to: usize,
        call: CallId,
        bodies: Vec<CallBody>,
    ) {
        let victim = world.person(to).card().clone();
        for body in bodies {
            let message = CallMessage::new(call, DeviceId::from_bytes([6; 4]), body);
            let sealed = self.postbox.seal(START, victim.identity(), &message, &mut self.rng);
            world.mail.replay(world.now, victim.mailbox(), sealed.unwrap().into_bytes());
        }
        world.run_for(Duration::from_secs(1));
    }

    pub(crate) fn offer(&mut self, sdp: &str) -> CallBody {
        let media = messages::MediaKinds { audio: true, video: false };
        let secret = FrameSecret::random(&mut self.rng);
        let offer = messages::Offer::new(sdp.to_owned(), secret, self.card.clone(), media);
        CallBody::Offer(offer.unwrap())
    }

    /// Says that his device rings, as this description has it.
    pub(crate) fn ring(&mut self, world: &mut World, victim: usize, call: CallId, sdp: String) {
        let ringing = messages::Ringing::new(sdp).unwrap();
        self.say(world, victim, call, CallBody::Ringing(ringing));
    }

    /// Says that he accepts, as this description has it.
    pub(crate) fn answer(&mut self, world: &mut World, victim: usize, call: CallId, sdp: String) {
        let secret = FrameSecret::random(&mut self.rng);
        let answer = messages::Answer::new(sdp, secret).unwrap();
        self.say(world, victim, call, CallBody::Answer(answer));
    }

    /// Names a candidate of his.
    pub(crate) fn name(&mut self, world: &mut World, victim: usize, call: CallId, line: &str) {
        let candidate = Candidate::new("0".to_owned(), line.to_owned()).unwrap();
        let candidates = Candidates::new(vec![candidate], true).unwrap();
        self.say(world, victim, call, CallBody::Candidates(candidates));
    }

    /// Has his victim call him. Returns the call, and what her offer says.
    pub(crate) fn called_by(&mut self, world: &mut World, victim: usize) -> (CallId, String) {
        // So that she has a session with him.
        let nothing = CallBody::End(messages::EndCode(0));
        self.say(world, victim, call_id(0xee), nothing);
        let (now, card) = (world.now, self.card.clone());
        let engine = &mut world.person(victim).engine;
        let call = engine.place(now, card, Media::Audio, LocalAccept::by_user()).unwrap();
        world.run_for(Duration::from_millis(100));
        let offer = self.heard(world).into_iter().find_map(|body| match body {
            CallBody::Offer(offer) => Some(offer.sdp().to_owned()),
            _ => None,
        });
        (call, offer.expect("an offer"))
    }

    /// What his victim answered.
    pub(crate) fn heard(&mut self, world: &mut World) -> Vec<CallBody> {
        let blobs = world.mail.take(self.card.mailbox());
        let open = |blob: Vec<u8>| self.postbox.open(START, &blob).unwrap().message.into_body();
        blobs.into_iter().map(open).collect()
    }
}

/// What a description says of its device.
pub(crate) struct Transport {
    ufrag: String,
    password: String,
    fingerprint: String,
}

impl Transport {
    /// Of no device at all, with a fingerprint of nothing.
    pub(crate) fn invented(byte: u8) -> Self {
        let fingerprint = format!("sha-256 {}", [format!("{byte:02X}").as_str(); 32].join(":"));
        let (ufrag, password) = ("mall".to_owned(), "correctHorseBatteryStaple".to_owned());
        Self { ufrag, password, fingerprint }
    }

    /// Of a device that claims this certificate, in DER.
    pub(crate) fn of((ufrag, password): (String, String), certificate: &[u8]) -> Self {
        let fingerprint = DtlsFingerprint::of_certificate(certificate).to_string();
        Self { ufrag, password, fingerprint }
    }
}

/// The answer of this device to `offer`.
pub(crate) fn answer_from(transport: &Transport, offer: &str) -> String {
    let offer = Offer::parse(offer).unwrap();
    let answer = Answer::to(&offer, &capabilities(), session(transport), &[audio()]);
    answer.unwrap().to_sdp()
}

/// An offer that can be answered.
pub(crate) fn some_offer(media: LocalMedia) -> String {
    offer_from(&Transport::invented(0xab), media)
}

/// An offer of this device.
pub(crate) fn offer_from(transport: &Transport, media: LocalMedia) -> String {
    Offer::new(session(transport), &[media], &capabilities()).unwrap().to_sdp()
}

fn session(transport: &Transport) -> LocalSession {
    let ice = IceParameters::new(&transport.ufrag, &transport.password).unwrap();
    LocalSession::new(1, ice, Fingerprint::parse(&transport.fingerprint).unwrap())
}

fn capabilities() -> Capabilities {
    Capabilities::new(&[CodecCapability::OPUS, CodecCapability::VP8])
}

pub(crate) fn audio() -> LocalMedia {
    LocalMedia::audio().with_source(Source::new(7, "mallory"))
}

pub(crate) fn call_id(number: u8) -> CallId {
    CallId::from_bytes([number; 16])
}
