//! ML-KEM-768 (FIPS 203), from one crate on every target, because aws-lc-rs takes neither seed nor rng.

use ml_kem::array::Array;
use ml_kem::kem::{Decapsulate, KeyExport};
use ml_kem::ml_kem_768::{Ciphertext, DecapsulationKey, EncapsulationKey};
use rand_core::CryptoRng;
use zentalk_primitives::Secret;
use zeroize::Zeroize;

use crate::Error;

/// Length of an encapsulation key in bytes.
pub(crate) const KEM_PUBLIC_LEN: usize = 1_184;
/// Length of a ciphertext in bytes.
pub(crate) const KEM_CIPHERTEXT_LEN: usize = 1_088;

/// A decapsulation key in seed form (`d || z`).
pub(crate) struct KemPrivate(Secret<64>);

impl KemPrivate {
    pub(crate) const fn from_seed(seed: Secret<64>) -> Self {
        Self(seed)
    }

    pub(crate) fn random(rng: &mut impl CryptoRng) -> Self {
        Self(Secret::random(rng))
    }

    pub(crate) const fn seed(&self) -> &Secret<64> {
        &self.0
    }

    pub(crate) fn public(&self) -> KemPublic {
        KemPublic { bytes: Box::new(self.expanded().encapsulation_key().to_bytes().into()) }
    }

    /// The shared secret. A ciphertext that was not made for this key gives a pseudorandom one
    /// (FIPS 203 §6.3, implicit rejection), so the failure shows at the first decryption.
    pub(crate) fn decapsulate(&self, ciphertext: &[u8; KEM_CIPHERTEXT_LEN]) -> Secret<32> {
        let mut shared = self.expanded().decapsulate(&Ciphertext::from(*ciphertext));
        let secret = Secret::new(shared.into());
        shared.zeroize();
        secret
    }

    fn expanded(&self) -> DecapsulationKey {
        let mut seed = Array::from(*self.0.expose());
        let key = DecapsulationKey::from_seed(seed);
        seed.zeroize();
        key
    }
}

/// An encapsulation key.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct KemPublic {
    bytes: Box<[u8; KEM_PUBLIC_LEN]>,
}

impl KemPublic {
    /// Checks length and modulus (FIPS 203 §7.2).
    pub(crate) fn from_slice(bytes: &[u8]) -> Result<Self, Error> {
        let bytes: [u8; KEM_PUBLIC_LEN] =
            bytes.try_into().map_err(|_| Error::Malformed("ML-KEM key"))?;
        EncapsulationKey::new(&bytes.into()).map_err(|_| Error::Malformed("ML-KEM key"))?;
        Ok(Self { bytes: Box::new(bytes) })
    }

    pub(crate) fn as_bytes(&self) -> &[u8; KEM_PUBLIC_LEN] {
        &self.bytes
    }

    /// A fresh shared secret and the ciphertext that carries it; the randomness is `rng`'s.
    #[expect(clippy::expect_used, reason = "the modulus was checked when the key was taken")]
    pub(crate) fn encapsulate(
        &self,
        rng: &mut impl CryptoRng,
    ) -> (Box<[u8; KEM_CIPHERTEXT_LEN]>, Secret<32>) {
        let key = EncapsulationKey::new(&(*self.bytes).into()).expect("checked key");
        let mut message = Secret::<32>::random(rng);
        let mut input = Array::from(*message.expose());
        let (ciphertext, mut shared) = key.encapsulate_deterministic(&input);
        message.zeroize();
        input.zeroize();
        let secret = Secret::new(shared.into());
        shared.zeroize();
        (Box::new(ciphertext.into()), secret)
    }
}
