//! `zentalk doctor`: what stands in the way of calls.
//!
//! 1. The relay: can it be reached, and does it grant TURN credentials?
//! 2. Each TURN server, by each transport it has: is an allocation made? It is released at once.
//! 3. The NAT: is this machine seen at one address by all, or at another by each?
//! 4. IPv6: does a route lead out?

mod allocation;
mod finding;
mod mapping;
mod relay;
mod route;
mod transport;
mod turn;

use std::net::SocketAddr;

use zentalk_call::TlsTrust;

pub use finding::{Ailment, Finding, Verdict};

/// What is to be examined.
pub(crate) struct Subject {
    /// The relay's URL.
    pub(crate) relay: String,
    /// Whom to trust about TURN over TLS.
    pub(crate) trust: TlsTrust,
    /// STUN servers beside the TURN servers.
    pub(crate) stun: Vec<SocketAddr>,
}

/// Examines everything, and tells each finding as soon as the ones before it are told.
///
/// # Errors
/// The first [`Ailment`] that makes calls fail.
pub(crate) async fn examine(
    subject: Subject,
    mut tell: impl FnMut(Finding),
) -> Result<(), Ailment> {
    let (findings, grant) = relay::examine(&subject.relay).await;
    let mut ailment = findings.iter().any(Finding::is_bad).then_some(Ailment::NoRelay);
    findings.into_iter().for_each(&mut tell);
    let mut stun = subject.stun;
    if let Some(grant) = grant {
        let servers = turn::resolve(&grant.servers).await;
        stun.extend(servers.iter().filter_map(turn::Resolved::stun));
        let findings = turn::examine(&grant, servers, &subject.trust).await;
        // One that works by any transport is enough.
        let works = findings.iter().any(|finding| finding.verdict == Verdict::Good);
        let noted =
            findings.into_iter().map(|finding| if works { finding.softened() } else { finding });
        noted.for_each(&mut tell);
        if !works {
            ailment = ailment.or(Some(Ailment::NoTurn));
        }
    }
    tell(mapping::examine(&stun).await);
    tell(route::examine());
    ailment.map_or(Ok(()), Err)
}
