//! Answers: successes, and refusals with their code.

use stun_types::attribute::{
    AttributeType, ErrorCode, Fingerprint, Nonce, PasswordAlgorithmValue, PasswordAlgorithms,
    Realm as RealmAttribute, UnknownAttributes,
};
use stun_types::message::{
    Message, MessageClass, MessageType, MessageWriteVec, Method, TransactionId,
};
use stun_types::prelude::{AttributeStaticType, AttributeWrite, MessageWrite, MessageWriteExt};

use super::integrity::{Integrity, LongTermKey, append};

/// What of a request its answer repeats.
#[derive(Clone, Copy)]
pub(super) struct Head {
    method: Method,
    transaction: TransactionId,
    /// Whether the request had a FINGERPRINT: its sender expects one, too (RFC 8489 §7).
    fingerprint: bool,
}

impl Head {
    pub(super) fn of(message: &Message<'_>) -> Self {
        Self {
            method: message.method(),
            transaction: message.transaction_id(),
            fingerprint: message.has_attribute(Fingerprint::TYPE),
        }
    }

    pub(super) const fn transaction(&self) -> TransactionId {
        self.transaction
    }

    pub(super) fn success(&self) -> Reply {
        self.reply(MessageClass::Success)
    }

    /// The answer to a refused request. A challenge needs the realm and a nonce.
    pub(super) fn refusal(
        &self,
        refusal: &Refusal,
        realm: &str,
        nonce: impl FnOnce() -> String,
    ) -> Reply {
        let mut reply = self.reply(MessageClass::Error);
        if let Ok(code) = ErrorCode::builder(refusal.code).build() {
            reply.add(&code);
        }
        match &refusal.extra {
            Extra::None => {}
            Extra::Challenge => reply.challenge(realm, &nonce()),
            Extra::Unknown(attributes) => reply.add(&UnknownAttributes::new(attributes)),
        }
        reply
    }

    fn reply(&self, class: MessageClass) -> Reply {
        let kind = MessageType::from_class_method(class, self.method);
        let message = Message::builder(kind, self.transaction, MessageWriteVec::with_capacity(160));
        Reply { message, fingerprint: self.fingerprint }
    }
}

/// An answer that is being written.
pub(super) struct Reply {
    message: MessageWriteVec,
    fingerprint: bool,
}

impl Reply {
    pub(super) fn add(&mut self, attribute: &dyn AttributeWrite) {
        // Fails for messages over 64 KiB and for attributes after the last: an answer is neither.
        let added = self.message.add_attribute(attribute);
        debug_assert!(added.is_ok(), "{added:?}");
    }

    fn challenge(&mut self, realm: &str, nonce: &str) {
        if let (Ok(realm), Ok(nonce)) = (RealmAttribute::new(realm), Nonce::new(nonce)) {
            self.add(&realm);
            self.add(&nonce);
        }
        self.add(&PasswordAlgorithms::new(&OFFERED_ALGORITHMS));
    }

    pub(super) fn finish(self) -> Vec<u8> {
        let mut message = self.message.finish();
        if self.fingerprint {
            add_fingerprint(&mut message);
        }
        message
    }

    pub(super) fn finish_signed(self, key: &LongTermKey, integrity: Integrity) -> Vec<u8> {
        let mut message = self.message.finish();
        key.sign(integrity, &mut message);
        if self.fingerprint {
            add_fingerprint(&mut message);
        }
        message
    }
}

/// How a client may make its key, best first (RFC 8489 §9.2.1).
pub(super) const OFFERED_ALGORITHMS: [PasswordAlgorithmValue; 2] =
    [PasswordAlgorithmValue::SHA256, PasswordAlgorithmValue::MD5];

/// RFC 8489 §14.7: a checksum over all before it, with a length that counts the attribute itself.
fn add_fingerprint(message: &mut Vec<u8>) {
    append(message, Fingerprint::TYPE.value(), &[0; 4]);
    let covered = message.len().saturating_sub(8);
    if let Some((covered, attribute)) = message.split_at_mut_checked(covered) {
        let checksum = Fingerprint::compute(&[covered]);
        for ((to, from), mask) in attribute.iter_mut().skip(4).zip(checksum).zip(b"STUN") {
            *to = from ^ mask;
        }
    }
}

/// Why a request is not done.
#[derive(Debug)]
pub(super) struct Refusal {
    code: u16,
    extra: Extra,
}

#[derive(Debug)]
enum Extra {
    None,
    /// Realm and nonce, for another try.
    Challenge,
    /// RFC 8489 §14.13.
    Unknown(Vec<AttributeType>),
}

impl Refusal {
    /// The request makes no sense.
    pub(super) const BAD_REQUEST: Self = Self::plain(ErrorCode::BAD_REQUEST);
    /// No valid credentials: none, wrong ones, expired ones.
    pub(super) const UNAUTHORIZED: Self =
        Self { code: ErrorCode::UNAUTHORIZED, extra: Extra::Challenge };
    /// A peer that the server does not relay to.
    pub(super) const FORBIDDEN: Self = Self::plain(ErrorCode::FORBIDDEN);
    /// There is an allocation, or there is none.
    pub(super) const MISMATCH: Self = Self::plain(ErrorCode::ALLOCATION_MISMATCH);
    /// Not a nonce of ours for this client, or an old one.
    pub(super) const STALE_NONCE: Self =
        Self { code: ErrorCode::STALE_NONCE, extra: Extra::Challenge };
    /// No relayed addresses of this family.
    pub(super) const FAMILY_NOT_SUPPORTED: Self =
        Self::plain(ErrorCode::ADDRESS_FAMILY_NOT_SUPPORTED);
    /// Valid credentials, but not those of the allocation.
    pub(super) const WRONG_CREDENTIALS: Self = Self::plain(ErrorCode::WRONG_CREDENTIALS);
    /// Not UDP between server and peer.
    pub(super) const TRANSPORT_NOT_SUPPORTED: Self =
        Self::plain(ErrorCode::UNSUPPORTED_TRANSPORT_PROTOCOL);
    /// The peer's address is not of the relayed address's family.
    pub(super) const FAMILY_MISMATCH: Self = Self::plain(ErrorCode::PEER_ADDRESS_FAMILY_MISMATCH);
    /// This credential or this address has enough.
    pub(super) const QUOTA_REACHED: Self = Self::plain(ErrorCode::ALLOCATION_QUOTA_REACHED);
    /// The server has no more of it.
    pub(super) const NO_CAPACITY: Self = Self::plain(ErrorCode::INSUFFICIENT_CAPACITY);

    const fn plain(code: u16) -> Self {
        Self { code, extra: Extra::None }
    }

    pub(super) const fn unknown(attributes: Vec<AttributeType>) -> Self {
        Self { code: ErrorCode::UNKNOWN_ATTRIBUTE, extra: Extra::Unknown(attributes) }
    }

    pub(super) const fn is_challenge(&self) -> bool {
        matches!(self.extra, Extra::Challenge)
    }

    pub(super) const fn code(&self) -> u16 {
        self.code
    }
}
