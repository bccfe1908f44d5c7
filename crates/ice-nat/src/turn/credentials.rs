use core::fmt;

use zentalk_primitives::Redacted;
use zeroize::Zeroizing;

use super::limits::MAX_TURN_USERNAME;
use crate::Error;

/// A user name and a password of the long-term credential mechanism (RFC 8489 §9.2). With ephemeral credentials the name is an
/// expiry and an opaque id.
///
/// Both are wiped on drop and never printed. (The TURN library keeps a copy that is not.)
pub struct TurnCredentials {
    username: Zeroizing<String>,
    password: Zeroizing<String>,
}

impl TurnCredentials {
    /// Nothing is checked before they are used.
    pub fn new(username: impl Into<String>, password: impl Into<Zeroizing<String>>) -> Self {
        Self { username: Zeroizing::new(username.into()), password: password.into() }
    }

    /// The user name. It goes to the TURN server in clear where that is reached over UDP or TCP.
    pub fn username(&self) -> &str {
        &self.username
    }

    /// A copy, on purpose a named one: for another allocation with the same credentials.
    pub fn duplicate(&self) -> Self {
        Self { username: self.username.clone(), password: self.password.clone() }
    }

    /// The password, for the library alone.
    pub(super) fn password(&self) -> &str {
        &self.password
    }

    /// RFC 8489 §14.3: a user name has fewer than 509 bytes. The TURN library panics on more than 513.
    pub(super) fn check(&self) -> Result<(), Error> {
        let fits = (1..=MAX_TURN_USERNAME).contains(&self.username.len());
        if fits { Ok(()) } else { Err(Error::MalformedTurnUsername) }
    }
}

impl fmt::Debug for TurnCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TurnCredentials")
            .field("username", &Redacted(()))
            .field("password", &Redacted(()))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither() {
        let credentials = TurnCredentials::new("1700000000:opaque", "secret".to_owned());
        let text = format!("{credentials:?}");
        assert!(!text.contains("opaque") && !text.contains("secret"), "{text}");
    }

    /// RFC 8489 §14.3.
    #[test]
    fn user_name_has_1_to_508_bytes() {
        let check = |length| TurnCredentials::new("u".repeat(length), String::new()).check();
        assert_eq!(check(0), Err(Error::MalformedTurnUsername));
        assert_eq!((check(1), check(508)), (Ok(()), Ok(())));
        assert_eq!(check(509), Err(Error::MalformedTurnUsername));
    }
}
