use prost::Message;

/// The blob is in the store: it survives a crash of the relay from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The number of the [`Put`](super::Put).
    pub request: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Wire {
    #[prost(uint64, tag = "1")]
    request: u64,
}

impl From<Stored> for Wire {
    fn from(frame: Stored) -> Self {
        Self { request: frame.request }
    }
}

impl From<Wire> for Stored {
    fn from(wire: Wire) -> Self {
        Self { request: wire.request }
    }
}
