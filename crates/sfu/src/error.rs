/// What a call into this crate can refuse. Nothing that comes from the network is one of these: packets that are not wanted are dropped and
/// counted ([`SfuStats`](crate::SfuStats)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A figure of [`SfuConfig`](crate::SfuConfig) makes no sense.
    #[error("{0} of the SFU's configuration is out of range")]
    Config(&'static str),
    /// The participant has left, was replaced or fell silent.
    #[error("the participant is no longer here")]
    NoSuchParticipant,
}

/// Why somebody may not join. Nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The worker has all the rooms that it may have.
    #[error("the server is full; try another")]
    ServerFull,
    /// The room has all the people that it may have.
    #[error("the call is full")]
    RoomFull,
    /// The worker is being shut down.
    #[error("the server is shutting down; try another")]
    Draining,
    /// The offer contradicts itself or exceeds a limit; the text names what.
    #[error("the offer cannot be used: {0}")]
    Offer(&'static str),
    /// The DTLS implementation failed.
    #[error("internal error: no DTLS session could be made")]
    Internal,
}
