use core::fmt;

use prost::Message;
use zentalk_primitives::MailboxId;

use super::fixed;
use crate::error::Error;

/// Give me prekeys of that mailbox. Anyone may ask. Answered by [`Prekeys`](super::Prekeys).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fetch {
    /// Matches the answer to the request.
    pub request: u64,
    /// Whose prekeys.
    pub mailbox: MailboxId,
}

impl fmt::Debug for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fetch([redacted])")
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Wire {
    #[prost(uint64, tag = "1")]
    pub(super) request: u64,
    /// 32 bytes.
    #[prost(bytes = "vec", tag = "2")]
    mailbox: Vec<u8>,
}

impl From<Fetch> for Wire {
    fn from(frame: Fetch) -> Self {
        Self { request: frame.request, mailbox: frame.mailbox.as_bytes().to_vec() }
    }
}

impl TryFrom<Wire> for Fetch {
    type Error = Error;

    fn try_from(wire: Wire) -> Result<Self, Error> {
        let mailbox = MailboxId::from_bytes(fixed(&wire.mailbox, "mailbox id")?);
        Ok(Self { request: wire.request, mailbox })
    }
}
