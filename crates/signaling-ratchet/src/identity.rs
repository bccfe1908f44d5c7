use core::fmt;

use rand_core::CryptoRng;
use zentalk_primitives::Secret;

use crate::Error;
use crate::crypto::{SIGNATURE_LEN, ed25519_public, ed25519_sign, ed25519_verify};
use crate::keys::{DhKeyPair, DhPublic, is_canonical, with_ends};
use crate::storage::{self, Kind, Persist, Reader, Sink, StorageKey};

const BINDING_LABEL: &[u8] = b"zentalk/identity/binding v1";

/// A person's long-term keys: Ed25519 to sign prekeys, X25519 to agree on sessions.
pub struct Identity {
    signing: Secret<32>,
    agreement: DhKeyPair,
    public: IdentityPublic,
}

impl Identity {
    /// A new person.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let signing = Secret::random(rng);
        Self::from_parts(signing, DhKeyPair::random(rng))
    }

    /// What others know this person by.
    pub const fn public(&self) -> &IdentityPublic {
        &self.public
    }

    /// The identity, encrypted under `key` for storage; the nonce is `rng`'s.
    pub fn export(&self, key: &StorageKey, rng: &mut impl CryptoRng) -> Vec<u8> {
        storage::seal(Kind::Identity, self, key, rng)
    }

    /// Reads what [`Identity::export`] wrote.
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::UnsupportedVersion`], [`Error::Malformed`], or
    /// [`Error::AuthenticationFailed`] for changed bytes or another key.
    pub fn import(blob: &[u8], key: &StorageKey) -> Result<Self, Error> {
        storage::open(Kind::Identity, blob, key)
    }

    pub(crate) const fn agreement(&self) -> &DhKeyPair {
        &self.agreement
    }

    /// Signs `label`, then `message`.
    pub(crate) fn sign(&self, label: &[u8], message: &[u8]) -> [u8; SIGNATURE_LEN] {
        ed25519_sign(&self.signing, &[label, message].concat())
    }

    fn from_parts(signing: Secret<32>, agreement: DhKeyPair) -> Self {
        let key = agreement.public();
        let public = IdentityPublic {
            signing: ed25519_public(&signing),
            binding: ed25519_sign(&signing, &[BINDING_LABEL, key.as_bytes()].concat()),
            agreement: key,
        };
        Self { signing, agreement, public }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity([redacted])")
    }
}

impl Persist for Identity {
    fn write(&self, out: &mut impl Sink) {
        self.signing.write(out);
        self.agreement.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self::from_parts(input.secret()?, DhKeyPair::read(input)?))
    }
}

/// What others know a person by: both public keys, and the Ed25519 key's signature that binds the X25519 key to it.
///
/// Ordered by the Ed25519 key's bytes. Printing shows nothing: an identity does not belong in logs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityPublic {
    signing: [u8; 32],
    agreement: DhPublic,
    binding: [u8; SIGNATURE_LEN],
}

impl IdentityPublic {
    /// Length of [`IdentityPublic::to_bytes`].
    pub const LEN: usize = 32 + 32 + SIGNATURE_LEN;
    /// Length of [`IdentityPublic::keys`].
    pub const KEYS_LEN: usize = 64;

    /// Reads what [`IdentityPublic::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Error::Malformed`] for another length, [`Error::WeakKey`], or [`Error::BadSignature`] if the keys do
    /// not belong together.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        const MALFORMED: Error = Error::Malformed("identity");
        let (signing, rest) = bytes.split_first_chunk().ok_or(MALFORMED)?;
        let (agreement, binding) = rest.split_first_chunk().ok_or(MALFORMED)?;
        Self::from_parts(*signing, *agreement, binding.try_into().map_err(|_| MALFORMED)?)
    }

    /// Ed25519 key, X25519 key, binding signature.
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        let parts = [self.signing.as_slice(), self.agreement.as_bytes(), &self.binding];
        for (to, from) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        bytes
    }

    /// Ed25519 key, then X25519 key: what stands in associated data.
    pub fn keys(&self) -> [u8; Self::KEYS_LEN] {
        let mut bytes = [0; Self::KEYS_LEN];
        for (to, from) in bytes.iter_mut().zip(self.signing.iter().chain(self.agreement.as_bytes()))
        {
            *to = *from;
        }
        bytes
    }

    /// The Ed25519 key.
    pub const fn signing_key(&self) -> &[u8; 32] {
        &self.signing
    }

    /// The X25519 key.
    pub const fn agreement_key(&self) -> &DhPublic {
        &self.agreement
    }

    pub(crate) const fn binding(&self) -> &[u8; SIGNATURE_LEN] {
        &self.binding
    }

    pub(crate) fn from_parts(
        signing: [u8; 32],
        agreement: [u8; 32],
        binding: [u8; SIGNATURE_LEN],
    ) -> Result<Self, Error> {
        if is_weak(&signing) {
            return Err(Error::WeakKey);
        }
        let agreement = DhPublic::from_bytes(agreement)?;
        let public = Self { signing, agreement, binding };
        public.verify(BINDING_LABEL, agreement.as_bytes(), &binding, "identity")?;
        Ok(public)
    }

    /// Checks a signature over `label`, then `message`.
    pub(crate) fn verify(
        &self,
        label: &[u8],
        message: &[u8],
        signature: &[u8; SIGNATURE_LEN],
        part: &'static str,
    ) -> Result<(), Error> {
        if ed25519_verify(&self.signing, &[label, message].concat(), signature) {
            Ok(())
        } else {
            Err(Error::BadSignature(part))
        }
    }
}

impl fmt::Debug for IdentityPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityPublic([redacted])")
    }
}

/// Whether an Ed25519 key is one that no honest person has: not canonical (RFC 8032 §5.1.3), which gives one key several names,
/// or of small order, for which anybody can sign anything.
fn is_weak(key: &[u8; 32]) -> bool {
    let mut y = *key;
    // The topmost bit is the sign of x.
    let [.., high] = &mut y;
    *high &= 0x7f;
    !is_canonical(&y) || SMALL_ORDER.contains(&y)
}

/// The y-coordinates of the points of edwards25519 whose order divides 8.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    with_ends(1, 0, 0),
    with_ends(0xec, 0xff, 0x7f),
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
];

impl Persist for IdentityPublic {
    fn write(&self, out: &mut impl Sink) {
        out.put(&self.to_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        // Verified before it was stored; only the key's form is looked at again.
        let signing = input.array()?;
        let agreement = DhPublic::read(input)?;
        Ok(Self { signing, agreement, binding: input.array()? })
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{SigningKey, VerifyingKey};

    use super::*;

    /// With a key of small order, this signature holds for any message.
    const ANYTHING: [u8; SIGNATURE_LEN] = {
        let mut signature = [0; SIGNATURE_LEN];
        signature[0] = 1;
        signature
    };

    #[test]
    fn ed25519_keys_of_small_order_are_refused() {
        assert!(ed25519_verify(&with_ends(1, 0, 0), b"anything", &ANYTHING), "this is why");
        for key in SMALL_ORDER {
            assert!(VerifyingKey::from_bytes(&key).unwrap().is_weak());
            for sign in [0, 0x80] {
                let mut key = key;
                key[31] |= sign;
                let refused = IdentityPublic::from_parts(key, [9; 32], ANYTHING);
                assert_eq!(refused.err(), Some(Error::WeakKey));
            }
        }
    }

    /// RFC 8032 §5.1.3: a y of 2^255-19 or more is no key.
    #[test]
    fn ed25519_keys_that_are_not_canonical_are_refused() {
        for high in [0x7f, 0xff] {
            for low in 0xed..=0xff {
                let refused =
                    IdentityPublic::from_parts(with_ends(low, 0xff, high), [9; 32], ANYTHING);
                assert_eq!(refused.err(), Some(Error::WeakKey));
            }
        }
        let honest = SigningKey::from_bytes(&[1; 32]).verifying_key().to_bytes();
        assert!(!is_weak(&honest));
    }
}
