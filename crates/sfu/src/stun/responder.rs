use core::fmt;
use core::net::{IpAddr, SocketAddr};

use super::integrity::Integrity;
use super::writer::MessageWriter;
use super::{Credentials, MAGIC_COOKIE, Request, RequestRole, attribute, message_type};

/// Answers the connectivity checks of one participant.
///
/// ```
/// use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
/// use zentalk_sfu::stun::{Credentials, Request, Responder};
///
/// let ours = Credentials::random(0, &mut ChaCha20Rng::seed_from_u64(1));
/// let responder = Responder::new(&ours, "abcd");
/// assert!(Request::parse(b"not STUN").is_none());
/// # let _ = responder;
/// ```
pub struct Responder {
    /// Keyed with our password.
    integrity: Integrity,
    /// Our ufrag, a colon, theirs (RFC 8445 §7.2.2).
    username: Vec<u8>,
}

/// What an authentic request is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Success: the pair is valid.
    Success,
    /// 487: the sender plays our role. A lite agent is always controlled (RFC 8445 §6.1.1), so it is the other who changes.
    RoleConflict,
    /// 420: there is an attribute that has to be understood and is not (RFC 8489 §6.3.1).
    UnknownAttribute,
}

impl Responder {
    /// For the participant who was given `ours`, and whose own ufrag is `theirs`.
    pub fn new(ours: &Credentials, theirs: &str) -> Self {
        let username = [ours.ufrag().as_bytes(), b":", theirs.as_bytes()].concat();
        Self { integrity: Integrity::new(ours.password().as_bytes()), username }
    }

    /// Checks that `request` was made by the participant, and says how to answer; `None` if it is not authentic: then nothing is answered.
    ///
    /// In constant time where the integrity is wrong, whatever is wrong with it.
    pub fn check(&self, request: &Request<'_>) -> Option<Answer> {
        if request.username() != self.username || !self.integrity.is_right(request.signature) {
            return None;
        }
        Some(match request.role() {
            _ if !request.unknown().is_empty() => Answer::UnknownAttribute,
            Some(RequestRole::Controlled) => Answer::RoleConflict,
            _ => Answer::Success,
        })
    }

    /// Writes the answer to a checked `request` that came from `remote` into `out`, at most [`MAX_ANSWER`](super::MAX_ANSWER) bytes. Returns its
    /// length; `None` if `out` is too short.
    pub fn answer(
        &self,
        request: &Request<'_>,
        answer: Answer,
        remote: SocketAddr,
        out: &mut [u8],
    ) -> Option<usize> {
        let kind = match answer {
            Answer::Success => message_type::SUCCESS,
            Answer::RoleConflict | Answer::UnknownAttribute => message_type::ERROR,
        };
        let mut message = MessageWriter::new(out, kind, request.transaction());
        match answer {
            Answer::Success => xor_mapped_address(&mut message, remote, request.transaction()),
            Answer::RoleConflict => error(&mut message, 87, b"Role Conflict"),
            Answer::UnknownAttribute => {
                error(&mut message, 20, b"Unknown Attribute");
                unknown_attributes(&mut message, request.unknown());
            }
        }
        message.finish(|signed| self.integrity.sign(signed))
    }

    /// A request of the participant's with these bytes for further attributes.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn sign_for_fuzzing(&self, attributes: &[u8]) -> Vec<u8> {
        let attributes = attributes.get(..attributes.len() / 4 * 4).unwrap_or_default();
        let mut out = vec![0; 2_048 + attributes.len()];
        let mut message = MessageWriter::new(&mut out, message_type::REQUEST, &[3; 12]);
        message.attribute(attribute::USERNAME, &self.username);
        message.raw(attributes);
        let signed = message.finish(|signed| self.integrity.sign(signed));
        out.truncate(signed.unwrap_or(0));
        out
    }
}

/// Prints nothing of what it holds.
impl fmt::Debug for Responder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Responder([redacted])")
    }
}

/// 400 and `number`, with its phrase (RFC 8489 §14.8).
fn error(message: &mut MessageWriter<'_>, number: u8, phrase: &[u8]) {
    let mut value = [0; 4 + 32];
    let len = phrase.len().min(32);
    for (to, from) in value.iter_mut().zip([0, 0, 4, number].iter().chain(phrase)) {
        *to = *from;
    }
    message.attribute(attribute::ERROR_CODE, value.get(..4 + len).unwrap_or_default());
}

fn unknown_attributes(message: &mut MessageWriter<'_>, types: &[u16]) {
    let mut value = [0; 16];
    for (to, kind) in value.chunks_exact_mut(2).zip(types) {
        to.copy_from_slice(&kind.to_be_bytes());
    }
    let len = (2 * types.len()).min(value.len());
    message.attribute(attribute::UNKNOWN_ATTRIBUTES, value.get(..len).unwrap_or_default());
}

/// RFC 8489 §14.2: the address under the magic cookie and the transaction, so that no middlebox rewrites it.
fn xor_mapped_address(message: &mut MessageWriter<'_>, remote: SocketAddr, transaction: &[u8; 12]) {
    let [c0, c1, ..] = MAGIC_COOKIE;
    let [p0, p1] = remote.port().to_be_bytes();
    let mut value = [0; 20];
    let (v4, v6);
    let (family, octets): (u8, &[u8]) = match remote.ip() {
        IpAddr::V4(ip) => {
            v4 = ip.octets();
            (1, &v4)
        }
        IpAddr::V6(ip) => {
            v6 = ip.octets();
            (2, &v6)
        }
    };
    let len = 4 + octets.len();
    let mask = MAGIC_COOKIE.iter().chain(transaction);
    let octets = octets.iter().zip(mask).map(|(octet, mask)| octet ^ mask);
    let fields = [0, family, p0 ^ c0, p1 ^ c1].into_iter().chain(octets);
    value.iter_mut().zip(fields).for_each(|(to, from)| *to = from);
    message.attribute(attribute::XOR_MAPPED_ADDRESS, value.get(..len).unwrap_or_default());
}
