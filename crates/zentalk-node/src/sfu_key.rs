//! The key that signs SFU tokens: in a file of the relay's operator, its public half in the configuration of every SFU.
//!
//! Both halves are written as 64 hexadecimal digits.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use rand_core::CryptoRng;
use zentalk_primitives::Secret;
use zentalk_sfu_control::TokenSigner;
use zeroize::Zeroizing;

/// Why a key cannot be used or made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SfuKeyError {
    /// The file is not there, or may not be read.
    #[error("the SFU key in {} cannot be read: {source}. Make one with `zentalk-node sfu-key`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The file cannot be made.
    #[error("the SFU key cannot be written to {}: {source}. Pass another file", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// Everybody on this machine could make tokens.
    #[error("{} can be read by every user of this machine: run chmod 600 on it", .0.display())]
    Exposed(PathBuf),
    /// Something else is in the file.
    #[error("{} holds no SFU key, which is a line of 64 hexadecimal digits: make one with `zentalk-node sfu-key`", .0.display())]
    NoKey(PathBuf),
    /// The cryptographic library or the system's randomness failed.
    #[error("the cryptographic library failed")]
    Cryptography,
}

/// The key in a file that [`create`] wrote.
///
/// # Errors
/// [`SfuKeyError`], each with its cure. A file that every user of the machine may read is refused.
pub fn read(path: &Path) -> Result<TokenSigner, SfuKeyError> {
    let unreadable = |source| SfuKeyError::Unreadable { path: path.to_owned(), source };
    if is_exposed(path).map_err(unreadable)? {
        return Err(SfuKeyError::Exposed(path.to_owned()));
    }
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_LEN));
    File::open(path)
        .and_then(|file| file.take(MAX_LEN as u64).read_to_end(&mut text))
        .map_err(unreadable)?;
    let mut seed = Secret::new([0; 32]);
    if !read_hex(text.trim_ascii(), seed.expose_mut()) {
        return Err(SfuKeyError::NoKey(path.to_owned()));
    }
    TokenSigner::from_seed(seed).map_err(|_| SfuKeyError::Cryptography)
}

/// Makes a key and writes it to a new file that its owner alone may read.
///
/// # Errors
/// [`SfuKeyError::Unwritable`], also if the file is there already: no key is overwritten.
pub fn create(path: &Path, rng: &mut impl CryptoRng) -> Result<TokenSigner, SfuKeyError> {
    let unwritable = |source| SfuKeyError::Unwritable { path: path.to_owned(), source };
    let seed = Secret::random(rng);
    let mut line = Zeroizing::new(Vec::with_capacity(MAX_LEN));
    for byte in seed.expose() {
        write!(line, "{byte:02x}").map_err(unwritable)?;
    }
    line.push(b'\n');
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(unwritable)?;
    file.write_all(&line).and_then(|()| file.sync_all()).map_err(|source| {
        // Half a key, left by a full disk, would be in the way of the next attempt; that it cannot be removed adds nothing.
        let _ = fs::remove_file(path);
        unwritable(source)
    })?;
    TokenSigner::from_seed(seed).map_err(|_| SfuKeyError::Cryptography)
}

/// A public key as operators write it.
pub fn public_to_text(key: &[u8; 32]) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads what [`public_to_text`] wrote; white space around it is ignored.
pub fn public_from_text(text: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    read_hex(text.trim().as_bytes(), &mut key).then_some(key)
}

/// Fills `key`, if `digits` are exactly enough.
fn read_hex(digits: &[u8], key: &mut [u8; 32]) -> bool {
    let (pairs, rest) = digits.as_chunks();
    if pairs.len() != key.len() || !rest.is_empty() {
        return false;
    }
    key.iter_mut().zip(pairs).all(|(byte, [high, low])| {
        let digit = |text: &u8| char::from(*text).to_digit(16).and_then(|n| u8::try_from(n).ok());
        let value = digit(high).zip(digit(low)).map(|(high, low)| high << 4 | low);
        value.map(|value| *byte = value).is_some()
    })
}

#[cfg(unix)]
fn is_exposed(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;

    let metadata = fs::metadata(path)?;
    // A group may be meant to read it: service managers hand out files that way.
    Ok(metadata.is_file() && metadata.permissions().mode() & 0o007 != 0)
}

/// There are no modes here.
#[cfg(not(unix))]
fn is_exposed(path: &Path) -> io::Result<bool> {
    fs::metadata(path).map(|_| false)
}

/// The digits and room for white space around them.
const MAX_LEN: usize = 128;

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;
    use tempfile::tempdir;

    use super::*;

    fn rng() -> ChaCha20Rng {
        ChaCha20Rng::seed_from_u64(1)
    }

    #[test]
    fn a_key_that_was_made_is_read_again_and_never_overwritten() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("sfu.key");
        let public = create(&path, &mut rng()).unwrap().public_key();
        assert_eq!(read(&path).unwrap().public_key(), public);
        assert_eq!(public_from_text(&public_to_text(&public)), Some(public));

        let again = create(&path, &mut ChaCha20Rng::seed_from_u64(2));
        assert!(matches!(again, Err(SfuKeyError::Unwritable { .. })));
        assert_eq!(read(&path).unwrap().public_key(), public);
    }

    /// RFC 8032 §7.1, test 1.
    #[test]
    fn public_key_is_that_of_the_seed_in_the_file() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("sfu.key");
        create(&path, &mut rng()).unwrap();
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        for text in [format!("{seed}\n"), format!(" {}\r\n", seed.to_uppercase())] {
            fs::write(&path, text).unwrap();
            assert_eq!(
                public_to_text(&read(&path).unwrap().public_key()),
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
            );
        }
    }

    #[test]
    fn another_text_is_no_key_and_is_not_shown() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("sfu.key");
        create(&path, &mut rng()).unwrap();
        let key = fs::read_to_string(&path).unwrap();
        for text in [
            "",
            "sesame",
            key.trim_end().get(1..).unwrap(),
            &format!("{}0", key.trim_end()),
            &format!("{key}{key}"),
            &"g".repeat(64),
            &"é".repeat(32),
        ] {
            fs::write(&path, text).unwrap();
            let error = read(&path).unwrap_err();
            assert!(matches!(error, SfuKeyError::NoKey(_)), "{text}: {error}");
            let told = format!("{error} {error:?}");
            assert!(text.is_empty() || !told.contains(text), "{told}");
            assert!(told.contains("zentalk-node sfu-key"), "{told}");
        }
        fs::remove_file(&path).unwrap();
        assert!(matches!(read(&path), Err(SfuKeyError::Unreadable { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_key_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempdir().unwrap();
        let path = folder.path().join("sfu.key");
        create(&path, &mut rng()).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        for (mode, refused) in [(0o600, false), (0o440, false), (0o644, true), (0o604, true)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let result = read(&path);
            assert_eq!(matches!(result, Err(SfuKeyError::Exposed(_))), refused, "{mode:o}");
        }
    }
}
