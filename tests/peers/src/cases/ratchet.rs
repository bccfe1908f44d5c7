//! The Double Ratchet: messages that are too short, that name a key they must not, that skip too far.

use double_ratchet_signal::signal::{KeyPair, PublicKey, SignalDR, SymmetricKey};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use vodozemac::olm::{Account, OlmMessage, PreKeyMessage, Session, SessionConfig};
use zentalk_primitives::{Secret, UnixTime};
use zentalk_signaling_ratchet::DhKeyPair;
use zentalk_signaling_ratchet::ratchet::{DoubleRatchet, SessionSecrets};

use crate::case::Case;
use crate::outcome::Outcome;
use crate::subject::Subject;

const SUBJECTS: &[Subject] = &[Subject::Ours, Subject::DoubleRatchet, Subject::Vodozemac];
const PREKEY: [u8; 32] = [0x5a; 32];
const ASSOCIATED: &[u8] = b"both identities";
const NOW: UnixTime = UnixTime::from_millis(0);

pub(super) fn cases() -> Vec<Case> {
    let case = |id, what, source, run| Case { id, what, source, subjects: SUBJECTS, run };
    vec![
        case(
            "ratchet-short-ciphertext",
            "ciphertexts of no byte up to 100",
            "found by running it; Double Ratchet §3.5",
            short_ciphertext,
        ),
        Case {
            id: "ratchet-prekey-as-header",
            what: "the first message to the initiator names the responder's prekey",
            source: "found by running it; Double Ratchet §3.5",
            subjects: &[Subject::Ours, Subject::DoubleRatchet],
            run: prekey_as_header,
        },
        case(
            "ratchet-wedge",
            "2,500 lost messages, or four times 900, with ratchet steps after them",
            "found by running it; Double Ratchet §2.6",
            wedge,
        ),
    ]
}

/// Two people who have a session.
trait Pair {
    /// A message, in the peer's form, from one to the other.
    fn send(&mut self, from: usize) -> Option<Message>;
    /// Whether it opens.
    fn receive(&mut self, at: usize, message: &Message) -> bool;
    /// The same message with this ciphertext.
    fn with_ciphertext(&self, message: &Message, ciphertext: &[u8]) -> Option<Message>;
}

#[derive(Clone)]
enum Message {
    Ours(Vec<u8>),
    Theirs(Box<dyn TheirMessage>),
    Olm(usize, Vec<u8>),
}

/// A header, whose type the peer does not export, and a ciphertext.
trait TheirMessage {
    fn decrypt(&self, ratchet: &mut SignalDR) -> bool;
    fn with_ciphertext(&self, ciphertext: &[u8]) -> Box<dyn TheirMessage>;
    fn copy(&self) -> Box<dyn TheirMessage>;
}

impl Clone for Box<dyn TheirMessage> {
    fn clone(&self) -> Self {
        self.copy()
    }
}

fn pair(subject: Subject) -> Box<dyn Pair> {
    match subject {
        Subject::DoubleRatchet => Box::new(Theirs::new()),
        Subject::Vodozemac => Box::new(Olm::new()),
        _ => Box::new(Ours::new()),
    }
}

fn short_ciphertext(subject: Subject) -> Outcome {
    let mut pair = pair(subject);
    let Some(message) = pair.send(0) else { return no_session() };
    for len in 0..=100 {
        let short = pair.with_ciphertext(&message, &vec![0x77; len]);
        if short.is_some_and(|short| pair.receive(1, &short)) {
            return Outcome::AcceptedForged(format!("{len} bytes"));
        }
    }
    if pair.receive(1, &message) {
        Outcome::Held
    } else {
        Outcome::SessionLost("an authentic message after them".to_owned())
    }
}

fn no_session() -> Outcome {
    Outcome::SessionLost("it was never there".to_owned())
}

fn wedge(subject: Subject) -> Outcome {
    let mut lost = pair(subject);
    if !ping_pong(&mut *lost) || !skip(&mut *lost, 2_500) {
        return Outcome::SessionLost("before anything was skipped".to_owned());
    }
    if !recovers(&mut *lost) {
        return Outcome::SessionLost("for good, after a gap of 2,500".to_owned());
    }
    let mut stored = pair(subject);
    let filled = ping_pong(&mut *stored) && (0..4).all(|_| skip(&mut *stored, 900));
    if !(filled && recovers(&mut *stored)) {
        return Outcome::SessionLost("for good, with its store of skipped keys full".to_owned());
    }
    Outcome::Held
}

/// Of a chain of Alice's the first message arrives, many do not, and one more does, whether it opens or not. Then Bob
/// answers, which is a ratchet step.
fn skip(pair: &mut dyn Pair, lost: usize) -> bool {
    let first = pair.send(0);
    if !first.is_some_and(|first| pair.receive(1, &first)) {
        return false;
    }
    for _ in 0..lost {
        pair.send(0);
    }
    if let Some(last) = pair.send(0) {
        pair.receive(1, &last);
    }
    pair.send(1).is_some_and(|answer| pair.receive(0, &answer))
}

/// Whether within ten turns they understand each other again.
fn recovers(pair: &mut dyn Pair) -> bool {
    (0..10).any(|_| ping_pong(pair))
}

fn ping_pong(pair: &mut dyn Pair) -> bool {
    [(0, 1), (1, 0)].into_iter().all(|(from, to)| {
        let message = pair.send(from);
        message.is_some_and(|message| pair.receive(to, &message))
    })
}

fn prekey_as_header(subject: Subject) -> Outcome {
    match subject {
        Subject::DoubleRatchet => {
            let mut theirs = Theirs::new();
            let [alice, _] = &mut theirs.ends;
            let sent = alice.try_ratchet_encrypt(b"hello", ASSOCIATED, &mut theirs.rng);
            let Ok((mut header, ciphertext)) = sent else { return no_session() };
            header.dh = PublicKey::from(*prekey().public().as_bytes());
            let opened = alice.ratchet_decrypt(&header, &ciphertext, ASSOCIATED).is_ok();
            judge_forged(opened)
        }
        _ => ours_prekey_as_header(),
    }
}

/// Our headers are encrypted: only the responder himself can make such a message.
fn ours_prekey_as_header() -> Outcome {
    let mut rng = ChaCha20Rng::from_seed([3; 32]);
    let Ok(mut alice) =
        <DoubleRatchet>::initiator(secrets(), ASSOCIATED.to_vec(), prekey().public(), &mut rng)
    else {
        return no_session();
    };
    // A responder who never steps keeps his prekey: his first message names it, and an honest one steps first.
    let mut mallory = <DoubleRatchet>::responder(secrets(), ASSOCIATED.to_vec(), prekey());
    match mallory.encrypt(b"hello", &mut rng) {
        Ok(message) => judge_forged(alice.decrypt(NOW, &message).is_ok()),
        Err(_) => Outcome::HeldBut("headers are encrypted; a responder cannot begin".to_owned()),
    }
}

fn judge_forged(opened: bool) -> Outcome {
    if opened { Outcome::AcceptedForged("as a message".to_owned()) } else { Outcome::Held }
}

fn prekey() -> DhKeyPair {
    DhKeyPair::from_private(Secret::new(PREKEY))
}

fn secrets() -> SessionSecrets {
    let secret = |byte| Secret::new([byte; 32]);
    SessionSecrets::new(secret(1), secret(2), secret(3))
}

struct Ours {
    ends: [DoubleRatchet; 2],
    rng: ChaCha20Rng,
}

impl Ours {
    #[allow(clippy::expect_used)] // A prekey of our own is a valid one.
    fn new() -> Self {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let public = prekey().public();
        let alice = <DoubleRatchet>::initiator(secrets(), ASSOCIATED.to_vec(), public, &mut rng);
        let bob = <DoubleRatchet>::responder(secrets(), ASSOCIATED.to_vec(), prekey());
        Self { ends: [alice.expect("a session"), bob], rng }
    }
}

impl Pair for Ours {
    fn send(&mut self, from: usize) -> Option<Message> {
        let message = self.ends.get_mut(from)?.encrypt(b"a message", &mut self.rng).ok()?;
        Some(Message::Ours(message))
    }

    fn receive(&mut self, at: usize, message: &Message) -> bool {
        let Message::Ours(bytes) = message else { return false };
        self.ends.get_mut(at).is_some_and(|end| end.decrypt(NOW, bytes).is_ok())
    }

    fn with_ciphertext(&self, _: &Message, ciphertext: &[u8]) -> Option<Message> {
        Some(Message::Ours(ciphertext.to_vec()))
    }
}

struct Theirs {
    ends: [SignalDR; 2],
    rng: OldRng,
}

impl Theirs {
    fn new() -> Self {
        let mut rng = OldRng(ChaCha20Rng::from_seed([1; 32]));
        let shared = || SymmetricKey::from([1; 32]);
        let public = PublicKey::from(*prekey().public().as_bytes());
        let alice = SignalDR::new_alice(&shared(), public, None, &mut rng);
        Self { ends: [alice, SignalDR::new_bob(shared(), KeyPair::from(PREKEY), None)], rng }
    }
}

/// What its encryption returns.
struct Sealed<H>(H, Vec<u8>, fn(&mut SignalDR, &H, &[u8]) -> bool);

impl<H: Clone + 'static> TheirMessage for Sealed<H> {
    fn decrypt(&self, ratchet: &mut SignalDR) -> bool {
        (self.2)(ratchet, &self.0, &self.1)
    }

    fn with_ciphertext(&self, ciphertext: &[u8]) -> Box<dyn TheirMessage> {
        Box::new(Self(self.0.clone(), ciphertext.to_vec(), self.2))
    }

    fn copy(&self) -> Box<dyn TheirMessage> {
        self.with_ciphertext(&self.1)
    }
}

impl Pair for Theirs {
    fn send(&mut self, from: usize) -> Option<Message> {
        let end = self.ends.get_mut(from)?;
        let sealed = end.try_ratchet_encrypt(b"a message", ASSOCIATED, &mut self.rng);
        let (header, ciphertext) = sealed.ok()?;
        let decrypt = |ratchet: &mut SignalDR, header: &_, bytes: &[u8]| {
            ratchet.ratchet_decrypt(header, bytes, ASSOCIATED).is_ok()
        };
        Some(Message::Theirs(Box::new(Sealed(header, ciphertext, decrypt))))
    }

    fn receive(&mut self, at: usize, message: &Message) -> bool {
        let Message::Theirs(message) = message else { return false };
        self.ends.get_mut(at).is_some_and(|end| message.decrypt(end))
    }

    fn with_ciphertext(&self, message: &Message, ciphertext: &[u8]) -> Option<Message> {
        let Message::Theirs(message) = message else { return None };
        Some(Message::Theirs(message.with_ciphertext(ciphertext)))
    }
}

struct Olm([Session; 2]);

impl Olm {
    #[allow(clippy::expect_used)] // Two honest accounts make a session.
    fn new() -> Self {
        let (alice, mut bob) = (Account::new(), Account::new());
        bob.generate_one_time_keys(1);
        let one_time = *bob.one_time_keys().values().next().expect("a key");
        let config = SessionConfig::version_1();
        let mut outbound = alice
            .create_outbound_session(config, bob.curve25519_key(), one_time)
            .expect("a session");
        let first = outbound.encrypt("hello").expect("a message");
        let first = PreKeyMessage::from_bytes(&first.to_parts().1).expect("the first one");
        let inbound =
            bob.create_inbound_session(config, alice.curve25519_key(), &first).expect("a session");
        Self([outbound, inbound.session])
    }
}

impl Pair for Olm {
    fn send(&mut self, from: usize) -> Option<Message> {
        let message = self.0.get_mut(from)?.encrypt("a message").ok()?;
        let (kind, bytes) = message.to_parts();
        Some(Message::Olm(kind, bytes))
    }

    fn receive(&mut self, at: usize, message: &Message) -> bool {
        let Message::Olm(kind, bytes) = message else { return false };
        let Ok(message) = OlmMessage::from_parts(*kind, bytes) else { return false };
        self.0.get_mut(at).is_some_and(|session| session.decrypt(&message).is_ok())
    }

    fn with_ciphertext(&self, _: &Message, ciphertext: &[u8]) -> Option<Message> {
        Some(Message::Olm(1, ciphertext.to_vec()))
    }
}

/// The generator as the peer's old traits want it.
struct OldRng(ChaCha20Rng);

impl rand_core_04::CryptoRng for OldRng {}

impl rand_core_04::RngCore for OldRng {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        self.0.fill_bytes(out);
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), rand_core_04::Error> {
        self.0.fill_bytes(out);
        Ok(())
    }
}
