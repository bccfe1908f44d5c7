use crate::Error;
use crate::crypto::{NONCE_LEN, gcm_open};
use crate::identity::{Identity, IdentityPublic};
use crate::keys::DhShared;
use crate::prekeys::{PrekeyStore, UsedPrekeys};
use crate::ratchet::DoubleRatchet;

use super::agreement::{Agreement, associated, identity_key};
use super::header::SetupHeader;

/// A session that a peer began. Nothing counts before its first message has opened: only then is `used` committed.
pub(crate) struct Accepted {
    pub(crate) peer: IdentityPublic,
    pub(crate) ratchet: DoubleRatchet,
    pub(crate) used: UsedPrekeys,
}

/// Computes the responder's side of a set-up.
///
/// # Errors
/// [`Error::UnknownPrekey`], [`Error::SetupReplayed`], [`Error::ReplayMemoryFull`], [`Error::WeakKey`];
/// [`Error::AuthenticationFailed`] or [`Error::BadSignature`] if the initiator's identity does not open or hold.
pub(crate) fn respond(
    identity: &Identity,
    prekeys: &PrekeyStore,
    header: &SetupHeader,
) -> Result<Accepted, Error> {
    let ephemeral = header.ephemeral();
    let signed = prekeys.signed(header.signed_prekey())?;
    let one_time = header.one_time_prekey().map(|id| prekeys.one_time(id)).transpose()?;
    if one_time.is_none() {
        signed.check_not_replayed(ephemeral)?;
    }
    let dh2 = identity.agreement().agree(ephemeral)?;
    let peer = open_identity(header, &dh2)?;
    if peer == *identity.public() {
        return Err(Error::OwnIdentity);
    }
    let ciphertext = header.kem_ciphertext().ok_or(Error::Malformed("set-up header"))?;
    let agreement = Agreement {
        dh1: signed.agreement().agree(peer.agreement_key())?,
        dh2,
        dh3: signed.agreement().agree(ephemeral)?,
        dh4: one_time.map(|key| key.agree(ephemeral)).transpose()?,
        kem: signed.kem().decapsulate(ciphertext),
    };
    let secrets = agreement.secrets(&peer, identity.public(), header.clear());
    let associated = associated(&peer, identity.public());
    let ratchet = DoubleRatchet::responder(secrets, associated, signed.agreement().duplicate());
    let used = UsedPrekeys {
        signed: signed.id(),
        one_time: header.one_time_prekey(),
        ephemeral: *ephemeral,
    };
    Ok(Accepted { peer, ratchet, used })
}

fn open_identity(header: &SetupHeader, dh2: &DhShared) -> Result<IdentityPublic, Error> {
    let key = identity_key(dh2);
    let mut sealed = header.sealed_identity().to_vec();
    let len = gcm_open(key.expose(), &[0; NONCE_LEN], header.clear(), &mut sealed)
        .ok_or(Error::AuthenticationFailed)?;
    sealed.truncate(len);
    IdentityPublic::from_bytes(&sealed)
}
