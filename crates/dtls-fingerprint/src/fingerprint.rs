use core::fmt;
use core::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use subtle::ConstantTimeEq;

use crate::Error;

/// The SHA-256 fingerprint of a certificate (RFC 8122 §5).
///
/// Reads and prints the value of SDP's `a=fingerprint:` attribute, `sha-256 AB:CD:…`. Comparison takes
/// constant time. `Debug` shows nothing: a fingerprint tells a call from others.
#[derive(Clone, Copy)]
pub struct Fingerprint([u8; Self::LEN]);

impl Fingerprint {
    /// Its length in octets.
    pub const LEN: usize = 32;

    /// The name of its hash function, as SDP spells it (RFC 8122 §5).
    pub const HASH_FUNCTION: &str = "sha-256";

    /// The fingerprint with these octets.
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The fingerprint of a certificate: SHA-256 over its DER encoding (RFC 8122 §5).
    pub fn of_certificate(der: &[u8]) -> Self {
        let mut bytes = [0; Self::LEN];
        for (byte, hashed) in bytes.iter_mut().zip(digest(&SHA256, der).as_ref()) {
            *byte = *hashed;
        }
        Self(bytes)
    }

    /// Its octets.
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl ConstantTimeEq for Fingerprint {
    fn ct_eq(&self, other: &Self) -> subtle::Choice {
        self.0.ct_eq(&other.0)
    }
}

impl PartialEq for Fingerprint {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for Fingerprint {}

impl FromStr for Fingerprint {
    type Err = Error;

    /// Reads `sha-256 AB:CD:…`, with or without `fingerprint:` or `a=fingerprint:` before it; upper and lower case alike.
    ///
    /// # Errors
    /// [`Error::UnsupportedFingerprintHash`] for another hash function, [`Error::MalformedFingerprint`] for anything else
    /// that is not 32 pairs of hexadecimal digits with colons between them.
    fn from_str(text: &str) -> Result<Self, Error> {
        let (hash, value) = split_attribute(text)?;
        if !hash.eq_ignore_ascii_case(Self::HASH_FUNCTION) {
            return Err(Error::UnsupportedFingerprintHash);
        }
        let mut bytes = [0; Self::LEN];
        let mut pairs = value.split(':');
        for byte in &mut bytes {
            *byte = pairs.next().and_then(hex_octet).ok_or(Error::MalformedFingerprint)?;
        }
        if pairs.next().is_some() {
            return Err(Error::MalformedFingerprint);
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Fingerprint {
    /// `sha-256 AB:CD:…`, in upper case as RFC 8122 §5 wants it sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::HASH_FUNCTION)?;
        self.0.iter().enumerate().try_for_each(|(i, byte)| {
            let separator = if i == 0 { ' ' } else { ':' };
            write!(f, "{separator}{byte:02X}")
        })
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint([redacted])")
    }
}

/// The fingerprint of one's own certificate: what goes into one's own session description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalFingerprint(Fingerprint);

impl LocalFingerprint {
    pub(crate) const fn new(fingerprint: Fingerprint) -> Self {
        Self(fingerprint)
    }

    /// The fingerprint itself, as the peer will see it.
    pub const fn fingerprint(&self) -> Fingerprint {
        self.0
    }
}

impl fmt::Display for LocalFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Splits `[a=][fingerprint:]hash-func SP value`; the hash function is an SDP token, not empty.
fn split_attribute(text: &str) -> Result<(&str, &str), Error> {
    let text = text.trim_end_matches(['\r', '\n']);
    let text = text.strip_prefix("a=").unwrap_or(text);
    let text = text.strip_prefix("fingerprint:").unwrap_or(text);
    let (hash, value) = text.split_once(' ').ok_or(Error::MalformedFingerprint)?;
    let is_token = !hash.is_empty()
        && hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'/');
    if is_token { Ok((hash, value)) } else { Err(Error::MalformedFingerprint) }
}

/// Exactly two hexadecimal digits (`u8::from_str_radix` alone would also take `+A`).
fn hex_octet(pair: &str) -> Option<u8> {
    let is_pair = pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit());
    if is_pair { u8::from_str_radix(pair, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 32 octets in RFC 8122's notation (the octets are ours).
    const LINE: &str = "sha-256 12:DF:3E:5D:49:6B:19:E5:7C:AB:4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB:4A:AD";

    /// RFC 8122 §5.
    #[test]
    fn prints_as_rfc_8122_wants_it() {
        assert_eq!(LINE.parse::<Fingerprint>().unwrap().to_string(), LINE);
    }

    #[test]
    fn case_and_attribute_name_do_not_matter() {
        let expected = LINE.parse::<Fingerprint>().unwrap();
        let lower = LINE.to_lowercase();
        for text in [
            lower.clone(),
            lower.replace("sha", "SHA"),
            format!("a=fingerprint:{LINE}\r\n"),
            format!("fingerprint:{lower}"),
        ] {
            assert_eq!(text.parse::<Fingerprint>(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn other_hash_functions_are_unsupported() {
        for hash in ["sha-1", "md5", "md2", "sha-224", "sha-384", "sha-512", "SHA-1"] {
            let text = LINE.replace("sha-256", hash);
            assert_eq!(
                text.parse::<Fingerprint>(),
                Err(Error::UnsupportedFingerprintHash),
                "{hash}"
            );
        }
    }

    #[test]
    fn malformed_fingerprints_are_refused() {
        let short = &LINE[..LINE.len() - 3];
        for text in [
            "",
            " ",
            "sha-256",
            "sha-256 ",
            short,
            &format!("{LINE}:00"),
            &format!("{LINE}:"),
            &LINE.replace(':', ""),
            &LINE.replace(':', "-"),
            &LINE.replacen("12", "1", 1),
            &LINE.replacen("12", "+1", 1),
            &LINE.replacen("12", "1G", 1),
            &LINE.replacen("sha-256 ", "sha-256  ", 1),
            &LINE.replacen("12", "é", 1),
        ] {
            assert_eq!(text.parse::<Fingerprint>(), Err(Error::MalformedFingerprint), "{text}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let fingerprint = Fingerprint::from_bytes([0xab; 32]);
        assert_eq!(format!("{fingerprint:?}"), "Fingerprint([redacted])");
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(bytes: [u8; 32]) {
            let fingerprint = Fingerprint::from_bytes(bytes);
            prop_assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".{0,120}") {
            let _ = text.parse::<Fingerprint>();
        }

        #[test]
        fn one_changed_bit_is_another_fingerprint(bytes: [u8; 32], bit in 0usize..256) {
            let mut other = bytes;
            other[bit / 8] ^= 1 << (bit % 8);
            prop_assert_ne!(Fingerprint::from_bytes(bytes), Fingerprint::from_bytes(other));
        }
    }
}
