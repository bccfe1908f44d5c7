use core::fmt;

use zeroize::Zeroizing;

use crate::Error;
use crate::limits;

/// A message of the group's key distribution: opaque here, wiped when dropped, never printed.
pub struct GroupKeys(Zeroizing<Vec<u8>>);

impl GroupKeys {
    /// Takes over an encoded message.
    ///
    /// # Errors
    /// [`Error::TooLong`] over [`limits::GROUP_KEYS_LEN`].
    pub fn new(message: Zeroizing<Vec<u8>>) -> Result<Self, Error> {
        if message.len() > limits::GROUP_KEYS_LEN {
            return Err(Error::TooLong { part: "group keys", limit: limits::GROUP_KEYS_LEN });
        }
        Ok(Self(message))
    }

    /// The encoded message.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The encoded message.
    pub fn into_inner(self) -> Zeroizing<Vec<u8>> {
        self.0
    }

    pub(in crate::messages) fn encode(&self) -> Vec<u8> {
        self.0.to_vec()
    }

    pub(in crate::messages) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Self::new(Zeroizing::new(bytes.to_vec()))
    }
}

impl fmt::Debug for GroupKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GroupKeys({} bytes)", self.0.len())
    }
}
