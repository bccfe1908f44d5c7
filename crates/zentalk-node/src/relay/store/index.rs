use std::collections::{BTreeMap, BTreeSet};

use zentalk_onion_relay::Entry;
use zentalk_primitives::{MailboxId, UnixTime};

/// What waits in the store, with its exact times: as many entries as there are blobs, about 200 bytes each, less
/// than each counts beyond its own bytes towards what the relay may hold.
///
/// It is changed together with a transaction, and [rolled back](Index::roll_back) with it.
#[derive(Debug, Default)]
pub(super) struct Index {
    waiting: BTreeMap<Key, Waiting>,
    due: BTreeSet<(UnixTime, Key)>,
    last_sequence: u64,
    /// What this transaction changed: the key, and what was there before.
    changed: Vec<(Key, Option<Waiting>)>,
}

/// Mailbox and sequence.
type Key = (MailboxId, u64);

/// A blob that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) entry: Entry,
    /// Where it lies on disk, within its mailbox.
    pub(super) place: u64,
}

impl Index {
    /// Takes in what the disk holds.
    pub(super) fn load(&mut self, mailbox: MailboxId, place: u64, entry: Entry) {
        self.last_sequence = self.last_sequence.max(entry.sequence);
        self.replace((mailbox, entry.sequence), Some(Waiting { entry, place }));
    }

    /// The blobs of a mailbox in ascending order of sequence.
    pub(super) fn of(&self, mailbox: &MailboxId) -> impl DoubleEndedIterator<Item = &Waiting> {
        self.waiting.range((*mailbox, 0)..=(*mailbox, u64::MAX)).map(|(_, waiting)| waiting)
    }

    pub(super) fn get(&self, mailbox: &MailboxId, sequence: u64) -> Option<&Waiting> {
        self.waiting.get(&(*mailbox, sequence))
    }

    /// Takes in a new blob, and gives its place: after all that wait in the mailbox.
    pub(super) fn insert(&mut self, mailbox: &MailboxId, entry: Entry) -> u64 {
        let place = self.of(mailbox).next_back().map_or(0, |last| last.place.saturating_add(1));
        self.change((*mailbox, entry.sequence), Some(Waiting { entry, place }));
        place
    }

    /// Takes a blob out, and gives the place where it was.
    pub(super) fn remove(&mut self, mailbox: &MailboxId, sequence: u64) -> Option<u64> {
        self.change((*mailbox, sequence), None).map(|before| before.place)
    }

    /// At most `limit` blobs that expire not after `now`, the earliest first.
    pub(super) fn expired(&self, now: UnixTime, limit: usize) -> Vec<(MailboxId, Entry)> {
        let due = self.due.iter().take_while(|(expiry, _)| *expiry <= now).take(limit);
        due.filter_map(|(_, key)| Some((key.0, self.waiting.get(key)?.entry))).collect()
    }

    pub(super) const fn last_sequence(&self) -> u64 {
        self.last_sequence
    }

    /// It is not rolled back: a sequence that was left out harms nobody.
    pub(super) const fn set_last_sequence(&mut self, sequence: u64) {
        self.last_sequence = sequence;
    }

    /// The transaction is committed.
    pub(super) fn keep(&mut self) {
        self.changed.clear();
    }

    /// The transaction is not committed: all is as it was before.
    pub(super) fn roll_back(&mut self) {
        while let Some((key, before)) = self.changed.pop() {
            self.replace(key, before);
        }
    }

    fn change(&mut self, key: Key, after: Option<Waiting>) -> Option<Waiting> {
        let before = self.replace(key, after);
        self.changed.push((key, before));
        before
    }

    fn replace(&mut self, key: Key, after: Option<Waiting>) -> Option<Waiting> {
        let before = match after {
            Some(after) => self.waiting.insert(key, after),
            None => self.waiting.remove(&key),
        };
        if let Some(before) = before {
            self.due.remove(&(before.entry.expires_at, key));
        }
        if let Some(after) = after {
            self.due.insert((after.entry.expires_at, key));
        }
        before
    }
}
