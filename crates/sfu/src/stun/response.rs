use super::message::{Message, Signature};
use super::message_type;

/// A response to a Binding request of ours, success or error, as it reads. Nothing of it is believed before
/// [`ReturnCheck::is_answered_by`](super::ReturnCheck::is_answered_by).
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    pub(super) transaction: &'a [u8; 12],
    pub(super) signature: Signature<'a>,
}

impl<'a> Response<'a> {
    /// Reads `datagram`; `None` unless it is a well-formed Binding response with MESSAGE-INTEGRITY and, at its end, a FINGERPRINT that fits
    /// (RFC 8445 §7.1, RFC 8489 §14.7).
    pub fn parse(datagram: &'a [u8]) -> Option<Self> {
        let message = Message::read(datagram, &[message_type::SUCCESS, message_type::ERROR])?;
        let signature = message.attributes(|_, _| {})?;
        Some(Self { transaction: message.transaction, signature })
    }

    /// The transaction, which is that of the question.
    pub fn transaction(&self) -> &'a [u8; 12] {
        self.transaction
    }
}
