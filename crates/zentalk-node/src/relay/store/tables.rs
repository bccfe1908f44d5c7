use redb::{ReadableTable, Table, TableDefinition, WriteTransaction};
use zentalk_onion_relay::{Counter, Entry, MailboxStore, StoreFailed, StoredPrekeys};
use zentalk_primitives::{MailboxId, UnixTime};

use super::index::Index;
use super::{BlobKey, ENTRIES, EntryRow, NUMBERS, logged};

/// The tables of one transaction with the index, as the mailbox rules see them.
pub(in crate::relay) struct Tables<'t> {
    index: &'t mut Index,
    entries: Table<'t, BlobKey, EntryRow>,
    blobs: Table<'t, BlobKey, &'static [u8]>,
    prekeys: Table<'t, &'static [u8; 32], &'static [u8]>,
    prekey_expiries: Table<'t, (u64, &'static [u8; 32]), ()>,
    numbers: Table<'t, &'static str, u64>,
}

impl<'t> Tables<'t> {
    pub(super) fn open(
        transaction: &'t WriteTransaction,
        index: &'t mut Index,
    ) -> Result<Self, StoreFailed> {
        Ok(Self {
            index,
            entries: logged(transaction.open_table(ENTRIES))?,
            blobs: logged(transaction.open_table(BLOBS))?,
            prekeys: logged(transaction.open_table(PREKEYS))?,
            prekey_expiries: logged(transaction.open_table(PREKEY_EXPIRIES))?,
            numbers: logged(transaction.open_table(NUMBERS))?,
        })
    }
}

impl MailboxStore for Tables<'_> {
    fn entries(&self, mailbox: &MailboxId) -> Result<Vec<Entry>, StoreFailed> {
        Ok(self.index.of(mailbox).map(|waiting| waiting.entry).collect())
    }

    fn blob(&self, mailbox: &MailboxId, sequence: u64) -> Result<Option<Vec<u8>>, StoreFailed> {
        let Some(waiting) = self.index.get(mailbox, sequence) else { return Ok(None) };
        let blob = logged(self.blobs.get((mailbox.as_bytes(), waiting.place)))?;
        Ok(blob.map(|blob| blob.value().to_vec()))
    }

    fn insert(
        &mut self,
        mailbox: &MailboxId,
        entry: &Entry,
        blob: &[u8],
    ) -> Result<(), StoreFailed> {
        let key = (mailbox.as_bytes(), self.index.insert(mailbox, *entry));
        let row = (entry.coarse_expiry().as_millis(), entry.bytes, entry.ringing);
        logged(self.entries.insert(key, row))?;
        logged(self.blobs.insert(key, blob))?;
        Ok(())
    }

    fn remove(&mut self, mailbox: &MailboxId, entry: &Entry) -> Result<(), StoreFailed> {
        let Some(place) = self.index.remove(mailbox, entry.sequence) else { return Ok(()) };
        let key = (mailbox.as_bytes(), place);
        logged(self.entries.remove(key))?;
        logged(self.blobs.remove(key))?;
        Ok(())
    }

    fn expired(&self, now: UnixTime, limit: usize) -> Result<Vec<(MailboxId, Entry)>, StoreFailed> {
        Ok(self.index.expired(now, limit))
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
        match counter {
            Counter::LastSequence => Ok(self.index.last_sequence()),
            Counter::TotalBytes => {
                Ok(logged(self.numbers.get(TOTAL_BYTES))?.map_or(0, |value| value.value()))
            }
        }
    }

    fn set_counter(&mut self, counter: Counter, value: u64) -> Result<(), StoreFailed> {
        match counter {
            Counter::LastSequence => self.index.set_last_sequence(value),
            Counter::TotalBytes => {
                logged(self.numbers.insert(TOTAL_BYTES, value))?;
            }
        }
        Ok(())
    }
}

const LAST_ID: [u8; 32] = [0xff; 32];
const TOTAL_BYTES: &str = "total bytes";

const BLOBS: TableDefinition<'_, BlobKey, &[u8]> = TableDefinition::new("blobs");
const PREKEYS: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("prekeys");
const PREKEY_EXPIRIES: TableDefinition<'_, (u64, &[u8; 32]), ()> =
    TableDefinition::new("prekey expiries");
