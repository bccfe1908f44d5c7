use crate::{Epoch, Error};

/// One message of the verification: from member to member, through their ratchet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SasMessage {
    pub(super) epoch: Epoch,
    pub(super) body: Body,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    /// The hash of a contribution.
    Commit([u8; 32]),
    /// The contribution.
    Reveal([u8; 32]),
}

impl SasMessage {
    /// The epoch that it belongs to.
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The bytes to send: version, kind, epoch (4, big endian), value (32).
    pub fn encode(&self) -> Vec<u8> {
        let (kind, value) = match &self.body {
            Body::Commit(value) => (COMMIT, value),
            Body::Reveal(value) => (REVEAL, value),
        };
        [&[VERSION, kind][..], &self.epoch.to_u32().to_be_bytes(), value].concat()
    }

    /// The message that was sent as these bytes.
    ///
    /// # Errors
    /// [`Error::SasMessage`] for anything else.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let (head, rest) = bytes.split_first_chunk::<2>().ok_or(Error::SasMessage)?;
        let (epoch, value) = rest.split_first_chunk::<4>().ok_or(Error::SasMessage)?;
        let value = value.try_into().map_err(|_| Error::SasMessage)?;
        let body = match *head {
            [VERSION, COMMIT] => Body::Commit(value),
            [VERSION, REVEAL] => Body::Reveal(value),
            _ => return Err(Error::SasMessage),
        };
        Ok(Self { epoch: Epoch::from_u32(u32::from_be_bytes(*epoch)), body })
    }
}

impl core::fmt::Debug for SasMessage {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let kind = if matches!(self.body, Body::Commit(_)) { "Commit" } else { "Reveal" };
        write!(f, "{kind}({:?})", self.epoch)
    }
}

const VERSION: u8 = 1;
const COMMIT: u8 = 1;
const REVEAL: u8 = 2;

/// The length of an encoded message.
pub const MAX_SAS_MESSAGE_LEN: usize = 38;
