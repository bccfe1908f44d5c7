mod mdns;
mod parse;
#[cfg(test)]
mod tests;

use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::str::FromStr;

use zentalk_primitives::Redacted;

use crate::Error;

pub(crate) use mdns::{normalized_name, random_name};

/// One ICE candidate, as the `candidate` attribute carries it (RFC 8839 §5.1).
///
/// Parse it with [`FromStr`] and write it with [`Candidate::to_attribute`]; both leave out the
/// `candidate:` in front (parsing tolerates it). `Debug` hides the address.
#[derive(Clone, PartialEq, Eq)]
pub struct Candidate {
    foundation: String,
    component: u16,
    transport: CandidateTransport,
    priority: u32,
    address: CandidateAddress,
    port: u16,
    kind: CandidateKind,
    related: Option<(CandidateAddress, u16)>,
    tcp_type: Option<TcpType>,
    extensions: Vec<(String, String)>,
}

impl Candidate {
    /// A UDP candidate of component 1, as this agent signals it.
    pub(crate) fn local(
        foundation: String,
        priority: u32,
        address: SocketAddr,
        kind: CandidateKind,
        ufrag: &str,
    ) -> Self {
        let related = (kind != CandidateKind::Host).then(|| hidden_address(address));
        Self {
            foundation,
            component: 1,
            transport: CandidateTransport::Udp,
            priority,
            address: CandidateAddress::Ip(address.ip()),
            port: address.port(),
            kind,
            related,
            tcp_type: None,
            extensions: vec![("ufrag".to_owned(), ufrag.to_owned())],
        }
    }

    /// The same with a name in place of the address, for signalling.
    pub(crate) fn named(mut self, name: String) -> Self {
        self.address = CandidateAddress::Name(name);
        self
    }

    /// The same with the address that its name stands for.
    pub(crate) fn resolved_to(mut self, address: IpAddr) -> Self {
        self.address = CandidateAddress::Ip(address);
        self
    }

    /// Groups candidates of the same origin: 1 to 32 ice-chars.
    pub fn foundation(&self) -> &str {
        &self.foundation
    }

    /// 1 for RTP (with RTCP multiplexed), 2 for RTCP; 1 to 256.
    pub fn component(&self) -> u16 {
        self.component
    }

    /// UDP or TCP.
    pub fn transport(&self) -> CandidateTransport {
        self.transport
    }

    /// 1 to 2^31 - 1 (RFC 8445 §5.1.2).
    pub fn priority(&self) -> u32 {
        self.priority
    }

    /// The connection address.
    pub fn address(&self) -> &CandidateAddress {
        &self.address
    }

    /// The port. May be 0 or 9 for an active TCP candidate.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it is.
    pub fn kind(&self) -> CandidateKind {
        self.kind
    }

    /// `raddr` and `rport`: for diagnostics only, and often hidden (`0.0.0.0` port 9).
    pub fn related(&self) -> Option<(&CandidateAddress, u16)> {
        self.related.as_ref().map(|(address, port)| (address, *port))
    }

    /// Who opens the connection, of a TCP candidate (RFC 6544 §4.5).
    pub fn tcp_type(&self) -> Option<TcpType> {
        self.tcp_type
    }

    /// The `ufrag` extension, which names the generation it belongs to (RFC 8840 §4.4).
    pub fn ufrag(&self) -> Option<&str> {
        self.extension("ufrag")
    }

    /// The `generation` extension, which some senders use for the same.
    pub fn generation(&self) -> Option<u32> {
        self.extension("generation").and_then(|value| value.parse().ok())
    }

    /// The value of the first extension of that name.
    pub fn extension(&self, name: &str) -> Option<&str> {
        self.extensions().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Every extension in its order, the known ones (`tcptype`, `ufrag`, …) included.
    pub fn extensions(&self) -> impl Iterator<Item = (&str, &str)> {
        self.extensions.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Address and port, unless the address is a name that nobody has resolved.
    pub fn socket_address(&self) -> Option<SocketAddr> {
        match self.address {
            CandidateAddress::Ip(ip) => Some(SocketAddr::new(ip, self.port)),
            CandidateAddress::Name(_) => None,
        }
    }

    /// Whether the two make a pair (RFC 8445 §6.1.2.2, RFC 6544 §6.2): the same component, the
    /// same transport, the same IP version, link-local only with link-local, and TCP roles that
    /// complement each other where they are given.
    pub fn pairs_with(&self, remote: &Self) -> bool {
        self.component == remote.component
            && self.transport == remote.transport
            && TcpType::complement(self.tcp_type, remote.tcp_type)
            && match (&self.address, &remote.address) {
                (CandidateAddress::Ip(ours), CandidateAddress::Ip(theirs)) => {
                    ours.is_ipv4() == theirs.is_ipv4()
                        && is_link_local_v6(*ours) == is_link_local_v6(*theirs)
                }
                _ => false,
            }
    }

    /// The value of the `candidate` attribute. Contains the address: for signalling, not for logs.
    pub fn to_attribute(&self) -> String {
        let mut text = format!(
            "{} {} {} {} {} {} typ {}",
            self.foundation,
            self.component,
            self.transport.as_str(),
            self.priority,
            self.address.to_text(),
            self.port,
            self.kind.as_str(),
        );
        if let Some((address, port)) = &self.related {
            text.push_str(&format!(" raddr {} rport {port}", address.to_text()));
        }
        for (name, value) in &self.extensions {
            text.push_str(&format!(" {name} {value}"));
        }
        text
    }
}

impl FromStr for Candidate {
    type Err = Error;

    /// Parses the value of a `candidate` attribute. Errors:
    /// [`Error::MalformedCandidate`], [`Error::UnknownCandidateType`],
    /// [`Error::UnknownTransport`]; each is about this candidate only.
    fn from_str(text: &str) -> Result<Self, Error> {
        parse::candidate(text)
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate")
            .field("kind", &self.kind)
            .field("transport", &self.transport)
            .field("component", &self.component)
            .field("priority", &self.priority)
            .field("address", &Redacted(()))
            .finish_non_exhaustive()
    }
}

/// A connection address.
#[derive(Clone, PartialEq, Eq)]
pub enum CandidateAddress {
    /// An IP address.
    Ip(IpAddr),
    /// A domain name, as mDNS candidates have (`….local`).
    Name(String),
}

impl CandidateAddress {
    /// As SDP writes it. For signalling, not for logs.
    pub fn to_text(&self) -> String {
        match self {
            Self::Ip(ip) => ip.to_string(),
            Self::Name(name) => name.clone(),
        }
    }
}

impl fmt::Debug for CandidateAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ip(_) => "Ip([redacted])",
            Self::Name(_) => "Name([redacted])",
        })
    }
}

/// The type of a candidate (RFC 8445 §5.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CandidateKind {
    /// An address of the host itself.
    Host,
    /// What a STUN server saw.
    ServerReflexive,
    /// What the peer saw.
    PeerReflexive,
    /// An address on a TURN server.
    Relayed,
}

impl CandidateKind {
    /// The token in SDP.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::ServerReflexive => "srflx",
            Self::PeerReflexive => "prflx",
            Self::Relayed => "relay",
        }
    }

    /// The recommended type preference (RFC 8445 §5.1.2.2).
    pub const fn type_preference(self) -> u8 {
        match self {
            Self::Host => 126,
            Self::PeerReflexive => 110,
            Self::ServerReflexive => 100,
            Self::Relayed => 0,
        }
    }

    pub(crate) fn to_is(self) -> is::CandidateKind {
        match self {
            Self::Host => is::CandidateKind::Host,
            Self::ServerReflexive => is::CandidateKind::ServerReflexive,
            Self::PeerReflexive => is::CandidateKind::PeerReflexive,
            Self::Relayed => is::CandidateKind::Relayed,
        }
    }
}

/// The transport of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CandidateTransport {
    /// UDP: what this agent uses.
    Udp,
    /// TCP (RFC 6544): parsed, never used.
    Tcp,
}

impl CandidateTransport {
    /// The token in SDP.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        }
    }
}

/// Who opens a TCP connection (RFC 6544 §4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TcpType {
    /// This side.
    Active,
    /// The other side.
    Passive,
    /// Both at once.
    SimultaneousOpen,
}

impl TcpType {
    fn complement(ours: Option<Self>, theirs: Option<Self>) -> bool {
        match (ours, theirs) {
            (Some(ours), Some(theirs)) => matches!(
                (ours, theirs),
                (Self::Active, Self::Passive)
                    | (Self::Passive, Self::Active)
                    | (Self::SimultaneousOpen, Self::SimultaneousOpen)
            ),
            _ => true,
        }
    }
}

fn is_link_local_v6(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local())
}

/// RFC 8839 §5.1: the related address of someone who does not want to tell it is the unspecified
/// one of the same IP version with port 9. A base address would give away the private network.
fn hidden_address(address: SocketAddr) -> (CandidateAddress, u16) {
    let ip = if address.is_ipv4() { IpAddr::from([0; 4]) } else { IpAddr::from([0; 16]) };
    (CandidateAddress::Ip(ip), 9)
}
