#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod agent;
mod candidate;
mod check_log;
mod config;
#[doc(hidden)]
pub mod conformance;
mod credentials;
mod error;
mod foundation;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod gate;
mod gathering;
mod input;
mod jitter;
mod limits;
mod outbox;
mod output;
mod pair;
mod path_table;
mod priority;
pub mod relays;
mod remote_set;
pub mod servers;
mod session;
mod socket;
mod stats;
mod stun;
pub mod turn;

pub use agent::IceAgent;
pub use candidate::{Candidate, CandidateAddress, CandidateKind, CandidateTransport, TcpType};
pub use config::{CandidatePolicy, Config, Role};
pub use credentials::Credentials;
pub use error::{CandidateField, Error};
pub use input::Input;
pub use limits::{
    CONSENT_TIMEOUT, DISCONNECTED_AFTER, GATHERING_TIMEOUT, ICE_TIMEOUT, ICE_TIMEOUT_AT_MOST,
    MAX_ALLOCATIONS, MAX_CANDIDATE_LEN, MAX_CANDIDATE_PAIRS, MAX_EXTENSIONS, MAX_INTERFACES,
    MAX_LOCAL_SOCKETS, MAX_PARKED_CANDIDATES, MAX_PEER_REFLEXIVE, MAX_PROBES, MAX_QUEUED,
    MAX_RELAY_SERVERS, MAX_RELAYED, MAX_REMOTE_CANDIDATES, MAX_REMOTE_UFRAG, MAX_RESOLVED_NAMES,
    MAX_SERVER_ADDRESSES, MAX_STUN_SERVERS, RESTART_LINGER, SERVERS_IN_USE,
};
pub use output::{Event, IceState, Output};
pub use pair::{CandidatePair, PathKind};
pub use priority::{candidate_priority, pair_priority, tcp_local_preference};
pub use socket::{LocalSocket, RelayedAddress, TransportProtocol};
pub use stats::{Dropped, IceStats};
pub use stun::is_stun;
