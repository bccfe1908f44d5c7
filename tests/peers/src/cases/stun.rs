//! STUN messages (RFC 8489), as connectivity checks (RFC 8445 §7).

use core::net::SocketAddr;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use stun::agent::TransactionId;
use stun::attributes::{ATTR_ICE_CONTROLLING, ATTR_PRIORITY, ATTR_USERNAME, RawAttribute};
use stun::fingerprint::FINGERPRINT;
use stun::integrity::MessageIntegrity;
use stun::message::{BINDING_REQUEST, Message as WebrtcMessage, Setter};
use stun::textattrs::Username;
use stun_types::attribute::{AttributeStaticType, Fingerprint};
use stun_types::message::{Message, MessageIntegrityCredentials, ShortTermCredentials};
use zentalk_ice_nat::{Config, Credentials, IceAgent, Input, LocalSocket, Output, Role};
use zentalk_primitives::Instant;

use crate::case::Case;
use crate::outcome::Outcome;
use crate::subject::Subject;

pub(super) fn cases() -> Vec<Case> {
    vec![Case {
        id: "stun-damaged-check",
        what: "every truncation and every flipped bit of a connectivity check",
        source: "RFC 8445 §7.3, RFC 8489 §9.1.3",
        subjects: &[Subject::Ours, Subject::Stun, Subject::StunTypes],
        run: damaged_check,
    }]
}

/// The bits of the header that say how long the message is (RFC 8489 §5).
const LENGTH: core::ops::Range<usize> = 16..32;

/// Says whether it takes a datagram for a check that the peer made.
type Judge = Box<dyn FnMut(&[u8]) -> bool>;

fn damaged_check(subject: Subject) -> Outcome {
    let (request, mut is_authentic) = setting(subject);
    for len in 0..request.len() {
        if is_authentic(request.get(..len).unwrap_or_default()) {
            return Outcome::AcceptedForged(format!("the first {len} bytes"));
        }
    }
    let flipped = |bit: &usize| {
        let mut forged = request.clone();
        if let Some(byte) = forged.get_mut(bit / 8) {
            *byte ^= 1 << (bit % 8);
        }
        is_authentic(&forged)
    };
    let accepted: Vec<_> = (0..request.len() * 8).filter(flipped).collect();
    if let Some(bit) = accepted.iter().find(|bit| !LENGTH.contains(bit)) {
        return Outcome::AcceptedForged(format!("with bit {bit} flipped"));
    }
    if !accepted.is_empty() {
        // The attributes are authentic all the same.
        let but = "but for the length in the header, which is not compared with the datagram's";
        return Outcome::HeldBut(but.to_owned());
    }
    match is_authentic(&request) {
        true => Outcome::Held,
        false => Outcome::RefusedGood("the check as it was".to_owned()),
    }
}

/// A check, and who judges it. An agent of ours names the credentials for all.
fn setting(subject: Subject) -> (Vec<u8>, Judge) {
    let agent = agent();
    let local = agent.local_credentials();
    let (username, password) = (format!("{}:peer", local.ufrag()), local.password().to_owned());
    let request = check(username, password.clone()).unwrap_or_default();
    let judge: Judge = match subject {
        Subject::Stun => {
            let integrity = MessageIntegrity::new_short_term_integrity(password);
            Box::new(move |bytes| {
                let mut message = WebrtcMessage::new();
                message.unmarshal_binary(bytes).is_ok()
                    && FINGERPRINT.check(&message).is_ok()
                    && integrity.check(&mut message).is_ok()
            })
        }
        Subject::StunTypes => {
            let credentials = ShortTermCredentials::new(password);
            let credentials = MessageIntegrityCredentials::ShortTerm(credentials);
            Box::new(move |bytes| {
                // It checks a FINGERPRINT when it parses one; here one is required, as of the others.
                let message = Message::from_bytes(bytes).ok();
                let message = message.filter(|message| message.has_attribute(Fingerprint::TYPE));
                message.is_some_and(|message| message.validate_integrity(&credentials).is_ok())
            })
        }
        _ => ours(agent),
    };
    (request, judge)
}

/// A check of a controlling peer.
fn check(username: String, password: String) -> Option<Vec<u8>> {
    let attribute = |typ, value: Vec<u8>| RawAttribute {
        typ,
        length: u16::try_from(value.len()).unwrap_or(0),
        value,
    };
    let setters: [Box<dyn Setter>; 7] = [
        Box::new(TransactionId([7; 12])),
        Box::new(BINDING_REQUEST),
        Box::new(Username::new(ATTR_USERNAME, username)),
        Box::new(attribute(ATTR_PRIORITY, 1_862_270_975_u32.to_be_bytes().to_vec())),
        Box::new(attribute(ATTR_ICE_CONTROLLING, vec![9; 8])),
        Box::new(MessageIntegrity::new_short_term_integrity(password)),
        Box::new(FINGERPRINT),
    ];
    let mut message = WebrtcMessage::new();
    message.build(&setters).ok().map(|()| message.raw)
}

const HERE: ([u8; 4], u16) = ([192, 0, 2, 1], 1_000);
const THERE: ([u8; 4], u16) = ([192, 0, 2, 2], 2_000);

#[allow(clippy::expect_used)] // An agent with one socket can be made.
fn agent() -> IceAgent {
    let mut rng = ChaCha20Rng::from_seed([5; 32]);
    let mut agent = IceAgent::new(Instant::ZERO, Role::Controlled, Config::new(), &mut rng);
    let socket = LocalSocket::new(HERE.into());
    agent.add_local_socket(Instant::ZERO, socket, &mut rng).expect("a socket");
    agent.open_direct(Instant::ZERO, &mut rng);
    let peer = Credentials::new("peer", "aPasswordOfTwentyTwoChars").expect("credentials");
    agent.handle_input(Instant::ZERO, Input::RemoteCredentials(peer)).expect("the first ones");
    agent
}

fn ours(mut agent: IceAgent) -> Judge {
    Box::new(move |payload| {
        let before = agent.stats().checks_received;
        let (local, remote) = (SocketAddr::from(HERE), SocketAddr::from(THERE));
        let input = Input::Datagram { local, remote, payload };
        let _ = agent.handle_input(Instant::ZERO, input);
        while !matches!(agent.poll_output(), Output::Timeout(_)) {}
        agent.stats().checks_received > before
    })
}
