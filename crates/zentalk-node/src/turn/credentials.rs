//! Ephemeral TURN credentials after the scheme that coturn calls its REST API (draft-uberti-behave-turn-rest-00).
//!
//! A username is its own expiry and a random id: `<seconds since 1970>:<id>`. The password is
//! `base64(HMAC-SHA1(secret, username))`. Whoever issues and whoever checks share the secret and nothing else: no account, no
//! database, no message between them. The id is fresh for every credential, so two of them cannot be told to be one
//! person's.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rand_core::CryptoRng;
use zentalk_primitives::UnixTime;
use zeroize::Zeroizing;

/// How long a credential is valid unless the operator says otherwise.
pub const DEFAULT_LIFETIME: Duration = Duration::from_secs(3_600);
/// The longest that a credential is valid, whatever the operator says.
pub const MAX_LIFETIME: Duration = Duration::from_secs(24 * 3_600);
/// The shortest: less would run out while a call is set up.
pub const MIN_LIFETIME: Duration = Duration::from_secs(60);
/// The shortest secret in bytes. Everybody who is given a credential can try secrets on it, as fast as they like.
pub const MIN_SECRET_LEN: usize = 16;
/// The longest secret in bytes.
pub const MAX_SECRET_LEN: usize = 1_024;
/// The longest username in bytes: ours have 33.
pub const MAX_USERNAME_LEN: usize = 256;

/// What may differ between the clocks of the issuer and of the TURN server.
const CLOCK_SKEW: Duration = Duration::from_secs(300);
const ID_LEN: usize = 16;

/// Why a secret or a username is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// The secret is shorter than [`MIN_SECRET_LEN`] or longer than [`MAX_SECRET_LEN`].
    #[error("a TURN secret has 16 to 1024 bytes; make one with `openssl rand -base64 32`")]
    SecretLength,
    /// The username is not `<seconds since 1970>:<id>`.
    #[error(
        "the TURN username is not an expiry followed by an id; fetch credentials from the relay"
    )]
    Malformed,
    /// The username's expiry is past.
    #[error("the TURN credentials have expired; fetch fresh ones from the relay")]
    Expired,
    /// The username's expiry is further off than [`MAX_LIFETIME`]: no issuer of ours wrote it.
    #[error("the TURN credentials would be valid for more than 24 hours")]
    TooFarAhead,
}

/// A secret that a relay, which issues credentials, shares with TURN servers, which check them. Never printed, never cloned.
pub struct RestSecret(hmac::Key);

impl RestSecret {
    /// Takes over the secret as both sides have it in their configuration: bytes of text, no line break.
    ///
    /// # Errors
    /// [`CredentialError::SecretLength`] outside [`MIN_SECRET_LEN`] to [`MAX_SECRET_LEN`] bytes.
    // By value, so that it is wiped here.
    #[allow(clippy::needless_pass_by_value)]
    pub fn new(secret: Zeroizing<Vec<u8>>) -> Result<Self, CredentialError> {
        if !(MIN_SECRET_LEN..=MAX_SECRET_LEN).contains(&secret.len()) {
            return Err(CredentialError::SecretLength);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret)))
    }

    fn password(&self, username: &str) -> Zeroizing<String> {
        let tag = hmac::sign(&self.0, username.as_bytes());
        Zeroizing::new(STANDARD.encode(tag.as_ref()))
    }
}

impl fmt::Debug for RestSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RestSecret([redacted])")
    }
}

/// The secret in use, and the one before it while credentials made with that are still out.
///
/// To rotate: give the TURN servers both, then the relay the new one, and a day later take the old one away.
#[derive(Debug)]
pub struct RestSecrets {
    current: RestSecret,
    previous: Option<RestSecret>,
}

impl RestSecrets {
    /// Issues with `current`, checks with both.
    pub const fn new(current: RestSecret, previous: Option<RestSecret>) -> Self {
        Self { current, previous }
    }

    /// A fresh credential that is valid for `lifetime`, held to [`MIN_LIFETIME`] and [`MAX_LIFETIME`], from `now` on.
    pub fn issue(&self, now: UnixTime, lifetime: Duration, rng: &mut impl CryptoRng) -> Issued {
        let mut id = [0; ID_LEN];
        rng.fill_bytes(&mut id);
        let lifetime = Duration::from_secs(lifetime.clamp(MIN_LIFETIME, MAX_LIFETIME).as_secs());
        let expires = UnixTime::from_millis(now.as_secs().saturating_mul(1_000)) + lifetime;
        let username = format!("{}:{}", expires.as_secs(), URL_SAFE_NO_PAD.encode(id));
        Issued { password: self.current.password(&username), username, expires, lifetime }
    }

    /// The passwords that `username` may come with at `now`: a client proves one of them by MESSAGE-INTEGRITY
    /// (RFC 8489 §9.2).
    ///
    /// # Errors
    /// [`CredentialError::Malformed`], [`CredentialError::Expired`] or [`CredentialError::TooFarAhead`]. The username is no
    /// secret and proves nothing, so a server may answer each in its own way.
    pub fn passwords(&self, username: &str, now: UnixTime) -> Result<Passwords, CredentialError> {
        let expires = expiry(username)?;
        // Whole seconds, as everywhere in this scheme: valid in its last second, too.
        if expires.as_secs() < now.as_secs() {
            return Err(CredentialError::Expired);
        }
        if expires.saturating_since(now) > MAX_LIFETIME + CLOCK_SKEW {
            return Err(CredentialError::TooFarAhead);
        }
        let secrets = std::iter::once(&self.current).chain(&self.previous);
        let passwords = secrets.map(|secret| secret.password(username)).collect();
        Ok(Passwords { expires, passwords })
    }
}

/// When the credential with this username expires.
///
/// # Errors
/// [`CredentialError::Malformed`] if it is not one of this scheme.
pub fn expiry(username: &str) -> Result<UnixTime, CredentialError> {
    const MALFORMED: CredentialError = CredentialError::Malformed;
    if username.len() > MAX_USERNAME_LEN {
        return Err(MALFORMED);
    }
    let (seconds, id) = username.split_once(':').ok_or(MALFORMED)?;
    // The standard library would take a sign, too.
    if id.is_empty() || !seconds.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(MALFORMED);
    }
    let seconds: u64 = seconds.parse().map_err(|_| MALFORMED)?;
    seconds.checked_mul(1_000).map(UnixTime::from_millis).ok_or(MALFORMED)
}

/// A credential that was just made.
pub struct Issued {
    /// Expiry and random id. No secret, but tells TURN servers' logs apart from each other, so not for logs either.
    pub username: String,
    /// The password.
    pub password: Zeroizing<String>,
    /// When it stops being valid.
    pub expires: UnixTime,
    /// How long that is from now.
    pub lifetime: Duration,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Issued([redacted], {} s)", self.lifetime.as_secs())
    }
}

/// What a username may be proven with.
pub struct Passwords {
    expires: UnixTime,
    passwords: Vec<Zeroizing<String>>,
}

impl Passwords {
    /// When the credential stops being valid.
    pub const fn expires(&self) -> UnixTime {
        self.expires
    }

    /// One or two: the current secret's first.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.passwords.iter().map(|password| password.as_str())
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Passwords({} [redacted])", self.passwords.len())
    }
}

#[cfg(test)]
mod tests;
