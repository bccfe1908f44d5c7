//! What programs under glass tell. Every program can read it; none but `zentalk-glass` can do it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What was done for a demonstration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "shown", rename_all = "snake_case")]
pub enum Shown {
    /// Frames were sealed, and not sent.
    Sealed {
        /// The call's name, which is part of what each frame's tag proves: hexadecimal digits.
        call: String,
        /// The frames: SFrame header, ciphertext, tag.
        frames: Vec<String>,
    },
    /// Frames that somebody else sealed were tried.
    Tried {
        /// In whose slot they were put, by index.
        from: u8,
        /// How many opened.
        opened: usize,
        /// Why the others did not: each reason, with how often it was given.
        refused: BTreeMap<String, usize>,
    },
    /// The last packets that the server forwarded, without the SRTP around them.
    Packets {
        /// The newest last.
        packets: Vec<String>,
    },
    /// All others were told that this side leaves; it stays, with all its keys.
    Stays,
}

impl Shown {
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Sealed { frames, .. } => format!("sealed {} frames aside", frames.len()),
            Self::Tried { from, opened, refused } => {
                let refused: usize = refused.values().sum();
                format!("of member {from}'s frames {opened} opened, {refused} did not")
            }
            Self::Packets { packets } => format!("{} packets shown", packets.len()),
            Self::Stays => "said goodbye to all, and stays with all its keys".to_owned(),
        }
    }
}

/// Hexadecimal digits.
#[cfg(any(test, feature = "glass"))]
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes that hexadecimal digits stand for; none if they are anything else.
pub(crate) fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let (pairs, []) = digits.as_bytes().as_chunks::<2>() else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |[high, low]: &[u8; 2]| u8::try_from(digit(*high)? << 4 | digit(*low)?).ok();
    pairs.iter().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Entry, Happening};

    #[test]
    fn what_is_shown_is_one_flat_object_and_is_read_back() {
        let refused = BTreeMap::from([("the frame's sender is no member".to_owned(), 3)]);
        let tried = Shown::Tried { from: 1, opened: 0, refused };
        let line =
            serde_json::to_string(&Entry { at_ms: 7, what: Happening::Shown(tried.clone()) });
        let line = line.unwrap();
        assert!(
            line.starts_with(r#"{"at_ms":7,"event":"shown","shown":"tried","from":1"#),
            "{line}"
        );
        let read: Entry = serde_json::from_str(&line).unwrap();
        assert!(matches!(read.what, Happening::Shown(shown) if shown == tried));
    }

    #[test]
    fn digits_are_bytes_and_back() {
        assert_eq!(to_hex(&[0, 0xab, 7]), "00ab07");
        assert_eq!(from_hex("00ab07").unwrap(), [0, 0xab, 7]);
        for wrong in ["0", "0g", "+1", "é0"] {
            assert_eq!(from_hex(wrong), None, "{wrong}");
        }
    }
}
