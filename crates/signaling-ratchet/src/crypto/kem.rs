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

/// A decapsulation key: its seed (`d || z`), which is what is stored, and what follows from it.
pub(crate) struct KemPrivate {
    seed: Secret<64>,
    /// Wipes itself.
    expanded: Box<DecapsulationKey>,
}

impl KemPrivate {
    pub(crate) fn from_seed(seed: Secret<64>) -> Self {
        let mut input = Array::from(*seed.expose());
        let expanded = Box::new(DecapsulationKey::from_seed(input));
        input.zeroize();
        Self { seed, expanded }
    }

    pub(crate) fn random(rng: &mut impl CryptoRng) -> Self {
        Self::from_seed(Secret::random(rng))
    }

    pub(crate) const fn seed(&self) -> &Secret<64> {
        &self.seed
    }

    /// The encapsulation key's bytes.
    pub(crate) fn public(&self) -> Box<[u8; KEM_PUBLIC_LEN]> {
        Box::new(self.expanded.encapsulation_key().to_bytes().into())
    }

    /// The shared secret. A ciphertext that was not made for this key gives a pseudorandom one
    /// (FIPS 203 §6.3, implicit rejection), so the failure shows at the first decryption.
    pub(crate) fn decapsulate(&self, ciphertext: &[u8; KEM_CIPHERTEXT_LEN]) -> Secret<32> {
        let mut shared = self.expanded.decapsulate(&Ciphertext::from(*ciphertext));
        let secret = Secret::new(shared.into());
        shared.zeroize();
        secret
    }
}

/// An encapsulation key, checked.
pub(crate) struct KemPublic(Box<EncapsulationKey>);

impl KemPublic {
    /// Checks length and modulus (FIPS 203 §7.2).
    pub(crate) fn from_slice(bytes: &[u8]) -> Result<Self, Error> {
        const MALFORMED: Error = Error::Malformed("ML-KEM key");
        let bytes: [u8; KEM_PUBLIC_LEN] = bytes.try_into().map_err(|_| MALFORMED)?;
        let key = EncapsulationKey::new(&bytes.into()).map_err(|_| MALFORMED)?;
        Ok(Self(Box::new(key)))
    }

    pub(crate) fn to_bytes(&self) -> [u8; KEM_PUBLIC_LEN] {
        self.0.to_bytes().into()
    }

    /// A fresh shared secret and the ciphertext that carries it; the randomness is `rng`'s.
    pub(crate) fn encapsulate(
        &self,
        rng: &mut impl CryptoRng,
    ) -> (Box<[u8; KEM_CIPHERTEXT_LEN]>, Secret<32>) {
        let message = Secret::<32>::random(rng);
        let mut input = Array::from(*message.expose());
        let (ciphertext, mut shared) = self.0.encapsulate_deterministic(&input);
        input.zeroize();
        let secret = Secret::new(shared.into());
        shared.zeroize();
        (Box::new(ciphertext.into()), secret)
    }
}
