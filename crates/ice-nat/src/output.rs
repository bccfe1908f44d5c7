use core::fmt;
use core::net::{IpAddr, SocketAddr};

use zentalk_primitives::{Instant, Transmit};

use crate::{Candidate, CandidatePair};

/// What to do next, from [`IceAgent::poll_output`](crate::IceAgent::poll_output).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send this datagram.
    Transmit(Transmit),
    /// Something happened.
    Event(Event),
    /// Nothing more for now: call [`handle_timeout`](crate::IceAgent::handle_timeout) at this
    /// time, or never if there is none.
    Timeout(Option<Instant>),
}

/// What the agent has to say.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Signal this candidate to the peer, now (RFC 8838). It names its generation by its `ufrag`
    /// extension.
    LocalCandidate(Candidate),
    /// No more candidates of this generation: signal the end of candidates. (The caller waits
    /// for its relay allocations as well.)
    GatheringComplete,
    /// The state is another one.
    StateChanged(IceState),
    /// The peer proved that it is at `remote`: an authenticated check was answered, by either
    /// side. DTLS and media are accepted from such addresses only.
    AddressValidated {
        /// The address of ours.
        local: SocketAddr,
        /// The peer's.
        remote: SocketAddr,
    },
    /// Send on this pair from now on. Comes again whenever it changes.
    NominatedPair(CandidatePair),
    /// The nominated pair did not answer for [`CONSENT_TIMEOUT`](crate::CONSENT_TIMEOUT)
    /// (RFC 7675 §5.1): nothing may be sent on it any more. A restart may regain a path.
    ConsentExpired,
    /// [`ICE_TIMEOUT`](crate::ICE_TIMEOUT) of checking without a nominated pair, and as long after the last relay of ours came, or
    /// nothing left to check. Checking goes on; a restart may help. Once per generation, and once
    /// more after the direct phase has opened.
    TimedOut,
    /// Look up this name by multicast DNS (RFC 6762), and nowhere else, and answer with
    /// [`Input::NameResolved`](crate::Input::NameResolved) if it has an address. Comes only after the direct phase has opened, and never
    /// under [`RelayOnly`](crate::CandidatePolicy::RelayOnly).
    ResolveName(String),
    /// Answer multicast DNS queries for this name with this address while the call lasts.
    PublishName {
        /// The name, which the candidates of sockets at the address are signalled with.
        name: String,
        /// The address.
        address: IpAddr,
    },
}

/// Addresses are not printed.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LocalCandidate(candidate) => {
                f.debug_tuple("LocalCandidate").field(candidate).finish()
            }
            Self::GatheringComplete => f.write_str("GatheringComplete"),
            Self::StateChanged(state) => f.debug_tuple("StateChanged").field(state).finish(),
            Self::AddressValidated { .. } => f.write_str("AddressValidated"),
            Self::NominatedPair(pair) => f.debug_tuple("NominatedPair").field(pair).finish(),
            Self::ConsentExpired => f.write_str("ConsentExpired"),
            Self::TimedOut => f.write_str("TimedOut"),
            Self::ResolveName(_) => f.write_str("ResolveName"),
            Self::PublishName { .. } => f.write_str("PublishName"),
        }
    }
}

/// Where the agent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IceState {
    /// The peer's credentials are not known, or nothing may be checked yet.
    New,
    /// Looking for a pair.
    Checking,
    /// A nominated pair that answers.
    Connected,
    /// A nominated pair that has not answered for
    /// [`DISCONNECTED_AFTER`](crate::DISCONNECTED_AFTER); it may come back.
    Disconnected,
    /// Consent expired. A restart, or another pair, is needed.
    Failed,
}
