use core::fmt;

use super::emoji::{EMOJI, Emoji};
use super::words::WORDS;

/// What all devices of a group call show alike, unless somebody sits between two of them: seven pictures (42 bits), or four words (32
/// bits).
///
/// Whoever sits between has one try for each verification, since contributions are committed to before any is
/// known: it goes unnoticed with a probability of 2⁻⁴² by the pictures, 2⁻³² by the words.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShortAuthenticationString([u8; Self::LEN]);

impl ShortAuthenticationString {
    /// Bytes that it is made of: 48 bits for the pictures, of which 42 count, then 32 for the words.
    pub(super) const LEN: usize = 10;

    pub(super) const fn new(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// Seven pictures with their names, to be compared in this order.
    pub fn emoji(&self) -> [Emoji; 7] {
        let [a, b, c, d, e, f, ..] = self.0;
        let bits = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
        core::array::from_fn(|at| {
            let number = bits >> (42 - 6 * at) & 0x3f;
            EMOJI.get(number as usize).copied().unwrap_or(EMOJI[0])
        })
    }

    /// Four words, to be read aloud in this order.
    pub fn words(&self) -> [&'static str; 4] {
        let [.., a, b, c, d] = self.0;
        [a, b, c, d].map(|number| WORDS.get(usize::from(number)).copied().unwrap_or(WORDS[0]))
    }
}

impl fmt::Display for ShortAuthenticationString {
    /// The pictures, separated by spaces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let symbols = self.emoji().map(|emoji| emoji.symbol);
        f.write_str(&symbols.join(" "))
    }
}

impl fmt::Debug for ShortAuthenticationString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ShortAuthenticationString({})", self.words().join(" "))
    }
}
