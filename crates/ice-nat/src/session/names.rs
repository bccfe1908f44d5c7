//! The peer's candidates that have a name instead of an address (draft-ietf-mmusic-mdns-ice-candidates §3.2).
//!
//! Until the direct phase they are parked like every host candidate. Then each name is asked for once, at most
//! [`MAX_RESOLVED_NAMES`] in a generation, and what comes of it is a candidate like any other. Relay-only never asks: a query tells
//! the local network who is called.

use core::net::IpAddr;

use super::{Session, Shared};
use crate::candidate::normalized_name;
use crate::limits::{MAX_PARKED_CANDIDATES, MAX_RESOLVED_NAMES};
use crate::{Candidate, CandidateAddress, CandidateKind, Error, Event};

/// The names that were asked for, and the candidates that wait for them. Both bounded.
#[derive(Default)]
pub(super) struct RemoteNames {
    asked: Vec<String>,
    waiting: Vec<(String, Candidate)>,
}

impl RemoteNames {
    /// True if the name is to be asked for now; `None` if there are too many.
    fn wait(&mut self, name: &str, candidate: Candidate) -> Option<bool> {
        let known = self.asked.iter().any(|asked| asked == name);
        let room = known || self.asked.len() < MAX_RESOLVED_NAMES;
        if !room || self.waiting.len() >= MAX_PARKED_CANDIDATES {
            return None;
        }
        if !known {
            self.asked.push(name.to_owned());
        }
        self.waiting.push((name.to_owned(), candidate));
        Some(!known)
    }

    /// Whether a name was asked for that nobody has answered for yet.
    pub(super) fn are_awaited(&self) -> bool {
        !self.waiting.is_empty()
    }

    fn take(&mut self, name: &str) -> Vec<Candidate> {
        let resolved = self.waiting.extract_if(.., |(waiting, _)| waiting == name);
        resolved.map(|(_, candidate)| candidate).collect()
    }
}

impl Session {
    /// A candidate with a name. The gate is open for it, if it is a host candidate, which alone may have one.
    pub(super) fn add_named(&mut self, candidate: Candidate, shared: &mut Shared) {
        let name = match candidate.address() {
            CandidateAddress::Name(name) => normalized_name(name),
            CandidateAddress::Ip(_) => None,
        };
        let wanted = candidate.kind() == CandidateKind::Host && shared.gate.sockets_allowed();
        let asked = name.filter(|_| wanted).and_then(|name| {
            let ask = self.names.wait(&name, candidate)?;
            Some((name, ask))
        });
        match asked {
            Some((name, true)) => shared.out.event(Event::ResolveName(name)),
            Some((_, false)) => {}
            None => shared.stats.candidates_ignored += 1,
        }
    }

    /// The driver found the address of a name. One that was not asked for, or was answered before, means nothing.
    pub(crate) fn name_resolved(
        &mut self,
        name: &str,
        address: IpAddr,
        shared: &mut Shared,
    ) -> Result<(), Error> {
        let Some(name) = normalized_name(name) else { return Ok(()) };
        for candidate in self.names.take(&name) {
            self.add_remote(candidate.resolved_to(address), shared)?;
        }
        Ok(())
    }
}
