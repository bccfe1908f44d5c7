use core::fmt;

/// A name that hides an address: a version-4 UUID and `.local`, in small letters.
///
/// Other names of the link (printers, people's computers) are nobody's business in a call, so they are neither asked for nor answered.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Name(String);

/// The one domain of multicast DNS (RFC 6762 §3).
const DOMAIN: &str = "local";
/// Where a UUID has its dashes, and how long it is.
const DASHES: [usize; 4] = [8, 13, 18, 23];
const UUID_LENGTH: usize = 36;
/// Where a UUID has its version and its variant.
const VERSION: usize = 14;
const VARIANT: usize = 19;

impl Name {
    /// From text, with or without the dot at the end.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (label, domain) = text.strip_suffix('.').unwrap_or(text).split_once('.')?;
        Self::from_labels(label.as_bytes(), domain.as_bytes())
    }

    /// From the two labels of a message; names compare without regard to case (RFC 6762 §16).
    pub(super) fn from_labels(label: &[u8], domain: &[u8]) -> Option<Self> {
        let label = core::str::from_utf8(label).ok()?.to_ascii_lowercase();
        let is_ours = domain.eq_ignore_ascii_case(DOMAIN.as_bytes()) && is_uuid(label.as_bytes());
        is_ours.then(|| Self(format!("{label}.{DOMAIN}")))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A name says whose call it belongs to: logs do not hold it.
impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name")
    }
}

/// RFC 9562 §4, §5.4: 32 hexadecimal digits with dashes, version 4, variant 10.
fn is_uuid(label: &[u8]) -> bool {
    let digit = |(at, byte): (usize, &u8)| match at {
        at if DASHES.contains(&at) => *byte == b'-',
        VERSION => *byte == b'4',
        VARIANT => matches!(byte, b'8' | b'9' | b'a' | b'b'),
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    label.len() == UUID_LENGTH && label.iter().enumerate().all(digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9562 §4, §5.4.
    #[test]
    fn only_random_uuids_in_local_are_names() {
        let uuid = "2f3a9c1e-5b7d-4e8f-9a0b-1c2d3e4f5a6b";
        assert_eq!(
            Name::parse(&format!("{uuid}.local")).unwrap().as_str(),
            format!("{uuid}.local")
        );
        assert!(Name::parse(&format!("{}.LOCAL.", uuid.to_uppercase())).is_some());
        for other in [
            "printer.local".to_owned(),
            uuid.to_owned(),
            format!("{uuid}.example"),
            format!("{uuid}.local.example"),
            format!("a.{uuid}.local"),
            format!("{}.local", uuid.replace("-4e", "-1e")), // made of a clock and an address
            format!("{}.local", uuid.replace("-9a", "-ca")),
            format!("{}.local", uuid.replace('-', "0")),
            ".local".to_owned(),
            String::new(),
        ] {
            assert!(Name::parse(&other).is_none(), "{other}");
        }
    }
}
