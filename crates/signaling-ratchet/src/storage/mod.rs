//! State at rest: a plain binary form (`codec`) inside an encrypted, versioned blob.
//!
//! ```text
//! version (1) | kind (1) | length of the rest (4, big-endian) | nonce (12) | AES-256-GCM ciphertext and tag
//! ```
//! Associated data: a label, then the first six bytes.

mod codec;

use rand_core::CryptoRng;
use zentalk_primitives::Secret;
use zeroize::Zeroizing;

use crate::Error;
use crate::crypto::{NONCE_LEN, TAG_LEN, gcm_open, gcm_seal};

pub(crate) use codec::{Persist, Reader, Sink};

const VERSION: u8 = 1;
const LABEL: &[u8] = b"zentalk/storage v1";
const PREFIX_LEN: usize = 6;

/// The key under which state is stored: 32 bytes that the caller keeps in the platform's key store.
#[derive(Debug)]
pub struct StorageKey(Secret<32>);

impl StorageKey {
    /// The key with these bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// A fresh key.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        Self(Secret::random(rng))
    }

    /// The bytes, for the key store.
    pub const fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// Encrypts a small secret that the caller keeps beside the state, with a nonce from `rng`.
    pub fn seal(&self, secret: Zeroizing<Vec<u8>>, rng: &mut impl CryptoRng) -> Vec<u8> {
        seal(Kind::Attachment, &Attachment(secret), self, rng)
    }

    /// Decrypts what [`StorageKey::seal`] encrypted.
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::UnsupportedVersion`] from a newer version, [`Error::Malformed`], or
    /// [`Error::AuthenticationFailed`] for changed bytes or another key.
    pub fn open(&self, blob: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        open::<Attachment>(Kind::Attachment, blob, self).map(|attachment| attachment.0)
    }
}

/// Bytes whose meaning is the caller's.
struct Attachment(Zeroizing<Vec<u8>>);

impl Persist for Attachment {
    fn write(&self, out: &mut impl Sink) {
        out.put(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self(Zeroizing::new(input.take_rest().to_vec())))
    }
}

/// What a blob holds, so that one is not taken for another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Identity = 1,
    Ratchet = 2,
    Postbox = 3,
    Attachment = 4,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Identity => "stored identity",
            Self::Ratchet => "stored session",
            Self::Postbox => "stored postbox",
            Self::Attachment => "stored secret",
        }
    }
}

/// Encrypts `value` under `key`, with a nonce from `rng`.
pub(crate) fn seal(
    kind: Kind,
    value: &impl Persist,
    key: &StorageKey,
    rng: &mut impl CryptoRng,
) -> Vec<u8> {
    let mut nonce = [0; NONCE_LEN];
    rng.fill_bytes(&mut nonce);
    let len = NONCE_LEN + codec::len(value) + TAG_LEN;
    // The plaintext is written once, into the buffer in which it is encrypted: it never moves.
    let mut blob = Vec::with_capacity(PREFIX_LEN + len);
    blob.extend_from_slice(&prefix(kind, len));
    blob.extend_from_slice(&nonce);
    value.write(&mut blob);
    let (clear, secret) = blob.split_at_mut(PREFIX_LEN + NONCE_LEN);
    let (prefix, _) = clear.split_at(PREFIX_LEN);
    let tag = gcm_seal(key.expose(), &nonce, &[LABEL, prefix].concat(), secret);
    blob.extend_from_slice(&tag);
    blob
}

/// Decrypts a blob of `kind`.
///
/// # Errors
/// [`Error::Truncated`], [`Error::UnsupportedVersion`], [`Error::Malformed`] for another kind of blob or
/// content that does not make sense, [`Error::AuthenticationFailed`] for a wrong key or changed bytes.
pub(crate) fn open<T: Persist>(kind: Kind, blob: &[u8], key: &StorageKey) -> Result<T, Error> {
    let (clear, rest) = blob.split_first_chunk::<PREFIX_LEN>().ok_or(Error::Truncated)?;
    let [version, found, len @ ..] = clear;
    if *version != VERSION {
        let version = u32::from(*version);
        return Err(Error::UnsupportedVersion { part: kind.name(), version });
    }
    if *found != kind as u8 {
        return Err(Error::Malformed(kind.name()));
    }
    let len = usize::try_from(u32::from_be_bytes(*len)).map_err(|_| Error::Truncated)?;
    let rest = match rest.len() {
        have if have < len => return Err(Error::Truncated),
        have if have > len => return Err(Error::Malformed(kind.name())),
        _ => rest,
    };
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LEN>().ok_or(Error::Truncated)?;
    let mut plaintext = Zeroizing::new(ciphertext.to_vec());
    let aad = [LABEL, clear.as_slice()].concat();
    let len =
        gcm_open(key.expose(), nonce, &aad, &mut plaintext).ok_or(Error::AuthenticationFailed)?;
    plaintext.truncate(len);
    codec::read_all(&plaintext, kind.name())
}

fn prefix(kind: Kind, len: usize) -> [u8; PREFIX_LEN] {
    // 4 GiB of state are out of reach of `limits`.
    let [a, b, c, d] = u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes();
    [VERSION, kind as u8, a, b, c, d]
}

/// The plain form, which is never stored: for the doors of the fuzz targets.
#[cfg(any(test, fuzzing))]
pub(crate) fn to_plain(value: &impl Persist) -> Vec<u8> {
    let mut out = Vec::new();
    value.write(&mut out);
    out
}

/// Reads what [`to_plain`] wrote.
#[cfg(any(test, fuzzing))]
pub(crate) fn from_plain<T: Persist>(plain: &[u8]) -> Result<T, Error> {
    codec::read_all(plain, "plain form")
}
