use core::fmt;

use crate::error::Error;
use crate::limits::MAX_TOKEN;

/// What lets its holder into a room. Opaque to a participant, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Vec<u8>);

impl Token {
    /// Takes over a token as it was granted.
    ///
    /// # Errors
    /// [`Error::BadField`] unless it has 1 to [`MAX_TOKEN`] bytes.
    pub fn new(bytes: Vec<u8>) -> Result<Self, Error> {
        if bytes.is_empty() || bytes.len() > MAX_TOKEN {
            return Err(Error::BadField("token"));
        }
        Ok(Self(bytes))
    }

    /// The token.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The token, for whoever keeps it from now on.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token([redacted])")
    }
}
