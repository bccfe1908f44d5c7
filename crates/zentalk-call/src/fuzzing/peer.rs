use std::sync::LazyLock;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use zentalk_primitives::{CallId, DeviceId, Instant, MailboxId, Secret, UnixTime};
use zentalk_session_description::{
    Answer, Capabilities, CodecCapability, Fingerprint, IceParameters, LocalMedia, LocalSession,
    Offer, Source,
};
use zentalk_signaling_ratchet::messages::{self, EndCode, FrameSecret, MediaKinds};
use zentalk_signaling_ratchet::{
    CallBody, CallMessage, ContactCard, Identity, Postbox, PrekeyBundle,
};

use super::edit::{Edit, edited};
use crate::StorageKey;
use crate::engine::{Engine, EngineConfig, Input, Output};

/// The relay that keeps the victim's mailbox.
pub(super) const RELAY: &str = "wss://relay.example";

/// The victim's wall clock at the beginning.
pub(super) const START: UnixTime = UnixTime::from_millis(1_790_000_000_000);

/// A victim and a peer who have a session with each other, made once and saved.
struct Saved {
    victim: Vec<u8>,
    peer: Vec<u8>,
    victim_card: ContactCard,
}

static SAVED: LazyLock<Saved> = LazyLock::new(|| {
    let (mut victim, mut snapshot) = (create(), Vec::new());
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let mut peer = Postbox::new(Identity::generate(&mut rng), START, &mut rng);
    let victim_card = victim.card().expect("a participant has a card");
    loop {
        match victim.poll_output() {
            Output::PublishPrekeys { bundle, one_time } => {
                let one_time = one_time.first().map(Vec::as_slice);
                let to = victim_card.identity();
                let bundle = PrekeyBundle::parse(&bundle, one_time, to, START);
                let begun = peer.begin(START, &bundle.expect("a fresh bundle"), &mut rng);
                begun.expect("a first session");
                let greeting = message(CallId::from_bytes([0; 16]), CallBody::End(EndCode(1)));
                let blob = peer.seal(START, to, &greeting, &mut rng).expect("a small message");
                let (sequence, blob) = (1, blob.into_bytes());
                let queued = core::time::Duration::ZERO;
                victim.handle_input(Instant::ZERO, Input::Delivery { sequence, blob, queued });
                victim.handle_input(Instant::ZERO, Input::OwnPrekeys { published: true });
            }
            Output::Commit(latest) => snapshot = latest,
            Output::Timeout(_) => break,
            _ => {}
        }
    }
    Saved { victim: snapshot, peer: peer.export(&key(), &mut rng), victim_card }
});

fn key() -> StorageKey {
    StorageKey::new([7; 32])
}

fn create() -> Engine {
    let clocks = (Instant::ZERO, START);
    let config = EngineConfig::default().dangerous_simulation(3);
    Engine::create(RELAY, config, key(), Secret::new([1; 32]), clocks).expect("a valid relay")
}

/// The victim, as it was saved, with this configuration.
pub(super) fn victim(config: EngineConfig) -> Engine {
    let clocks = (Instant::ZERO, START);
    let config = config.dangerous_simulation(3);
    Engine::restore(&SAVED.victim, config, key(), Secret::new([4; 32]), clocks)
        .expect("what was saved can be restored")
}

fn message(call: CallId, body: CallBody) -> CallMessage {
    CallMessage::new(call, DeviceId::from_bytes([5; 4]), body)
}

/// Somebody who has a session with the victim and says whatever there is to say.
pub(super) struct Peer {
    postbox: Postbox,
    rng: ChaCha20Rng,
    pub(super) card: ContactCard,
    /// The victim's offer, if it made one.
    offer: Option<Offer>,
}

impl Peer {
    /// With a mailbox at this relay.
    pub(super) fn new(relay: &str) -> Self {
        let postbox = Postbox::import(&SAVED.peer, &key()).expect("what was saved can be read");
        let mailbox = MailboxId::from_bytes([6; 32]);
        let card = ContactCard::new(postbox.identity().clone(), relay, mailbox);
        let (card, rng) = (card.expect("a valid relay"), ChaCha20Rng::seed_from_u64(9));
        Self { postbox, rng, card, offer: None }
    }

    /// A blob for the victim's mailbox; none if the message cannot even be sealed.
    pub(super) fn seal(&mut self, call: CallId, body: CallBody) -> Option<Vec<u8>> {
        let to = SAVED.victim_card.identity();
        let sealed = self.postbox.seal(START, to, &message(call, body), &mut self.rng);
        sealed.ok().map(zentalk_signaling_ratchet::SealedMessage::into_bytes)
    }

    /// Takes what the victim sent.
    pub(super) fn open(&mut self, blob: &[u8]) {
        let opened = self.postbox.open(START, blob).expect("the victim seals what we can open");
        if let CallBody::Offer(offer) | CallBody::GroupPairOffer(offer) = opened.message.into_body()
        {
            self.offer = Some(Offer::parse(offer.sdp()).expect("the victim's offer is a good one"));
        }
    }

    pub(super) fn offer(&mut self, video: bool, edits: &[Edit]) -> Option<CallBody> {
        let media = if video { vec![audio(), self::video()] } else { vec![audio()] };
        let offer = Offer::new(session(), &media, &capabilities()).expect("a good offer");
        let secret = FrameSecret::random(&mut self.rng);
        let kinds = MediaKinds { audio: true, video };
        let sdp = edited(&offer.to_sdp(), edits);
        let offer = messages::Offer::new(sdp, secret, self.card.clone(), kinds).ok()?;
        Some(CallBody::Offer(offer))
    }

    /// None before the victim offered something.
    pub(super) fn answer(&mut self, edits: &[Edit]) -> Option<CallBody> {
        let sdp = self.answer_sdp(edits)?;
        let secret = FrameSecret::random(&mut self.rng);
        Some(CallBody::Answer(messages::Answer::new(sdp, secret).ok()?))
    }

    /// The same as an offer and an answer, for a path of two in a group call.
    pub(super) fn pair_offer(&mut self, video: bool, edits: &[Edit]) -> Option<CallBody> {
        match self.offer(video, edits)? {
            CallBody::Offer(offer) => Some(CallBody::GroupPairOffer(offer)),
            _ => None,
        }
    }

    /// To an offer of nobody's, before the victim offered something: whoever asked for nothing must refuse it.
    pub(super) fn pair_answer(&mut self, edits: &[Edit]) -> Option<CallBody> {
        let media = [audio(), video()];
        let unasked = || Offer::new(session(), &media, &capabilities()).expect("a good offer");
        let sdp = answer_to(&self.offer.clone().unwrap_or_else(unasked), edits);
        let secret = FrameSecret::random(&mut self.rng);
        Some(CallBody::GroupPairAnswer(messages::Answer::new(sdp, secret).ok()?))
    }

    pub(super) fn ringing(&self, edits: &[Edit]) -> Option<CallBody> {
        Some(CallBody::Ringing(messages::Ringing::new(self.answer_sdp(edits)?).ok()?))
    }

    fn answer_sdp(&self, edits: &[Edit]) -> Option<String> {
        Some(answer_to(self.offer.as_ref()?, edits))
    }
}

fn answer_to(offer: &Offer, edits: &[Edit]) -> String {
    let answer = Answer::to(offer, &capabilities(), session(), &[audio(), video()]);
    edited(&answer.expect("a good offer can be answered").to_sdp(), edits)
}

fn capabilities() -> Capabilities {
    Capabilities::new(&[CodecCapability::OPUS, CodecCapability::VP8])
}

fn session() -> LocalSession {
    let ice = IceParameters::new("abcd", "0123456789abcdefghijkl").expect("valid credentials");
    let fingerprint = format!("sha-256 {}", vec!["AB"; 32].join(":"));
    LocalSession::new(5, ice, Fingerprint::parse(&fingerprint).expect("a valid fingerprint"))
}

fn audio() -> LocalMedia {
    LocalMedia::audio().with_source(Source::new(11, "someone"))
}

fn video() -> LocalMedia {
    LocalMedia::video().with_source(Source::new(12, "someone").with_rtx(13))
}
