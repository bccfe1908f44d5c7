use core::str;

use crate::{Candidate, Credentials};

/// A `candidate` attribute (RFC 8839 §5.1): what is taken is written in a form that reads as the same candidate and is written alike
/// again. The words of it as credentials (RFC 8839 §5.4), too.
pub fn parse_candidate(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let mut words = text.split(' ');
    if let (Some(ufrag), Some(password)) = (words.next(), words.next())
        && let Ok(credentials) = Credentials::new(ufrag, password)
    {
        assert_eq!((credentials.ufrag(), credentials.password()), (ufrag, password));
    }
    let Ok(candidate) = text.parse::<Candidate>() else { return };
    let written = candidate.to_attribute();
    let again: Candidate = written.parse().expect("what we write, we read");
    assert_eq!(again.to_attribute(), written);
    assert!(again == candidate, "another candidate");
    assert!(candidate.pairs_with(&again) == again.pairs_with(&candidate));
}
