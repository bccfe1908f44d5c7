//! What answering a connectivity check costs: the request is parsed, its MESSAGE-INTEGRITY and FINGERPRINT are checked, and
//! the signed response is written. All give the same bytes.
//!
//! Ours is once a whole agent that is in the middle of a call: it finds the session, the socket and the pair besides, and
//! counts the packet. The peers are given their keys and the peer's address, and so is ours in the other race: the responder of
//! an SFU.

mod bare;
mod crates;
mod is_crate;
mod ours;
mod request;
mod sfu;
mod types;

use self::request::Request;
use crate::kit::{Contestant, Race};

/// Requests of one run.
const REQUESTS: usize = 64;

pub(crate) fn races() -> Vec<Race> {
    let (agent, to_agent) = ours::connected();
    let (sfu, to_sfu) = sfu::Sfu::new();
    vec![
        race("check answered", ours::Ours::new(agent, to_agent.clone()), to_agent),
        race("check answered by an SFU", sfu, to_sfu),
    ]
}

fn race(case: &'static str, ours: impl Contestant + 'static, request: Request) -> Race {
    Race::new(case, REQUESTS)
        .with(bare::Bare::new(&request))
        .with(ours)
        .with(types::StunTypes::new(request.clone()))
        .with(is_crate::Is::new(request.clone()))
        .with(crates::Stun::new(request.clone()))
        .with(crates::RtcStun::new(request))
}
