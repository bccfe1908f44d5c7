use core::fmt;
use core::net::{IpAddr, SocketAddr};

use hmac::{Hmac, KeyInit, Mac};
use rand_core::CryptoRng;
use sha1::Sha1;
use zeroize::Zeroizing;

use super::credentials::WORKER_CHARS;
use super::integrity::Integrity;
use super::writer::MessageWriter;
use super::{Credentials, Response, attribute, message_type};

/// Asks whether a participant receives where its checks come from.
///
/// Checks and media are authentic, but the address that they bear is not: whoever is let in can write somebody else's there, and have
/// everything sent to them. The request goes to the address, and its transaction, which only who receives there can repeat, is made of the
/// address and a secret: nothing is remembered of who was asked. It begins with the worker's mark ([`worker_of`](super::worker_of)), for the
/// response may come to another worker's socket, which cannot know of a participant that has proven nothing yet; 80 bits of it are secret.
pub struct ReturnCheck {
    /// Keyed with the participant's password.
    integrity: Integrity,
    /// Their ufrag, a colon, ours (RFC 8445 §7.2.2).
    username: Vec<u8>,
    /// Makes transactions.
    secret: Hmac<Sha1>,
    /// Whose question it is.
    worker: [u8; WORKER_CHARS],
}

impl ReturnCheck {
    /// For the participant with these credentials, who was given `ours`.
    pub fn new(ours: &Credentials, ufrag: &str, password: &str, rng: &mut impl CryptoRng) -> Self {
        let mut secret = Zeroizing::new([0; 20]);
        rng.fill_bytes(secret.as_mut_slice());
        Self {
            integrity: Integrity::new(password.as_bytes()),
            username: [ufrag.as_bytes(), b":", ours.ufrag().as_bytes()].concat(),
            secret: keyed(secret.as_slice()),
            worker: ours.worker_mark(),
        }
    }

    /// Writes the question to `remote`, asked from `local`, into `out`, at most [`MAX_QUESTION`](super::MAX_QUESTION) bytes. Returns its
    /// length; `None` if `out` is too short.
    pub fn ask(&self, local: SocketAddr, remote: SocketAddr, out: &mut [u8]) -> Option<usize> {
        let transaction = self.transaction(local, remote);
        let mut message = MessageWriter::new(out, message_type::REQUEST, &transaction);
        message.attribute(attribute::USERNAME, &self.username);
        message.attribute(attribute::PRIORITY, &PRIORITY.to_be_bytes());
        // A lite agent is always controlled (RFC 8445 §6.1.1), and never in a conflict that it would win.
        message.attribute(attribute::ICE_CONTROLLED, &[0; 8]);
        message.finish(|signed| self.integrity.sign(signed))
    }

    /// Whether this is the participant's response to the question from `local` to `remote`. An error response is one, too, if it is signed.
    pub fn is_answered_by(
        &self,
        local: SocketAddr,
        remote: SocketAddr,
        response: &Response<'_>,
    ) -> bool {
        *response.transaction == self.transaction(local, remote)
            && self.integrity.is_right(response.signature)
    }

    fn transaction(&self, local: SocketAddr, remote: SocketAddr) -> [u8; 12] {
        let mut mac = self.secret.clone();
        for address in [local, remote] {
            match address.ip() {
                IpAddr::V4(ip) => mac.update(&ip.to_ipv6_mapped().octets()),
                IpAddr::V6(ip) => mac.update(&ip.octets()),
            }
            mac.update(&address.port().to_be_bytes());
        }
        let made: [u8; 20] = mac.finalize().into_bytes().into();
        let mut transaction = [0; 12];
        let bytes = self.worker.into_iter().chain(made);
        transaction.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        transaction
    }
}

/// Prints nothing of what it holds.
impl fmt::Debug for ReturnCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReturnCheck([redacted])")
    }
}

// HMAC takes keys of any length.
#[allow(clippy::expect_used)]
fn keyed(secret: &[u8]) -> Hmac<Sha1> {
    Hmac::new_from_slice(secret).expect("a key of any length")
}

/// That of a peer-reflexive candidate (RFC 8445 §5.1.2.1), as every request states one.
const PRIORITY: u32 = 110 << 24 | 65_535 << 8 | 255;
