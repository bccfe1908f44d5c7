use crate::Error;
use crate::crypto::{KEM_CIPHERTEXT_LEN, TAG_LEN};
use crate::identity::IdentityPublic;
use crate::keys::DhPublic;

/// What stands before the first messages of a session.
///
/// ```text
/// version 0x81 (1) | ephemeral key (32) | signed prekeys' id (4) | one-time prekey's id, or 0 (4)
///                  | ML-KEM-768 ciphertext (1088) | encrypted identity of the initiator (128 + 16)
/// ```
pub(crate) struct SetupHeader {
    bytes: Vec<u8>,
    ephemeral: DhPublic,
    signed_prekey: u32,
    one_time_prekey: Option<u32>,
}

impl SetupHeader {
    /// Version 1, with the top bit that tells a set-up from a message of a running session.
    pub(crate) const VERSION: u8 = SETUP_BIT | 1;
    pub(crate) const LEN: usize = CLEAR_LEN + IDENTITY_LEN;

    /// Whether a message begins with a set-up header, of whatever version.
    pub(crate) fn leads(message: &[u8]) -> bool {
        message.first().is_some_and(|version| version & SETUP_BIT != 0)
    }

    /// The clear part, to which the encrypted identity is added.
    pub(super) fn clear_part(
        ephemeral: &DhPublic,
        signed_prekey: u32,
        one_time_prekey: Option<u32>,
        kem: &[u8; KEM_CIPHERTEXT_LEN],
    ) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::LEN);
        bytes.push(Self::VERSION);
        bytes.extend_from_slice(ephemeral.as_bytes());
        bytes.extend_from_slice(&signed_prekey.to_be_bytes());
        bytes.extend_from_slice(&one_time_prekey.unwrap_or(0).to_be_bytes());
        bytes.extend_from_slice(kem);
        bytes
    }

    /// Cuts the header off a message.
    pub(crate) fn split(message: &[u8]) -> Result<(Self, &[u8]), Error> {
        const MALFORMED: Error = Error::Malformed("set-up header");
        let version = *message.first().ok_or(MALFORMED)?;
        if version != Self::VERSION {
            let version = u32::from(version & !SETUP_BIT);
            return Err(Error::UnsupportedVersion { part: "set-up header", version });
        }
        let (bytes, rest) = message.split_at_checked(Self::LEN).ok_or(MALFORMED)?;
        Ok((Self::parse(bytes.to_vec()).ok_or(MALFORMED)??, rest))
    }

    fn parse(bytes: Vec<u8>) -> Option<Result<Self, Error>> {
        let (_, rest) = bytes.split_first()?;
        let (ephemeral, rest) = rest.split_first_chunk()?;
        let (signed, rest) = rest.split_first_chunk()?;
        let (one_time, _) = rest.split_first_chunk()?;
        let signed_prekey = u32::from_be_bytes(*signed);
        let one_time_prekey = Some(u32::from_be_bytes(*one_time)).filter(|id| *id != 0);
        let ephemeral = DhPublic::from_bytes(*ephemeral);
        Some(ephemeral.map(|ephemeral| Self { bytes, ephemeral, signed_prekey, one_time_prekey }))
    }

    pub(crate) const fn ephemeral(&self) -> &DhPublic {
        &self.ephemeral
    }

    pub(super) const fn signed_prekey(&self) -> u32 {
        self.signed_prekey
    }

    pub(super) const fn one_time_prekey(&self) -> Option<u32> {
        self.one_time_prekey
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Everything but the encrypted identity.
    pub(crate) fn clear(&self) -> &[u8] {
        self.bytes.get(..CLEAR_LEN).unwrap_or_default()
    }

    pub(crate) fn sealed_identity(&self) -> &[u8] {
        self.bytes.get(CLEAR_LEN..).unwrap_or_default()
    }

    pub(super) fn kem_ciphertext(&self) -> Option<&[u8; KEM_CIPHERTEXT_LEN]> {
        self.clear().last_chunk()
    }
}

const SETUP_BIT: u8 = 0x80;
const CLEAR_LEN: usize = 1 + 32 + 4 + 4 + KEM_CIPHERTEXT_LEN;
const IDENTITY_LEN: usize = IdentityPublic::LEN + TAG_LEN;
