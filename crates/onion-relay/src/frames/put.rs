use core::fmt;
use core::time::Duration;

use prost::Message;
use zentalk_primitives::MailboxId;

use super::fixed;
use crate::error::Error;
use crate::limits::{MAX_BLOB, MAX_TIME_TO_LIVE, MIN_TIME_TO_LIVE};

/// Keep this blob for that mailbox. Anyone may ask. Answered by [`Stored`](super::Stored).
#[derive(Clone, PartialEq, Eq)]
pub struct Put {
    /// Matches the answer to the request.
    pub request: u64,
    /// Whose mailbox.
    pub mailbox: MailboxId,
    /// 1 to [`MAX_BLOB`] bytes, opaque to the relay.
    pub blob: Vec<u8>,
    /// How long to keep it, in whole seconds from [`MIN_TIME_TO_LIVE`] to [`MAX_TIME_TO_LIVE`].
    /// Parts of a second are cut off.
    pub time_to_live: Duration,
}

impl fmt::Debug for Put {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Put({} bytes)", self.blob.len())
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Wire {
    #[prost(uint64, tag = "1")]
    pub(super) request: u64,
    /// 32 bytes.
    #[prost(bytes = "vec", tag = "2")]
    mailbox: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    blob: Vec<u8>,
    #[prost(uint32, tag = "4")]
    time_to_live_seconds: u32,
}

impl TryFrom<Put> for Wire {
    type Error = Error;

    fn try_from(frame: Put) -> Result<Self, Error> {
        check_blob(&frame.blob)?;
        check_time_to_live(frame.time_to_live)?;
        Ok(Self {
            request: frame.request,
            mailbox: frame.mailbox.as_bytes().to_vec(),
            blob: frame.blob,
            time_to_live_seconds: u32::try_from(frame.time_to_live.as_secs())
                .map_err(|_| Error::TimeToLive)?,
        })
    }
}

impl TryFrom<Wire> for Put {
    type Error = Error;

    fn try_from(wire: Wire) -> Result<Self, Error> {
        check_blob(&wire.blob)?;
        let time_to_live = Duration::from_secs(wire.time_to_live_seconds.into());
        check_time_to_live(time_to_live)?;
        Ok(Self {
            request: wire.request,
            mailbox: MailboxId::from_bytes(fixed(&wire.mailbox, "mailbox id")?),
            blob: wire.blob,
            time_to_live,
        })
    }
}

pub(crate) fn check_blob(blob: &[u8]) -> Result<(), Error> {
    if blob.is_empty() || blob.len() > MAX_BLOB { Err(Error::BlobTooLarge) } else { Ok(()) }
}

pub(crate) fn check_time_to_live(time_to_live: Duration) -> Result<(), Error> {
    if (MIN_TIME_TO_LIVE..=MAX_TIME_TO_LIVE).contains(&time_to_live) {
        Ok(())
    } else {
        Err(Error::TimeToLive)
    }
}
