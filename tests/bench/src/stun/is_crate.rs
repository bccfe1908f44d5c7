use is::stun::StunMessage;
use is::{DefaultSha1HmacProvider, Sha1HmacProvider};

use super::REQUESTS;
use super::request::Request;
use crate::kit::{Contestant, Standing};

/// The crate `is`. It does not look at the fingerprint.
pub(crate) struct Is {
    request: Request,
    last: Vec<u8>,
}

impl Is {
    pub(crate) fn new(request: Request) -> Self {
        Self { request, last: Vec::new() }
    }
}

impl Contestant for Is {
    fn name(&self) -> &'static str {
        "is (no fingerprint check)"
    }

    fn standing(&self) -> Standing {
        Standing::Peer
    }

    fn run(&mut self) {
        for _ in 0..REQUESTS {
            self.last = answer(&self.request);
        }
    }

    fn outcome(&self) -> Vec<u8> {
        self.last.clone()
    }
}

/// The response to a request whose integrity holds.
pub(crate) fn answer(request: &Request) -> Vec<u8> {
    let hmac = |key: &[u8], parts: &[&[u8]]| DefaultSha1HmacProvider.sha1_hmac(key, parts);
    let message = StunMessage::parse(&request.bytes).unwrap();
    assert!(message.verify(request.password.as_bytes(), hmac));
    let response = StunMessage::binding_reply(message.trans_id(), request.remote);
    let mut bytes = vec![0; 128];
    let len = response.to_bytes(Some(request.password.as_bytes()), &mut bytes, hmac).unwrap();
    bytes.truncate(len);
    bytes
}
