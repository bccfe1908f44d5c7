use core::fmt;

use crate::Error;
use crate::limits;

/// A message of the verification by short authentication string: opaque here.
#[derive(Clone, PartialEq, Eq)]
pub struct GroupSas(Vec<u8>);

impl GroupSas {
    /// Takes over an encoded message.
    ///
    /// # Errors
    /// [`Error::TooLong`] over [`limits::GROUP_SAS_LEN`].
    pub fn new(message: Vec<u8>) -> Result<Self, Error> {
        if message.len() > limits::GROUP_SAS_LEN {
            return Err(Error::TooLong {
                part: "group verification",
                limit: limits::GROUP_SAS_LEN,
            });
        }
        Ok(Self(message))
    }

    /// The encoded message.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The encoded message.
    pub fn into_inner(self) -> Vec<u8> {
        self.0
    }
}

/// What a reveal holds is secret from whoever has not committed yet.
impl fmt::Debug for GroupSas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GroupSas({} bytes)", self.0.len())
    }
}
