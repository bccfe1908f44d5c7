//! Exit codes, one for each kind of end, so that scripts can tell them apart.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// The call took place, or the command did what it was asked.
    Success = 0,
    /// Something failed that has no code of its own.
    Failure = 1,
    /// Wrong usage: also what the parser of options says.
    WrongUsage = 2,
    /// There is no such contact.
    NoContact = 3,
    /// The relay cannot be reached.
    NoRelay = 4,
    /// Nobody answered.
    NoAnswer = 5,
    /// Declined, or busy.
    Declined = 6,
    /// No connection could be made, or it was lost.
    NoConnection = 7,
    /// The certificate does not match its fingerprint.
    FingerprintMismatch = 8,
    /// A media file cannot be used.
    BadMedia = 9,
    /// The data folder cannot be used.
    BadData = 10,
    /// Interrupted from the keyboard before there was a call (128 + SIGINT, as shells count).
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
