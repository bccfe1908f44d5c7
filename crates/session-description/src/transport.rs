use core::fmt;

use zentalk_primitives::Redacted;

use crate::{Error, grammar};

/// The ICE credentials of one side. Neither is printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IceParameters {
    ufrag: Redacted<String>,
    password: Redacted<String>,
}

impl IceParameters {
    /// Checks lengths and alphabet: 4 to 256 and 22 to 256 letters, digits, `+` and `/`
    /// (RFC 8839 §5.4).
    ///
    /// # Errors
    ///
    /// [`Error::MalformedIceCredentials`].
    pub fn new(ufrag: &str, password: &str) -> Result<Self, Error> {
        let fits = (4..=256).contains(&ufrag.len())
            && (22..=256).contains(&password.len())
            && grammar::is_ice_chars(ufrag)
            && grammar::is_ice_chars(password);
        if !fits {
            return Err(Error::MalformedIceCredentials);
        }
        Ok(Self { ufrag: Redacted(ufrag.to_owned()), password: Redacted(password.to_owned()) })
    }

    /// The user name fragment.
    pub fn ufrag(&self) -> &str {
        self.ufrag.reveal()
    }

    /// The password.
    pub fn password(&self) -> &str {
        self.password.reveal()
    }
}

/// What DTLS needs to know of one side.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DtlsParameters {
    pub(crate) fingerprints: Vec<Fingerprint>,
    pub(crate) setup: Setup,
}

impl DtlsParameters {
    /// The fingerprints of its certificates, at least one of them SHA-256.
    pub fn fingerprints(&self) -> &[Fingerprint] {
        &self.fingerprints
    }

    /// Which side of the handshake it takes.
    pub const fn setup(&self) -> Setup {
        self.setup
    }
}

/// The hash of a certificate, as text: `sha-256 AB:CD:…` (RFC 8122 §5).
#[derive(Clone, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Checks and normalises `text`: hash function in lower case, bytes in upper case.
    ///
    /// # Errors
    ///
    /// [`Error::MalformedAttribute`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        match text.split_once(' ') {
            Some((hash, value)) if grammar::fingerprint(text) => {
                Ok(Self(format!("{} {}", hash.to_ascii_lowercase(), value.to_ascii_uppercase())))
            }
            _ => Err(Error::MalformedAttribute),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the hash is SHA-256, the one that this stack verifies.
    pub fn is_sha256(&self) -> bool {
        self.0.starts_with("sha-256 ")
    }
}

/// The hash function only.
impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({})", self.0.split(' ').next().unwrap_or_default())
    }
}

/// The side of the DTLS handshake (RFC 5763 §5, RFC 8842 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Setup {
    /// Client.
    Active,
    /// Server.
    Passive,
    /// The answerer chooses; in offers only.
    ActPass,
}

impl Setup {
    /// As the attribute writes it.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Passive => "passive",
            Self::ActPass => "actpass",
        }
    }

    /// From the attribute's value; `holdconn` is none of ours.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        [Self::Active, Self::Passive, Self::ActPass].into_iter().find(|setup| setup.text() == text)
    }

    /// What answers this offer: client where the offerer lets us choose (RFC 9429 §5.3.1).
    pub(crate) const fn answer(self) -> Self {
        match self {
            Self::ActPass | Self::Passive => Self::Active,
            Self::Active => Self::Passive,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8839 §5.4.
    #[test]
    fn credentials_have_the_lengths_of_rfc_8839() {
        let password = "0123456789012345678901";
        assert!(IceParameters::new("abcd", password).is_ok());
        for (ufrag, password) in [
            ("abc", password),
            ("abcd", &password[1..]),
            ("ab d", password),
            ("ab\u{e4}d", password),
        ] {
            let refused = IceParameters::new(ufrag, password);
            assert_eq!(refused, Err(Error::MalformedIceCredentials));
        }
        assert!(IceParameters::new(&"a".repeat(257), password).is_err());
    }

    #[test]
    fn credentials_are_not_printed() {
        let ice = IceParameters::new("secretufrag", "secretpassword01234567").unwrap();
        assert!(!format!("{ice:?}").contains("secret"));
    }

    #[test]
    fn fingerprints_are_normalised() {
        let bytes = vec!["ab"; 32].join(":");
        let fingerprint = Fingerprint::parse(&format!("SHA-256 {bytes}")).unwrap();
        assert_eq!(fingerprint.as_str(), format!("sha-256 {}", bytes.to_ascii_uppercase()));
        assert!(fingerprint.is_sha256());
        assert_eq!(Fingerprint::parse("sha-256"), Err(Error::MalformedAttribute));
        assert_eq!(Fingerprint::parse("sha-256 AB"), Err(Error::MalformedAttribute));
    }

    /// RFC 9429 §5.3.1: actpass is answered with active.
    /// RFC 8842 §5.3.
    #[test]
    fn the_answerer_is_client_where_it_may() {
        assert_eq!(Setup::ActPass.answer(), Setup::Active);
        assert_eq!(Setup::Passive.answer(), Setup::Active);
        assert_eq!(Setup::Active.answer(), Setup::Passive);
    }
}
