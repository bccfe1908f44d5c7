use core::fmt;

use rand_core::CryptoRng;
use zentalk_primitives::{MailboxId, Secret};

use crate::crypto;
use crate::error::Error;

/// The secret key of one mailbox: whoever has it may read and empty the mailbox.
///
/// Made for the mailbox alone; it is not the identity key and says nothing about it. One key is for
/// one relay: a relay that a client proves its key to could pass another relay's challenge on.
pub struct MailboxKey {
    seed: Secret<32>,
    public_key: [u8; 32],
}

impl MailboxKey {
    /// A fresh key.
    ///
    /// # Errors
    /// [`Error::Signing`] if the cryptographic library fails.
    pub fn generate(rng: &mut impl CryptoRng) -> Result<Self, Error> {
        Self::from_secret(Secret::random(rng))
    }

    /// The key with these 32 bytes, which [`MailboxKey::secret`] gave.
    ///
    /// # Errors
    /// [`Error::Signing`] if the cryptographic library fails.
    pub fn from_secret(seed: Secret<32>) -> Result<Self, Error> {
        let public_key = crypto::public_key(seed.expose()).ok_or(Error::Signing)?;
        Ok(Self { seed, public_key })
    }

    /// The bytes to store (an Ed25519 seed, RFC 8032 §5.1.5). They are the mailbox.
    pub fn secret(&self) -> &Secret<32> {
        &self.seed
    }

    /// A second copy, for the rare place that needs two owners.
    pub fn duplicate(&self) -> Self {
        Self { seed: self.seed.duplicate(), public_key: self.public_key }
    }

    /// The mailbox that this key opens.
    pub fn mailbox(&self) -> MailboxId {
        mailbox_of(&self.public_key)
    }

    /// Proves the key for the connection that sent `challenge`.
    ///
    /// # Errors
    /// [`Error::Signing`] if the cryptographic library fails.
    pub fn prove(&self, challenge: &Challenge) -> Result<MailboxProof, Error> {
        let message = signed_message(&self.mailbox(), challenge);
        let signature = crypto::sign(self.seed.expose(), &message).ok_or(Error::Signing)?;
        Ok(MailboxProof { public_key: self.public_key, signature })
    }
}

impl fmt::Debug for MailboxKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailboxKey([redacted])")
    }
}

/// 32 random bytes that a relay chose for one connection, never used for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge([u8; Challenge::LEN]);

impl Challenge {
    /// Its length in bytes.
    pub const LEN: usize = 32;

    /// A fresh one.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; Self::LEN];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// The challenge with these bytes, as a client received them.
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

/// A public mailbox key with a signature over one connection's challenge; not yet checked.
#[derive(Clone, PartialEq, Eq)]
pub struct MailboxProof {
    public_key: [u8; 32],
    signature: [u8; 64],
}

impl MailboxProof {
    /// A proof as it came from the network.
    pub const fn from_parts(public_key: [u8; 32], signature: [u8; 64]) -> Self {
        Self { public_key, signature }
    }

    /// The Ed25519 public key, 32 bytes.
    pub const fn public_key(&self) -> &[u8; 32] {
        &self.public_key
    }

    /// The Ed25519 signature, 64 bytes.
    pub const fn signature(&self) -> &[u8; 64] {
        &self.signature
    }

    /// Checks the signature against the challenge that this connection was given.
    ///
    /// # Errors
    /// [`Error::ProofRefused`] for a wrong key, challenge or signature.
    pub fn verify(&self, challenge: &Challenge) -> Result<ProvenMailbox, Error> {
        let mailbox = mailbox_of(&self.public_key);
        let message = signed_message(&mailbox, challenge);
        if crypto::verify(&self.public_key, &message, &self.signature) {
            Ok(ProvenMailbox(mailbox))
        } else {
            Err(Error::ProofRefused)
        }
    }
}

/// Prints nothing of it: the public key names a mailbox.
impl fmt::Debug for MailboxProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailboxProof([redacted])")
    }
}

/// A mailbox whose key the other side has proven. Only [`MailboxProof::verify`] makes one, and only
/// with one can a mailbox be read, emptied or given prekeys.
#[derive(Clone, PartialEq, Eq)]
pub struct ProvenMailbox(MailboxId);

impl ProvenMailbox {
    /// Which mailbox.
    pub const fn mailbox(&self) -> &MailboxId {
        &self.0
    }
}

/// Prints nothing of it: logs hold no mailbox ids.
impl fmt::Debug for ProvenMailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProvenMailbox([redacted])")
    }
}

fn mailbox_of(public_key: &[u8; 32]) -> MailboxId {
    MailboxId::from_bytes(crypto::sha256(public_key))
}

/// What is signed: label, mailbox id, challenge. All lengths are fixed, so no two inputs collide.
fn signed_message(mailbox: &MailboxId, challenge: &Challenge) -> Vec<u8> {
    [LABEL, mailbox.as_bytes(), challenge.as_bytes()].concat()
}

const LABEL: &[u8] = b"zentalk/mailbox/proof v1";

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    fn rng() -> ChaCha20Rng {
        ChaCha20Rng::seed_from_u64(1)
    }

    #[test]
    fn mailbox_id_is_the_hash_of_the_public_key() {
        let key = MailboxKey::generate(&mut rng()).unwrap();
        assert_eq!(key.mailbox().as_bytes(), &crypto::sha256(&key.public_key));
    }

    #[test]
    fn owner_proves_the_key() {
        let mut rng = rng();
        let key = MailboxKey::generate(&mut rng).unwrap();
        let challenge = Challenge::random(&mut rng);
        let proven = key.prove(&challenge).unwrap().verify(&challenge).unwrap();
        assert_eq!(proven.mailbox(), &key.mailbox());
    }

    #[test]
    fn replayed_proof_is_refused_on_another_connection() {
        let mut rng = rng();
        let key = MailboxKey::generate(&mut rng).unwrap();
        let proof = key.prove(&Challenge::random(&mut rng)).unwrap();
        assert_eq!(proof.verify(&Challenge::random(&mut rng)), Err(Error::ProofRefused));
    }

    #[test]
    fn signature_of_one_key_does_not_open_the_mailbox_of_another() {
        let mut rng = rng();
        let (mine, theirs) =
            (MailboxKey::generate(&mut rng).unwrap(), MailboxKey::generate(&mut rng).unwrap());
        let challenge = Challenge::random(&mut rng);
        let signature = mine.prove(&challenge).unwrap().signature;
        let forged = MailboxProof::from_parts(theirs.public_key, signature);
        assert_eq!(forged.verify(&challenge), Err(Error::ProofRefused));
    }

    #[test]
    fn any_flipped_bit_of_the_signature_is_refused() {
        let mut rng = rng();
        let key = MailboxKey::generate(&mut rng).unwrap();
        let challenge = Challenge::random(&mut rng);
        let good = key.prove(&challenge).unwrap();
        for bit in 0..512 {
            let mut signature = good.signature;
            signature[bit / 8] ^= 1 << (bit % 8);
            let bad = MailboxProof::from_parts(good.public_key, signature);
            assert_eq!(bad.verify(&challenge), Err(Error::ProofRefused), "bit {bit}");
        }
    }

    #[test]
    fn stored_secret_opens_the_same_mailbox() {
        let key = MailboxKey::generate(&mut rng()).unwrap();
        let again = MailboxKey::from_secret(key.secret().duplicate()).unwrap();
        assert_eq!(key.mailbox(), again.mailbox());
    }

    #[test]
    fn nothing_of_a_key_or_a_proof_is_printed() {
        let mut rng = rng();
        let key = MailboxKey::generate(&mut rng).unwrap();
        let challenge = Challenge::random(&mut rng);
        let proof = key.prove(&challenge).unwrap();
        assert_eq!(format!("{key:?} {proof:?}"), "MailboxKey([redacted]) MailboxProof([redacted])");
    }
}
