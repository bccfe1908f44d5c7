use core::fmt;

use rand_core::CryptoRng;
use zentalk_primitives::Secret;

use crate::Error;
use crate::crypto::DhPrivate;
use crate::storage::{Persist, Reader, Sink};

/// An X25519 public key that an honest peer may send: canonical and not of small order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DhPublic([u8; 32]);

impl DhPublic {
    /// Takes 32 raw bytes (RFC 7748 §5).
    ///
    /// # Errors
    /// [`Error::WeakKey`] for a value of 2^255-19 or more, which RFC 7748 §5 would reduce and which gives one
    /// key several names, and for a point of small order (RFC 7748 §6.1).
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, Error> {
        if !is_canonical(&bytes) || SMALL_ORDER.contains(&bytes) {
            return Err(Error::WeakKey);
        }
        Ok(Self(bytes))
    }

    /// As [`DhPublic::from_bytes`], of a slice that must have 32 bytes.
    ///
    /// # Errors
    /// [`Error::Malformed`] for another length.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, Error> {
        let bytes = bytes.try_into().map_err(|_| Error::Malformed("X25519 key"))?;
        Self::from_bytes(bytes)
    }

    /// The raw bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Says nothing about the key: long-term keys are identities.
impl fmt::Debug for DhPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DhPublic([redacted])")
    }
}

impl Persist for DhPublic {
    fn write(&self, out: &mut impl Sink) {
        out.put(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        Self::from_bytes(input.array()?)
    }
}

/// An X25519 key pair.
pub struct DhKeyPair(DhPrivate);

impl DhKeyPair {
    /// A fresh pair.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        Self::from_private(Secret::random(rng))
    }

    /// The pair with this private key (RFC 7748 §5; clamped when used).
    pub fn from_private(private: Secret<32>) -> Self {
        Self(DhPrivate::new(private))
    }

    /// A second copy, for a session that starts from a prekey others may start from too.
    pub(crate) fn duplicate(&self) -> Self {
        Self::from_private(self.0.bytes().duplicate())
    }

    /// Its public key.
    pub fn public(&self) -> DhPublic {
        // Ours is canonical and of large order: the scalar is clamped and the base point has prime order.
        DhPublic(*self.0.public())
    }

    /// The shared secret with `remote`.
    ///
    /// # Errors
    /// [`Error::WeakKey`] if it is all zero (RFC 7748 §6.1).
    pub fn agree(&self, remote: &DhPublic) -> Result<DhShared, Error> {
        self.0.agree(&remote.0).map(DhShared).ok_or(Error::WeakKey)
    }
}

impl fmt::Debug for DhKeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DhKeyPair([redacted])")
    }
}

impl Persist for DhKeyPair {
    fn write(&self, out: &mut impl Sink) {
        self.0.bytes().write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self::from_private(input.secret()?))
    }
}

/// What two X25519 keys agree on: never used as a key itself.
#[derive(Debug)]
pub struct DhShared(Secret<32>);

impl DhShared {
    /// The bytes, for a key derivation.
    pub const fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

/// Little-endian and below 2^255-19.
pub(crate) fn is_canonical(bytes: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = bytes;
    let top = *high == 0x7f && middle.iter().all(|byte| *byte == 0xff) && *low >= 0xed;
    *high <= 0x7f && !top
}

/// The canonical u-coordinates of points whose order divides 8, on the curve and on its twist.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    with_ends(1, 0, 0),
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4,
        0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
        0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef,
        0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f,
        0x11, 0x57,
    ],
    with_ends(0xec, 0xff, 0x7f),
];

/// A value given by its lowest byte, all bytes between, and its highest.
pub(crate) const fn with_ends(low: u8, between: u8, high: u8) -> [u8; 32] {
    let mut bytes = [between; 32];
    bytes[0] = low;
    bytes[31] = high;
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_order_points_are_refused_and_give_zero() {
        let pair = DhKeyPair::from_private(Secret::new([7; 32]));
        for bytes in SMALL_ORDER {
            assert_eq!(DhPublic::from_bytes(bytes), Err(Error::WeakKey));
            assert_eq!(pair.agree(&DhPublic(bytes)).err(), Some(Error::WeakKey));
        }
    }

    #[test]
    fn values_of_the_field_order_or_more_are_refused() {
        for low in 0xed..=0xff {
            let bytes = with_ends(low, 0xff, 0x7f);
            assert_eq!(DhPublic::from_bytes(bytes), Err(Error::WeakKey));
        }
        assert_eq!(DhPublic::from_bytes(with_ends(9, 0, 0x80)), Err(Error::WeakKey));
        assert_eq!(DhPublic::from_bytes([0xff; 32]), Err(Error::WeakKey));
        assert!(DhPublic::from_bytes(with_ends(0xeb, 0xff, 0x7f)).is_ok());
        assert!(DhPublic::from_bytes(with_ends(9, 0, 0)).is_ok());
    }
}
