use core::time::Duration;

use zentalk_primitives::{MailboxId, UnixTime};

use super::prekeys::StoredPrekeys;
use crate::error::StoreFailed;
use crate::limits::{EXPIRY_STEP, UNKNOWN_AGE};

/// Where a relay keeps mailboxes: a map with ranges, nothing clever.
///
/// The rules are in [`Mailboxes`](super::Mailboxes); an implementation only keeps what it is given. One
/// call of the rules makes several calls here: an implementation is usually one transaction, which is
/// committed before anyone is told that something is stored.
///
/// An entry's times and its sequence, which grows with the clock, tell when somebody called. What an implementation
/// writes to a disk of them is [`Entry::coarse_expiry`] and the order within a mailbox; the rest it keeps in memory, and
/// after a restart it makes its entries with [`Entry::of_unknown_age`].
pub trait MailboxStore {
    /// The entries of a mailbox in ascending order of sequence; empty for a mailbox without any.
    ///
    /// # Errors
    /// [`StoreFailed`], here as in every method.
    fn entries(&self, mailbox: &MailboxId) -> Result<Vec<Entry>, StoreFailed>;

    /// The blob with this sequence, if it is there.
    ///
    /// # Errors
    /// [`StoreFailed`].
    fn blob(&self, mailbox: &MailboxId, sequence: u64) -> Result<Option<Vec<u8>>, StoreFailed>;

    /// Keeps an entry with its blob.
    ///
    /// # Errors
    /// [`StoreFailed`].
    fn insert(
        &mut self,
        mailbox: &MailboxId,
        entry: &Entry,
        blob: &[u8],
    ) -> Result<(), StoreFailed>;

    /// Removes an entry with its blob.
    ///
    /// # Errors
    /// [`StoreFailed`].
    fn remove(&mut self, mailbox: &MailboxId, entry: &Entry) -> Result<(), StoreFailed>;

    /// At most `limit` entries, of any mailbox, whose `expires_at` is not after `now`.
    ///
    /// # Errors
    /// [`StoreFailed`].
    fn expired(&self, now: UnixTime, limit: usize) -> Result<Vec<(MailboxId, Entry)>, StoreFailed>;

    /// The prekeys of a mailbox.
    ///
    /// # Errors
    /// [`StoreFailed`].
    fn prekeys(&self, mailbox: &MailboxId) -> Result<Option<StoredPrekeys>, StoreFailed>;

    /// Replaces the prekeys of a mailbox, or removes them.
    ///
    /// # Errors
    /// [`StoreFailed`].
    fn set_prekeys(
        &mut self,
        mailbox: &MailboxId,
        prekeys: Option<&StoredPrekeys>,
    ) -> Result<(), StoreFailed>;

    /// At most `limit` mailboxes whose prekeys expire not after `now`.
    ///
    /// # Errors
    /// [`StoreFailed`].
    fn expired_prekeys(&self, now: UnixTime, limit: usize) -> Result<Vec<MailboxId>, StoreFailed>;

    /// A number of the whole store; zero if it was never set.
    ///
    /// # Errors
    /// [`StoreFailed`].
    fn counter(&self, counter: Counter) -> Result<u64, StoreFailed>;

    /// Sets a number of the whole store.
    ///
    /// # Errors
    /// [`StoreFailed`].
    fn set_counter(&mut self, counter: Counter, value: u64) -> Result<(), StoreFailed>;
}

/// What the rules know about a stored blob without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Names the blob within its mailbox.
    pub sequence: u64,
    /// When it was stored, by the relay's clock.
    pub stored_at: UnixTime,
    /// From when on it is not delivered any more, by the relay's clock.
    pub expires_at: UnixTime,
    /// The length of the blob.
    pub bytes: u32,
    /// Whether it makes room when the mailbox is full.
    pub ringing: bool,
}

impl Entry {
    /// What is left of an entry after the relay was stopped. How long it waited is forgotten: it counts as
    /// [`UNKNOWN_AGE`] old at `now`.
    pub fn of_unknown_age(
        sequence: u64,
        coarse_expiry: UnixTime,
        bytes: u32,
        ringing: bool,
        now: UnixTime,
    ) -> Self {
        let age = u64::try_from(UNKNOWN_AGE.as_millis()).unwrap_or(u64::MAX);
        let stored_at = UnixTime::from_millis(now.as_millis().saturating_sub(age));
        Self { sequence, stored_at, expires_at: coarse_expiry, bytes, ringing }
    }

    /// Whether its time to live is over.
    pub fn is_expired(&self, now: UnixTime) -> bool {
        self.expires_at <= now
    }

    /// The expiry, rounded up to [`EXPIRY_STEP`]: all that may be written down of an entry's times.
    pub fn coarse_expiry(&self) -> UnixTime {
        round_up(self.expires_at, EXPIRY_STEP)
    }
}

/// The first time not before `time` that is a whole number of steps after 1970.
pub(super) fn round_up(time: UnixTime, step: Duration) -> UnixTime {
    let step = u64::try_from(step.as_millis()).unwrap_or(u64::MAX).max(1);
    UnixTime::from_millis(time.as_millis().div_ceil(step).saturating_mul(step))
}

/// The numbers of a whole store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Counter {
    /// The largest sequence ever given. It tells a time, and is not needed after a restart if what waits is given new
    /// sequences then.
    LastSequence,
    /// The bytes of everything stored, with [`ENTRY_OVERHEAD`](crate::limits::ENTRY_OVERHEAD) for each.
    TotalBytes,
}
