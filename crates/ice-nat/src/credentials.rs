use core::fmt;

use rand_core::CryptoRng;
use zentalk_primitives::Redacted;
use zeroize::Zeroizing;

use crate::Error;

/// A ufrag and a password of one ICE generation (RFC 8839 §5.4).
///
/// The password is wiped on drop and never printed. (The ICE library keeps a copy that is not.)
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    ufrag: String,
    password: Zeroizing<String>,
}

impl Credentials {
    /// Takes what the peer signalled: 4 to 256 and 22 to 256 ice-chars, else
    /// [`Error::MalformedCredentials`].
    pub fn new(ufrag: &str, password: &str) -> Result<Self, Error> {
        let well_formed = |text: &str, least: usize| {
            (least..=256).contains(&text.len()) && text.bytes().all(is_ice_char)
        };
        if !well_formed(ufrag, 4) || !well_formed(password, 22) {
            return Err(Error::MalformedCredentials);
        }
        Ok(Self { ufrag: ufrag.to_owned(), password: Zeroizing::new(password.to_owned()) })
    }

    /// Fresh ones: 48 bits of ufrag and 192 bits of password (RFC 8445 §5.3 wants 24 and 128).
    pub(crate) fn random(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = Zeroizing::new([0; UFRAG_LEN + PASSWORD_LEN]);
        rng.fill_bytes(bytes.as_mut_slice());
        let mut chars = bytes.iter().map(|byte| ice_char(*byte));
        let ufrag = chars.by_ref().take(UFRAG_LEN).collect();
        let mut password = Zeroizing::new(String::with_capacity(PASSWORD_LEN));
        password.extend(chars);
        Self { ufrag, password }
    }

    /// The username fragment.
    pub fn ufrag(&self) -> &str {
        &self.ufrag
    }

    /// The password. For signalling only.
    pub fn password(&self) -> &str {
        &self.password
    }

    pub(crate) fn to_is(&self) -> is::IceCreds {
        is::IceCreds { ufrag: self.ufrag.clone(), pass: String::clone(&self.password) }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("ufrag", &Redacted(()))
            .field("password", &Redacted(()))
            .finish()
    }
}

/// RFC 8839 §5.1: `ice-char = ALPHA / DIGIT / "+" / "/"`.
pub(crate) fn is_ice_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// One of the 64 ice-chars, each as likely as the others.
fn ice_char(byte: u8) -> char {
    let value = byte & 63;
    char::from(match value {
        0..=25 => b'A' + value,
        26..=51 => b'a' + (value - 26),
        52..=61 => b'0' + (value - 52),
        62 => b'+',
        _ => b'/',
    })
}

const UFRAG_LEN: usize = 8;
const PASSWORD_LEN: usize = 32;

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    /// RFC 8445 §5.3.
    #[test]
    fn random_ones_are_well_formed_and_differ() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let (a, b) = (Credentials::random(&mut rng), Credentials::random(&mut rng));
        assert_eq!((a.ufrag().len(), a.password().len()), (8, 32));
        assert!(Credentials::new(a.ufrag(), a.password()).is_ok());
        assert_ne!(a, b);
    }

    /// RFC 8839 §5.4.
    #[test]
    fn lengths_and_characters_are_checked() {
        let password = "a".repeat(22);
        assert!(Credentials::new("abcd", &password).is_ok());
        assert!(Credentials::new(&"a".repeat(256), &"a".repeat(256)).is_ok());
        for (ufrag, password) in [
            ("abc", password.as_str()),
            ("abcd", &"a".repeat(21)),
            ("ab:d", &password),
            ("abcd", &format!("{} ", "a".repeat(22))),
            (&"a".repeat(257), &password),
            ("abcd", &"a".repeat(257)),
        ] {
            assert_eq!(Credentials::new(ufrag, password), Err(Error::MalformedCredentials));
        }
    }

    #[test]
    fn debug_shows_neither() {
        let credentials = Credentials::new("ufragufrag", &"p".repeat(22)).unwrap();
        let text = format!("{credentials:?}");
        assert!(!text.contains("ufragufrag") && !text.contains("pppp"));
    }
}
