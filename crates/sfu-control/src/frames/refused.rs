use crate::error::Error;

/// Why an SFU did not do what was asked. It closes the connection after every one of them but
/// [`RefusedCode::Malformed`], [`RefusedCode::NotJoined`] and [`RefusedCode::AlreadyJoined`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusedCode {
    /// A reason that this version does not know.
    Unknown,
    /// The message is no frame, or a field is out of bounds. Too many of them close the connection.
    Malformed,
    /// The frame's version is not supported.
    UnsupportedVersion,
    /// No key that is trusted here has signed the token, or it is valid for too long.
    BadToken,
    /// The token has expired: ask for a new one.
    TokenExpired,
    /// The session description cannot be answered.
    BadOffer,
    /// This needs a `Join` first.
    NotJoined,
    /// This connection has joined already.
    AlreadyJoined,
    /// The room takes no further participant.
    RoomFull,
    /// The SFU takes no further room or connection.
    ServerFull,
    /// The same participant joined on another connection, which this one yields to.
    Replaced,
    /// More frames than the allowance.
    RateLimited,
    /// The SFU is being stopped: go to the next one.
    Draining,
    /// The SFU failed.
    Internal,
}

impl From<Error> for RefusedCode {
    fn from(error: Error) -> Self {
        match error {
            Error::Malformed | Error::FrameTooLarge | Error::BadField(_) => Self::Malformed,
            Error::UnsupportedVersion(_) => Self::UnsupportedVersion,
            Error::BadToken | Error::TokenTooLong => Self::BadToken,
            Error::TokenExpired => Self::TokenExpired,
            Error::KeyCount | Error::Signing => Self::Internal,
        }
    }
}

/// The codes on the wire: the position in this list, counted from 1. Entries are only ever appended.
const CODES: [RefusedCode; 13] = [
    RefusedCode::Malformed,
    RefusedCode::UnsupportedVersion,
    RefusedCode::BadToken,
    RefusedCode::TokenExpired,
    RefusedCode::BadOffer,
    RefusedCode::NotJoined,
    RefusedCode::AlreadyJoined,
    RefusedCode::RoomFull,
    RefusedCode::ServerFull,
    RefusedCode::Replaced,
    RefusedCode::RateLimited,
    RefusedCode::Draining,
    RefusedCode::Internal,
];

impl RefusedCode {
    pub(super) fn to_wire(self) -> u32 {
        (1..).zip(CODES).find(|(_, code)| *code == self).map_or(0, |(number, _)| number)
    }

    pub(super) fn from_wire(number: u32) -> Self {
        (1..).zip(CODES).find(|(n, _)| *n == number).map_or(Self::Unknown, |(_, code)| code)
    }
}
