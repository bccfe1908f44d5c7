//! The rules of the mailboxes, over any [`MailboxStore`].

mod memory;
mod prekeys;
mod quota;
mod store;

use core::fmt;
use core::time::Duration;

use zentalk_primitives::{MailboxId, UnixTime};

pub use memory::MemoryStore;
pub use prekeys::{FetchedPrekeys, StoredPrekeys};
pub use quota::Quota;
pub use store::{Counter, Entry, MailboxStore};

use crate::error::{Error, StoreFailed};
use crate::frames::{check_blob, check_time_to_live};
use crate::limits::{ENTRY_OVERHEAD, RINGING_TIME_TO_LIVE};
use crate::mailbox_key::ProvenMailbox;

/// What may be put, in which order it is delivered, when it goes.
///
/// It holds no mailbox itself: every call takes the store, which may be a transaction, and the relay's
/// own wall clock. A call that fails with anything but [`Error::StoreFailed`] has changed nothing;
/// after [`Error::StoreFailed`] the caller gives the transaction up.
///
/// - Blobs of a mailbox are delivered in the order in which they were put.
/// - A blob goes when its owner acknowledges it, or when its time to live is over.
/// - In a full mailbox the *ringing* blobs (time to live at most [`RINGING_TIME_TO_LIVE`]) make room,
///   the one with the shortest remaining life first, the older of two alike; never one that would live
///   longer than the newcomer. Other blobs never make room: what was answered with `stored` stays.
///   A newcomer that still finds no room is refused.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mailboxes {
    quota: Quota,
}

impl Mailboxes {
    /// The rules with this quota.
    pub const fn new(quota: Quota) -> Self {
        Self { quota }
    }

    /// Keeps `blob` for `mailbox`, for `time_to_live` from `now`. Returns its sequence.
    ///
    /// # Errors
    /// [`Error::BlobTooLarge`], [`Error::TimeToLive`], [`Error::MailboxFull`], [`Error::RelayFull`],
    /// [`Error::StoreFailed`].
    pub fn put(
        &self,
        store: &mut impl MailboxStore,
        now: UnixTime,
        mailbox: &MailboxId,
        blob: &[u8],
        time_to_live: Duration,
    ) -> Result<u64, Error> {
        check_blob(blob)?;
        check_time_to_live(time_to_live)?;
        let newcomer = Entry {
            sequence: next_sequence(store, now)?,
            stored_at: now,
            expires_at: now + time_to_live,
            bytes: u32::try_from(blob.len()).map_err(|_| Error::BlobTooLarge)?,
            ringing: time_to_live <= RINGING_TIME_TO_LIVE,
        };
        let leaving = self.quota.make_room(store.entries(mailbox)?, &newcomer, now)?;
        let freed = leaving.iter().map(Entry::footprint).sum();
        let total = self.quota.total_after(store, newcomer.footprint(), freed)?;
        for entry in &leaving {
            store.remove(mailbox, entry)?;
        }
        store.insert(mailbox, &newcomer, blob)?;
        store.set_counter(Counter::LastSequence, newcomer.sequence)?;
        store.set_counter(Counter::TotalBytes, total)?;
        Ok(newcomer.sequence)
    }

    /// The next blobs of the mailbox after the sequence `after`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`Error::StoreFailed`].
    pub fn deliveries(
        &self,
        store: &impl MailboxStore,
        now: UnixTime,
        owner: &ProvenMailbox,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Delivery>, Error> {
        let mut deliveries = Vec::new();
        let waiting = store.entries(owner.mailbox())?.into_iter();
        for entry in waiting.filter(|e| e.sequence > after && !e.is_expired(now)).take(limit) {
            if let Some(blob) = store.blob(owner.mailbox(), entry.sequence)? {
                let queued = now.saturating_since(entry.stored_at);
                deliveries.push(Delivery { sequence: entry.sequence, blob, queued });
            }
        }
        Ok(deliveries)
    }

    /// Deletes the blob with this sequence. One that is gone already is no error.
    ///
    /// # Errors
    /// [`Error::StoreFailed`].
    pub fn ack(
        &self,
        store: &mut impl MailboxStore,
        owner: &ProvenMailbox,
        sequence: u64,
    ) -> Result<(), Error> {
        let entries = store.entries(owner.mailbox())?;
        match entries.iter().find(|entry| entry.sequence == sequence) {
            Some(entry) => Ok(remove(store, owner.mailbox(), entry)?),
            None => Ok(()),
        }
    }

    /// Deletes what has expired, at most `limit` blobs and `limit` sets of prekeys; returns how many
    /// there were. To be called from time to time: an expired blob is never delivered, but it takes
    /// room in the store until it is swept.
    ///
    /// # Errors
    /// [`Error::StoreFailed`].
    pub fn sweep(
        &self,
        store: &mut impl MailboxStore,
        now: UnixTime,
        limit: usize,
    ) -> Result<usize, Error> {
        let expired = store.expired(now, limit)?;
        for (mailbox, entry) in &expired {
            remove(store, mailbox, entry)?;
        }
        Ok(expired.len() + prekeys::sweep(store, now, limit)?)
    }
}

/// A blob on its way to the mailbox's owner.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// Names the blob within its mailbox.
    pub sequence: u64,
    /// What was put.
    pub blob: Vec<u8>,
    /// How long the relay has had it; zero if the relay's clock was set back.
    pub queued: Duration,
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Delivery({} bytes, queued {:?})", self.blob.len(), self.queued)
    }
}

/// A sequence that no blob of this relay has had: microseconds of the relay's clock, and always more
/// than the last one. So it needs one number for all mailboxes instead of one for each, grows even
/// across a lost store, and tells an owner nothing about the traffic of others. As it is a time it stays in memory.
fn next_sequence(store: &impl MailboxStore, now: UnixTime) -> Result<u64, StoreFailed> {
    let last = store.counter(Counter::LastSequence)?;
    Ok(now.as_millis().saturating_mul(1_000).max(last.saturating_add(1)))
}

fn remove(
    store: &mut impl MailboxStore,
    mailbox: &MailboxId,
    entry: &Entry,
) -> Result<(), StoreFailed> {
    store.remove(mailbox, entry)?;
    let total = store.counter(Counter::TotalBytes)?;
    store.set_counter(Counter::TotalBytes, total.saturating_sub(entry.footprint()))
}

impl Entry {
    /// What the blob counts towards the relay's total.
    fn footprint(&self) -> u64 {
        u64::from(self.bytes) + ENTRY_OVERHEAD
    }
}

#[cfg(test)]
mod tests;
