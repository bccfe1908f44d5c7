use zentalk_primitives::Secret;

use crate::Error;
use crate::crypto::KemPrivate;
use crate::keys::DhShared;
use crate::setup::formula;

/// The secret of an X3DH (specification §3.3) or PQXDH (§3.3) handshake with any `info`: 32 bytes.
///
/// `shared` is DH1 to DH3 and DH4 if there is a one-time prekey; `kem` the encapsulated secret, which X3DH has not.
pub fn handshake_secret(shared: &[DhShared], kem: Option<&[u8; 32]>, info: &[u8]) -> [u8; 32] {
    let mut secret = [0; 32];
    formula(shared.iter(), kem, info, &mut secret);
    secret
}

/// The shared secret of ML-KEM-768 (FIPS 203 §7.3) under the key with this seed, `d || z`.
///
/// # Errors
/// [`Error::Malformed`] for a ciphertext of another length.
pub fn ml_kem_768_decapsulate(seed: [u8; 64], ciphertext: &[u8]) -> Result<[u8; 32], Error> {
    let ciphertext = ciphertext.try_into().map_err(|_| Error::Malformed("ML-KEM ciphertext"))?;
    Ok(*KemPrivate::from_seed(Secret::new(seed)).decapsulate(ciphertext).expose())
}
