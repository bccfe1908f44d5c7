use core::fmt;

use prost::Message;
use zentalk_primitives::{MailboxId, UnixTime};

use super::Mailboxes;
use super::store::{Counter, MailboxStore, round_up};
use crate::error::{Error, StoreFailed};
use crate::limits::{
    ENTRY_OVERHEAD, MAX_BUNDLE, MAX_ONE_TIME_PREKEY, MAX_ONE_TIME_PREKEYS, PREKEYS_EXPIRY_STEP,
    PREKEYS_TIME_TO_LIVE,
};
use crate::mailbox_key::ProvenMailbox;

impl Mailboxes {
    /// Keeps a new bundle (none keeps the earlier one), and adds one-time prekeys to those that are
    /// left or replaces them. Returns how many there are then.
    ///
    /// # Errors
    /// [`Error::PrekeysTooLarge`], [`Error::NoPrekeys`] (one-time prekeys, but never a bundle),
    /// [`Error::RelayFull`], [`Error::StoreFailed`].
    pub fn publish(
        &self,
        store: &mut impl MailboxStore,
        now: UnixTime,
        owner: &ProvenMailbox,
        bundle: Option<Vec<u8>>,
        one_time: Vec<Vec<u8>>,
        replace_one_time: bool,
    ) -> Result<usize, Error> {
        let stored = store.prekeys(owner.mailbox())?;
        // Expired ones are replaced as well, but nothing of them lives on.
        let freed = stored.as_ref().map_or(0, StoredPrekeys::footprint);
        let earlier = stored.filter(|prekeys| prekeys.expires_at > now);
        let (old_bundle, mut left) =
            earlier.map_or((None, Vec::new()), |e| (Some(e.bundle), e.one_time));
        if replace_one_time {
            left.clear();
        }
        left.extend(one_time);
        let prekeys = StoredPrekeys {
            expires_at: round_up(now + PREKEYS_TIME_TO_LIVE, PREKEYS_EXPIRY_STEP),
            bundle: bundle.or(old_bundle).ok_or(Error::NoPrekeys)?,
            one_time: left,
        };
        prekeys.check()?;
        let total = self.quota.total_after(store, prekeys.footprint(), freed)?;
        store.set_prekeys(owner.mailbox(), Some(&prekeys))?;
        store.set_counter(Counter::TotalBytes, total)?;
        Ok(prekeys.one_time.len())
    }

    /// The bundle of a mailbox, and a one-time prekey that nobody else was or will be given.
    ///
    /// # Errors
    /// [`Error::NoPrekeys`], [`Error::StoreFailed`].
    pub fn fetch(
        &self,
        store: &mut impl MailboxStore,
        now: UnixTime,
        mailbox: &MailboxId,
    ) -> Result<FetchedPrekeys, Error> {
        let mut prekeys = live(store, now, mailbox)?.ok_or(Error::NoPrekeys)?;
        let freed = prekeys.footprint();
        if prekeys.one_time.is_empty() {
            return Ok(FetchedPrekeys { bundle: prekeys.bundle, one_time: None });
        }
        let one_time = Some(prekeys.one_time.remove(0));
        store.set_prekeys(mailbox, Some(&prekeys))?;
        let total = store.counter(Counter::TotalBytes)?;
        let total = total.saturating_sub(freed).saturating_add(prekeys.footprint());
        store.set_counter(Counter::TotalBytes, total)?;
        Ok(FetchedPrekeys { bundle: prekeys.bundle, one_time })
    }

    /// How many one-time prekeys of the mailbox are left.
    ///
    /// # Errors
    /// [`Error::StoreFailed`].
    pub fn one_time_left(
        &self,
        store: &impl MailboxStore,
        now: UnixTime,
        owner: &ProvenMailbox,
    ) -> Result<usize, Error> {
        Ok(live(store, now, owner.mailbox())?.map_or(0, |prekeys| prekeys.one_time.len()))
    }
}

/// What [`Mailboxes::fetch`] hands out.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FetchedPrekeys {
    /// The bundle, as it was published.
    pub bundle: Vec<u8>,
    /// A one-time prekey; none if all are used up.
    pub one_time: Option<Vec<u8>>,
}

impl fmt::Debug for FetchedPrekeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FetchedPrekeys({} bytes)", self.bundle.len())
    }
}

/// The prekeys of one mailbox as a store keeps them.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredPrekeys {
    expires_at: UnixTime,
    bundle: Vec<u8>,
    one_time: Vec<Vec<u8>>,
}

impl StoredPrekeys {
    /// From when on they are not given out any more, by the relay's clock; a whole number of
    /// [`PREKEYS_EXPIRY_STEP`]s.
    pub const fn expires_at(&self) -> UnixTime {
        self.expires_at
    }

    /// The bytes to keep.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { expires_at, bundle, one_time } = self.clone();
        Record { expires_at_millis: expires_at.as_millis(), bundle, one_time }.encode_to_vec()
    }

    /// What [`StoredPrekeys::to_bytes`] gave; none for other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let Record { expires_at_millis, bundle, one_time } = Record::decode(bytes).ok()?;
        let prekeys =
            Self { expires_at: UnixTime::from_millis(expires_at_millis), bundle, one_time };
        prekeys.check().ok()?;
        Some(prekeys)
    }

    fn check(&self) -> Result<(), Error> {
        let fits = (1..=MAX_BUNDLE).contains(&self.bundle.len())
            && self.one_time.len() <= MAX_ONE_TIME_PREKEYS
            && self.one_time.iter().all(|key| (1..=MAX_ONE_TIME_PREKEY).contains(&key.len()));
        if fits { Ok(()) } else { Err(Error::PrekeysTooLarge) }
    }

    pub(super) fn footprint(&self) -> u64 {
        let bytes = self.bundle.len() + self.one_time.iter().map(Vec::len).sum::<usize>();
        u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(ENTRY_OVERHEAD)
    }
}

impl fmt::Debug for StoredPrekeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredPrekeys({} one-time prekeys)", self.one_time.len())
    }
}

/// How [`StoredPrekeys`] lie in a store.
#[derive(Clone, PartialEq, Message)]
struct Record {
    #[prost(uint64, tag = "1")]
    expires_at_millis: u64,
    #[prost(bytes = "vec", tag = "2")]
    bundle: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "3")]
    one_time: Vec<Vec<u8>>,
}

pub(super) fn sweep(
    store: &mut impl MailboxStore,
    now: UnixTime,
    limit: usize,
) -> Result<usize, StoreFailed> {
    let expired = store.expired_prekeys(now, limit)?;
    for mailbox in &expired {
        let freed = store.prekeys(mailbox)?.as_ref().map_or(0, StoredPrekeys::footprint);
        store.set_prekeys(mailbox, None)?;
        let total = store.counter(Counter::TotalBytes)?;
        store.set_counter(Counter::TotalBytes, total.saturating_sub(freed))?;
    }
    Ok(expired.len())
}

/// The prekeys that have not expired.
fn live(
    store: &impl MailboxStore,
    now: UnixTime,
    mailbox: &MailboxId,
) -> Result<Option<StoredPrekeys>, StoreFailed> {
    Ok(store.prekeys(mailbox)?.filter(|prekeys| prekeys.expires_at > now))
}
