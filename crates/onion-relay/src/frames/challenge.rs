use prost::Message;

use super::fixed;
use crate::error::Error;
use crate::mailbox_key::Challenge;

#[derive(Clone, PartialEq, Message)]
pub(super) struct Wire {
    /// 32 bytes.
    #[prost(bytes = "vec", tag = "1")]
    nonce: Vec<u8>,
}

impl From<Challenge> for Wire {
    fn from(challenge: Challenge) -> Self {
        Self { nonce: challenge.as_bytes().to_vec() }
    }
}

impl TryFrom<Wire> for Challenge {
    type Error = Error;

    fn try_from(wire: Wire) -> Result<Self, Error> {
        Ok(Self::from_bytes(fixed(&wire.nonce, "nonce")?))
    }
}
