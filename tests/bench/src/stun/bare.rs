use std::hint::black_box;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::request::Request;
use super::{REQUESTS, is_crate};
use crate::kit::{Contestant, Standing};

/// HMAC-SHA1, keyed once, over as many bytes as the request and the response have: nothing is parsed, written or compared.
pub(crate) struct Bare {
    mac: Hmac<Sha1>,
    request: Vec<u8>,
    response: Vec<u8>,
}

impl Bare {
    pub(crate) fn new(request: &Request) -> Self {
        let response = is_crate::answer(request);
        // Integrity covers what stands before it: 24 bytes of it and 8 of fingerprint end a message.
        let covered = |message: &[u8]| message[..message.len() - 32].to_vec();
        Self {
            mac: Hmac::new_from_slice(request.password.as_bytes()).unwrap(),
            request: covered(&request.bytes),
            response,
        }
    }
}

impl Contestant for Bare {
    fn name(&self) -> &'static str {
        "two HMAC-SHA1"
    }

    fn standing(&self) -> Standing {
        Standing::Bare
    }

    fn run(&mut self) {
        for _ in 0..REQUESTS {
            let signed = &self.response[..self.response.len() - 32];
            for message in [&self.request[..], signed] {
                let mut mac = self.mac.clone();
                mac.update(black_box(message));
                black_box(mac.finalize());
            }
        }
    }

    fn outcome(&self) -> Vec<u8> {
        self.response.clone()
    }
}
