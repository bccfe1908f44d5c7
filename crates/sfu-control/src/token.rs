//! Tokens: whoever holds one may enter one room as one participant, for a while.
//!
//! `1 || room (16) || participant (16) || expiry (8, big-endian, milliseconds since 1970) || Ed25519 signature (64)`, the
//! signature over [`LABEL`] and what stands before it. There is one encoding of a claim, and nothing in it names a person.

use core::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use zentalk_primitives::{ParticipantId, RoomId, Secret, UnixTime};

use crate::error::Error;
use crate::frames::Token;
use crate::limits::{CLOCK_LEEWAY, MAX_KEYS, MAX_TOKEN_LIFETIME, TOKEN_LEN};

/// What a token says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenClaims {
    /// The room that may be entered.
    pub room: RoomId,
    /// Who may enter it.
    pub participant: ParticipantId,
    /// Until when.
    pub expires: UnixTime,
}

/// Both ids lead to a call: they do not belong in logs.
impl fmt::Debug for TokenClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenClaims([redacted])")
    }
}

impl TokenClaims {
    fn to_bytes(self) -> [u8; CLAIMS_LEN] {
        let mut bytes = [0; CLAIMS_LEN];
        let expires = self.expires.as_millis().to_be_bytes();
        let parts = [&[VERSION][..], self.room.as_bytes(), self.participant.as_bytes(), &expires];
        for (to, from) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        bytes
    }

    fn from_bytes(bytes: &[u8; CLAIMS_LEN]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        let (room, rest) = rest.split_first_chunk()?;
        let (participant, expires) = rest.split_first_chunk()?;
        let expires = UnixTime::from_millis(u64::from_be_bytes(expires.try_into().ok()?));
        (*version == VERSION).then_some(Self {
            room: RoomId::from_bytes(*room),
            participant: ParticipantId::from_bytes(*participant),
            expires,
        })
    }
}

/// The issuer's key. Its secret is wiped when dropped.
pub struct TokenSigner {
    seed: Secret<32>,
    public_key: [u8; 32],
}

impl TokenSigner {
    /// The key of an Ed25519 seed (RFC 8032 §5.1.5), 32 secret random bytes.
    ///
    /// # Errors
    /// [`Error::Signing`] if the cryptographic library refuses it, which it has no reason to.
    pub fn from_seed(seed: Secret<32>) -> Result<Self, Error> {
        let pair = key_pair(&seed)?;
        let public_key = pair.public_key().as_ref().try_into().map_err(|_| Error::Signing)?;
        Ok(Self { seed, public_key })
    }

    /// What SFUs are to be configured with.
    pub const fn public_key(&self) -> [u8; 32] {
        self.public_key
    }

    /// A token (RFC 8032 §5.1.6). Claims that expire later than [`MAX_TOKEN_LIFETIME`] from now are signed, but no verifier
    /// takes them.
    ///
    /// # Errors
    /// [`Error::Signing`].
    pub fn sign(&self, claims: &TokenClaims) -> Result<Token, Error> {
        let claims = claims.to_bytes();
        let signature = key_pair(&self.seed)?.try_sign(&signed(&claims));
        let signature = signature.map_err(|_| Error::Signing)?;
        Token::new([&claims, signature.as_ref()].concat())
    }
}

impl fmt::Debug for TokenSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSigner([redacted])")
    }
}

/// Judges tokens by the issuers' public keys: two while a key is being replaced.
#[derive(Clone, Debug)]
pub struct TokenVerifier {
    keys: Vec<[u8; 32]>,
}

impl TokenVerifier {
    /// Takes tokens that any of these Ed25519 public keys has signed.
    ///
    /// # Errors
    /// [`Error::KeyCount`] unless there are 1 to [`MAX_KEYS`].
    pub fn new(keys: Vec<[u8; 32]>) -> Result<Self, Error> {
        if keys.is_empty() || keys.len() > MAX_KEYS {
            return Err(Error::KeyCount);
        }
        Ok(Self { keys })
    }

    /// What the token says, if it is good at `now`. It is valid before its expiry, and not any more at it.
    ///
    /// # Errors
    /// [`Error::BadToken`] for anything that is not signed by one of the keys; then [`Error::TokenExpired`], or
    /// [`Error::TokenTooLong`] if it would be valid for more than [`MAX_TOKEN_LIFETIME`] and [`CLOCK_LEEWAY`] from now on.
    pub fn verify(&self, token: &[u8], now: UnixTime) -> Result<TokenClaims, Error> {
        if token.len() != TOKEN_LEN {
            return Err(Error::BadToken);
        }
        let (claims, signature) = token.split_first_chunk().ok_or(Error::BadToken)?;
        let message = signed(claims);
        // RFC 8032 §5.1.7.
        let is_signed = |key: &[u8; 32]| {
            UnparsedPublicKey::new(&ED25519, key).verify(&message, signature).is_ok()
        };
        if !self.keys.iter().any(is_signed) {
            return Err(Error::BadToken);
        }
        let claims = TokenClaims::from_bytes(claims).ok_or(Error::BadToken)?;
        if claims.expires <= now {
            return Err(Error::TokenExpired);
        }
        if claims.expires.saturating_since(now) > MAX_TOKEN_LIFETIME + CLOCK_LEEWAY {
            return Err(Error::TokenTooLong);
        }
        Ok(claims)
    }
}

fn key_pair(seed: &Secret<32>) -> Result<Ed25519KeyPair, Error> {
    Ed25519KeyPair::from_seed_unchecked(seed.expose()).map_err(|_| Error::Signing)
}

fn signed(claims: &[u8; CLAIMS_LEN]) -> Vec<u8> {
    [LABEL, claims].concat()
}

const LABEL: &[u8] = b"zentalk/sfu/token v1";
const VERSION: u8 = 1;
const CLAIMS_LEN: usize = TOKEN_LEN - 64;

#[cfg(test)]
mod tests;
