use core::fmt;
use core::net::SocketAddr;

use crate::Error;
use crate::limits::MAX_STUN_SERVERS;

/// Which side picks the pair (RFC 8445 §6.1.1): the offerer controls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nominates.
    Controlling,
    /// Follows.
    Controlled,
}

/// What may become a candidate, once the direct phase is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CandidatePolicy {
    /// Host, server-reflexive and relayed candidates.
    #[default]
    Direct,
    /// Relayed candidates only, for the whole call: no socket of ours sends a packet to anyone,
    /// and nothing is gathered.
    RelayOnly,
}

/// How an [`IceAgent`](crate::IceAgent) is set up.
#[derive(Clone, Default)]
pub struct Config {
    policy: CandidatePolicy,
    stun_servers: Vec<SocketAddr>,
    hides_hosts: bool,
}

impl Config {
    /// Direct, without STUN servers.
    pub fn new() -> Self {
        Self::default()
    }

    /// With this policy.
    #[must_use]
    pub fn policy(mut self, policy: CandidatePolicy) -> Self {
        self.policy = policy;
        self
    }

    /// With one more STUN server, for server-reflexive candidates. At most
    /// [`MAX_STUN_SERVERS`], else [`Error::TooManyStunServers`].
    pub fn stun_server(mut self, server: SocketAddr) -> Result<Self, Error> {
        if self.stun_servers.len() >= MAX_STUN_SERVERS {
            return Err(Error::TooManyStunServers);
        }
        self.stun_servers.push(server);
        Ok(self)
    }

    /// Whether host candidates are signalled with a random name instead of their address, so that no private address is shown
    /// (RFC 8828 §5.2, Mode 3; draft-ietf-mmusic-mdns-ice-candidates §3.1): peers on the same network still find it, by multicast
    /// DNS, and others learn nothing. The driver answers for the names that
    /// [`Event::PublishName`](crate::Event::PublishName) brings.
    #[must_use]
    pub fn hide_host_addresses(mut self, hides: bool) -> Self {
        self.hides_hosts = hides;
        self
    }

    pub(crate) fn hides_hosts(&self) -> bool {
        self.hides_hosts
    }

    pub(crate) fn candidate_policy(&self) -> CandidatePolicy {
        self.policy
    }

    pub(crate) fn stun_servers(&self) -> &[SocketAddr] {
        &self.stun_servers
    }
}

/// Addresses are not printed.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("policy", &self.policy)
            .field("stun_servers", &self.stun_servers.len())
            .field("hides_hosts", &self.hides_hosts)
            .finish()
    }
}
