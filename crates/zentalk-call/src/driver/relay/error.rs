/// Why a relay could not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RelayError {
    // The way to the relay.
    /// The URL is none of a relay.
    #[error("this is no relay URL: it must look like wss://relay.example or ws://127.0.0.1:8790")]
    InvalidUrl,
    /// The PEM text holds no certificate.
    #[error("no certificate in PEM format was found")]
    InvalidCertificate,
    /// There is no connection.
    #[error("the relay cannot be reached: {0}")]
    Unreachable(Unreachable),
    /// Something answered, but it does not speak the relay protocol.
    #[error("what answers at this URL is not a Zentalk relay")]
    NotARelay,
    /// The relay speaks another version of the protocol.
    #[error(
        "the relay speaks another version of the protocol: update Zentalk, or ask its operator"
    )]
    Incompatible,
    /// The relay has as many connections as it takes.
    #[error("the relay is busy: it takes no more connections now")]
    Busy,
    /// No answer came in time.
    #[error("the relay did not answer in time")]
    TimedOut,
    /// The connection broke.
    #[error("the connection to the relay broke")]
    ConnectionLost,
    /// The network changed, so the connection was given up for a new one.
    #[error("the network changed: connecting anew")]
    NetworkChanged,
    /// The operator stops the relay.
    #[error("the relay is being stopped")]
    ShuttingDown,

    // The mailbox.
    /// The relay did not accept the proof of the mailbox key. The client gives up.
    #[error("the relay refused the proof of the mailbox key")]
    ProofRefused,
    /// Another device or program with the same mailbox connected. The client gives up.
    #[error("another program connected with the same mailbox")]
    Replaced,
    /// The request needs one's own mailbox, and this client connected without.
    #[error("this needs a connection with a mailbox")]
    NeedsMailbox,

    // TURN and SFUs.
    /// TURN credentials and SFU tokens are asked for on a connection without a mailbox:
    /// [`RelayClient::connect_anonymous`](super::RelayClient::connect_anonymous).
    #[error("TURN credentials and SFU tokens are asked for on a connection without a mailbox")]
    NeedsAnonymity,
    /// The relay's operator has configured no TURN servers.
    #[error("the relay has no TURN servers: its operator can configure some")]
    NoTurnServers,
    /// The relay's operator has configured no SFUs.
    #[error("the relay has no SFUs for group calls: its operator can configure some")]
    NoSfus,

    // Bounds.
    /// The receiver's mailbox is full.
    #[error("the mailbox is full: its owner has to fetch what is there first")]
    MailboxFull,
    /// The relay's disk quota is used up.
    #[error("the relay is full")]
    RelayFull,
    /// The blob is empty or larger than a relay takes.
    #[error("the message is empty or larger than a relay takes")]
    BlobTooLarge,
    /// The time to live is out of bounds.
    #[error("the message's time to live is out of bounds")]
    TimeToLive,
    /// The prekeys are too many or too large.
    #[error("the prekeys are too many or too large")]
    PrekeysTooLarge,
    /// The owner of the mailbox has published none.
    #[error("no prekeys are published for this mailbox")]
    NoPrekeys,
    /// Too many requests.
    #[error("too many requests to the relay: wait a little")]
    RateLimited,

    // Inside.
    /// The relay could not do it, for a reason of its own.
    #[error("the relay failed")]
    RelayFailed,
    /// The client was dropped, or has given up.
    #[error("the connection to the relay is closed")]
    Closed,
    /// The cryptographic library or the random number generator failed.
    #[error("the cryptographic library failed")]
    Cryptography,
}

/// What is in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreachable {
    /// Nothing listens there.
    #[error("nothing listens at its address")]
    Refused,
    /// The name is not known, or there is no DNS.
    #[error("its name is not known")]
    UnknownName,
    /// No answer came in time.
    #[error("no answer came in time")]
    TimedOut,
    /// The relay's certificate is not valid for its name, or not from a trusted authority.
    #[error("its TLS certificate is not trusted")]
    Certificate,
    /// TLS failed otherwise.
    #[error("no TLS connection could be made")]
    Tls,
    /// The network is down, or the like.
    #[error("the network does not lead there")]
    Network,
}

impl RelayError {
    /// Whether the client stops trying after this.
    pub(super) const fn is_final(self) -> bool {
        matches!(self, Self::ProofRefused | Self::Replaced | Self::Cryptography | Self::Closed)
    }
}
