//! Nonces without state: a flood of requests without credentials costs one HMAC each and no memory.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use aws_lc_rs::{constant_time, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zentalk_primitives::{Instant, Secret};

use super::client::Sender;

/// Makes nonces, and knows its own again: each is the time and a code over the time and the client's 5-tuple.
pub(super) struct Nonces {
    key: hmac::Key,
}

/// RFC 8489 §9.2: the cookie that says that the next 24 bits tell what the server can do.
const COOKIE: &str = "obMatJos2";
/// Those bits in base64, the first set: password algorithms.
const FEATURES: &str = "gAAA";
const TIME_LEN: usize = 8;
const CODE_LEN: usize = 16;

/// How long a nonce is good. A refresh with an older one costs one more round trip (438).
const LIFETIME: Duration = Duration::from_secs(3_600);

impl Nonces {
    pub(super) fn new(key: &Secret<32>) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key.expose()) }
    }

    pub(super) fn issue(&self, now: Instant, sender: &Sender) -> String {
        let made = now.as_micros().to_be_bytes();
        let mut bytes = made.to_vec();
        bytes.extend(self.code(made, sender));
        format!("{COOKIE}{FEATURES}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Whether `nonce` was made here, for this client, less than an hour ago.
    pub(super) fn is_fresh(&self, now: Instant, sender: &Sender, nonce: &str) -> bool {
        self.made(sender, nonce)
            .is_some_and(|made| made <= now && now.saturating_since(made) < LIFETIME)
    }

    fn made(&self, sender: &Sender, nonce: &str) -> Option<Instant> {
        let text = nonce.strip_prefix(COOKIE)?.strip_prefix(FEATURES)?;
        let mut bytes = [0; TIME_LEN + CODE_LEN];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        let (made, code) = bytes.get(..length)?.split_first_chunk::<TIME_LEN>()?;
        constant_time::verify_slices_are_equal(&self.code(*made, sender), code).ok()?;
        Some(Instant::from_micros(u64::from_be_bytes(*made)))
    }

    fn code(&self, made: [u8; TIME_LEN], sender: &Sender) -> [u8; CODE_LEN] {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&made);
        for address in [sender.listen, sender.client] {
            context.update(&address_bytes(address));
        }
        let mut code = [0; CODE_LEN];
        for (to, from) in code.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        code
    }
}

fn address_bytes(address: SocketAddr) -> [u8; 18] {
    let ip = match address.ip() {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    let mut bytes = [0; 18];
    let (ip_bytes, port_bytes) = bytes.split_at_mut(16);
    ip_bytes.copy_from_slice(&ip.octets());
    port_bytes.copy_from_slice(&address.port().to_be_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(client: &str) -> Sender {
        Sender::datagram("192.0.2.1:3478".parse().unwrap(), client.parse().unwrap())
    }

    #[test]
    fn a_nonce_is_good_for_its_client_and_for_an_hour() {
        let nonces = Nonces::new(&Secret::new([7; 32]));
        let (now, client) = (Instant::from_millis(5), sender("198.51.100.1:4000"));
        let nonce = nonces.issue(now, &client);
        assert!(nonces.is_fresh(now, &client, &nonce));
        assert!(nonces.is_fresh(now + (LIFETIME - Duration::from_micros(1)), &client, &nonce));
        assert!(!nonces.is_fresh(now + LIFETIME, &client, &nonce));
        assert!(!nonces.is_fresh(Instant::ZERO, &client, &nonce), "from the future");
        assert!(!nonces.is_fresh(now, &sender("198.51.100.1:4001"), &nonce));
        assert!(!nonces.is_fresh(now, &sender("198.51.100.2:4000"), &nonce));
        let another_start = Nonces::new(&Secret::new([8; 32]));
        assert!(!another_start.is_fresh(now, &client, &nonce));
    }

    /// Its time cannot be moved, nor any other character.
    #[test]
    fn every_character_of_a_nonce_counts() {
        let nonces = Nonces::new(&Secret::new([7; 32]));
        let (now, client) = (Instant::from_millis(5), sender("198.51.100.1:4000"));
        let nonce = nonces.issue(now, &client);
        for i in 0..nonce.len() {
            let mut other = nonce.clone().into_bytes();
            other[i] = if other[i] == b'A' { b'B' } else { b'A' };
            assert!(!nonces.is_fresh(now, &client, std::str::from_utf8(&other).unwrap()), "{i}");
            assert!(!nonces.is_fresh(now, &client, &nonce[..i]), "cut at {i}");
        }
    }
}
