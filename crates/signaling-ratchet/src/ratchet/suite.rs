use rand_core::CryptoRng;

use crate::Error;
use crate::crypto::{HmacSha256, NONCE_LEN, TAG_LEN, gcm_open, gcm_seal, hkdf_expand, hkdf_sha256};
use crate::keys::DhShared;
use crate::limits;
use zentalk_primitives::Secret;

use super::header::Header;
use super::secrets::{ChainKey, HeaderKey, MessageKey, RootKey};

/// Everything about a Double Ratchet that is not its logic: key derivations, header and body forms.
///
/// Sealed: sessions use [`Zentalk`]; tests replay transcripts of other implementations through suites of their own.
pub trait Suite: Sealed {
    /// Whether a chain is known by the key that opens its headers (specification §4), or by the ratchet key
    /// that its headers show.
    const ENCRYPTED_HEADERS: bool;
    /// Whether ML-KEM secrets are mixed into the root chain.
    const HYBRID: bool;
    /// How much longer a message without ML-KEM material is than its plaintext, in bytes.
    const OVERHEAD: usize;

    /// One step of the root chain (`KDF_RK_HE`), with an ML-KEM secret if it is a hybrid one.
    fn root_step(root: &RootKey, shared: &DhShared, kem: Option<&Secret<32>>) -> RootStep;

    /// One step of a sending or receiving chain (`KDF_CK`).
    fn chain_step(chain: &ChainKey) -> ChainStep;

    /// Appends everything that stands before the body (`HENCRYPT`).
    fn seal_header(key: &HeaderKey, header: &Header, rng: &mut impl CryptoRng, out: &mut Vec<u8>);

    /// Cuts a message into what [`Suite::seal_header`] wrote and the body.
    ///
    /// # Errors
    /// [`Error::Malformed`] or [`Error::UnsupportedVersion`].
    fn split(message: &[u8]) -> Result<(&[u8], &[u8]), Error>;

    /// Opens a header (`HDECRYPT`); `None` if it is not of this key.
    ///
    /// # Errors
    /// [`Error::Malformed`] or [`Error::WeakKey`] if it is of this key, but makes no sense.
    fn open_header(key: &HeaderKey, sealed: &[u8]) -> Result<Option<Header>, Error>;

    /// Appends the body to `out`, where what [`Suite::seal_header`] wrote begins at `start` (`ENCRYPT`).
    fn seal_body(
        key: MessageKey,
        associated: &[u8],
        plaintext: &[u8],
        out: &mut Vec<u8>,
        start: usize,
    );

    /// Opens a body (`DECRYPT`); `None` if it is not of this key, header and associated data.
    fn open_body(
        key: MessageKey,
        associated: &[u8],
        sealed_header: &[u8],
        body: &[u8],
    ) -> Option<Vec<u8>>;
}

/// What a step of the root chain gives.
#[derive(Debug)]
pub struct RootStep {
    pub(crate) root: RootKey,
    pub(crate) chain: ChainKey,
    pub(crate) next_header: HeaderKey,
}

/// What a step of a chain gives.
#[derive(Debug)]
pub struct ChainStep {
    pub(crate) chain: ChainKey,
    pub(crate) message: MessageKey,
}

/// Our suite: HMAC-SHA256 chains, HKDF-SHA256 root, AES-256-GCM for header and body.
///
/// ```text
/// version 1 (1) | length of the sealed header (2, big-endian)
///               | sealed header: nonce (12) | AES-256-GCM of the header, tag (16)
///               | body: AES-256-GCM of the plaintext, tag (16)
/// ```
/// The body's associated data are both identities (the session's associated data), then everything before the body. The
/// header's nonce, fresh for every message, goes into the body's key: two messages under one message key, sealed by a
/// state that was restored from before the first of them, still have different keys and nonces.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Zentalk;

impl Zentalk {
    /// Version byte of a message.
    pub(crate) const VERSION: u8 = 1;

    const ROOT: &[u8] = b"zentalk/ratchet/root v1";
    const HYBRID_ROOT: &[u8] = b"zentalk/ratchet/hybrid v1";
    const CHAIN: &[u8] = b"zentalk/ratchet/chain v1";
    const MESSAGE: &[u8] = b"zentalk/ratchet/message v1";
    const BODY: &[u8] = b"zentalk/ratchet/key v1";

    const PREFIX_LEN: usize = 3;
    const SEALED_HEADER_LEN: usize = NONCE_LEN + Header::LEN + TAG_LEN;
}

impl Sealed for Zentalk {}

impl Suite for Zentalk {
    const ENCRYPTED_HEADERS: bool = true;
    const HYBRID: bool = true;
    const OVERHEAD: usize = Self::PREFIX_LEN + Self::SEALED_HEADER_LEN + TAG_LEN;

    fn root_step(root: &RootKey, shared: &DhShared, kem: Option<&Secret<32>>) -> RootStep {
        let mut keys = Secret::new([0; 96]);
        let shared = shared.expose().as_slice();
        match kem {
            None => hkdf_sha256(root.expose(), &[shared], Self::ROOT, keys.expose_mut()),
            Some(kem) => {
                let input = [shared, kem.expose()];
                hkdf_sha256(root.expose(), &input, Self::HYBRID_ROOT, keys.expose_mut());
            }
        }
        let [root, chain, next_header] = split_keys(&keys);
        RootStep {
            root: RootKey::new(root),
            chain: ChainKey::new(chain),
            next_header: HeaderKey::new(next_header),
        }
    }

    fn chain_step(chain: &ChainKey) -> ChainStep {
        let prf = HmacSha256::new(chain.expose());
        ChainStep {
            chain: ChainKey::new(prf.mac(&[Self::CHAIN])),
            message: MessageKey::new(prf.mac(&[Self::MESSAGE])),
        }
    }

    fn seal_header(key: &HeaderKey, header: &Header, rng: &mut impl CryptoRng, out: &mut Vec<u8>) {
        let kem = if header.kem.is_some() { Header::KEM_LEN } else { 0 };
        let len = u16::try_from(Self::SEALED_HEADER_LEN + kem).unwrap_or(u16::MAX);
        let mut nonce = [0; NONCE_LEN];
        rng.fill_bytes(&mut nonce);
        out.push(Self::VERSION);
        out.extend_from_slice(&len.to_be_bytes());
        out.extend_from_slice(&nonce);
        let start = out.len();
        header.write(out);
        let tag = key.cipher().seal(&nonce, &[], tail(out, start));
        out.extend_from_slice(&tag);
    }

    fn split(message: &[u8]) -> Result<(&[u8], &[u8]), Error> {
        const MALFORMED: Error = Error::Malformed("ratchet message");
        let ([version, len @ ..], _) =
            message.split_first_chunk::<{ Self::PREFIX_LEN }>().ok_or(MALFORMED)?;
        if *version != Self::VERSION {
            let version = u32::from(*version);
            return Err(Error::UnsupportedVersion { part: "ratchet message", version });
        }
        let len = usize::from(u16::from_be_bytes(*len));
        if !(Self::SEALED_HEADER_LEN..=limits::HEADER_LEN).contains(&len) {
            return Err(MALFORMED);
        }
        let (header, body) = message.split_at_checked(Self::PREFIX_LEN + len).ok_or(MALFORMED)?;
        if body.len() < TAG_LEN { Err(MALFORMED) } else { Ok((header, body)) }
    }

    fn open_header(key: &HeaderKey, sealed: &[u8]) -> Result<Option<Header>, Error> {
        let Some((_, sealed)) = sealed.split_at_checked(Self::PREFIX_LEN) else {
            return Ok(None);
        };
        let Some((nonce, ciphertext)) = sealed.split_first_chunk() else { return Ok(None) };
        let mut header = ciphertext.to_vec();
        let Some(len) = key.cipher().open(nonce, &[], &mut header) else { return Ok(None) };
        header.truncate(len);
        Header::parse(&header).map(Some)
    }

    fn seal_body(
        key: MessageKey,
        associated: &[u8],
        plaintext: &[u8],
        out: &mut Vec<u8>,
        start: usize,
    ) {
        let BodyKey { key, nonce } = BodyKey::derive(key, tail(out, start));
        let aad = [associated, tail(out, start)].concat();
        let body = out.len();
        out.extend_from_slice(plaintext);
        let tag = gcm_seal(key.expose(), &nonce, &aad, tail(out, body));
        out.extend_from_slice(&tag);
    }

    fn open_body(
        key: MessageKey,
        associated: &[u8],
        sealed_header: &[u8],
        body: &[u8],
    ) -> Option<Vec<u8>> {
        let BodyKey { key, nonce } = BodyKey::derive(key, sealed_header);
        let aad = [associated, sealed_header].concat();
        let mut plaintext = body.to_vec();
        let len = gcm_open(key.expose(), &nonce, &aad, &mut plaintext)?;
        plaintext.truncate(len);
        Some(plaintext)
    }
}

/// Key and nonce of one body.
struct BodyKey {
    key: Secret<32>,
    nonce: [u8; NONCE_LEN],
}

impl BodyKey {
    /// Consumes the message key: nothing else may be sealed under it.
    ///
    /// HKDF's expansion (RFC 5869 §2.3) with the header's nonce in the info. Nothing is extracted first: a message key
    /// comes out of HMAC and is uniformly random (§3.3).
    #[expect(clippy::needless_pass_by_value, reason = "message keys are consumed")]
    fn derive(message: MessageKey, sealed_header: &[u8]) -> Self {
        let header_nonce = Zentalk::PREFIX_LEN..Zentalk::PREFIX_LEN + NONCE_LEN;
        let header_nonce = sealed_header.get(header_nonce).unwrap_or_default();
        let mut okm = Secret::new([0; 32 + NONCE_LEN]);
        hkdf_expand(message.expose(), [Zentalk::BODY, header_nonce], okm.expose_mut());
        let mut body = Self { key: Secret::new([0; 32]), nonce: [0; NONCE_LEN] };
        let (key, nonce) = okm.expose().split_at(32);
        body.key.expose_mut().copy_from_slice(key);
        body.nonce.copy_from_slice(nonce);
        body
    }
}

/// Everything from `start` on.
fn tail(bytes: &mut [u8], start: usize) -> &mut [u8] {
    bytes.get_mut(start..).unwrap_or_default()
}

/// Cuts the output of a key derivation into three keys.
pub(crate) fn split_keys(okm: &Secret<96>) -> [Secret<32>; 3] {
    let mut keys = [const { Secret::new([0; 32]) }; 3];
    let (parts, _) = okm.expose().as_chunks();
    for (key, part) in keys.iter_mut().zip(parts) {
        *key.expose_mut() = *part;
    }
    keys
}

pub(crate) use sealed::Sealed;

mod sealed {
    pub trait Sealed {}
}
