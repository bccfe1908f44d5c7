use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use stun_types::attribute::{AttributeType, RawAttribute, Username};
use stun_types::message::{
    BINDING, IntegrityAlgorithm, Message, MessageWrite, MessageWriteExt, MessageWriteVec,
    ShortTermCredentials,
};
use zentalk_sfu::stun::{Credentials, MAX_ANSWER, Request as Check, Responder};

use super::REQUESTS;
use super::request::Request;
use crate::kit::{Contestant, Standing};

/// The responder of an SFU, its key made once. It also reads the role and what must be understood.
pub(crate) struct Sfu {
    responder: Responder,
    request: Request,
    last: [u8; MAX_ANSWER],
    len: usize,
}

impl Sfu {
    /// The responder, and a check that it answers.
    pub(crate) fn new() -> (Self, Request) {
        let ours = Credentials::random(0, &mut ChaCha20Rng::seed_from_u64(1));
        let request = Request {
            bytes: check(&ours),
            local: ([192, 0, 2, 1], 5_000).into(),
            remote: ([192, 0, 2, 2], 5_000).into(),
            password: ours.password().to_owned(),
        };
        let responder = Responder::new(&ours, THEIRS);
        (Self { responder, request: request.clone(), last: [0; MAX_ANSWER], len: 0 }, request)
    }
}

impl Contestant for Sfu {
    fn name(&self) -> &'static str {
        "ours"
    }

    fn standing(&self) -> Standing {
        Standing::Ours
    }

    fn run(&mut self) {
        for _ in 0..REQUESTS {
            let check = Check::parse(&self.request.bytes).unwrap();
            let answer = self.responder.check(&check).unwrap();
            let remote = self.request.remote;
            self.len = self.responder.answer(&check, answer, remote, &mut self.last).unwrap();
        }
    }

    fn outcome(&self) -> Vec<u8> {
        self.last[..self.len].to_vec()
    }
}

/// A check as a controlling agent makes it (RFC 8445 §7.1).
fn check(ours: &Credentials) -> Vec<u8> {
    let mut message = Message::builder_request(BINDING, MessageWriteVec::new());
    let name = format!("{}:{THEIRS}", ours.ufrag());
    message.add_attribute(&Username::new(&name).unwrap()).unwrap();
    for (number, value) in [(PRIORITY, &[0x6e, 0, 1, 0xff][..]), (ICE_CONTROLLING, &[9; 8][..])] {
        message.add_attribute(&RawAttribute::new(AttributeType::new(number), value)).unwrap();
    }
    let key = ShortTermCredentials::new(ours.password().to_owned()).make_key();
    message.add_message_integrity_with_key(&key, IntegrityAlgorithm::Sha1).unwrap();
    message.add_fingerprint().unwrap();
    message.finish()
}

const THEIRS: &str = "them";
const PRIORITY: u16 = 0x0024;
const ICE_CONTROLLING: u16 = 0x802a;
