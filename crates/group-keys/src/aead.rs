use crate::crypto::{Aead, NONCE_LEN, Platform};
use crate::{CipherSuite, Error};

/// Encrypts `plaintext` with a suite's AEAD alone (RFC 9605 §4.5): ciphertext, then tag.
///
/// [`SframeKey`](crate::SframeKey) does this itself; it is there for those who verify implementations. `key` is that of the
/// AEAD, `aad` may have any length.
///
/// # Errors
/// [`Error::KeyLength`] if `key` is not as long as the suite says.
pub fn aead_seal(
    suite: CipherSuite,
    key: &[u8],
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, Error> {
    let mut sealed = vec![0; plaintext.len() + suite.tag_len()];
    Aead::<Platform>::new(suite, key)?.seal(nonce, aad, plaintext, &mut sealed)?;
    Ok(sealed)
}

/// Verifies and decrypts what [`aead_seal`] made.
///
/// # Errors
/// [`Error::KeyLength`]; [`Error::Malformed`] if `sealed` is shorter than the tag; [`Error::AuthenticationFailed`].
pub fn aead_open(
    suite: CipherSuite,
    key: &[u8],
    nonce: &[u8; NONCE_LEN],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Vec<u8>, Error> {
    let len = sealed.len().checked_sub(suite.tag_len()).ok_or(Error::Malformed)?;
    let (ciphertext, tag) = sealed.split_at_checked(len).ok_or(Error::Malformed)?;
    let mut plaintext = vec![0; ciphertext.len()];
    Aead::<Platform>::new(suite, key)?.open(nonce, aad, ciphertext, tag, &mut plaintext)?;
    Ok(plaintext)
}
