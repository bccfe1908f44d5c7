//! Messages as a server writes them, and reads them.

use core::net::SocketAddr;

use stun_types::attribute::{ErrorCode, Nonce, Realm};
use stun_types::message::{
    IntegrityAlgorithm, LongTermKeyCredentials, Message, MessageIntegrityCredentials, MessageWrite,
    MessageWriteExt, MessageWriteVec, Method,
};
use turn_types::attribute::{Lifetime, XorRelayedAddress};

use super::server::{PASSWORD, REALM, USERNAME};

pub(crate) fn parse(message: &[u8]) -> Option<Message<'_>> {
    Message::from_bytes(message).ok()
}

pub(crate) fn is(message: &[u8], method: Method) -> bool {
    parse(message).is_some_and(|message| message.has_method(method))
}

/// RFC 8489 §9.2: with the user's name and a signature.
pub(crate) fn has_credentials(message: &[u8]) -> bool {
    parse(message).is_some_and(|message| message.validate_integrity(&key()).is_ok())
}

pub(crate) fn error(request: &[u8], code: u16) -> Vec<u8> {
    error_message(request, code).finish()
}

pub(crate) fn signed_error(request: &[u8], code: u16) -> Vec<u8> {
    signed(error_message(request, code))
}

/// 401 and 438 bring realm and nonce (RFC 8489 §9.2.4).
pub(crate) fn challenge(request: &[u8], code: u16, realm: &str, nonce: &str) -> Vec<u8> {
    let mut message = error_message(request, code);
    message.add_attribute(&Realm::new(realm).unwrap()).unwrap();
    message.add_attribute(&Nonce::new(nonce).unwrap()).unwrap();
    message.finish()
}

pub(crate) fn allocated(request: &[u8], relayed: SocketAddr, lifetime: u32) -> Vec<u8> {
    let request = parse(request).unwrap();
    let mut message = Message::builder_success(&request, MessageWriteVec::new());
    let id = request.transaction_id();
    message.add_attribute(&XorRelayedAddress::new(relayed, id)).unwrap();
    message.add_attribute(&Lifetime::new(lifetime)).unwrap();
    signed(message)
}

pub(crate) fn success(request: &[u8]) -> Vec<u8> {
    signed(Message::builder_success(&parse(request).unwrap(), MessageWriteVec::new()))
}

/// How long a Refresh is to last.
pub(crate) fn lifetime(request: &[u8]) -> Option<u32> {
    parse(request)?.attribute::<Lifetime>().ok().map(|lifetime| lifetime.seconds())
}

fn error_message(request: &[u8], code: u16) -> MessageWriteVec {
    let mut message = Message::builder_error(&parse(request).unwrap(), MessageWriteVec::new());
    message.add_attribute(&ErrorCode::builder(code).build().unwrap()).unwrap();
    message
}

fn signed(mut message: MessageWriteVec) -> Vec<u8> {
    message.add_message_integrity(&key(), IntegrityAlgorithm::Sha1).unwrap();
    message.finish()
}

fn key() -> MessageIntegrityCredentials {
    LongTermKeyCredentials::new(USERNAME.to_owned(), PASSWORD.to_owned(), REALM.to_owned()).into()
}
