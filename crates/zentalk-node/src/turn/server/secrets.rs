use std::fs;
use std::path::Path;

use zeroize::Zeroizing;

use super::super::credentials::{RestSecret, RestSecrets};
use super::error::TurnError;

/// The secrets in a file: the first line is the one in use, the second, if there is one, the one before it.
///
/// # Errors
/// [`TurnError`]'s variants for secrets, each with its cure.
pub fn read_secrets(path: &Path) -> Result<RestSecrets, TurnError> {
    let unreadable = |source| TurnError::SecretFile { path: path.to_owned(), source };
    check_permissions(path)?;
    let text = Zeroizing::new(fs::read_to_string(path).map_err(unreadable)?);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    match (lines.next(), lines.next(), lines.next()) {
        (Some(current), previous, None) => secrets(current, previous),
        _ => Err(TurnError::SecretFileLines(path.to_owned())),
    }
}

/// Secrets as texts.
///
/// # Errors
/// [`TurnError::Secret`] where one is too short or too long.
pub fn secrets(current: &str, previous: Option<&str>) -> Result<RestSecrets, TurnError> {
    Ok(RestSecrets::new(secret(current)?, previous.map(secret).transpose()?))
}

fn secret(text: &str) -> Result<RestSecret, TurnError> {
    Ok(RestSecret::new(Zeroizing::new(text.as_bytes().to_vec()))?)
}

#[cfg(unix)]
fn check_permissions(path: &Path) -> Result<(), TurnError> {
    use std::os::unix::fs::PermissionsExt;

    let metadata = fs::metadata(path)
        .map_err(|source| TurnError::SecretFile { path: path.to_owned(), source })?;
    // A group may be meant to read it: service managers hand out files that way.
    let others = metadata.permissions().mode() & 0o007;
    // A device or a pipe is nobody's to read twice.
    if metadata.is_file() && others != 0 {
        return Err(TurnError::SecretFileOpen(path.to_owned()));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_permissions(_path: &Path) -> Result<(), TurnError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tempfile::NamedTempFile;

    use super::*;

    fn file(text: &str) -> NamedTempFile {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn one_or_two_lines_are_secrets() {
        for text in
            ["a secret of 24 bytes....\n", "current secret 12345\r\nprevious secret 1234\n\n"]
        {
            assert!(read_secrets(file(text).path()).is_ok(), "{text:?}");
        }
        for text in ["", "\n \n", "1234567890123456\n1234567890123456\n1234567890123456\n"] {
            let error = read_secrets(file(text).path()).unwrap_err();
            assert!(matches!(error, TurnError::SecretFileLines(_)), "{text:?}: {error}");
        }
        let error = read_secrets(file("short").path()).unwrap_err();
        assert!(matches!(error, TurnError::Secret(_)), "{error}");
        let error = read_secrets(Path::new("/nowhere/secret")).unwrap_err();
        assert!(matches!(error, TurnError::SecretFile { .. }), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_everybody_reads_is_refused() {
        use std::os::unix::fs::PermissionsExt;

        let file = file("a secret of 24 bytes....");
        for (mode, refused) in [(0o600, false), (0o440, false), (0o644, true), (0o604, true)] {
            fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
            let result = read_secrets(file.path());
            assert_eq!(matches!(result, Err(TurnError::SecretFileOpen(_))), refused, "{mode:o}");
        }
    }
}
