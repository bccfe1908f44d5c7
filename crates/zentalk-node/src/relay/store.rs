use std::fs;
use std::io;
use std::path::Path;

use redb::{
    Database, DatabaseError, Durability, ReadableTable, StorageError, Table, TableDefinition,
    WriteTransaction,
};
use zentalk_onion_relay::{Counter, Entry, MailboxStore, StoreFailed, StoredPrekeys};
use zentalk_primitives::{MailboxId, UnixTime};

use super::error::RelayError;

/// The store on disk: one redb file, one transaction for each batch of requests.
#[derive(Debug)]
pub(super) struct Store {
    database: Database,
}

impl Store {
    /// Opens the store in `directory`, or makes both.
    pub(super) fn open(directory: &Path) -> Result<Self, RelayError> {
        make_directory(directory)
            .map_err(|source| RelayError::DataDirectory { path: directory.to_owned(), source })?;
        let database = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create(directory.join(FILE_NAME))
            .map_err(|error| open_error(directory, error))?;
        let store = Self { database };
        match store.format().map_err(|_| RelayError::StoreUnreadable(directory.to_owned()))? {
            FORMAT => Ok(store),
            found => {
                Err(RelayError::StoreNewer { path: directory.to_owned(), found, known: FORMAT })
            }
        }
    }

    /// Begins a transaction.
    pub(super) fn begin(&self) -> Result<WriteTransaction, StoreFailed> {
        logged(self.database.begin_write())
    }

    /// The format of the store; of a new one, the newest, which is noted.
    fn format(&self) -> Result<u64, StoreFailed> {
        let transaction = self.begin()?;
        let format = {
            let mut numbers = logged(transaction.open_table(NUMBERS))?;
            let found = logged(numbers.get(FORMAT_KEY))?.map(|value| value.value());
            if found.is_none() {
                logged(numbers.insert(FORMAT_KEY, FORMAT))?;
            }
            found.unwrap_or(FORMAT)
        };
        logged(transaction.commit())?;
        Ok(format)
    }
}

/// The tables of one transaction, as the mailbox rules see them.
pub(super) struct Tables<'t> {
    entries: Table<'t, BlobKey, EntryRow>,
    blobs: Table<'t, BlobKey, &'static [u8]>,
    expiries: Table<'t, (u64, &'static [u8; 32], u64), ()>,
    prekeys: Table<'t, &'static [u8; 32], &'static [u8]>,
    prekey_expiries: Table<'t, (u64, &'static [u8; 32]), ()>,
    numbers: Table<'t, &'static str, u64>,
}

impl<'t> Tables<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction) -> Result<Self, StoreFailed> {
        Ok(Self {
            entries: logged(transaction.open_table(ENTRIES))?,
            blobs: logged(transaction.open_table(BLOBS))?,
            expiries: logged(transaction.open_table(EXPIRIES))?,
            prekeys: logged(transaction.open_table(PREKEYS))?,
            prekey_expiries: logged(transaction.open_table(PREKEY_EXPIRIES))?,
            numbers: logged(transaction.open_table(NUMBERS))?,
        })
    }
}

impl MailboxStore for Tables<'_> {
    fn entries(&self, mailbox: &MailboxId) -> Result<Vec<Entry>, StoreFailed> {
        let id = mailbox.as_bytes();
        let rows = logged(self.entries.range((id, 0)..=(id, u64::MAX)))?;
        rows.map(|row| {
            let (key, value) = logged(row)?;
            Ok(entry(key.value().1, value.value()))
        })
        .collect()
    }

    fn blob(&self, mailbox: &MailboxId, sequence: u64) -> Result<Option<Vec<u8>>, StoreFailed> {
        let blob = logged(self.blobs.get((mailbox.as_bytes(), sequence)))?;
        Ok(blob.map(|blob| blob.value().to_vec()))
    }

    fn insert(
        &mut self,
        mailbox: &MailboxId,
        entry: &Entry,
        blob: &[u8],
    ) -> Result<(), StoreFailed> {
        let key = (mailbox.as_bytes(), entry.sequence);
        logged(self.entries.insert(key, row(entry)))?;
        logged(self.blobs.insert(key, blob))?;
        logged(self.expiries.insert(expiry(mailbox, entry), ()))?;
        Ok(())
    }

    fn remove(&mut self, mailbox: &MailboxId, entry: &Entry) -> Result<(), StoreFailed> {
        let key = (mailbox.as_bytes(), entry.sequence);
        logged(self.entries.remove(key))?;
        logged(self.blobs.remove(key))?;
        logged(self.expiries.remove(expiry(mailbox, entry)))?;
        Ok(())
    }

    fn expired(&self, now: UnixTime, limit: usize) -> Result<Vec<(MailboxId, Entry)>, StoreFailed> {
        let until = (now.as_millis(), &LAST_ID, u64::MAX);
        let mut expired = Vec::new();
        for due in logged(self.expiries.range(..=until))?.take(limit) {
            let due = logged(due)?.0;
            let (_, id, sequence) = due.value();
            if let Some(value) = logged(self.entries.get((id, sequence)))? {
                expired.push((MailboxId::from_bytes(*id), entry(sequence, value.value())));
            }
        }
        Ok(expired)
    }

    fn prekeys(&self, mailbox: &MailboxId) -> Result<Option<StoredPrekeys>, StoreFailed> {
        match logged(self.prekeys.get(mailbox.as_bytes()))? {
            Some(bytes) => StoredPrekeys::from_bytes(bytes.value()).map(Some).ok_or(StoreFailed),
            None => Ok(None),
        }
    }

    fn set_prekeys(
        &mut self,
        mailbox: &MailboxId,
        prekeys: Option<&StoredPrekeys>,
    ) -> Result<(), StoreFailed> {
        let id = mailbox.as_bytes();
        if let Some(earlier) = self.prekeys(mailbox)? {
            logged(self.prekey_expiries.remove((earlier.expires_at().as_millis(), id)))?;
        }
        match prekeys {
            Some(prekeys) => {
                logged(self.prekeys.insert(id, prekeys.to_bytes().as_slice()))?;
                let due = (prekeys.expires_at().as_millis(), id);
                logged(self.prekey_expiries.insert(due, ()))?;
            }
            None => {
                logged(self.prekeys.remove(id))?;
            }
        }
        Ok(())
    }

    fn expired_prekeys(&self, now: UnixTime, limit: usize) -> Result<Vec<MailboxId>, StoreFailed> {
        let due = logged(self.prekey_expiries.range(..=(now.as_millis(), &LAST_ID)))?;
        due.take(limit).map(|row| Ok(MailboxId::from_bytes(*logged(row)?.0.value().1))).collect()
    }

    fn counter(&self, counter: Counter) -> Result<u64, StoreFailed> {
        Ok(logged(self.numbers.get(counter_key(counter)))?.map_or(0, |value| value.value()))
    }

    fn set_counter(&mut self, counter: Counter, value: u64) -> Result<(), StoreFailed> {
        logged(self.numbers.insert(counter_key(counter), value)).map(|_| ())
    }
}

/// Commits so that the changes survive a crash if `durable`, else at the latest with the next durable
/// commit.
pub(super) fn commit(mut transaction: WriteTransaction, durable: bool) -> Result<(), StoreFailed> {
    let durability = if durable { Durability::Immediate } else { Durability::None };
    logged(transaction.set_durability(durability))?;
    logged(transaction.commit())
}

/// Mailbox id and sequence.
type BlobKey = (&'static [u8; 32], u64);
/// Stored at and expires at (milliseconds since 1970), bytes, ringing.
type EntryRow = (u64, u64, u32, bool);

const FILE_NAME: &str = "relay.redb";
const FORMAT: u64 = 1;
const CACHE_BYTES: usize = 64 * 1024 * 1024;
const LAST_ID: [u8; 32] = [0xff; 32];

const ENTRIES: TableDefinition<'_, BlobKey, EntryRow> = TableDefinition::new("entries");
const BLOBS: TableDefinition<'_, BlobKey, &[u8]> = TableDefinition::new("blobs");
const EXPIRIES: TableDefinition<'_, (u64, &[u8; 32], u64), ()> = TableDefinition::new("expiries");
const PREKEYS: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("prekeys");
const PREKEY_EXPIRIES: TableDefinition<'_, (u64, &[u8; 32]), ()> =
    TableDefinition::new("prekey expiries");
const NUMBERS: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");
const FORMAT_KEY: &str = "format";

fn counter_key(counter: Counter) -> &'static str {
    match counter {
        Counter::LastSequence => "last sequence",
        Counter::TotalBytes => "total bytes",
    }
}

fn row(entry: &Entry) -> EntryRow {
    (entry.stored_at.as_millis(), entry.expires_at.as_millis(), entry.bytes, entry.ringing)
}

fn entry(sequence: u64, (stored_at, expires_at, bytes, ringing): EntryRow) -> Entry {
    let (stored_at, expires_at) =
        (UnixTime::from_millis(stored_at), UnixTime::from_millis(expires_at));
    Entry { sequence, stored_at, expires_at, bytes, ringing }
}

fn expiry<'m>(mailbox: &'m MailboxId, entry: &Entry) -> (u64, &'m [u8; 32], u64) {
    (entry.expires_at.as_millis(), mailbox.as_bytes(), entry.sequence)
}

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
