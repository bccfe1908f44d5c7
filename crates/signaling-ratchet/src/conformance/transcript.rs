//! The core of the ratchet under the suite of the transcripts: plain headers, AES-256-CBC with HMAC-SHA256.

use core::fmt;

use aes::Aes256;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zentalk_primitives::{Secret, UnixTime};

use crate::Error;
use crate::crypto::{HmacSha256, hkdf_sha256};
use crate::keys::{DhKeyPair, DhPublic, DhShared};
use crate::ratchet::{
    ChainKey, ChainStep, DoubleRatchet, Header, HeaderKey, MessageKey, RootKey, RootStep, Sealed,
    SessionSecrets, Suite, split_keys,
};

/// One side of a transcript.
pub struct TranscriptSide(DoubleRatchet<Foreign>);

/// A message, with what the transcript shows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent(Vec<u8>);

impl TranscriptSide {
    /// The side that sends first; draws its ratchet key from `rng`.
    ///
    /// # Errors
    /// [`Error::WeakKey`] if nothing can be agreed on with `remote`.
    pub fn initiator(
        shared: [u8; 32],
        associated: Vec<u8>,
        remote: DhPublic,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, Error> {
        DoubleRatchet::initiator(secrets(shared), associated, remote, rng).map(Self)
    }

    /// The side that receives first.
    pub fn responder(shared: [u8; 32], associated: Vec<u8>, local: DhKeyPair) -> Self {
        Self(DoubleRatchet::responder(secrets(shared), associated, local))
    }

    /// Seals a message; draws a ratchet key from `rng` if it begins a chain, and nothing else.
    ///
    /// # Errors
    /// As [`DoubleRatchet::encrypt`].
    pub fn send(&mut self, plaintext: &[u8], rng: &mut impl CryptoRng) -> Result<Sent, Error> {
        self.0.encrypt(plaintext, rng).map(Sent)
    }

    /// Opens a message.
    ///
    /// # Errors
    /// As [`DoubleRatchet::decrypt`].
    pub fn receive(&mut self, message: &Sent) -> Result<Vec<u8>, Error> {
        self.0.decrypt(UnixTime::from_millis(0), &message.0)
    }
}

impl fmt::Debug for TranscriptSide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TranscriptSide([redacted])")
    }
}

impl Sent {
    /// The ratchet key in its header.
    pub fn ratchet_key(&self) -> &[u8] {
        &self.0[..32]
    }

    /// The previous chain's length, and the message's number.
    pub fn counters(&self) -> [u32; 2] {
        [32, 36].map(|at| {
            self.0[at..at + 4].iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
        })
    }

    /// Ciphertext and tag.
    pub fn ciphertext(&self) -> &[u8] {
        &self.0[Header::LEN..self.0.len() - KEY_LEN]
    }

    /// The message key that it was sealed under.
    pub fn message_key(&self) -> &[u8] {
        &self.0[self.0.len() - KEY_LEN..]
    }
}

/// The transcripts' suite. Behind the tag stands the message key, which the transcripts show.
struct Foreign;

impl Sealed for Foreign {}

impl Suite for Foreign {
    const ENCRYPTED_HEADERS: bool = false;
    const HYBRID: bool = false;
    const OVERHEAD: usize = Header::LEN + BLOCK_LEN + TAG_LEN + KEY_LEN;

    fn root_step(root: &RootKey, shared: &DhShared, _: Option<&Secret<32>>) -> RootStep {
        let mut keys = Secret::new([0; 96]);
        let (used, _) = keys.expose_mut().split_at_mut(64);
        hkdf_sha256(root.expose(), &[shared.expose()], b"conformance root", used);
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
            message: MessageKey::new(prf.mac(&[&[1]])),
            chain: ChainKey::new(prf.mac(&[&[2]])),
        }
    }

    fn seal_header(_: &HeaderKey, header: &Header, _: &mut impl CryptoRng, out: &mut Vec<u8>) {
        header.write(out);
    }

    fn split(message: &[u8]) -> Result<(&[u8], &[u8]), Error> {
        const MALFORMED: Error = Error::Malformed("message");
        let (header, body) = message.split_at_checked(Header::LEN).ok_or(MALFORMED)?;
        let body = body.len().checked_sub(KEY_LEN).and_then(|len| body.get(..len));
        Ok((header, body.ok_or(MALFORMED)?))
    }

    fn open_header(_: &HeaderKey, sealed: &[u8]) -> Result<Option<Header>, Error> {
        Header::parse(sealed).map(Some)
    }

    fn seal_body(
        key: MessageKey,
        associated: &[u8],
        plaintext: &[u8],
        out: &mut Vec<u8>,
        start: usize,
    ) {
        let keys = BodyKeys::derive(&key);
        let ciphertext = keys.cbc_encrypt(plaintext);
        let mac = HmacSha256::new(&keys.mac).mac(&[associated, &out[start..], &ciphertext]);
        out.extend_from_slice(&ciphertext);
        out.extend_from_slice(mac.expose());
        out.extend_from_slice(key.expose());
    }

    fn open_body(
        key: MessageKey,
        associated: &[u8],
        sealed_header: &[u8],
        body: &[u8],
    ) -> Option<Vec<u8>> {
        let keys = BodyKeys::derive(&key);
        let (ciphertext, tag) = body.split_last_chunk::<TAG_LEN>()?;
        let mac = HmacSha256::new(&keys.mac).mac(&[associated, sealed_header, ciphertext]);
        let authentic = bool::from(mac.ct_eq(&Secret::new(*tag)));
        authentic.then(|| keys.cbc_decrypt(ciphertext)).flatten()
    }
}

struct BodyKeys {
    cipher: Aes256,
    mac: [u8; 32],
    iv: [u8; BLOCK_LEN],
}

impl BodyKeys {
    fn derive(key: &MessageKey) -> Self {
        let mut okm = [0; 80];
        hkdf_sha256(&[0; 32], &[key.expose()], b"conformance msg", &mut okm);
        let [mut cipher, mut mac] = [[0; 32]; 2];
        cipher.copy_from_slice(&okm[..32]);
        mac.copy_from_slice(&okm[32..64]);
        let mut iv = [0; BLOCK_LEN];
        iv.copy_from_slice(&okm[64..]);
        Self { cipher: Aes256::new(&cipher.into()), mac, iv }
    }

    /// With the padding of PKCS #7 (RFC 5652 §6.3).
    fn cbc_encrypt(&self, plaintext: &[u8]) -> Vec<u8> {
        let padding = BLOCK_LEN - plaintext.len() % BLOCK_LEN;
        let mut bytes = plaintext.to_vec();
        bytes.resize(plaintext.len() + padding, u8::try_from(padding).unwrap_or_default());
        let mut previous = self.iv;
        let (blocks, _) = bytes.as_chunks_mut::<BLOCK_LEN>();
        for block in blocks {
            let mut mixed: [u8; BLOCK_LEN] = core::array::from_fn(|i| block[i] ^ previous[i]);
            self.cipher.encrypt_block((&mut mixed).into());
            *block = mixed;
            previous = mixed;
        }
        bytes
    }

    fn cbc_decrypt(&self, ciphertext: &[u8]) -> Option<Vec<u8>> {
        let mut plaintext = Vec::new();
        let mut previous = self.iv;
        let (blocks, _) = ciphertext.as_chunks::<BLOCK_LEN>();
        for block in blocks {
            let mut clear = *block;
            self.cipher.decrypt_block((&mut clear).into());
            plaintext.extend(clear.iter().zip(previous).map(|(a, b)| a ^ b));
            previous = *block;
        }
        let padding = usize::from(*plaintext.last()?);
        plaintext.truncate(plaintext.len().checked_sub(padding)?);
        Some(plaintext)
    }
}

fn secrets(shared: [u8; 32]) -> SessionSecrets {
    SessionSecrets::new(Secret::new(shared), Secret::new([0; 32]), Secret::new([0; 32]))
}

const BLOCK_LEN: usize = 16;
const TAG_LEN: usize = 32;
const KEY_LEN: usize = 32;
