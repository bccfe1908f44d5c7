//! The crates `stun` and `rtc-stun`, which have one shape.

use std::sync::Arc;

use rtc_crypto::RTCCryptoProvider;

use super::REQUESTS;
use super::request::Request;
use crate::kit::{Contestant, Standing};

pub(crate) struct Stun {
    request: Request,
    last: Vec<u8>,
}

impl Stun {
    pub(crate) fn new(request: Request) -> Self {
        Self { request, last: Vec::new() }
    }

    fn answer(&self) -> Vec<u8> {
        use stun::fingerprint::FINGERPRINT;
        use stun::integrity::MessageIntegrity;
        use stun::message::{BINDING_SUCCESS, Message};
        use stun::xoraddr::XorMappedAddress;

        let integrity = MessageIntegrity::new_short_term_integrity(self.request.password.clone());
        let mut message = Message::new();
        message.unmarshal_binary(&self.request.bytes).unwrap();
        integrity.check(&mut message).unwrap();
        FINGERPRINT.check(&message).unwrap();
        let remote = self.request.remote;
        let address = XorMappedAddress { ip: remote.ip(), port: remote.port() };
        let mut response = Message::new();
        response
            .build(&[
                Box::new(message.transaction_id),
                Box::new(BINDING_SUCCESS),
                Box::new(address),
                Box::new(integrity),
                Box::new(FINGERPRINT),
            ])
            .unwrap();
        response.raw
    }
}

impl Contestant for Stun {
    fn name(&self) -> &'static str {
        "stun"
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

pub(crate) struct RtcStun {
    provider: Arc<dyn RTCCryptoProvider>,
    request: Request,
    last: Vec<u8>,
}

impl RtcStun {
    pub(crate) fn new(request: Request) -> Self {
        Self { provider: rtc_crypto::default_provider().unwrap(), request, last: Vec::new() }
    }

    fn answer(&self) -> Vec<u8> {
        use rtc_stun::fingerprint::FINGERPRINT;
        use rtc_stun::integrity::MessageIntegrity;
        use rtc_stun::message::{BINDING_SUCCESS, Message, Setter};
        use rtc_stun::xoraddr::XorMappedAddress;

        let crypto = self.provider.crypto();
        let password = self.request.password.as_bytes();
        let mut message = Message::new();
        message.unmarshal_binary(&self.request.bytes).unwrap();
        MessageIntegrity::check(&mut message, password, crypto).unwrap();
        FINGERPRINT.check(&message).unwrap();
        let remote = self.request.remote;
        let mut response = Message::new();
        let integrity = MessageIntegrity::new_raw_integrity_with_provider(password, crypto);
        let setters: [&dyn Setter; 5] = [
            &message.transaction_id,
            &BINDING_SUCCESS,
            &XorMappedAddress { ip: remote.ip(), port: remote.port() },
            &integrity,
            &FINGERPRINT,
        ];
        response.reset();
        response.write_header();
        setters.iter().for_each(|setter| setter.add_to(&mut response).unwrap());
        response.raw
    }
}

impl Contestant for RtcStun {
    fn name(&self) -> &'static str {
        "rtc-stun"
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
