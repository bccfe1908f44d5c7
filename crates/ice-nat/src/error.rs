/// Why something was refused.
///
/// None of these ends a session: what was refused had no effect, and the agent goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // Malformed wire data.
    /// A `candidate` attribute that does not follow RFC 8839 §5.1. Drops this candidate only.
    #[error("malformed candidate attribute: {0}")]
    MalformedCandidate(CandidateField),
    /// A ufrag or password outside RFC 8839 §5.4: 4 to 256 and 22 to 256 ice-chars.
    #[error("malformed ICE credentials")]
    MalformedCredentials,

    // Well-formed, but not for us.
    /// A candidate type other than host, srflx, prflx and relay. Ignore the candidate
    /// (RFC 8839 §5.1).
    #[error("unknown candidate type")]
    UnknownCandidateType,
    /// A candidate transport other than UDP and TCP. Ignore the candidate (RFC 8839 §5.1).
    #[error("unknown candidate transport")]
    UnknownTransport,
    /// A remote ufrag longer than [`MAX_REMOTE_UFRAG`](crate::MAX_REMOTE_UFRAG).
    #[error("remote ufrag too long")]
    RemoteUfragTooLong,

    // A misbehaving peer.
    /// More than [`MAX_REMOTE_CANDIDATES`](crate::MAX_REMOTE_CANDIDATES) in one generation.
    /// Drops this candidate only.
    #[error("too many remote candidates")]
    TooManyRemoteCandidates,
    /// More than [`MAX_PARKED_CANDIDATES`](crate::MAX_PARKED_CANDIDATES) wait. Drops this
    /// candidate only.
    #[error("too many parked candidates")]
    TooManyParkedCandidates,

    // The caller's misuse.
    /// Other remote credentials than before without a restart: call
    /// [`IceAgent::restart`](crate::IceAgent::restart) first.
    #[error("remote credentials changed without a restart")]
    CredentialsChanged,
    /// More than [`MAX_LOCAL_SOCKETS`](crate::MAX_LOCAL_SOCKETS).
    #[error("too many local sockets")]
    TooManySockets,
    /// More than [`MAX_RELAYED`](crate::MAX_RELAYED).
    #[error("too many relayed addresses")]
    TooManyRelayed,
    /// More than [`MAX_STUN_SERVERS`](crate::MAX_STUN_SERVERS).
    #[error("too many STUN servers")]
    TooManyStunServers,
    /// An unspecified, multicast, broadcast, IPv4 link-local, IPv6 site-local or IPv4-mapped address, or port 0.
    #[error("address cannot be a candidate")]
    UnusableAddress,
    /// The address, or the address it is mapped to, is known already.
    #[error("address was added before")]
    DuplicateAddress,
    /// A mapped address of the other IP version.
    #[error("mapped address is of another IP version")]
    AddressFamilyMismatch,
    /// Not a latitude of -90 to 90 degrees and a longitude of -180 to 180.
    #[error("location out of range: latitude is -90 to 90 degrees, longitude -180 to 180")]
    LocationOutOfRange,
    /// An empty TURN user name, or one of more than [`MAX_TURN_USERNAME`](crate::turn::MAX_TURN_USERNAME) bytes.
    #[error("TURN user name is empty or too long")]
    MalformedTurnUsername,
    /// Neither a DNS name nor an IP address.
    #[error("TURN server's name is neither a DNS name nor an IP address")]
    MalformedServerName,
    /// Root certificates that cannot be read, or none at all: give them in DER or PEM.
    #[error("root certificates cannot be read, or there is none")]
    MalformedRoots,

    // Internal.
    /// The TLS library offers no version or cipher that is wanted here.
    #[error("TLS is not available in this build")]
    TlsUnavailable,
}

/// The part of a `candidate` attribute that is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CandidateField {
    /// Longer than [`MAX_CANDIDATE_LEN`](crate::MAX_CANDIDATE_LEN).
    #[error("length")]
    Length,
    /// A control or non-ASCII character.
    #[error("character")]
    Character,
    /// Fewer fields than a candidate has.
    #[error("too few fields")]
    TooFew,
    /// Not 1 to 32 ice-chars.
    #[error("foundation")]
    Foundation,
    /// Not 1 to 256.
    #[error("component id")]
    Component,
    /// Not a token.
    #[error("transport")]
    Transport,
    /// Not 1 to 2^31 - 1.
    #[error("priority")]
    Priority,
    /// Neither an IP address nor a domain name.
    #[error("connection address")]
    Address,
    /// Not 0 to 65535.
    #[error("port")]
    Port,
    /// No `typ`, or no token after it.
    #[error("type")]
    Type,
    /// A related address without a port, or the other way round, or malformed.
    #[error("related address")]
    Related,
    /// Not `active`, `passive` or `so` (RFC 6544 §4.5).
    #[error("tcptype")]
    TcpType,
    /// A name without a value, a name that is no token, or more than
    /// [`MAX_EXTENSIONS`](crate::MAX_EXTENSIONS).
    #[error("extension")]
    Extension,
}
