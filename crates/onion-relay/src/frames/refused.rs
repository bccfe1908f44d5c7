use prost::Message;

use crate::error::Error;
use crate::limits::MAX_TEXT;

/// Something was not done. Whether the connection goes on stands at each [`Code`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The number of the request, if the frame had one.
    pub request: Option<u64>,
    /// Why, for programs.
    pub code: Code,
    /// Why, for people; at most [`MAX_TEXT`] bytes, longer ones are cut. Never shown without care: the
    /// other side wrote it.
    pub text: String,
}

impl Refused {
    /// The refusal that `error` stands for.
    pub fn new(request: Option<u64>, error: Error) -> Self {
        Self { request, code: Code::from(error), text: error.to_string() }
    }

    /// A refusal that has nothing to do with a request.
    pub fn unasked(code: Code, text: &str) -> Self {
        Self { request: None, code, text: text.to_owned() }
    }
}

/// Why something was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// A reason that this version does not know.
    Unknown,
    /// The message is not a valid frame. The connection goes on; too many of them close it.
    Malformed,
    /// The frame's version is not supported. As for [`Code::Malformed`].
    UnsupportedVersion,
    /// The mailbox proof is wrong. The connection is closed.
    ProofRefused,
    /// The request needs a subscription, or there is one already. The connection goes on.
    NotSubscribed,
    /// The mailbox is full. The connection goes on.
    MailboxFull,
    /// The relay is full. The connection goes on.
    RelayFull,
    /// The blob is too large. The connection goes on.
    BlobTooLarge,
    /// The time to live is out of bounds. The connection goes on.
    TimeToLive,
    /// Prekeys are too large or too many. The connection goes on.
    PrekeysTooLarge,
    /// No prekeys are published. The connection goes on.
    NoPrekeys,
    /// Too many requests. The connection goes on after a fetch or a request for TURN credentials or an SFU token, and is
    /// closed after a flood of frames.
    RateLimited,
    /// The relay's store failed. The connection goes on.
    Internal,
    /// Another connection subscribed to the same mailbox. The connection is closed.
    Replaced,
    /// The relay goes down. The connection is closed.
    ShuttingDown,
    /// TURN credentials and SFU tokens are not given to a connection with a mailbox, nor a mailbox to one that has any. The
    /// connection goes on.
    NotAnonymous,
}

impl From<Error> for Code {
    fn from(error: Error) -> Self {
        match error {
            Error::Malformed
            | Error::FrameTooLarge
            | Error::BadField(_)
            | Error::WrongDirection => Self::Malformed,
            Error::UnsupportedVersion(_) => Self::UnsupportedVersion,
            Error::ProofRefused => Self::ProofRefused,
            Error::NotSubscribed | Error::AlreadySubscribed => Self::NotSubscribed,
            Error::NotAnonymous => Self::NotAnonymous,
            Error::RateLimited => Self::RateLimited,
            Error::BlobTooLarge => Self::BlobTooLarge,
            Error::TimeToLive => Self::TimeToLive,
            Error::MailboxFull => Self::MailboxFull,
            Error::RelayFull => Self::RelayFull,
            Error::PrekeysTooLarge => Self::PrekeysTooLarge,
            Error::NoPrekeys => Self::NoPrekeys,
            Error::StoreFailed | Error::Signing => Self::Internal,
        }
    }
}

/// The codes on the wire: the position in this list, counted from 1. Entries are only ever appended.
const CODES: [Code; 15] = [
    Code::Malformed,
    Code::UnsupportedVersion,
    Code::ProofRefused,
    Code::NotSubscribed,
    Code::MailboxFull,
    Code::RelayFull,
    Code::BlobTooLarge,
    Code::TimeToLive,
    Code::PrekeysTooLarge,
    Code::NoPrekeys,
    Code::RateLimited,
    Code::Internal,
    Code::Replaced,
    Code::ShuttingDown,
    Code::NotAnonymous,
];

#[derive(Clone, PartialEq, Message)]
pub(super) struct Wire {
    #[prost(uint64, optional, tag = "1")]
    request: Option<u64>,
    #[prost(uint32, tag = "2")]
    code: u32,
    #[prost(string, tag = "3")]
    text: String,
}

impl From<Refused> for Wire {
    fn from(frame: Refused) -> Self {
        let code = (1..).zip(CODES).find(|(_, code)| *code == frame.code).map_or(0, |(n, _)| n);
        Self { request: frame.request, code, text: cut(frame.text) }
    }
}

impl From<Wire> for Refused {
    fn from(wire: Wire) -> Self {
        let code =
            (1..).zip(CODES).find(|(n, _)| *n == wire.code).map_or(Code::Unknown, |(_, c)| c);
        Self { request: wire.request, code, text: cut(wire.text) }
    }
}

/// The text without what is longer than it may be, and without control characters (it may end up on a
/// terminal).
fn cut(text: String) -> String {
    if text.len() <= MAX_TEXT && !text.contains(char::is_control) {
        return text;
    }
    let mut short = String::new();
    for c in text.chars().filter(|c| !c.is_control()) {
        if short.len() + c.len_utf8() > MAX_TEXT {
            break;
        }
        short.push(c);
    }
    short
}
