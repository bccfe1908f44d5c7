use std::collections::BTreeMap;

use zentalk_primitives::{MailboxId, UnixTime};

use super::prekeys::StoredPrekeys;
use super::store::{Counter, Entry, MailboxStore};
use crate::error::StoreFailed;

/// A store in memory, for tests, simulations and relays that forget everything when they stop.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    blobs: BTreeMap<(MailboxId, u64), (Entry, Vec<u8>)>,
    prekeys: BTreeMap<MailboxId, StoredPrekeys>,
    counters: BTreeMap<Counter, u64>,
}

impl MailboxStore for MemoryStore {
    fn entries(&self, mailbox: &MailboxId) -> Result<Vec<Entry>, StoreFailed> {
        let all = (*mailbox, 0)..=(*mailbox, u64::MAX);
        Ok(self.blobs.range(all).map(|(_, (entry, _))| *entry).collect())
    }

    fn blob(&self, mailbox: &MailboxId, sequence: u64) -> Result<Option<Vec<u8>>, StoreFailed> {
        Ok(self.blobs.get(&(*mailbox, sequence)).map(|(_, blob)| blob.clone()))
    }

    fn insert(
        &mut self,
        mailbox: &MailboxId,
        entry: &Entry,
        blob: &[u8],
    ) -> Result<(), StoreFailed> {
        self.blobs.insert((*mailbox, entry.sequence), (*entry, blob.to_vec()));
        Ok(())
    }

    fn remove(&mut self, mailbox: &MailboxId, entry: &Entry) -> Result<(), StoreFailed> {
        self.blobs.remove(&(*mailbox, entry.sequence));
        Ok(())
    }

    fn expired(&self, now: UnixTime, limit: usize) -> Result<Vec<(MailboxId, Entry)>, StoreFailed> {
        let all = self.blobs.iter().map(|((mailbox, _), (entry, _))| (*mailbox, *entry));
        Ok(all.filter(|(_, entry)| entry.is_expired(now)).take(limit).collect())
    }

    fn prekeys(&self, mailbox: &MailboxId) -> Result<Option<StoredPrekeys>, StoreFailed> {
        Ok(self.prekeys.get(mailbox).cloned())
    }

    fn set_prekeys(
        &mut self,
        mailbox: &MailboxId,
        prekeys: Option<&StoredPrekeys>,
    ) -> Result<(), StoreFailed> {
        match prekeys {
            Some(prekeys) => self.prekeys.insert(*mailbox, prekeys.clone()),
            None => self.prekeys.remove(mailbox),
        };
        Ok(())
    }

    fn expired_prekeys(&self, now: UnixTime, limit: usize) -> Result<Vec<MailboxId>, StoreFailed> {
        let expired = self.prekeys.iter().filter(|(_, prekeys)| prekeys.expires_at() <= now);
        Ok(expired.map(|(mailbox, _)| *mailbox).take(limit).collect())
    }

    fn counter(&self, counter: Counter) -> Result<u64, StoreFailed> {
        Ok(self.counters.get(&counter).copied().unwrap_or(0))
    }

    fn set_counter(&mut self, counter: Counter, value: u64) -> Result<(), StoreFailed> {
        self.counters.insert(counter, value);
        Ok(())
    }
}
