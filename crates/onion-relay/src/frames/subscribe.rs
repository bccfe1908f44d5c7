use prost::Message;

use super::fixed;
use crate::error::Error;
use crate::mailbox_key::MailboxProof;

/// Here is the proof of my mailbox key: deliver to me. Answered by [`Subscribed`](super::Subscribed).
///
/// One mailbox per connection, one connection per mailbox: the newest one gets the deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribe {
    /// Matches the answer to the request.
    pub request: u64,
    /// The mailbox key and its signature over this connection's challenge.
    pub proof: MailboxProof,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Wire {
    #[prost(uint64, tag = "1")]
    pub(super) request: u64,
    /// Ed25519, 32 bytes.
    #[prost(bytes = "vec", tag = "2")]
    public_key: Vec<u8>,
    /// Ed25519, 64 bytes.
    #[prost(bytes = "vec", tag = "3")]
    signature: Vec<u8>,
}

impl From<Subscribe> for Wire {
    fn from(frame: Subscribe) -> Self {
        Self {
            request: frame.request,
            public_key: frame.proof.public_key().to_vec(),
            signature: frame.proof.signature().to_vec(),
        }
    }
}

impl TryFrom<Wire> for Subscribe {
    type Error = Error;

    fn try_from(wire: Wire) -> Result<Self, Error> {
        let public_key = fixed(&wire.public_key, "public key")?;
        let signature = fixed(&wire.signature, "signature")?;
        Ok(Self { request: wire.request, proof: MailboxProof::from_parts(public_key, signature) })
    }
}
