//! What answering a connectivity check costs: the request is parsed, its MESSAGE-INTEGRITY and FINGERPRINT are checked, and
//! the signed response is written. All give the same bytes.
//!
//! Ours is a whole agent that is in the middle of a call: it finds the session, the socket and the pair besides, and
//! counts the packet. The peers are given their keys and the peer's address.

mod bare;
mod crates;
mod is_crate;
mod ours;
mod request;
mod types;

use crate::kit::Race;

/// Requests of one run.
const REQUESTS: usize = 64;

pub(crate) fn races() -> Vec<Race> {
    let (agent, request) = ours::connected();
    vec![
        Race::new("check answered", REQUESTS)
            .with(bare::Bare::new(&request))
            .with(ours::Ours::new(agent, request.clone()))
            .with(types::StunTypes::new(request.clone()))
            .with(is_crate::Is::new(request.clone()))
            .with(crates::Stun::new(request.clone()))
            .with(crates::RtcStun::new(request)),
    ]
}
