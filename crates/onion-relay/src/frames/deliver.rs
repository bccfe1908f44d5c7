use core::fmt;
use core::time::Duration;

use prost::Message;

use super::put::check_blob;
use crate::error::Error;

/// A blob of the subscribed mailbox. It comes again on later connections until it is acknowledged.
#[derive(Clone, PartialEq, Eq)]
pub struct Deliver {
    /// Names the blob within its mailbox; a later blob has a larger one, never the same.
    pub sequence: u64,
    /// What was put.
    pub blob: Vec<u8>,
    /// How long the relay has had it, by the relay's own clock, in whole seconds.
    pub queued: Duration,
}

impl fmt::Debug for Deliver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Deliver({} bytes, queued {:?})", self.blob.len(), self.queued)
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Wire {
    #[prost(uint64, tag = "1")]
    sequence: u64,
    #[prost(bytes = "vec", tag = "2")]
    blob: Vec<u8>,
    #[prost(uint32, tag = "3")]
    queued_seconds: u32,
}

impl TryFrom<Deliver> for Wire {
    type Error = Error;

    fn try_from(frame: Deliver) -> Result<Self, Error> {
        check_blob(&frame.blob)?;
        Ok(Self {
            sequence: frame.sequence,
            blob: frame.blob,
            queued_seconds: u32::try_from(frame.queued.as_secs()).unwrap_or(u32::MAX),
        })
    }
}

impl TryFrom<Wire> for Deliver {
    type Error = Error;

    fn try_from(wire: Wire) -> Result<Self, Error> {
        check_blob(&wire.blob)?;
        Ok(Self {
            sequence: wire.sequence,
            blob: wire.blob,
            queued: Duration::from_secs(wire.queued_seconds.into()),
        })
    }
}
