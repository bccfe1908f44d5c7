use prost::Message;

/// The proof is good; deliveries follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscribed {
    /// The number of the [`Subscribe`](super::Subscribe).
    pub request: u64,
    /// One-time prekeys that are left at the relay, so that the owner knows when to publish more.
    pub one_time_left: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Wire {
    #[prost(uint64, tag = "1")]
    request: u64,
    #[prost(uint32, tag = "2")]
    one_time_left: u32,
}

impl From<Subscribed> for Wire {
    fn from(frame: Subscribed) -> Self {
        Self { request: frame.request, one_time_left: frame.one_time_left }
    }
}

impl From<Wire> for Subscribed {
    fn from(wire: Wire) -> Self {
        Self { request: wire.request, one_time_left: wire.one_time_left }
    }
}
