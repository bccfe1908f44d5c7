use core::fmt;

use zentalk_primitives::Secret;

use crate::crypto::{Aead, Crypto, NONCE_LEN, Platform, TAG_LEN};
use crate::header::{HeaderBytes, MAX_HEADER_LEN, SframeHeader};
use crate::{CipherSuite, Error};

/// One SFrame key with its salt, as RFC 9605 defines it: the layer below [`FrameSealer`] and
/// [`FrameOpener`], without counters of its own and without replay protection.
///
/// Calls use [`FrameKeys`](crate::FrameKeys); this type is for those who bring another frame format.
///
/// [`FrameSealer`]: crate::FrameSealer
/// [`FrameOpener`]: crate::FrameOpener
pub struct SframeKey(KeyedBy<Platform>);

impl SframeKey {
    /// Derives the key with this key id from `base_key` (RFC 9605 §4.4.2).
    ///
    /// # Errors
    /// [`Error::Internal`] if the cryptographic library fails.
    pub fn derive(suite: CipherSuite, base_key: &[u8], kid: u64) -> Result<Self, Error> {
        KeyedBy::derive(suite, base_key, kid).map(Self)
    }

    /// The key id.
    pub fn kid(&self) -> u64 {
        self.0.kid
    }

    /// Appends the SFrame ciphertext of `plaintext` to `out`: header, ciphertext, tag (RFC 9605 §4.4.3).
    ///
    /// `counter` must never repeat under one key, on pain of losing confidentiality and authenticity of
    /// all its frames.
    ///
    /// # Errors
    /// [`Error::MetadataTooLong`]; `out` is then as before.
    pub fn seal_with_counter(
        &self,
        counter: u64,
        metadata: &[u8],
        plaintext: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.0.seal(counter, [metadata, &[]], plaintext, out)
    }

    /// Appends the plaintext of the SFrame ciphertext `sealed` to `out` and returns the counter
    /// (RFC 9605 §4.4.4).
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::UnknownKeyId`] for another key's ciphertext,
    /// [`Error::AuthenticationFailed`], [`Error::MetadataTooLong`]; `out` is then as before.
    pub fn open(&self, metadata: &[u8], sealed: &[u8], out: &mut Vec<u8>) -> Result<u64, Error> {
        let (header, len) = SframeHeader::decode(sealed)?;
        if header.kid != self.0.kid {
            return Err(Error::UnknownKeyId);
        }
        let body = sealed.get(len..).unwrap_or_default();
        self.0.open(header.counter, [metadata, &[]], body, out)?;
        Ok(header.counter)
    }

    /// As [`Self::seal_with_counter`], with metadata in two pieces.
    pub(crate) fn seal_framed(
        &self,
        counter: u64,
        metadata: [&[u8]; 2],
        plaintext: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.0.seal(counter, metadata, plaintext, out)
    }

    /// As [`Self::open`], with the header already read and metadata in two pieces.
    pub(crate) fn open_framed(
        &self,
        counter: u64,
        metadata: [&[u8]; 2],
        body: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.0.open(counter, metadata, body, out)
    }
}

impl fmt::Debug for SframeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SframeKey([redacted])")
    }
}

/// Key and salt over one source of primitives.
pub(crate) struct KeyedBy<C: Crypto> {
    kid: u64,
    aead: C::Aead,
    salt: Secret<NONCE_LEN>,
}

impl<C: Crypto> KeyedBy<C> {
    /// RFC 9605 §4.4.2.
    pub(crate) fn derive(suite: CipherSuite, base_key: &[u8], kid: u64) -> Result<Self, Error> {
        let (key, salt) = derive_key_and_salt::<C>(suite, base_key, kid)?;
        let key = key.expose().get(..suite.key_len()).ok_or(Error::Internal)?;
        Ok(Self { kid, aead: C::Aead::new(key)?, salt })
    }

    /// Appends header, ciphertext and tag; the associated data are header and metadata.
    pub(crate) fn seal(
        &self,
        counter: u64,
        metadata: [&[u8]; 2],
        plaintext: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let header = SframeHeader { kid: self.kid, counter }.to_bytes();
        let aad = AssociatedData::new(&header, metadata)?;
        let before = out.len();
        let start = before + header.as_slice().len();
        out.reserve(header.as_slice().len() + plaintext.len() + TAG_LEN);
        out.extend_from_slice(header.as_slice());
        out.extend_from_slice(plaintext);
        let mut tag = [0; TAG_LEN];
        let data = out.get_mut(start..).unwrap_or_default();
        let sealed = self.aead.seal(self.nonce(counter), aad.as_slice(), data, &mut tag);
        match sealed {
            Ok(()) => out.extend_from_slice(&tag),
            Err(_) => out.truncate(before),
        }
        sealed
    }

    /// Appends the plaintext of `body`, the ciphertext with its tag. On error `out` is as before and holds
    /// no unauthenticated byte.
    pub(crate) fn open(
        &self,
        counter: u64,
        metadata: [&[u8]; 2],
        body: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let header = SframeHeader { kid: self.kid, counter }.to_bytes();
        let aad = AssociatedData::new(&header, metadata)?;
        let (ciphertext, tag) = body.split_last_chunk::<TAG_LEN>().ok_or(Error::Malformed)?;
        let before = out.len();
        out.extend_from_slice(ciphertext);
        let data = out.get_mut(before..).unwrap_or_default();
        let opened = self.aead.open(self.nonce(counter), aad.as_slice(), data, tag);
        if opened.is_err() {
            data.fill(0);
            out.truncate(before);
        }
        opened
    }

    /// RFC 9605 §4.4.3: the counter, under the salt.
    fn nonce(&self, counter: u64) -> [u8; NONCE_LEN] {
        let mut nonce = *self.salt.expose();
        let counter = counter.to_be_bytes();
        nonce.iter_mut().skip(NONCE_LEN - 8).zip(counter).for_each(|(to, from)| *to ^= from);
        nonce
    }
}

/// RFC 9605 §4.4.2; the key is as long as the suite's, zeros follow it.
fn derive_key_and_salt<C: Crypto>(
    suite: CipherSuite,
    base_key: &[u8],
    kid: u64,
) -> Result<(Secret<32>, Secret<NONCE_LEN>), Error> {
    let (hash, kid, suite_id) = (suite.hash(), kid.to_be_bytes(), suite.id().to_be_bytes());
    let mut key = Secret::new([0; 32]);
    let mut salt = Secret::new([0; NONCE_LEN]);
    let key_room = key.expose_mut().get_mut(..suite.key_len()).ok_or(Error::Internal)?;
    C::hkdf(hash, &[], base_key, &[KEY_LABEL, &kid, &suite_id], key_room)?;
    C::hkdf(hash, &[], base_key, &[SALT_LABEL, &kid, &suite_id], salt.expose_mut())?;
    Ok((key, salt))
}

/// Header and metadata side by side, on the stack.
struct AssociatedData {
    buf: [u8; MAX_HEADER_LEN + MAX_METADATA_LEN],
    len: usize,
}

impl AssociatedData {
    fn new(header: &HeaderBytes, metadata: [&[u8]; 2]) -> Result<Self, Error> {
        let mut aad = Self { buf: [0; MAX_HEADER_LEN + MAX_METADATA_LEN], len: 0 };
        let [first, second] = metadata;
        if first.len() + second.len() > MAX_METADATA_LEN {
            return Err(Error::MetadataTooLong);
        }
        for part in [header.as_slice(), first, second] {
            let end = aad.len + part.len();
            let room = aad.buf.get_mut(aad.len..end).ok_or(Error::MetadataTooLong)?;
            room.copy_from_slice(part);
            aad.len = end;
        }
        Ok(aad)
    }

    fn as_slice(&self) -> &[u8] {
        self.buf.get(..self.len).unwrap_or_default()
    }
}

/// The longest metadata in bytes: they are put together on the stack.
pub const MAX_METADATA_LEN: usize = 64;

const KEY_LABEL: &[u8] = b"SFrame 1.0 Secret key ";
const SALT_LABEL: &[u8] = b"SFrame 1.0 Secret salt ";

#[cfg(test)]
mod tests;
