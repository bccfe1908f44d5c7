//! The lite side of ICE (RFC 8445 §2.5): it answers connectivity checks, and makes none but one to each address that it is to send to. STUN as in
//! RFC 8489, Binding only.
//!
//! 1. A request names us in its USERNAME; that tells which participant it claims to come from ([`Request::parse`]).
//! 2. Its integrity under that participant's password and its fingerprint are checked ([`Responder::check`]). What fails is dropped without
//!    an answer.
//! 3. The answer says where the request came from ([`Responder::answer`]), or that the sender plays our role.
//! 4. Whether the participant receives there, too, it is asked itself ([`ReturnCheck`]): the address of a datagram can be forged.
//!
//! Nothing is allocated per request; the state of HMAC-SHA1 keyed with the password is made once.

mod credentials;
mod integrity;
mod message;
mod request;
mod responder;
mod response;
mod return_check;
mod writer;

pub use self::credentials::{Credentials, UFRAG_LEN};
pub use self::request::{Request, RequestRole};
pub use self::responder::{Answer, Responder};
pub use self::response::Response;
pub use self::return_check::ReturnCheck;

use self::credentials::{marked_worker, worker_in};
use crate::limits::MAX_REMOTE_UFRAG;

/// The longest answer, in bytes.
pub const MAX_ANSWER: usize = 128;

/// The longest question, in bytes: what an answer has at most, and a USERNAME of two ufrags.
pub const MAX_QUESTION: usize = MAX_ANSWER + MAX_REMOTE_UFRAG + UFRAG_LEN;

/// The worker that a connectivity check is for, or the response to one of ours: its number stands at the beginning of every ufrag that it
/// made, and of the transaction of every question that it asks. For a socket in front of several workers; nothing is authenticated by that.
///
/// `None` if the datagram is neither a Binding request that names a ufrag of ours nor a response.
pub fn worker_of(datagram: &[u8]) -> Option<u16> {
    match Response::parse(datagram) {
        Some(response) => marked_worker(response.transaction()),
        None => worker_in(Request::parse(datagram)?.local_ufrag()),
    }
}

/// RFC 8489 §5.
const HEADER_LEN: usize = 20;
/// A MESSAGE-INTEGRITY with its head (RFC 8489 §14.5).
const MAC_ATTRIBUTE_LEN: usize = 24;
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

/// What the CRC of a FINGERPRINT is XORed with (RFC 8489 §14.7).
const FINGERPRINT_XOR: u32 = 0x5354_554e;

/// Message types: Binding as request, success and error response (RFC 8489 §5).
mod message_type {
    pub(super) const REQUEST: u16 = 0x0001;
    pub(super) const SUCCESS: u16 = 0x0101;
    pub(super) const ERROR: u16 = 0x0111;
}

/// Attribute types (RFC 8489 §18.3, RFC 8445 §20.2).
mod attribute {
    pub(super) const USERNAME: u16 = 0x0006;
    pub(super) const MESSAGE_INTEGRITY: u16 = 0x0008;
    pub(super) const ERROR_CODE: u16 = 0x0009;
    pub(super) const UNKNOWN_ATTRIBUTES: u16 = 0x000a;
    pub(super) const XOR_MAPPED_ADDRESS: u16 = 0x0020;
    pub(super) const PRIORITY: u16 = 0x0024;
    pub(super) const USE_CANDIDATE: u16 = 0x0025;
    pub(super) const FINGERPRINT: u16 = 0x8028;
    pub(super) const ICE_CONTROLLED: u16 = 0x8029;
    pub(super) const ICE_CONTROLLING: u16 = 0x802a;
}
