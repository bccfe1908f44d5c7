use subtle::{Choice, ConstantTimeEq};

use crate::{Error, Fingerprint};

/// How many SHA-256 fingerprints one description may carry.
pub const MAX_FINGERPRINTS: usize = 8;

/// The fingerprints that the peer announced through the signalling: its certificate must match one of them.
///
/// Never empty. Only SHA-256 counts (RFC 8122 §5 lets an endpoint choose the hash functions it
/// supports): values of other functions are passed over, and a description that has nothing else is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFingerprints(Vec<Fingerprint>);

impl RemoteFingerprints {
    /// The set with the one fingerprint that most descriptions carry.
    pub fn one(fingerprint: Fingerprint) -> Self {
        Self(vec![fingerprint])
    }

    /// The set of these fingerprints.
    ///
    /// # Errors
    /// [`Error::NoSha256Fingerprint`] if there are none, [`Error::TooManyFingerprints`] past [`MAX_FINGERPRINTS`].
    pub fn new(fingerprints: impl IntoIterator<Item = Fingerprint>) -> Result<Self, Error> {
        let mut set = Self(Vec::new());
        for fingerprint in fingerprints {
            set.insert(fingerprint)?;
        }
        set.not_empty()
    }

    /// Reads the values of a description's `a=fingerprint:` attributes (with or without that prefix), one per item.
    ///
    /// # Errors
    /// [`Error::MalformedFingerprint`] if a SHA-256 value (or any line's form) is wrong, [`Error::NoSha256Fingerprint`] if no line
    /// has SHA-256, [`Error::TooManyFingerprints`] past [`MAX_FINGERPRINTS`].
    pub fn parse<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        let mut set = Self(Vec::new());
        for line in lines {
            match line.parse() {
                Ok(fingerprint) => set.insert(fingerprint)?,
                Err(Error::UnsupportedFingerprintHash) => {}
                Err(error) => return Err(error),
            }
        }
        set.not_empty()
    }

    /// Whether the certificate's fingerprint is in the set. Takes the same time wherever, or whether, it is.
    pub fn contains(&self, presented: &Fingerprint) -> bool {
        let none = Choice::from(0);
        self.0.iter().fold(none, |found, announced| found | announced.ct_eq(presented)).into()
    }

    /// The fingerprints, in the order they were announced.
    pub fn iter(&self) -> impl Iterator<Item = &Fingerprint> {
        self.0.iter()
    }

    fn insert(&mut self, fingerprint: Fingerprint) -> Result<(), Error> {
        if self.contains(&fingerprint) {
            return Ok(());
        }
        if self.0.len() >= MAX_FINGERPRINTS {
            return Err(Error::TooManyFingerprints);
        }
        self.0.push(fingerprint);
        Ok(())
    }

    fn not_empty(self) -> Result<Self, Error> {
        if self.0.is_empty() { Err(Error::NoSha256Fingerprint) } else { Ok(self) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(byte: u8) -> Fingerprint {
        Fingerprint::from_bytes([byte; 32])
    }

    fn with_hash(hash: &str) -> String {
        fingerprint(7).to_string().replace("sha-256", hash)
    }

    #[test]
    fn any_one_of_several_matches() {
        let lines = [fingerprint(1).to_string(), fingerprint(2).to_string()];
        let set = RemoteFingerprints::parse(lines.iter().map(String::as_str)).unwrap();
        assert!(set.contains(&fingerprint(1)));
        assert!(set.contains(&fingerprint(2)));
        assert!(!set.contains(&fingerprint(3)));
    }

    #[test]
    fn other_hash_functions_are_passed_over() {
        let lines = [
            with_hash("sha-1"),
            "md5 00:11".to_owned(),
            fingerprint(2).to_string(),
            with_hash("sha-512"),
        ];
        let set = RemoteFingerprints::parse(lines.iter().map(String::as_str)).unwrap();
        assert_eq!(set.iter().count(), 1);
        assert!(!set.contains(&fingerprint(7)));
    }

    #[test]
    fn sha_1_alone_is_refused() {
        assert_eq!(
            RemoteFingerprints::parse([with_hash("sha-1").as_str()]),
            Err(Error::NoSha256Fingerprint)
        );
        assert_eq!(RemoteFingerprints::parse([]), Err(Error::NoSha256Fingerprint));
        assert_eq!(RemoteFingerprints::new([]), Err(Error::NoSha256Fingerprint));
    }

    #[test]
    fn one_malformed_line_refuses_the_description() {
        let good = fingerprint(1).to_string();
        assert_eq!(
            RemoteFingerprints::parse([good.as_str(), "sha-256 00"]),
            Err(Error::MalformedFingerprint)
        );
    }

    #[test]
    fn the_set_is_bounded_and_repetitions_count_once() {
        let many = (0u8..).take(MAX_FINGERPRINTS).map(fingerprint);
        assert!(RemoteFingerprints::new(many.clone().chain(many.clone())).is_ok());
        assert_eq!(
            RemoteFingerprints::new(many.chain([fingerprint(0xff)])),
            Err(Error::TooManyFingerprints)
        );
    }
}
