use core::fmt;

use crate::{EndReason, LossCause};

/// The six states of the specification ("Call States"): what the world sees of [`State`](crate::State).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PublicState {
    /// No active call; also while a call rings here ([`Event::Incoming`](crate::Event::Incoming) tells).
    Idle,
    /// The offer was sent.
    Offering,
    /// The answer was sent.
    Answering,
    /// ICE or DTLS in progress, first or again.
    Connecting,
    /// Media flows.
    Connected,
    /// The call ended.
    Disconnected,
}

impl fmt::Display for PublicState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idle => "IDLE",
            Self::Offering => "OFFERING",
            Self::Answering => "ANSWERING",
            Self::Connecting => "CONNECTING",
            Self::Connected => "CONNECTED",
            Self::Disconnected => "DISCONNECTED",
        })
    }
}

/// What more there is to say about a public state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Detail {
    /// Nothing.
    None,
    /// OFFERING: it rings at the callee's.
    Ringing,
    /// CONNECTING: the connection was lost and is being restored.
    Reconnecting(LossCause),
    /// DISCONNECTED: why.
    Ended(EndReason),
}
