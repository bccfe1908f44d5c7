use prost::Message;

/// The prekeys are in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// The number of the [`Publish`](super::Publish).
    pub request: u64,
    /// One-time prekeys at the relay now.
    pub one_time_left: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Wire {
    #[prost(uint64, tag = "1")]
    request: u64,
    #[prost(uint32, tag = "2")]
    one_time_left: u32,
}

impl From<Published> for Wire {
    fn from(frame: Published) -> Self {
        Self { request: frame.request, one_time_left: frame.one_time_left }
    }
}

impl From<Wire> for Published {
    fn from(wire: Wire) -> Self {
        Self { request: wire.request, one_time_left: wire.one_time_left }
    }
}
