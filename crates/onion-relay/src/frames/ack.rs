use prost::Message;

/// The blob with this sequence may be deleted. There is no answer; an unknown sequence is no error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The sequence of the [`Deliver`](super::Deliver).
    pub sequence: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Wire {
    #[prost(uint64, tag = "1")]
    sequence: u64,
}

impl From<Ack> for Wire {
    fn from(frame: Ack) -> Self {
        Self { sequence: frame.sequence }
    }
}

impl From<Wire> for Ack {
    fn from(wire: Wire) -> Self {
        Self { sequence: wire.sequence }
    }
}
