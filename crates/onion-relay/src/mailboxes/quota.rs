use zentalk_primitives::UnixTime;

use super::store::{Counter, Entry, MailboxStore};
use crate::error::Error;
use crate::limits::{DEFAULT_TOTAL_BYTES, QUOTA_BLOBS, QUOTA_BYTES};

/// How much a mailbox, and a relay, may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    blobs: usize,
    bytes: u64,
    total_bytes: u64,
}

impl Default for Quota {
    /// 256 blobs and 4 MiB a mailbox, 1 GiB in all.
    fn default() -> Self {
        Self { blobs: QUOTA_BLOBS, bytes: QUOTA_BYTES, total_bytes: DEFAULT_TOTAL_BYTES }
    }
}

impl Quota {
    /// Blobs and bytes that one mailbox may hold; prekeys do not count.
    #[must_use]
    pub const fn per_mailbox(mut self, blobs: usize, bytes: u64) -> Self {
        self.blobs = blobs;
        self.bytes = bytes;
        self
    }

    /// Bytes that all mailboxes may hold together, prekeys included.
    #[must_use]
    pub const fn total(mut self, bytes: u64) -> Self {
        self.total_bytes = bytes;
        self
    }

    /// Which of `entries` leave so that `newcomer` fits: the expired ones, then as few ringing ones
    /// as it takes.
    pub(super) fn make_room(
        &self,
        entries: Vec<Entry>,
        newcomer: &Entry,
        now: UnixTime,
    ) -> Result<Vec<Entry>, Error> {
        let (mut leaving, mut staying): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|entry| entry.is_expired(now));
        while !self.fits(&staying, newcomer) {
            let at = first_to_leave(&staying, newcomer).ok_or(Error::MailboxFull)?;
            leaving.push(staying.remove(at));
        }
        Ok(leaving)
    }

    /// The relay's total after `added` came and `freed` went, if it may be that much.
    pub(super) fn total_after(
        &self,
        store: &impl MailboxStore,
        added: u64,
        freed: u64,
    ) -> Result<u64, Error> {
        let before = store.counter(Counter::TotalBytes)?;
        let after = before.saturating_sub(freed).saturating_add(added);
        // What makes the store smaller is never refused.
        if after > self.total_bytes && after > before { Err(Error::RelayFull) } else { Ok(after) }
    }

    fn fits(&self, staying: &[Entry], newcomer: &Entry) -> bool {
        let bytes: u64 = staying.iter().chain([newcomer]).map(|entry| u64::from(entry.bytes)).sum();
        staying.len() < self.blobs && bytes <= self.bytes
    }
}

/// The ringing entry with the shortest remaining life, if that is not longer than the newcomer's.
fn first_to_leave(staying: &[Entry], newcomer: &Entry) -> Option<usize> {
    staying
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry.ringing && entry.expires_at <= newcomer.expires_at)
        .min_by_key(|(_, entry)| (entry.expires_at, entry.sequence))
        .map(|(at, _)| at)
}
