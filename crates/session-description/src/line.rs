use core::fmt;

use crate::{Error, grammar};

/// One line of a session description that follows its grammar.
///
/// Attributes that we do not know are lines like any other: unknown is not malformed (RFC 8866
/// §5.13). Known ones are checked, whether or not this crate makes use of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    letter: char,
    value: &'a str,
}

impl<'a> Line<'a> {
    /// Checks one line, without its line ending. Spaces before it, and spaces after it where they
    /// mean nothing, are dropped.
    ///
    /// # Errors
    ///
    /// [`Error::MalformedLine`], [`Error::MalformedField`] or [`Error::MalformedAttribute`].
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        if text.contains(['\0', '\r', '\n']) {
            return Err(Error::MalformedLine);
        }
        let (letter, value) =
            text.trim_start_matches(' ').split_once('=').ok_or(Error::MalformedLine)?;
        let mut letters = letter.chars();
        let (Some(letter), None) = (letters.next(), letters.next()) else {
            return Err(Error::MalformedLine);
        };
        let value = if free_text(letter) { value } else { value.trim_end_matches(' ') };
        match letter {
            'a' if grammar::attribute(value) => {}
            'a' => return Err(Error::MalformedAttribute),
            'v' | 'o' | 's' | 'i' | 'u' | 'e' | 'p' | 'c' | 'b' | 't' | 'r' | 'z' | 'k' | 'm'
                if grammar::field(letter, value) => {}
            'v' | 'o' | 's' | 'i' | 'u' | 'e' | 'p' | 'c' | 'b' | 't' | 'r' | 'z' | 'k' | 'm' => {
                return Err(Error::MalformedField);
            }
            _ => return Err(Error::MalformedLine),
        }
        Ok(Self { letter, value })
    }

    /// The letter before the equals sign.
    pub const fn letter(&self) -> char {
        self.letter
    }

    /// What stands behind the equals sign.
    pub const fn value(&self) -> &'a str {
        self.value
    }
}

/// The line as it is written, without a line ending.
impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.letter, self.value)
    }
}

/// The letter only: values hold addresses and credentials.
impl fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line({}, {} bytes)", self.letter, self.value.len())
    }
}

/// Whether a space at the end may mean something.
const fn free_text(letter: char) -> bool {
    matches!(letter, 's' | 'i' | 'u' | 'e' | 'p' | 'k')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_rfc_8866_does_not_know_are_refused() {
        for line in ["x=1", "A=sendrecv", "=1", "vv=0", "a", "", "a+candidate:1", "ä=1"] {
            assert_eq!(Line::parse(line), Err(Error::MalformedLine), "{line}");
        }
    }

    #[test]
    fn control_characters_are_refused() {
        assert_eq!(Line::parse("s=a\0b"), Err(Error::MalformedLine));
        assert_eq!(Line::parse("s=a\rb"), Err(Error::MalformedLine));
    }

    #[test]
    fn unknown_attributes_are_kept() {
        let line = Line::parse("a=x-future:whatever it = says").unwrap();
        assert_eq!(line.to_string(), "a=x-future:whatever it = says");
    }
}
