use core::fmt;

use crate::PublicState;

/// How far the agreement of the two users has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Acceptance {
    /// Caller: accepted here by placing; the peer has not reacted.
    Offering,
    /// Caller: accepted here; rings there.
    Alerting,
    /// Caller: both accepted.
    Answered,
    /// Callee: the peer accepted by placing; rings here, **not** accepted here.
    Ringing,
    /// Callee: both accepted.
    Accepted,
}

impl Acceptance {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Offering, Self::Alerting, Self::Answered, Self::Ringing, Self::Accepted];

    /// Whether both users agreed. Only then may media flow or direct candidates be used.
    pub const fn is_mutual(self) -> bool {
        matches!(self, Self::Answered | Self::Accepted)
    }
}

impl fmt::Display for Acceptance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Offering => "offering",
            Self::Alerting => "alerting",
            Self::Answered => "answered",
            Self::Ringing => "ringing",
            Self::Accepted => "accepted",
        })
    }
}

/// How far the connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Connectivity {
    /// Nothing runs.
    Idle,
    /// Candidates are gathered.
    Gathering,
    /// Checks run.
    Checking,
    /// A path is validated, DTLS runs.
    Handshaking,
    /// DTLS is done and the fingerprint verified; no media has come yet.
    Secured,
    /// Up: media flows.
    Up,
    /// Was secured; the path is lost and being restored.
    Reconnecting,
}

impl Connectivity {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Idle,
        Self::Gathering,
        Self::Checking,
        Self::Handshaking,
        Self::Secured,
        Self::Up,
        Self::Reconnecting,
    ];
}

impl fmt::Display for Connectivity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idle => "idle",
            Self::Gathering => "gathering",
            Self::Checking => "checking",
            Self::Handshaking => "handshaking",
            Self::Secured => "secured",
            Self::Up => "up",
            Self::Reconnecting => "reconnecting",
        })
    }
}

/// The state of one call: acceptance × connectivity, and what lies before and after.
///
/// The two are kept apart because "connected but not accepted" is where call state machines fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Neither placed nor offered.
    Idle,
    /// A call of a version that we do not know rings; there is nothing to connect.
    UpdateRinging,
    /// A call.
    Live(Acceptance, Connectivity),
    /// Over, for good.
    Ended,
}

impl State {
    /// Every state, the unreachable members of the product included.
    pub fn all() -> impl Iterator<Item = Self> {
        let live = Acceptance::ALL
            .into_iter()
            .flat_map(|a| Connectivity::ALL.into_iter().map(move |c| Self::Live(a, c)));
        [Self::Idle, Self::UpdateRinging].into_iter().chain(live).chain([Self::Ended])
    }

    /// What the world sees of it.
    pub const fn public(self) -> PublicState {
        match self {
            Self::Idle | Self::UpdateRinging | Self::Live(Acceptance::Ringing, _) => {
                PublicState::Idle
            }
            Self::Live(Acceptance::Offering | Acceptance::Alerting, _) => PublicState::Offering,
            Self::Live(Acceptance::Accepted, Connectivity::Idle | Connectivity::Gathering) => {
                PublicState::Answering
            }
            Self::Live(_, Connectivity::Up) => PublicState::Connected,
            Self::Live(Acceptance::Answered | Acceptance::Accepted, _) => PublicState::Connecting,
            Self::Ended => PublicState::Disconnected,
        }
    }

    /// Whether the ring timer runs.
    pub const fn rings(self) -> bool {
        match self {
            Self::UpdateRinging => true,
            Self::Live(acceptance, _) => !acceptance.is_mutual(),
            Self::Idle | Self::Ended => false,
        }
    }

    /// Whether the reconnection timer runs. Before both accepted, the ring timer is bound enough.
    pub const fn reconnects(self) -> bool {
        matches!(self, Self::Live(acceptance, Connectivity::Reconnecting) if acceptance.is_mutual())
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Idle => f.write_str("idle"),
            Self::UpdateRinging => f.write_str("update ringing"),
            Self::Live(acceptance, connectivity) => write!(f, "{acceptance} × {connectivity}"),
            Self::Ended => f.write_str("ended"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_mutually_accepted_call_is_public_beyond_offering() {
        for state in State::all() {
            if matches!(
                state.public(),
                PublicState::Answering | PublicState::Connecting | PublicState::Connected
            ) {
                assert!(matches!(state, State::Live(a, _) if a.is_mutual()), "{state}");
            }
        }
    }

    #[test]
    fn a_ringing_callee_is_idle_to_the_world() {
        for connectivity in Connectivity::ALL {
            let state = State::Live(Acceptance::Ringing, connectivity);
            assert_eq!(state.public(), PublicState::Idle);
        }
    }
}
