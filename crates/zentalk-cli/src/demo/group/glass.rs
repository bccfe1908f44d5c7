//! Keys that programs under glass wrote down, and what else follows from them.
//!
//! An ordinary `zentalk` cannot write down its keys. The demo uses `zentalk-glass`, which is built with the feature `glass` and
//! says loudly what it does; without it this part of the demo is left out.

use std::path::Path;

use crate::journal::from_hex;

/// A key, and what it is.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret {
    /// Such as `epoch 2: media key`.
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

impl Secret {
    /// Whether the keys of all senders and streams of an epoch follow from it.
    pub(super) fn is_base_key(&self) -> bool {
        self.name.ends_with(": base key")
    }
}

/// These are throw-away keys of a demonstration; but nothing prints keys by accident.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret({})", self.name)
    }
}

/// The keys in a file: a line each, hexadecimal digits, a space, what it is. None, if there is no file.
pub(super) fn read(path: &Path) -> Vec<Secret> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().filter_map(parse).collect()
}

fn parse(line: &str) -> Option<Secret> {
    let (digits, name) = line.split_once(' ')?;
    let bytes = from_hex(digits)?;
    // Shorter ones would be found by chance.
    (bytes.len() >= MIN_KEY).then(|| Secret { name: name.to_owned(), bytes })
}

const MIN_KEY: usize = 16;

/// All keys of all lists, each once.
pub(super) fn union<'a>(lists: impl IntoIterator<Item = &'a Vec<Secret>>) -> Vec<Secret> {
    let mut all: Vec<Secret> = Vec::new();
    for secret in lists.into_iter().flatten() {
        if all.iter().all(|known| known.bytes != secret.bytes) {
            all.push(secret.clone());
        }
    }
    all
}

/// The bytes alone, to look for.
pub(super) fn needles(secrets: &[Secret]) -> Vec<Vec<u8>> {
    secrets.iter().map(|secret| secret.bytes.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_with_their_names_and_other_lines_are_not() {
        let line = format!("{} epoch 2: media key", "0f".repeat(32));
        let secret = parse(&line).unwrap();
        assert_eq!((secret.bytes, secret.name.as_str()), (vec![0x0f; 32], "epoch 2: media key"));
        for wrong in ["", "zz", "0f0f short", "no digits at all but a name that is long enough"] {
            assert!(parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_key_that_several_have_counts_once() {
        let secret = |byte| Secret { name: String::new(), bytes: vec![byte; 16] };
        let lists = [vec![secret(1), secret(2)], vec![secret(2), secret(3)]];
        assert_eq!(needles(&union(&lists)), [[1; 16], [2; 16], [3; 16]]);
    }
}
