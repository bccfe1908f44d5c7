use zentalk_primitives::Secret;

use crate::Error;

/// The 32 bytes of a key, in a place of their own: what holds them can be moved, in a queue or a list that grows, and leaves no copy
/// behind that nobody wipes.
pub(crate) struct KeyBytes(Box<Secret<32>>);

impl KeyBytes {
    /// What `fill` writes.
    pub(crate) fn filled(fill: impl FnOnce(&mut [u8; 32])) -> Self {
        let mut bytes = Box::new(Secret::new([0; 32]));
        fill(bytes.expose_mut());
        Self(bytes)
    }

    /// What `fill` writes, unless it fails.
    pub(crate) fn try_filled(
        fill: impl FnOnce(&mut [u8; 32]) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let mut bytes = Box::new(Secret::new([0; 32]));
        fill(bytes.expose_mut())?;
        Ok(Self(bytes))
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

impl From<Secret<32>> for KeyBytes {
    fn from(bytes: Secret<32>) -> Self {
        Self(Box::new(bytes))
    }
}
