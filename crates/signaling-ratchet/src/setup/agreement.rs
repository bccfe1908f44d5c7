use zentalk_primitives::Secret;

use crate::crypto::hkdf_sha256;
use crate::identity::IdentityPublic;
use crate::keys::DhShared;
use crate::ratchet::SessionSecrets;
use crate::ratchet::split_keys;

const SECRET: &[u8] = b"zentalk/setup/secret v1";
const IDENTITY: &[u8] = b"zentalk/setup/identity v1";

/// What both sides compute, in the order in which it is hashed.
pub(super) struct Agreement {
    /// Initiator's identity with signed prekey.
    pub(super) dh1: DhShared,
    /// Ephemeral with responder's identity.
    pub(super) dh2: DhShared,
    /// Ephemeral with signed prekey.
    pub(super) dh3: DhShared,
    /// Ephemeral with one-time prekey.
    pub(super) dh4: Option<DhShared>,
    /// Out of ML-KEM.
    pub(super) kem: Secret<32>,
}

impl Agreement {
    /// The session's first keys.
    pub(super) fn secrets(
        &self,
        initiator: &IdentityPublic,
        responder: &IdentityPublic,
        clear_header: &[u8],
    ) -> SessionSecrets {
        let info = [SECRET, &initiator.keys(), &responder.keys(), clear_header].concat();
        let mut okm = Secret::new([0; 96]);
        self.derive(&info, okm.expose_mut());
        let [root, initiator, responder] = split_keys(&okm);
        SessionSecrets::new(root, initiator, responder)
    }

    /// PQXDH's key derivation (its specification §2.2): `F` for Curve25519 is 32 bytes of FF, the salt is zero.
    pub(super) fn derive(&self, info: &[u8], out: &mut [u8]) {
        let shared = [&self.dh1, &self.dh2, &self.dh3].into_iter().chain(&self.dh4);
        formula(shared, Some(self.kem.expose()), info, out);
    }
}

/// X3DH's key derivation (its specification §2.2), and PQXDH's with an ML-KEM secret at the end of the input.
pub(crate) fn formula<'a>(
    shared: impl Iterator<Item = &'a DhShared>,
    kem: Option<&'a [u8; 32]>,
    info: &[u8],
    out: &mut [u8],
) {
    let parts = shared.map(DhShared::expose).chain(kem);
    let input: Vec<&[u8]> =
        core::iter::once(&[0xff; 32]).chain(parts).map(<[u8; 32]>::as_slice).collect();
    hkdf_sha256(&[0; 32], &input, info, out);
}

/// Key under which the initiator's identity is hidden; used once, because the ephemeral key is.
pub(super) fn identity_key(dh2: &DhShared) -> Secret<32> {
    let mut key = Secret::new([0; 32]);
    hkdf_sha256(&[0; 32], &[dh2.expose()], IDENTITY, key.expose_mut());
    key
}

/// What a session authenticates with every message.
pub(super) fn associated(initiator: &IdentityPublic, responder: &IdentityPublic) -> Vec<u8> {
    [initiator.keys(), responder.keys()].concat()
}
