//! Where keys and sessions live between calls.

use std::path::{Path, PathBuf};

use redb::{Database, DatabaseError, ReadableDatabase, TableDefinition};

/// Keeps one snapshot: identity, prekeys and sessions, encrypted by the engine.
///
/// The driver saves before it sends what depends on the snapshot, so `save` must not return before the
/// bytes are durable: a state that is older than what the peer has seen would reuse message keys.
pub trait Store: Send + 'static {
    /// The snapshot that was saved last, or nothing in a new store.
    fn load(&self) -> Result<Option<Vec<u8>>, StoreError>;

    /// Replaces the snapshot, durably and as a whole.
    fn save(&mut self, snapshot: &[u8]) -> Result<(), StoreError>;
}

/// Why a store does not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process has it open.
    #[error("{} is in use by another program; end it, or use another data folder", .0.display())]
    InUse(PathBuf),
    /// It was written by a later version.
    #[error("{} was written by a newer version of this program; update it", .0.display())]
    Newer(PathBuf),
    /// It cannot be opened, read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
}

/// A store in one file, by `redb`: each save is one durable transaction.
pub struct FileStore {
    path: PathBuf,
    database: Database,
}

const SNAPSHOTS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("snapshots");
const VERSIONS: TableDefinition<'_, &str, u32> = TableDefinition::new("versions");
const KEY: &str = "current";
/// The layout of the two tables. A later layout gets the next number.
const VERSION: u32 = 1;

impl FileStore {
    /// Opens the file, or creates it, readable by its owner only.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        create_private(path).map_err(|source| StoreError::Io { path: path.to_owned(), source })?;
        let database = Database::create(path).map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => StoreError::InUse(path.to_owned()),
            DatabaseError::UpgradeRequired(_) => StoreError::Newer(path.to_owned()),
            DatabaseError::Storage(error) => io(path, error),
            other => io(path, other),
        })?;
        let store = Self { path: path.to_owned(), database };
        store.check_version()?;
        Ok(store)
    }

    fn check_version(&self) -> Result<(), StoreError> {
        let found = self.read(VERSIONS, |guard: redb::AccessGuard<'_, u32>| guard.value())?;
        match found {
            None => self.write(VERSIONS, &VERSION),
            Some(VERSION) => Ok(()),
            Some(_) => Err(StoreError::Newer(self.path.clone())),
        }
    }

    fn read<V: redb::Value + 'static, T>(
        &self,
        table: TableDefinition<'_, &'static str, V>,
        take: impl FnOnce(redb::AccessGuard<'_, V>) -> T,
    ) -> Result<Option<T>, StoreError> {
        let transaction = self.database.begin_read().map_err(|error| io(&self.path, error))?;
        let table = match transaction.open_table(table) {
            Ok(table) => table,
            Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
            Err(error) => return Err(io(&self.path, error)),
        };
        let found = redb::ReadableTable::get(&table, KEY);
        Ok(found.map_err(|error| io(&self.path, error))?.map(take))
    }

    fn write<'v, V: redb::Value + 'static>(
        &self,
        table: TableDefinition<'_, &'static str, V>,
        value: impl std::borrow::Borrow<V::SelfType<'v>>,
    ) -> Result<(), StoreError> {
        // A transaction is durable when `commit` returns: redb's default.
        let transaction = self.database.begin_write().map_err(|error| io(&self.path, error))?;
        {
            let mut table = transaction.open_table(table).map_err(|error| io(&self.path, error))?;
            table.insert(KEY, value).map_err(|error| io(&self.path, error))?;
        }
        transaction.commit().map_err(|error| io(&self.path, error))
    }
}

impl Store for FileStore {
    fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(SNAPSHOTS, |guard: redb::AccessGuard<'_, &[u8]>| guard.value().to_vec())
    }

    fn save(&mut self, snapshot: &[u8]) -> Result<(), StoreError> {
        self.write(SNAPSHOTS, snapshot)
    }
}

/// A store that forgets: for tests, and for programs that want no trace on disk.
#[derive(Debug, Default)]
pub struct MemoryStore(Option<Vec<u8>>);

impl Store for MemoryStore {
    fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.clone())
    }

    fn save(&mut self, snapshot: &[u8]) -> Result<(), StoreError> {
        self.0 = Some(snapshot.to_vec());
        Ok(())
    }
}

/// Creates an empty file that only its owner may read, unless one is there.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn io(path: &Path, error: impl Into<redb::Error>) -> StoreError {
    let source = match error.into() {
        redb::Error::Io(error) => error,
        other => std::io::Error::other(other),
    };
    StoreError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_is_loaded_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.redb");
        let mut store = FileStore::open(&path).unwrap();
        assert_eq!(store.load().unwrap(), None);
        store.save(b"one").unwrap();
        store.save(b"two").unwrap();
        drop(store);
        assert_eq!(FileStore::open(&path).unwrap().load().unwrap().unwrap(), b"two");
    }

    #[test]
    fn a_store_in_use_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.redb");
        let _open = FileStore::open(&path).unwrap();
        let error = FileStore::open(&path).err().unwrap();
        assert!(error.to_string().contains("in use by another program"), "{error}");
    }

    #[test]
    fn a_file_of_a_newer_version_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.redb");
        FileStore::open(&path).unwrap().write(VERSIONS, &(VERSION + 1)).unwrap();
        assert!(matches!(FileStore::open(&path), Err(StoreError::Newer(_))));
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.redb");
        drop(FileStore::open(&path).unwrap());
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
