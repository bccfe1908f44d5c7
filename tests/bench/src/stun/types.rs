use stun_types::attribute::XorMappedAddress;
use stun_types::message::{
    IntegrityAlgorithm, IntegrityKey, Message, MessageWrite, MessageWriteExt, MessageWriteVec,
    ShortTermCredentials,
};

use super::REQUESTS;
use super::request::Request;
use crate::kit::{Contestant, Standing};

/// The crate `stun-types`, its key made once.
pub(crate) struct StunTypes {
    key: IntegrityKey,
    request: Request,
    last: Vec<u8>,
}

impl StunTypes {
    pub(crate) fn new(request: Request) -> Self {
        let key = ShortTermCredentials::new(request.password.clone()).make_key();
        Self { key, request, last: Vec::new() }
    }

    fn answer(&self) -> Vec<u8> {
        // A right FINGERPRINT is checked while it parses.
        let message = Message::from_bytes(&self.request.bytes).unwrap();
        message.validate_integrity_with_key(&self.key).unwrap();
        let mut response = Message::builder_success(&message, MessageWriteVec::with_capacity(128));
        let address = XorMappedAddress::new(self.request.remote, message.transaction_id());
        response.add_attribute(&address).unwrap();
        response.add_message_integrity_with_key(&self.key, IntegrityAlgorithm::Sha1).unwrap();
        response.add_fingerprint().unwrap();
        response.finish()
    }
}

impl Contestant for StunTypes {
    fn name(&self) -> &'static str {
        "stun-types"
    }

    fn standing(&self) -> Standing {
        Standing::Peer
    }

    fn run(&mut self) {
        for _ in 0..REQUESTS {
            self.last = self.answer();
        }
    }

    fn outcome(&self) -> Vec<u8> {
        self.last.clone()
    }
}
