use std::fmt;

use serde::{Deserialize, Serialize};

/// What became of an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// Refused, or survived, as it should be.
    Held,
    /// Held, but for something that ought to be said.
    HeldBut(String),
    /// It panicked, at this place of its source.
    Panicked(String),
    /// The process died: a signal, or a stack that overflowed.
    Aborted(String),
    /// What nobody with the key made was taken.
    AcceptedForged(String),
    /// What is malformed was taken.
    AcceptedMalformed(String),
    /// What was said once was taken twice.
    AcceptedReplay(String),
    /// The session did not survive.
    SessionLost(String),
    /// This many bytes were kept, for nothing.
    Grew(u64),
    /// Damaged data came out as good.
    Damaged(String),
    /// What is well-formed was refused.
    RefusedGood(String),
    /// Still running, or taking memory, when its limit was reached.
    OutOfLimits(String),
    /// It has nothing that this input is for.
    NotThere(String),
}

impl Outcome {
    /// Grew, if more than this many bytes were kept; else held.
    pub(crate) fn of_growth(kept: i64, allowed: u64) -> Self {
        match u64::try_from(kept) {
            Ok(kept) if kept > allowed => Self::Grew(kept),
            _ => Self::Held,
        }
    }

    pub(crate) fn is_good(&self) -> bool {
        matches!(self, Self::Held | Self::HeldBut(_) | Self::NotThere(_))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held => f.write_str("held"),
            Self::HeldBut(but) => write!(f, "held ({but})"),
            Self::Panicked(at) => write!(f, "**panicked** at {at}"),
            Self::Aborted(how) => write!(f, "**process died**: {how}"),
            Self::AcceptedForged(what) => write!(f, "**accepted forged**: {what}"),
            Self::AcceptedMalformed(what) => write!(f, "**accepted malformed**: {what}"),
            Self::AcceptedReplay(what) => write!(f, "**accepted a replay**: {what}"),
            Self::SessionLost(how) => write!(f, "**session lost**: {how}"),
            Self::Grew(bytes) => write!(f, "**kept {} MB**", bytes.div_ceil(1_000_000)),
            Self::Damaged(what) => write!(f, "**damaged data as good**: {what}"),
            Self::RefusedGood(what) => write!(f, "**refused what is good**: {what}"),
            Self::OutOfLimits(what) => write!(f, "**out of limits**: {what}"),
            Self::NotThere(what) => write!(f, "not there: {what}"),
        }
    }
}
