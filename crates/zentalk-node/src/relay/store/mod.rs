//! The store on disk, and what of it is in memory only.
//!
//! A seized disk must not tell when somebody called, and a database keeps what it was given on pages that it has not
//! used again. So the disk gets of each blob its place in its mailbox and an expiry to the next whole ten minutes
//! ([`Entry::coarse_expiry`]); sequences, exact times and the order across mailboxes are in the [`Index`].

mod index;
mod tables;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::Path;

use redb::{Database, DatabaseError, ReadableTable, StorageError, TableDefinition};
use zentalk_onion_relay::{Entry, StoreFailed};
use zentalk_primitives::{MailboxId, UnixTime};

use super::error::RelayError;
use index::Index;
pub(super) use tables::Tables;

/// The store: one redb file, one transaction for each batch of requests.
#[derive(Debug)]
pub(super) struct Store {
    database: Database,
    index: Index,
}

impl Store {
    /// Opens the store in `directory`, or makes both. What waits in it is of unknown age, and has new sequences.
    pub(super) fn open(directory: &Path, now: UnixTime) -> Result<Self, RelayError> {
        make_directory(directory)
            .map_err(|source| RelayError::DataDirectory { path: directory.to_owned(), source })?;
        let database = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create(directory.join(FILE_NAME))
            .map_err(|error| open_error(directory, error))?;
        let path = directory.to_owned();
        let unreadable = |_| RelayError::StoreUnreadable(directory.to_owned());
        match format(&database).map_err(unreadable)? {
            FORMAT => {
                let index = load(&database, now).map_err(unreadable)?;
                Ok(Self { database, index })
            }
            found if found < FORMAT => Err(RelayError::StoreOlder { path, found, known: FORMAT }),
            found => Err(RelayError::StoreNewer { path, found, known: FORMAT }),
        }
    }

    /// Does `work` in one transaction: all of it or, where that fails, nothing.
    pub(super) fn transact(
        &mut self,
        work: impl FnOnce(&mut Tables<'_>) -> Result<Durability, StoreFailed>,
    ) -> Result<(), StoreFailed> {
        let result = attempt(&self.database, &mut self.index, work);
        match result {
            Ok(()) => self.index.keep(),
            Err(_) => self.index.roll_back(),
        }
        result
    }
}

/// When the changes of a transaction must survive a crash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Durability {
    /// It changes nothing.
    Unchanged,
    /// With the next one that must.
    Later,
    /// Before its answer.
    Now,
}

fn attempt(
    database: &Database,
    index: &mut Index,
    work: impl FnOnce(&mut Tables<'_>) -> Result<Durability, StoreFailed>,
) -> Result<(), StoreFailed> {
    let mut transaction = logged(database.begin_write())?;
    let durability = work(&mut Tables::open(&transaction, index)?)?;
    let durability = match durability {
        Durability::Unchanged => return Ok(()),
        Durability::Later => redb::Durability::None,
        Durability::Now => redb::Durability::Immediate,
    };
    logged(transaction.set_durability(durability))?;
    logged(transaction.commit())
}

/// The format of the store; of a new one, the newest, which is noted.
fn format(database: &Database) -> Result<u64, StoreFailed> {
    let transaction = logged(database.begin_write())?;
    let found = logged(logged(transaction.open_table(NUMBERS))?.get(FORMAT_KEY))?
        .map(|value| value.value());
    if let Some(found) = found {
        return Ok(found);
    }
    logged(logged(transaction.open_table(NUMBERS))?.insert(FORMAT_KEY, FORMAT))?;
    logged(transaction.commit())?;
    Ok(FORMAT)
}

/// What waits, in the order of its places.
fn load(database: &Database, now: UnixTime) -> Result<Index, StoreFailed> {
    let mut index = Index::default();
    let transaction = logged(database.begin_write())?;
    let rows = logged(transaction.open_table(ENTRIES))?;
    // Microseconds of the clock: more than any sequence that the relay gave before it was stopped.
    for (sequence, row) in (now.as_millis().saturating_mul(1_000)..).zip(logged(rows.iter())?) {
        let (key, value) = logged(row)?;
        let ((id, place), (expiry, bytes, ringing)) = (key.value(), value.value());
        let expiry = UnixTime::from_millis(expiry);
        let entry = Entry::of_unknown_age(sequence, expiry, bytes, ringing, now);
        index.load(MailboxId::from_bytes(*id), place, entry);
    }
    Ok(index)
}

/// Mailbox id and place in the mailbox.
type BlobKey = (&'static [u8; 32], u64);
/// Coarse expiry (milliseconds since 1970), bytes, ringing.
type EntryRow = (u64, u32, bool);

const FILE_NAME: &str = "relay.redb";
const FORMAT: u64 = 2;
const CACHE_BYTES: usize = 64 * 1024 * 1024;

const ENTRIES: TableDefinition<'_, BlobKey, EntryRow> = TableDefinition::new("entries");
const NUMBERS: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");
const FORMAT_KEY: &str = "format";

/// The rules only need to know that the store failed; the operator needs to know why.
fn logged<T, E: Into<redb::Error>>(result: Result<T, E>) -> Result<T, StoreFailed> {
    result.map_err(|error| {
        let error: redb::Error = error.into();
        tracing::error!(%error, "the store failed");
        StoreFailed
    })
}

/// Makes the directory for its owner alone, and finds out whether it can be written.
fn make_directory(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

fn open_error(directory: &Path, error: DatabaseError) -> RelayError {
    let path = directory.to_owned();
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            RelayError::StoreLocked(path)
        }
        DatabaseError::Storage(StorageError::Io(source))
            if source.kind() != io::ErrorKind::InvalidData =>
        {
            RelayError::DataDirectory { path, source }
        }
        _ => RelayError::StoreUnreadable(path),
    }
}
