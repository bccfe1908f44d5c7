use core::fmt;
use core::net::{IpAddr, SocketAddr};

use crate::{Candidate, Credentials};

/// What happened outside.
#[derive(Clone)]
#[non_exhaustive]
pub enum Input<'a> {
    /// A datagram for which [`is_stun`](crate::is_stun) is true. Never an error: what cannot be
    /// used is dropped and counted.
    Datagram {
        /// The address of ours (a socket's or a relay allocation's) it arrived at.
        local: SocketAddr,
        /// Where it came from.
        remote: SocketAddr,
        /// The bytes.
        payload: &'a [u8],
    },
    /// The peer's credentials, from its offer or answer. The same ones again are fine; others
    /// need a [`restart`](crate::IceAgent::restart) first.
    RemoteCredentials(Credentials),
    /// A candidate of the peer's. One that this agent cannot use (another component, TCP, an older generation, a name that is no mDNS
    /// one) is ignored and counted.
    RemoteCandidate(Candidate),
    /// The same as the value of a `candidate` attribute (RFC 8839 §5.1), with or without the
    /// `candidate:` in front. Unknown types and transports are ignored and counted, too; what is
    /// malformed is an error that drops this candidate only.
    RemoteCandidateText(&'a str),
    /// The peer sends no more candidates in this generation (RFC 8838 §14). Ignored before its
    /// credentials.
    RemoteEndOfCandidates,
    /// The address of a name from [`Event::ResolveName`](crate::Event::ResolveName). Where there is none, nothing is said.
    NameResolved {
        /// The name, as in the event.
        name: &'a str,
        /// Its address.
        address: IpAddr,
    },
}

/// Prints the kind of input only: contents do not belong in logs.
impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Datagram { .. } => "Datagram",
            Self::RemoteCredentials(_) => "RemoteCredentials",
            Self::RemoteCandidate(_) | Self::RemoteCandidateText(_) => "RemoteCandidate",
            Self::RemoteEndOfCandidates => "RemoteEndOfCandidates",
            Self::NameResolved { .. } => "NameResolved",
        })
    }
}
