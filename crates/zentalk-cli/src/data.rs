//! The data folder: the store with identity and sessions, its key, and the contacts.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use zentalk_primitives::Secret;

/// A person's data folder.
pub struct DataFolder(PathBuf);

/// Why the data folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// There is no home folder to put it into.
    #[error("no home folder is known; name a data folder with --data")]
    NoHome,
    /// Something in it cannot be read or written.
    #[error("the data folder cannot be used: {}: {source}. Mend that, or name another folder with --data", path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The key file is not 32 bytes.
    #[error(
        "{} is damaged: a key of 32 bytes is wanted. Put the right one back: nothing else opens the identity \
         beside it. Another folder (--data) begins a new identity", .0.display()
    )]
    DamagedKey(PathBuf),
    /// There is an identity, but not the key that opens it.
    #[error(
        "{} is missing. Put it back: nothing else opens the identity beside it. Another folder (--data) begins \
         a new identity", .0.display()
    )]
    MissingKey(PathBuf),
    /// The contacts file is not what it should be.
    #[error("{} is damaged: {source}. Mend or remove it: it holds contact cards and the names for them", path.display())]
    DamagedContacts {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
}

/// Names and the contact cards they stand for.
pub type Contacts = BTreeMap<String, String>;

impl DataFolder {
    /// Opens `folder`, or the default one; makes it, for its owner only, if it is not there.
    pub fn open(folder: Option<PathBuf>) -> Result<Self, DataError> {
        let folder = match folder {
            Some(folder) => folder,
            None => default_folder().ok_or(DataError::NoHome)?,
        };
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder).map_err(io(&folder))?;
        Ok(Self(folder))
    }

    /// `folder`, or the default one, if it is there already.
    pub fn existing(folder: Option<PathBuf>) -> Option<Self> {
        folder.or_else(default_folder).filter(|folder| folder.is_dir()).map(Self)
    }

    /// Where the store lies.
    pub fn store(&self) -> PathBuf {
        self.0.join("state.redb")
    }

    /// The key that the store's content is encrypted under; made for a store that `is_new`, and for no other: it
    /// would open nothing there.
    pub fn storage_key(&self, is_new: bool) -> Result<Secret<32>, DataError> {
        let path = self.0.join("storage.key");
        match std::fs::read(&path) {
            Ok(bytes) => Secret::from_slice(&bytes).ok_or(DataError::DamagedKey(path)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if !is_new {
                    return Err(DataError::MissingKey(path));
                }
                let key = Secret::random(&mut rand_core::UnwrapErr(getrandom::SysRng));
                write_private(&path, key.expose()).map_err(io(&path))?;
                Ok(key)
            }
            Err(source) => Err(DataError::Io { path, source }),
        }
    }

    /// The contacts; none if there is no file yet.
    pub fn contacts(&self) -> Result<Contacts, DataError> {
        let path = self.contacts_path();
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|source| DataError::DamagedContacts { path, source }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Contacts::new()),
            Err(source) => Err(DataError::Io { path, source }),
        }
    }

    /// Replaces the contacts, as a whole.
    pub fn save_contacts(&self, contacts: &Contacts) -> Result<(), DataError> {
        let path = self.contacts_path();
        let temporary = path.with_extension("new");
        let text = serde_json::to_vec_pretty(contacts)
            .map_err(|source| DataError::DamagedContacts { path: path.clone(), source })?;
        std::fs::write(&temporary, text)
            .and_then(|()| std::fs::rename(&temporary, &path))
            .map_err(io(&path))
    }

    fn contacts_path(&self) -> PathBuf {
        self.0.join("contacts.json")
    }
}

fn default_folder() -> Option<PathBuf> {
    let absolute =
        |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base =
        absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")))?;
    Some(base.join("zentalk"))
}

/// Whole or not at all: half a key, left by a full disk, would be in the way for ever.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> DataError + '_ {
    move |source| DataError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(Some(folder.path().join("new/alice"))).unwrap();
        let key = data.storage_key(true).unwrap();
        assert_eq!(data.storage_key(false).unwrap().expose(), key.expose());
    }

    #[test]
    fn contacts_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(Some(folder.path().to_owned())).unwrap();
        assert!(data.contacts().unwrap().is_empty());
        let contacts = Contacts::from([("bob".to_owned(), "zentalk:x".to_owned())]);
        data.save_contacts(&contacts).unwrap();
        assert_eq!(data.contacts().unwrap(), contacts);
    }

    #[test]
    fn a_damaged_key_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(Some(folder.path().to_owned())).unwrap();
        std::fs::write(folder.path().join("storage.key"), b"short").unwrap();
        assert!(matches!(data.storage_key(true), Err(DataError::DamagedKey(_))));
    }

    #[test]
    fn a_key_that_is_missing_beside_an_identity_is_not_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(Some(folder.path().to_owned())).unwrap();
        assert!(matches!(data.storage_key(false), Err(DataError::MissingKey(_))));
        assert!(!folder.path().join("storage.key").exists());
    }
}
