use rand_core::CryptoRng;
use zentalk_primitives::Secret;

use crate::Error;

/// One side's contribution to the key of the frame encryption: wiped when dropped, never printed.
#[derive(Debug)]
pub struct FrameSecret(Secret<32>);

impl FrameSecret {
    /// Takes over 32 bytes.
    pub const fn new(secret: Secret<32>) -> Self {
        Self(secret)
    }

    /// A fresh one.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        Self(Secret::random(rng))
    }

    /// The bytes.
    pub const fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// The bytes, for the frame layer.
    pub fn into_secret(self) -> Secret<32> {
        self.0
    }

    pub(super) fn from_wire(bytes: &[u8]) -> Result<Self, Error> {
        Secret::from_slice(bytes).map(Self).ok_or(Error::Malformed("frame secret"))
    }
}
