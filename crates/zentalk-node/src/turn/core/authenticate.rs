//! Who asks (RFC 8489 §9.2.4), before anything is done or remembered.
//!
//! 1. No MESSAGE-INTEGRITY: 401 with realm and nonce.
//! 2. Incomplete: 400.
//! 3. The nonce, before the password: it costs one HMAC, and proves that the sender receives what is sent to it.
//! 4. The key. On an allocation that stands it is the one that made it, so a rotation of secrets cuts no call; another
//!    credential that is as good is 441 (RFC 8656 §5).

use stun_types::attribute::{
    Nonce, PasswordAlgorithm as AlgorithmAttribute, PasswordAlgorithmValue, PasswordAlgorithms,
    Realm as RealmAttribute, Username,
};
use stun_types::message::Message;
use zentalk_primitives::{Instant, UnixTime};

use super::TurnServerCore;
use super::attributes::optional;
use super::client::Sender;
use super::integrity::{Integrity, LongTermKey, PasswordAlgorithm, has_integrity};
use super::reply::{OFFERED_ALGORITHMS, Refusal};

/// A request whose sender has proven a credential.
pub(super) struct Verified {
    pub(super) username: String,
    pub(super) key: LongTermKey,
    /// How it was proven, and how the answer is to prove itself.
    pub(super) integrity: Integrity,
    /// When the credential expires; it may have, for an allocation that stands.
    pub(super) expires: Instant,
}

/// What a request claims.
struct Claim {
    username: String,
    algorithm: PasswordAlgorithm,
}

impl TurnServerCore {
    pub(super) fn authenticate(
        &self,
        now: Instant,
        unix_now: UnixTime,
        sender: &Sender,
        message: &Message<'_>,
    ) -> Result<Verified, Refusal> {
        let claim = self.claim(now, sender, message)?;
        match self.verify_owner(sender, &claim, message)? {
            Some(verified) => Ok(verified),
            None => self.verify_stranger(now, unix_now, sender, claim, message),
        }
    }

    fn claim(
        &self,
        now: Instant,
        sender: &Sender,
        message: &Message<'_>,
    ) -> Result<Claim, Refusal> {
        if !has_integrity(message) {
            return Err(Refusal::UNAUTHORIZED);
        }
        let username = optional::<Username>(message)?.ok_or(Refusal::BAD_REQUEST)?;
        let realm = optional::<RealmAttribute>(message)?.ok_or(Refusal::BAD_REQUEST)?;
        let nonce = optional::<Nonce>(message)?.ok_or(Refusal::BAD_REQUEST)?;
        let algorithm = password_algorithm(message)?;
        if !self.nonces.is_fresh(now, sender, nonce.nonce()) {
            return Err(Refusal::STALE_NONCE);
        }
        if realm.realm() != self.config.realm.as_str() {
            return Err(Refusal::UNAUTHORIZED);
        }
        Ok(Claim { username: username.username().to_owned(), algorithm })
    }

    /// Against the key of the sender's allocation, if the claim is about that credential.
    fn verify_owner(
        &self,
        sender: &Sender,
        claim: &Claim,
        message: &Message<'_>,
    ) -> Result<Option<Verified>, Refusal> {
        let Some(allocation) = self.book.get(sender.id) else { return Ok(None) };
        let credential = &allocation.credential;
        if credential.username != claim.username || credential.key.algorithm() != claim.algorithm {
            return Ok(None);
        }
        let integrity = credential.key.verify(message).ok_or(Refusal::UNAUTHORIZED)?;
        Ok(Some(Verified {
            username: credential.username.clone(),
            key: credential.key.duplicate(),
            integrity,
            expires: credential.expires,
        }))
    }

    /// Against the secrets that credentials are made with.
    fn verify_stranger(
        &self,
        now: Instant,
        unix_now: UnixTime,
        sender: &Sender,
        claim: Claim,
        message: &Message<'_>,
    ) -> Result<Verified, Refusal> {
        let Claim { username, algorithm } = claim;
        let passwords = self
            .config
            .secrets
            .passwords(&username, unix_now)
            .map_err(|_| Refusal::UNAUTHORIZED)?;
        let realm = self.config.realm.as_str();
        let (key, integrity) = passwords
            .iter()
            .map(|password| LongTermKey::new(algorithm, &username, realm, password))
            .find_map(|key| key.verify(message).map(|integrity| (key, integrity)))
            .ok_or(Refusal::UNAUTHORIZED)?;
        let owner = self.book.get(sender.id).map(|allocation| &allocation.credential.username);
        if owner.is_some_and(|owner| *owner != username) {
            return Err(Refusal::WRONG_CREDENTIALS);
        }
        let expires = now + passwords.expires().saturating_since(unix_now);
        Ok(Verified { username, key, integrity, expires })
    }
}

/// RFC 8489 §9.2.4: the algorithm, and the list it was chosen from, which must be the one that was offered; or neither, which
/// means MD5.
fn password_algorithm(message: &Message<'_>) -> Result<PasswordAlgorithm, Refusal> {
    let offered = optional::<PasswordAlgorithms>(message)?;
    let chosen = optional::<AlgorithmAttribute>(message)?;
    match (offered, chosen) {
        (None, None) => Ok(PasswordAlgorithm::Md5),
        (Some(offered), Some(chosen)) if offered.algorithms() == OFFERED_ALGORITHMS => {
            match chosen.algorithm() {
                PasswordAlgorithmValue::MD5 => Ok(PasswordAlgorithm::Md5),
                PasswordAlgorithmValue::SHA256 => Ok(PasswordAlgorithm::Sha256),
            }
        }
        _ => Err(Refusal::BAD_REQUEST),
    }
}
