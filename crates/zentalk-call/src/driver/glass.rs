//! For demonstrations under glass: writes the keys of group calls to a file.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use zeroize::Zeroizing;

/// The file, and the names of what is in it. It keeps no key: the memory of this program must look as it would without it.
pub(super) struct Glass {
    file: File,
    written: BTreeSet<String>,
}

impl Glass {
    /// Begins the file, readable by its owner only.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn open(path: &Path) -> std::io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self { file: options.open(path)?, written: BTreeSet::new() })
    }

    /// Writes those that are new: a line each, hexadecimal digits, a space, the name.
    pub(super) fn write(&mut self, secrets: Vec<(String, Zeroizing<Vec<u8>>)>) {
        for (name, secret) in secrets {
            if self.written.contains(&name) {
                continue;
            }
            let mut line = Zeroizing::new(String::with_capacity(2 * secret.len() + name.len() + 2));
            for byte in secret.iter() {
                let _ = write!(line, "{byte:02x}");
            }
            let _ = writeln!(line, " {name}");
            if self.file.write_all(line.as_bytes()).is_err() {
                tracing::warn!("the keys cannot be written");
            }
            self.written.insert(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_written_once_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let mut glass = Glass::open(&path).unwrap();
        let secret = |name: &str, byte| (name.to_owned(), Zeroizing::new(vec![byte; 2]));
        glass.write(vec![secret("epoch 1: media key", 0xab)]);
        glass.write(vec![secret("epoch 1: media key", 0xab), secret("epoch 2: media key", 7)]);
        let text = std::fs::read_to_string(path).unwrap();
        assert_eq!(text, "abab epoch 1: media key\n0707 epoch 2: media key\n");
    }
}
