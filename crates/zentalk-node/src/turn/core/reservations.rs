//! Relay sockets on the port after an even one, kept for a later Allocate (EVEN-PORT with R, RFC 8656 §7.2).

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use aws_lc_rs::hmac;
use zentalk_primitives::{Instant, Secret};

/// RESERVATION-TOKEN.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Token(pub(super) u64);

/// A socket that waits. It counts against the quotas of whoever made it wait.
pub(super) struct Reservation {
    pub(super) socket: SocketAddr,
    pub(super) username: String,
    pub(super) source: IpAddr,
    pub(super) expires: Instant,
}

/// RFC 8656 §7.2: at least 30 s.
pub(super) const RESERVATION_LIFETIME: Duration = Duration::from_secs(30);

/// All reservations. Tokens cannot be guessed.
pub(super) struct Reservations {
    waiting: BTreeMap<Token, Reservation>,
    key: hmac::Key,
    made: u64,
}

impl Reservations {
    pub(super) fn new(key: &Secret<32>) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
        Self { waiting: BTreeMap::new(), key, made: 0 }
    }

    pub(super) fn add(&mut self, reservation: Reservation) -> Token {
        let mut input = b"reservation".to_vec();
        input.extend(self.made.to_be_bytes());
        self.made = self.made.wrapping_add(1);
        let tag = hmac::sign(&self.key, &input);
        let token =
            Token(tag.as_ref().first_chunk().map_or(self.made, |bytes| u64::from_be_bytes(*bytes)));
        self.waiting.insert(token, reservation);
        token
    }

    /// Hands out a reservation to the credential that made it.
    pub(super) fn claim(&mut self, token: Token, username: &str) -> Option<Reservation> {
        self.waiting.get(&token).filter(|reservation| reservation.username == username)?;
        self.waiting.remove(&token)
    }

    pub(super) fn expire(&mut self, token: Token) -> Option<Reservation> {
        self.waiting.remove(&token)
    }
}
