use prost::Message;

/// Give me credentials for your TURN servers. Answered by [`TurnGrant`](super::TurnGrant).
///
/// Asked on a connection that proves no mailbox, before or after: otherwise a TURN server and a relay of the same operator
/// would know whose mailbox a relayed call belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TurnRequest {
    /// Matches the answer to the request.
    pub request: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Wire {
    #[prost(uint64, tag = "1")]
    pub(super) request: u64,
}

impl From<TurnRequest> for Wire {
    fn from(frame: TurnRequest) -> Self {
        Self { request: frame.request }
    }
}

impl From<Wire> for TurnRequest {
    fn from(wire: Wire) -> Self {
        Self { request: wire.request }
    }
}
