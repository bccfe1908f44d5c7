use rand_core::CryptoRng;

use crate::Error;
use crate::crypto::{NONCE_LEN, gcm_seal};
use crate::identity::Identity;
use crate::keys::{DhKeyPair, DhPublic};
use crate::prekeys::PrekeyBundle;
use crate::ratchet::DoubleRatchet;

use super::agreement::{Agreement, associated, identity_key};
use super::header::SetupHeader;

/// A session of ours that the responder does not know of yet.
pub(crate) struct Initiated {
    /// Stands before every message until the first answer.
    pub(crate) header: Vec<u8>,
    /// Names the session.
    pub(crate) ephemeral: DhPublic,
    pub(crate) ratchet: DoubleRatchet,
}

/// Begins a session from a verified bundle.
///
/// # Errors
/// [`Error::WeakKey`] if nothing can be agreed on with one of the bundle's keys.
pub(crate) fn initiate(
    identity: &Identity,
    bundle: &PrekeyBundle,
    rng: &mut impl CryptoRng,
) -> Result<Initiated, Error> {
    let ephemeral = DhKeyPair::random(rng);
    let (ciphertext, kem) = bundle.kem().encapsulate(rng);
    let one_time = bundle.one_time();
    let agreement = Agreement {
        dh1: identity.agreement().agree(bundle.agreement())?,
        dh2: ephemeral.agree(bundle.peer().agreement_key())?,
        dh3: ephemeral.agree(bundle.agreement())?,
        dh4: one_time.map(|(_, key)| ephemeral.agree(key)).transpose()?,
        kem,
    };
    let public = ephemeral.public();
    let id = one_time.map(|(id, _)| *id);
    let mut header = SetupHeader::clear_part(&public, bundle.id(), id, &ciphertext);
    let secrets = agreement.secrets(identity.public(), bundle.peer(), &header);
    seal_identity(identity, &agreement, &mut header);
    let associated = associated(identity.public(), bundle.peer());
    let ratchet = DoubleRatchet::initiator(secrets, associated, *bundle.agreement(), rng)?;
    Ok(Initiated { header, ephemeral: public, ratchet })
}

/// Completes the header. The nonce is zero: the key seals nothing else.
fn seal_identity(identity: &Identity, agreement: &Agreement, header: &mut Vec<u8>) {
    let key = identity_key(&agreement.dh2);
    let mut sealed = identity.public().to_bytes();
    let tag = gcm_seal(key.expose(), &[0; NONCE_LEN], header, &mut sealed);
    header.extend_from_slice(&sealed);
    header.extend_from_slice(&tag);
}
