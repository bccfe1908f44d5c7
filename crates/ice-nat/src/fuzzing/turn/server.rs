//! A server that knows the password, and lies.

use core::net::SocketAddr;

use arbitrary::Arbitrary;
use stun_types::attribute::{ErrorCode, Nonce, Realm, XorMappedAddress};
use stun_types::message::{
    IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageClass, MessageType, MessageWrite,
    MessageWriteExt, MessageWriteVec,
};
use turn_types::attribute::{Data, Lifetime, XorPeerAddress, XorRelayedAddress};
use turn_types::message::DATA;

pub(in crate::fuzzing) const USERNAME: &str = "1700003600:b3BhcXVl";
pub(in crate::fuzzing) const PASSWORD: &str = "c2VjcmV0IG9mIHRoZSBjYWxs";

/// What it does next.
#[derive(Arbitrary, Debug)]
pub(in crate::fuzzing) struct Attack {
    /// Which of the requests that it heard, counted from the last.
    request: u8,
    kind: Kind,
    signed: bool,
    damage: Damage,
}

#[derive(Arbitrary, Debug)]
enum Kind {
    /// What a true server would say.
    Honest,
    /// An error code, with realm and nonce or without.
    Error {
        code: u16,
        realm: u8,
        nonce: u8,
        bare: bool,
    },
    Success {
        lifetime: u32,
        relayed: u8,
        addresses: u8,
    },
    Data {
        host: u8,
        length: u16,
    },
    Channel {
        number: u16,
        length: u16,
    },
}

#[derive(Arbitrary, Debug)]
enum Damage {
    None,
    Bit { at: u16, xor: u8 },
    Cut(u16),
    More(Vec<u8>),
}

impl Attack {
    /// What a true server would say to the last request.
    pub(in crate::fuzzing) fn honest() -> Self {
        Self { request: 0, kind: Kind::Honest, signed: false, damage: Damage::None }
    }
}

#[derive(Default)]
pub(in crate::fuzzing) struct Server {
    requests: Vec<Vec<u8>>,
}

impl Server {
    /// Remembers the last requests.
    pub(in crate::fuzzing) fn hears(&mut self, bytes: &[u8]) {
        let is_request =
            Message::from_bytes(bytes).is_ok_and(|m| m.has_class(MessageClass::Request));
        if is_request {
            self.requests.push(bytes.to_vec());
        }
        if self.requests.len() > 64 {
            self.requests.remove(0);
        }
    }

    pub(in crate::fuzzing) fn act(&self, attack: Attack) -> Option<Vec<u8>> {
        let request = self.requests.iter().rev().nth(usize::from(attack.request % 64));
        let request = request.or(self.requests.last())?;
        let request = Message::from_bytes(request).ok()?;
        let message = match attack.kind {
            Kind::Honest if request.attribute::<Realm>().is_err() => {
                error(&request, 401, Some((realm(0), "nonce")))
            }
            Kind::Honest => sign(success(&request, 600, 1, 1), realm(0)),
            Kind::Error { code, realm: name, nonce, bare } => {
                let nonce =
                    ["nonce", "", "obMatJos2AAAA", "obMatJos2gAAAnonce"][usize::from(nonce % 4)];
                let bring = (!bare).then_some((realm(name), nonce));
                error(&request, 300 + code % 400, bring)
            }
            Kind::Success { lifetime, relayed, addresses } => {
                success(&request, lifetime, relayed, addresses)
            }
            Kind::Data { host, length } => data(host, length),
            Kind::Channel { number, length } => return Some(channel(number, length)),
        };
        let message = if attack.signed { sign(message, realm(0)) } else { message };
        Some(attack.damage.apply(message.finish()))
    }
}

impl Damage {
    fn apply(self, mut bytes: Vec<u8>) -> Vec<u8> {
        match self {
            Self::None => {}
            Self::Bit { at, xor } => {
                let at = usize::from(at) % bytes.len();
                bytes[at] ^= xor;
            }
            Self::Cut(length) => bytes.truncate(usize::from(length)),
            Self::More(more) => bytes.extend(more),
        }
        bytes
    }
}

fn realm(name: u8) -> &'static str {
    ["relays.example", "another.example", ""][usize::from(name % 3)]
}

fn error(request: &Message<'_>, code: u16, bring: Option<(&str, &str)>) -> MessageWriteVec {
    let mut message = Message::builder_error(request, MessageWriteVec::new());
    message.add_attribute(&ErrorCode::new(code, "why").unwrap()).unwrap();
    if let Some((realm, nonce)) = bring {
        message.add_attribute(&Realm::new(realm).unwrap()).unwrap();
        message.add_attribute(&Nonce::new(nonce).unwrap()).unwrap();
    }
    message
}

fn success(request: &Message<'_>, lifetime: u32, host: u8, addresses: u8) -> MessageWriteVec {
    let id = request.transaction_id();
    let mut message = Message::builder_success(request, MessageWriteVec::new());
    message.add_attribute(&Lifetime::new(lifetime)).unwrap();
    message.add_attribute(&XorMappedAddress::new(peer(host), id)).unwrap();
    for port in 0..u16::from(addresses % 8) {
        let address = match port {
            1 => SocketAddr::from(([0x2001, 0xdb8, 0, 0, 0, 0, 0, 5], port)),
            _ => SocketAddr::from(([203, 0, 113, host], 50_000 + port)),
        };
        // The builder takes an attribute only once.
        let _ = message.add_attribute(&XorRelayedAddress::new(address, id));
    }
    message
}

fn data(host: u8, length: u16) -> MessageWriteVec {
    let kind = MessageType::from_class_method(MessageClass::Indication, DATA);
    let mut message = Message::builder(kind, 9.into(), MessageWriteVec::new());
    message.add_attribute(&XorPeerAddress::new(peer(host), 9.into())).unwrap();
    message.add_attribute(&Data::new(&vec![1; usize::from(length % 60_000)])).unwrap();
    message
}

/// Mostly of the channels that the client binds first.
fn channel(number: u16, length: u16) -> Vec<u8> {
    let number = if number < 0x8000 { 0x4000 + number % 4 } else { number };
    let length = length % 2_000;
    let mut bytes = number.to_be_bytes().to_vec();
    bytes.extend(length.to_be_bytes());
    bytes.resize(4 + usize::from(length).next_multiple_of(4), 1);
    bytes
}

fn sign(mut message: MessageWriteVec, realm: &str) -> MessageWriteVec {
    let key =
        LongTermKeyCredentials::new(USERNAME.to_owned(), PASSWORD.to_owned(), realm.to_owned());
    // It may be signed already.
    let _ = message.add_message_integrity(&key.into(), IntegrityAlgorithm::Sha1);
    message
}

fn peer(host: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, host], 4_000))
}
