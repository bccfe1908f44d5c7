use core::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use zentalk_primitives::{CallId, DeviceId, MailboxId, ParticipantId, RoomId, Secret, UnixTime};
use zentalk_signaling_ratchet::messages::{
    Candidate, Candidates, FrameSecret, GroupInvite, GroupJoin, GroupMember, GroupRoom, MediaKinds,
    Offer, Ringing,
};
use zentalk_signaling_ratchet::{
    CallBody, CallMessage, ContactCard, Error, Identity, IdentityPublic, Postbox, PrekeyBundle,
    StorageKey, limits,
};

const NOW: UnixTime = UnixTime::from_millis(1_700_000_000_000);

struct World {
    rng: ChaCha20Rng,
}

impl World {
    fn new() -> Self {
        Self { rng: ChaCha20Rng::seed_from_u64(11) }
    }

    fn person(&mut self) -> Postbox {
        let identity = Identity::generate(&mut self.rng);
        Postbox::new(identity, NOW, &mut self.rng)
    }

    fn begin(&mut self, from: &mut Postbox, to: &Postbox) -> Result<(), Error> {
        from.begin(NOW, &bundle(to), &mut self.rng)
    }

    fn seal(&mut self, from: &mut Postbox, to: &Postbox, body: CallBody) -> Vec<u8> {
        let message = CallMessage::new(CallId::from_bytes([1; 16]), DEVICE, body);
        from.seal(NOW, to.identity(), &message, &mut self.rng).unwrap().into_bytes()
    }
}

const DEVICE: DeviceId = DeviceId::from_bytes([5; 4]);

fn bundle(of: &Postbox) -> PrekeyBundle {
    let published = of.publishable();
    let one_time = published.one_time.first().map(Vec::as_slice);
    PrekeyBundle::parse(&published.bundle, one_time, of.identity(), NOW).unwrap()
}

fn card(of: &IdentityPublic) -> ContactCard {
    ContactCard::new(of.clone(), "wss://relay.example", MailboxId::from_bytes([0; 32])).unwrap()
}

fn offer(sdp: &str, of: &IdentityPublic) -> CallBody {
    let secret = FrameSecret::new(Secret::new([7; 32]));
    let media = MediaKinds { audio: true, video: true };
    CallBody::Offer(Offer::new(sdp.into(), secret, card(of), media).unwrap())
}

fn member(index: u8, of: &IdentityPublic) -> GroupMember {
    let participant = ParticipantId::from_bytes([index; 16]);
    GroupMember::new(index, card(of), participant, [index; 32], DEVICE).unwrap()
}

fn invite(inviter: &IdentityPublic, present: &IdentityPublic) -> CallBody {
    let (sfu, relay) = ("wss://sfu.example".to_owned(), "wss://relay.example".to_owned());
    let room = GroupRoom::new(RoomId::from_bytes([6; 16]), vec![sfu], relay).unwrap();
    let present = vec![member(1, present)];
    let media = MediaKinds { audio: true, video: true };
    CallBody::GroupInvite(GroupInvite::new(room, media, member(0, inviter), present, 2).unwrap())
}

fn ringing(sdp: &str) -> CallBody {
    CallBody::Ringing(Ringing::new(sdp.into()).unwrap())
}

fn noise(rng: &mut ChaCha20Rng, len: usize) -> String {
    use rand_chacha::rand_core::Rng;
    let mut bytes = vec![0; len];
    rng.fill_bytes(&mut bytes);
    bytes.iter().map(|byte| char::from(b'!' + byte % 90)).collect()
}

#[test]
fn strangers_offer_opens_and_can_be_answered() {
    let mut world = World::new();
    let (mut alice, mut bob) = (world.person(), world.person());
    assert!(alice.needs_bundle(NOW, bob.identity()));
    world.begin(&mut alice, &bob).unwrap();
    assert!(!alice.needs_bundle(NOW, bob.identity()));
    let body = offer("v=0", alice.identity());
    let sealed = world.seal(&mut alice, &bob, body);
    let opened = bob.open(NOW, &sealed).unwrap();
    assert_eq!(opened.from, *alice.identity());
    let CallBody::Offer(offer) = opened.message.into_body() else { panic!("an offer") };
    assert_eq!((offer.sdp(), offer.frame_secret().expose()), ("v=0", &[7; 32]));
    assert!(!bob.needs_bundle(NOW, alice.identity()));
    let answer = world.seal(&mut bob, &alice, ringing("v=0"));
    assert_eq!(alice.open(NOW, &answer).unwrap().from, *bob.identity());
}

/// The set-up header goes with every message until the first answer, in any order of arrival.
#[test]
fn first_flight_opens_whatever_is_lost() {
    let mut world = World::new();
    let (mut alice, mut bob) = (world.person(), world.person());
    world.begin(&mut alice, &bob).unwrap();
    let flight: Vec<_> = (0..4).map(|_| world.seal(&mut alice, &bob, CallBody::Busy)).collect();
    for index in [3, 1, 2] {
        bob.open(NOW, &flight[index]).unwrap();
    }
    assert_eq!(bob.open(NOW, &flight[3]).err(), Some(Error::Replayed));
    let smallest = flight.iter().map(Vec::len).min();
    assert_eq!(smallest, Some(2_048));
    let answer = world.seal(&mut bob, &alice, CallBody::Busy);
    alice.open(NOW, &answer).unwrap();
    let later = world.seal(&mut alice, &bob, CallBody::Busy);
    // It carries the answer to Bob's ML-KEM key now, instead of the set-up header.
    assert_eq!(later.len(), 2_048);
    bob.open(NOW, &later).unwrap();
}

#[test]
fn sealed_length_is_a_bucket() {
    let mut world = World::new();
    let (mut alice, mut bob) = (world.person(), world.person());
    world.begin(&mut alice, &bob).unwrap();
    for round in 0..2 {
        for len in [0, 100, 400, 900, 1_500, 3_000, 5_000] {
            // Random text of 90 letters deflates to about 6.5 bits a letter.
            let sdp = noise(&mut world.rng, len);
            let sealed = world.seal(&mut alice, &bob, ringing(&sdp));
            assert!(limits::BUCKETS.contains(&sealed.len()), "{round} {len}: {}", sealed.len());
            bob.open(NOW, &sealed).unwrap();
        }
        let answer = world.seal(&mut bob, &alice, CallBody::Busy);
        alice.open(NOW, &answer).unwrap();
    }
    let sdp = noise(&mut world.rng, 12_000);
    let message = CallMessage::new(CallId::from_bytes([1; 16]), DEVICE, ringing(&sdp));
    let refused = alice.seal(NOW, bob.identity(), &message, &mut world.rng);
    assert_eq!(refused.err(), Some(Error::MessageTooLong));
}

#[test]
fn without_session_there_is_nothing_to_seal_with() {
    let mut world = World::new();
    let (mut alice, bob) = (world.person(), world.person());
    let message = CallMessage::new(CallId::from_bytes([1; 16]), DEVICE, CallBody::Busy);
    let refused = alice.seal(NOW, bob.identity(), &message, &mut world.rng);
    assert_eq!(refused.err(), Some(Error::NoSession));
    let own = bundle(&alice);
    assert_eq!(alice.begin(NOW, &own, &mut world.rng), Err(Error::OwnIdentity));
}

#[test]
fn unanswered_session_is_given_up() {
    let mut world = World::new();
    let (mut alice, mut bob) = (world.person(), world.person());
    world.begin(&mut alice, &bob).unwrap();
    let mut last = Vec::new();
    for _ in 0..limits::UNANSWERED_MESSAGES {
        last = world.seal(&mut alice, &bob, CallBody::Busy);
    }
    let message = CallMessage::new(CallId::from_bytes([1; 16]), DEVICE, CallBody::Busy);
    let refused = alice.seal(NOW, bob.identity(), &message, &mut world.rng);
    assert_eq!(refused.err(), Some(Error::SessionExhausted));
    assert!(alice.needs_bundle(NOW, bob.identity()));
    // However many are lost, the last that may be sent is within the receiver's reach.
    bob.open(NOW, &last).unwrap();
    world.begin(&mut alice, &bob).unwrap();
    let again = world.seal(&mut alice, &bob, CallBody::Busy);
    bob.open(NOW, &again).unwrap();
}

#[test]
fn unanswered_set_up_is_given_up_before_its_prekeys_are_dropped() {
    let mut world = World::new();
    let (mut alice, bob) = (world.person(), world.person());
    world.begin(&mut alice, &bob).unwrap();
    let late = NOW + limits::UNANSWERED_SETUP_AGE;
    assert!(!alice.needs_bundle(late, bob.identity()));
    assert!(alice.needs_bundle(late + Duration::from_millis(1), bob.identity()));
    assert_eq!(limits::PREKEY_LIFETIME + limits::UNANSWERED_SETUP_AGE, limits::PREKEY_GRACE);
}

/// What the relay or a stranger can send: nothing of it changes anything.
#[test]
fn damaged_messages_change_nothing() {
    let mut world = World::new();
    let (mut alice, mut bob) = (world.person(), world.person());
    world.begin(&mut alice, &bob).unwrap();
    let first = world.seal(&mut alice, &bob, CallBody::Busy);
    // Before an answer: the set-up header stands before it again, and is no less authentic.
    let repeated = world.seal(&mut alice, &bob, CallBody::Busy);
    let flip_all = |bob: &mut Postbox, sealed: &[u8]| {
        let before = snapshot(bob);
        for index in (0..sealed.len()).step_by(13) {
            let mut bad = sealed.to_vec();
            bad[index] ^= 1;
            assert!(bob.open(NOW, &bad).is_err(), "{index}");
            assert!(bob.open(NOW, &sealed[..index]).is_err(), "{index}");
        }
        assert!(snapshot(bob) == before);
        bob.open(NOW, sealed).unwrap();
    };
    flip_all(&mut bob, &first);
    flip_all(&mut bob, &repeated);
    let answer = world.seal(&mut bob, &alice, CallBody::Busy);
    flip_all(&mut alice, &answer);
    let second = world.seal(&mut alice, &bob, CallBody::Busy);
    flip_all(&mut bob, &second);
    let long = vec![0; limits::SEALED_LEN + 1];
    let limit = limits::SEALED_LEN;
    assert_eq!(bob.open(NOW, &long).err(), Some(Error::TooLong { part: "sealed message", limit }));
}

fn snapshot(postbox: &Postbox) -> Vec<u8> {
    postbox.export(&StorageKey::new([1; 32]), &mut ChaCha20Rng::seed_from_u64(0))
}

/// A captured first message, sent again after its session was dropped.
#[test]
fn replayed_set_up_is_refused_even_without_its_session() {
    for one_time in [true, false] {
        let mut world = World::new();
        let (mut alice, mut bob) = (world.person(), world.person());
        let published = bob.publishable();
        let key = published.one_time.first().map(Vec::as_slice).filter(|_| one_time);
        let bundle = PrekeyBundle::parse(&published.bundle, key, bob.identity(), NOW).unwrap();
        alice.begin(NOW, &bundle, &mut world.rng).unwrap();
        let sealed = world.seal(&mut alice, &bob, CallBody::Busy);
        bob.open(NOW, &sealed).unwrap();
        assert_eq!(bob.open(NOW, &sealed).err(), Some(Error::Replayed));
        assert!(bob.forget(alice.identity()));
        let expected = if one_time { Error::UnknownPrekey } else { Error::SetupReplayed };
        assert_eq!(bob.open(NOW, &sealed).err(), Some(expected));
    }
}

#[test]
fn offer_with_another_persons_card_is_refused() {
    let mut world = World::new();
    let (mut mallory, mut bob, alice) = (world.person(), world.person(), world.person());
    world.begin(&mut mallory, &bob).unwrap();
    let body = offer("v=0", alice.identity());
    let sealed = world.seal(&mut mallory, &bob, body);
    let before = snapshot(&bob);
    assert!(matches!(bob.open(NOW, &sealed), Err(Error::Malformed(_))));
    assert!(snapshot(&bob) == before);
}

/// Somebody in the call, or nobody in it, cannot invite or join in another's name.
#[test]
fn invite_and_join_in_another_persons_name_are_refused() {
    let mut world = World::new();
    let (mut mallory, mut bob, alice) = (world.person(), world.person(), world.person());
    world.begin(&mut mallory, &bob).unwrap();
    for body in [
        invite(alice.identity(), mallory.identity()),
        CallBody::GroupJoin(GroupJoin::new(member(2, alice.identity()))),
    ] {
        let sealed = world.seal(&mut mallory, &bob, body);
        let before = snapshot(&bob);
        assert!(matches!(bob.open(NOW, &sealed), Err(Error::Malformed(_))));
        assert!(snapshot(&bob) == before);
    }
    for body in [
        invite(mallory.identity(), alice.identity()),
        CallBody::GroupJoin(GroupJoin::new(member(2, mallory.identity()))),
    ] {
        let sealed = world.seal(&mut mallory, &bob, body);
        assert_eq!(bob.open(NOW, &sealed).unwrap().from, *mallory.identity());
    }
}

/// Nothing that the relay sees names either side, on any message of a session.
#[test]
fn relay_sees_no_identity() {
    let mut world = World::new();
    let (mut alice, mut bob) = (world.person(), world.person());
    world.begin(&mut alice, &bob).unwrap();
    let body = offer("v=0", alice.identity());
    let first = world.seal(&mut alice, &bob, body);
    bob.open(NOW, &first).unwrap();
    let answer = world.seal(&mut bob, &alice, CallBody::Busy);
    for identity in [alice.identity(), bob.identity()] {
        for key in identity.to_bytes().chunks(32) {
            for sealed in [&first, &answer] {
                assert!(!sealed.windows(8).any(|window| window == &key[..8]));
            }
        }
    }
}

/// A flood of strangers pushes out strangers, never a kept peer.
#[test]
fn strangers_are_bounded_and_contacts_stay() {
    let mut world = World::new();
    let mut bob = world.person();
    let mut contact = world.person();
    let mut called = world.person();
    world.begin(&mut contact, &bob).unwrap();
    let sealed = world.seal(&mut contact, &bob, CallBody::Busy);
    bob.open(NOW, &sealed).unwrap();
    assert!(bob.keep(contact.identity()));
    world.begin(&mut bob, &called).unwrap();
    let mut first_stranger = None;
    for _ in 0..limits::STRANGERS + 10 {
        let mut stranger = world.person();
        bob.maintain(NOW, &mut world.rng);
        world.begin(&mut stranger, &bob).unwrap();
        let sealed = world.seal(&mut stranger, &bob, CallBody::Busy);
        bob.open(NOW, &sealed).unwrap();
        first_stranger.get_or_insert(stranger);
    }
    assert_eq!(bob.peers(), limits::STRANGERS + 2);
    assert!(bob.needs_bundle(NOW, first_stranger.unwrap().identity()));
    assert!(!bob.needs_bundle(NOW, contact.identity()));
    let sealed = world.seal(&mut bob, &called, CallBody::Busy);
    called.open(NOW, &sealed).unwrap();
    assert!(!bob.keep(world.person().identity()));
}

#[test]
fn many_peers_are_told_apart() {
    let mut world = World::new();
    let mut bob = world.person();
    let mut others: Vec<_> = (0..12).map(|_| world.person()).collect();
    for other in &mut others {
        world.begin(other, &bob).unwrap();
        let sealed = world.seal(other, &bob, CallBody::Busy);
        assert_eq!(bob.open(NOW, &sealed).unwrap().from, *other.identity());
        let sealed = world.seal(&mut bob, other, CallBody::Busy);
        other.open(NOW, &sealed).unwrap();
    }
    for other in others.iter_mut().rev() {
        let sealed = world.seal(other, &bob, CallBody::Busy);
        assert_eq!(bob.open(NOW, &sealed).unwrap().from, *other.identity());
    }
}

#[test]
fn stored_postbox_goes_on() {
    let mut world = World::new();
    let (mut alice, mut bob) = (world.person(), world.person());
    world.begin(&mut alice, &bob).unwrap();
    let key = StorageKey::random(&mut world.rng);
    for _ in 0..3 {
        for side in [&mut alice, &mut bob] {
            let blob = side.export(&key, &mut world.rng);
            let restored = Postbox::import(&blob, &key).unwrap();
            assert_eq!(restored.identity(), side.identity());
            assert_eq!(restored.publishable(), side.publishable());
            assert_eq!(snapshot(&restored), snapshot(side));
            *side = restored;
        }
        let sealed = world.seal(&mut alice, &bob, CallBody::Busy);
        bob.open(NOW, &sealed).unwrap();
        let sealed = world.seal(&mut bob, &alice, CallBody::Busy);
        alice.open(NOW, &sealed).unwrap();
    }
}

#[test]
fn truncated_tampered_or_newer_snapshot_is_refused() {
    let mut world = World::new();
    let (mut alice, bob) = (world.person(), world.person());
    world.begin(&mut alice, &bob).unwrap();
    let key = StorageKey::new([1; 32]);
    let blob = snapshot(&alice);
    let import = |blob: &[u8]| Postbox::import(blob, &key).map(|_| ());
    for len in (0..blob.len()).step_by(101) {
        assert_eq!(import(&blob[..len]), Err(Error::Truncated));
        let mut bad = blob.clone();
        bad[len.max(6)] ^= 1;
        assert_eq!(import(&bad), Err(Error::AuthenticationFailed));
    }
    let mut newer = blob.clone();
    newer[0] += 1;
    let error = Error::UnsupportedVersion { part: "stored postbox", version: 2 };
    assert_eq!(import(&newer), Err(error));
    let identity = Identity::generate(&mut world.rng).export(&key, &mut world.rng);
    assert_eq!(import(&identity), Err(Error::Malformed("stored postbox")));
    let text = String::from_utf8_lossy(&blob);
    assert!(!text.contains("relay"));
}

/// A message that has `len` bytes of content that nothing compresses.
fn message_of(len: usize) -> CallMessage {
    let candidates = vec!["x".repeat(500); len / 500].into_iter().chain(["y".repeat(len % 500)]);
    let candidates = candidates.map(|line| Candidate::new("0".into(), line).unwrap()).collect();
    let body = CallBody::Candidates(Candidates::new(candidates, false).unwrap());
    CallMessage::new(CallId::from_bytes([1; 16]), DEVICE, body)
}

/// What fits on a first flight fits at any time, and what does not never does: ML-KEM material fails no send.
#[test]
fn what_can_be_sent_does_not_depend_on_the_sessions_state() {
    let mut world = World::new();
    let (mut alice, mut bob) = (world.person(), world.person());
    world.begin(&mut alice, &bob).unwrap();
    let mut fits = |from: &mut Postbox, to: &mut Postbox, len| {
        let sealed = from.seal(NOW, to.identity(), &message_of(len), &mut world.rng)?;
        assert!(sealed.as_bytes().len() <= limits::SEALED_LEN);
        to.open(NOW, sealed.as_bytes()).map(|_| ())
    };
    let longest = (5_500..6_319).take_while(|len| fits(&mut alice, &mut bob, *len).is_ok()).last();
    let longest = longest.unwrap();
    for _ in 0..4 {
        for refused in [longest + 1, longest + 800] {
            assert_eq!(fits(&mut bob, &mut alice, refused), Err(Error::MessageTooLong));
            assert_eq!(fits(&mut alice, &mut bob, refused), Err(Error::MessageTooLong));
        }
        fits(&mut bob, &mut alice, longest).unwrap();
        fits(&mut alice, &mut bob, longest).unwrap();
    }
}

/// A message that ML-KEM material would push out of 2,048 bytes goes without; but not twice, where a round waits for it.
#[test]
fn kem_material_spares_messages_of_a_typical_size_where_it_can() {
    let mut world = World::new();
    let (mut alice, mut bob) = (world.person(), world.person());
    world.begin(&mut alice, &bob).unwrap();
    let mut send = |from: &mut Postbox, to: &mut Postbox, len| {
        let sealed = from.seal(NOW, to.identity(), &message_of(len), &mut world.rng).unwrap();
        to.open(NOW, sealed.as_bytes()).unwrap();
        sealed.as_bytes().len()
    };
    send(&mut alice, &mut bob, 0);
    let mut round_trip = |len| [send(&mut bob, &mut alice, len), send(&mut alice, &mut bob, len)];
    for _ in 0..2 {
        // Bob puts his key off; shows it, and Alice puts her ciphertext off; shows another, and she answers.
        assert_eq!(round_trip(1_500), [2_048, 2_048]);
        assert_eq!(round_trip(1_500), [4_096, 2_048]);
        assert_eq!(round_trip(1_500), [4_096, 4_096]);
    }
    // Room that is there anyway is used.
    for (len, bucket) in [(0, 2_048), (700, 2_048), (2_000, 4_096), (4_500, 7_680)] {
        assert_eq!(round_trip(len), [bucket; 2]);
    }
}
