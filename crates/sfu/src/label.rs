use core::fmt;

/// A `mid` (RFC 9143 §15.1) or a `rid` (RFC 8852 §3.1): 1 to 16 bytes, as many as a one-byte header extension holds.
///
/// Printed in full: it names a section of a description or an encoding, and nobody.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label {
    len: u8,
    bytes: [u8; Self::MAX_LEN],
}

impl Label {
    /// The longest, in bytes.
    pub const MAX_LEN: usize = 16;

    /// The label that reads `text`, if it has 1 to 16 characters of a token (RFC 8866 §9).
    pub fn new(text: &str) -> Option<Self> {
        Self::from_bytes(text.as_bytes())
    }

    /// The label with these bytes, under the same conditions.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let fits = (1..=Self::MAX_LEN).contains(&bytes.len());
        if !fits || !bytes.iter().all(|byte| is_token(*byte)) {
            return None;
        }
        let mut label = Self { len: bytes.len() as u8, bytes: [0; Self::MAX_LEN] };
        label.bytes.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        Some(label)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Its characters.
    pub fn as_str(&self) -> &str {
        // Made of a token's characters only, which are ASCII.
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Label({self})")
    }
}

/// RFC 8866 §9, `token-char`.
fn is_token(byte: u8) -> bool {
    matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'^'..=b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tokens_that_fit_an_extension_are_labels() {
        for good in ["0", "l", "audio_1", "0123456789abcdef"] {
            assert_eq!(Label::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "0123456789abcdefg", "a b", "a\n", "ä", "a:b", "\""] {
            assert_eq!(Label::new(bad), None, "{bad}");
        }
    }
}
