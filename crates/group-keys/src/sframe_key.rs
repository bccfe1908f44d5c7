use core::fmt;

use zentalk_primitives::Secret;

use crate::crypto::{Aead, Crypto, NONCE_LEN, Nonce, Platform};
use crate::header::{HeaderBytes, MAX_HEADER_LEN, SframeHeader};
use crate::suite::MAX_KEY_LEN;
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
    /// Derives the key with this key id from `base_key` (RFC 9605 §4.4.2), which should have at least as many
    /// bytes of entropy as the suite's cipher has of key.
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

    /// Writes the SFrame ciphertext of `plaintext` to `out`, whose contents are replaced: header, ciphertext, tag
    /// (RFC 9605 §4.4.3). A buffer that comes back for the next frame, as it was left, saves allocating and clearing it.
    ///
    /// `counter` must never repeat under one key, on pain of losing confidentiality and authenticity of
    /// all its frames.
    ///
    /// # Errors
    /// [`Error::MetadataTooLong`], [`Error::FrameTooLong`]; `out` is then empty.
    pub fn seal_with_counter(
        &self,
        counter: u64,
        metadata: &[u8],
        plaintext: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.0.seal(counter, [metadata, &[]], plaintext, out, 0)
    }

    /// Writes the plaintext of the SFrame ciphertext `sealed` to `out`, whose contents are replaced, and returns
    /// the counter (RFC 9605 §4.4.4).
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::UnknownKeyId`] for another key's ciphertext,
    /// [`Error::AuthenticationFailed`], [`Error::MetadataTooLong`], [`Error::FrameTooLong`]; `out` is then empty.
    pub fn open(&self, metadata: &[u8], sealed: &[u8], out: &mut Vec<u8>) -> Result<u64, Error> {
        let opened = self.open_over(metadata, sealed, out);
        if opened.is_err() {
            out.clear();
        }
        opened
    }

    fn open_over(&self, metadata: &[u8], sealed: &[u8], out: &mut Vec<u8>) -> Result<u64, Error> {
        let (header, len) = SframeHeader::decode(sealed)?;
        if header.kid != self.0.kid {
            return Err(Error::UnknownKeyId);
        }
        let body = sealed.get(len..).unwrap_or_default();
        self.0.open(header.counter, [metadata, &[]], body, out, 0)?;
        Ok(header.counter)
    }

    /// As [`Self::seal_with_counter`], with metadata in two pieces, from `start` of `out` on.
    pub(crate) fn seal_framed(
        &self,
        counter: u64,
        metadata: [&[u8]; 2],
        plaintext: &[u8],
        out: &mut Vec<u8>,
        start: usize,
    ) -> Result<(), Error> {
        self.0.seal(counter, metadata, plaintext, out, start)
    }

    /// As [`Self::open`], with the header already read, metadata in two pieces, from `start` of `out` on.
    pub(crate) fn open_framed(
        &self,
        counter: u64,
        metadata: [&[u8]; 2],
        body: &[u8],
        out: &mut Vec<u8>,
        start: usize,
    ) -> Result<(), Error> {
        self.0.open(counter, metadata, body, out, start)
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
    aead: Aead<C>,
    salt: Secret<NONCE_LEN>,
    tag_len: usize,
}

impl<C: Crypto> KeyedBy<C> {
    /// RFC 9605 §4.4.2.
    pub(crate) fn derive(suite: CipherSuite, base_key: &[u8], kid: u64) -> Result<Self, Error> {
        let (key, salt) = derive_key_and_salt::<C>(suite, base_key, kid)?;
        let key = key.expose().get(..suite.key_len()).ok_or(Error::Internal)?;
        Ok(Self { kid, aead: Aead::new(suite, key)?, salt, tag_len: suite.tag_len() })
    }

    /// Puts header, ciphertext and tag at `start` of `out`, which then ends with them; the associated data are header
    /// and metadata. On error `out` is empty.
    ///
    /// What was there before is overwritten, not cleared: a buffer that is used again costs nothing.
    pub(crate) fn seal(
        &self,
        counter: u64,
        metadata: [&[u8]; 2],
        plaintext: &[u8],
        out: &mut Vec<u8>,
        start: usize,
    ) -> Result<(), Error> {
        let sealed = self.seal_over(counter, metadata, plaintext, out, start);
        if sealed.is_err() {
            out.clear();
        }
        sealed
    }

    fn seal_over(
        &self,
        counter: u64,
        metadata: [&[u8]; 2],
        plaintext: &[u8],
        out: &mut Vec<u8>,
        start: usize,
    ) -> Result<(), Error> {
        if plaintext.len() > MAX_FRAME_LEN {
            return Err(Error::FrameTooLong);
        }
        let header = SframeHeader { kid: self.kid, counter }.to_bytes();
        let aad = AssociatedData::new(&header, metadata)?;
        let header = header.as_slice();
        out.resize(start + header.len() + plaintext.len() + self.tag_len, 0);
        let room = out.get_mut(start..).unwrap_or_default();
        let (first, rest) = room.split_at_mut_checked(header.len()).ok_or(Error::Internal)?;
        first.copy_from_slice(header);
        self.aead.seal(&self.nonce(counter), aad.as_slice(), plaintext, rest)
    }

    /// Puts the plaintext of `body`, the ciphertext with its tag, at `start` of `out`, which then ends with it.
    /// On error `out` is undefined, but holds no unauthenticated byte.
    pub(crate) fn open(
        &self,
        counter: u64,
        metadata: [&[u8]; 2],
        body: &[u8],
        out: &mut Vec<u8>,
        start: usize,
    ) -> Result<(), Error> {
        let len = body.len().checked_sub(self.tag_len).ok_or(Error::Malformed)?;
        let (ciphertext, tag) = body.split_at_checked(len).ok_or(Error::Malformed)?;
        if len > MAX_FRAME_LEN {
            return Err(Error::FrameTooLong);
        }
        let header = SframeHeader { kid: self.kid, counter }.to_bytes();
        let aad = AssociatedData::new(&header, metadata)?;
        out.resize(start + len, 0);
        let plaintext = out.get_mut(start..).unwrap_or_default();
        let nonce = self.nonce(counter);
        let opened = self.aead.open(&nonce, aad.as_slice(), ciphertext, tag, plaintext);
        if opened.is_err() {
            plaintext.fill(0);
        }
        opened
    }

    /// RFC 9605 §4.4.3: the counter, under the salt.
    fn nonce(&self, counter: u64) -> Nonce {
        let mut nonce = *self.salt.expose();
        if let Some(low) = nonce.last_chunk_mut::<8>() {
            *low = (u64::from_be_bytes(*low) ^ counter).to_be_bytes();
        }
        nonce
    }
}

#[cfg(feature = "glass")]
impl SframeKey {
    /// The key itself: see [`GroupKeys::secrets`](crate::GroupKeys::secrets).
    pub(crate) fn secret(
        suite: CipherSuite,
        base_key: &[u8],
        kid: u64,
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, Error> {
        let (key, _) = derive_key_and_salt::<Platform>(suite, base_key, kid)?;
        let key = key.expose().get(..suite.key_len()).ok_or(Error::Internal)?;
        Ok(zeroize::Zeroizing::new(key.to_vec()))
    }
}

/// RFC 9605 §4.4.2; the key is as long as the suite's, zeros follow it.
fn derive_key_and_salt<C: Crypto>(
    suite: CipherSuite,
    base_key: &[u8],
    kid: u64,
) -> Result<(Secret<MAX_KEY_LEN>, Secret<NONCE_LEN>), Error> {
    let (hash, kid, suite_id) = (suite.hash(), kid.to_be_bytes(), suite.id().to_be_bytes());
    let mut key = Secret::new([0; MAX_KEY_LEN]);
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

/// The longest frame in bytes, sealed or not, without what sealing adds. Far above any encoded picture, far below where
/// counter mode's 32 bits of block count end.
pub const MAX_FRAME_LEN: usize = 1 << 24;

const KEY_LABEL: &[u8] = b"SFrame 1.0 Secret key ";
const SALT_LABEL: &[u8] = b"SFrame 1.0 Secret salt ";

#[cfg(test)]
mod salamander;
#[cfg(test)]
mod tests;
