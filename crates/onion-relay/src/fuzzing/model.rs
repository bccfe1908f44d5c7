use core::time::Duration;

use zentalk_primitives::UnixTime;

use crate::Error;
use crate::limits::{
    ENTRY_OVERHEAD, MAX_BLOB, MAX_BUNDLE, MAX_ONE_TIME_PREKEY, MAX_ONE_TIME_PREKEYS,
    MAX_TIME_TO_LIVE, MIN_TIME_TO_LIVE, PREKEYS_TIME_TO_LIVE, RINGING_TIME_TO_LIVE,
};

/// What a relay may hold.
#[derive(Clone, Copy)]
pub(super) struct Quotas {
    pub(super) blobs: usize,
    pub(super) bytes: u64,
    pub(super) total: u64,
}

/// The mailboxes of a relay, kept naively: one list, searched from end to end; one call, one answer.
pub(super) struct Model {
    quotas: Quotas,
    last: u64,
    blobs: Vec<Blob>,
    prekeys: Vec<Prekeys>,
}

#[derive(Clone)]
struct Blob {
    mailbox: usize,
    sequence: u64,
    stored: UnixTime,
    expires: UnixTime,
    ringing: bool,
    bytes: Vec<u8>,
}

#[derive(Clone)]
struct Prekeys {
    mailbox: usize,
    expires: UnixTime,
    bundle: Vec<u8>,
    one_time: Vec<Vec<u8>>,
}

impl Prekeys {
    fn size(&self) -> u64 {
        let one_time: usize = self.one_time.iter().map(Vec::len).sum();
        (self.bundle.len() + one_time) as u64 + ENTRY_OVERHEAD
    }
}

type Delivered = (u64, Vec<u8>, Duration);

impl Model {
    pub(super) const fn new(quotas: Quotas) -> Self {
        Self { quotas, last: 0, blobs: Vec::new(), prekeys: Vec::new() }
    }

    pub(super) fn put(
        &mut self,
        mailbox: usize,
        now: UnixTime,
        bytes: Vec<u8>,
        life: Duration,
    ) -> Result<u64, Error> {
        if bytes.is_empty() || bytes.len() > MAX_BLOB {
            return Err(Error::BlobTooLarge);
        }
        if life < MIN_TIME_TO_LIVE || life > MAX_TIME_TO_LIVE {
            return Err(Error::TimeToLive);
        }
        let sequence = (now.as_millis() * 1_000).max(self.last + 1);
        let expires = now + life;
        let mut blobs = self.blobs.clone();
        blobs.retain(|blob| blob.mailbox != mailbox || blob.expires > now);
        while !self.has_room(&blobs, mailbox, bytes.len()) {
            let leaves = blobs
                .iter()
                .filter(|blob| blob.mailbox == mailbox && blob.ringing && blob.expires <= expires)
                .min_by_key(|blob| (blob.expires, blob.sequence))
                .map(|blob| blob.sequence)
                .ok_or(Error::MailboxFull)?;
            blobs.retain(|blob| blob.sequence != leaves);
        }
        let ringing = life <= RINGING_TIME_TO_LIVE;
        blobs.push(Blob { mailbox, sequence, stored: now, expires, ringing, bytes });
        self.commit(Self { blobs, prekeys: self.prekeys.clone(), ..*self })?;
        self.last = sequence;
        Ok(sequence)
    }

    fn has_room(&self, blobs: &[Blob], mailbox: usize, more: usize) -> bool {
        let here: Vec<_> = blobs.iter().filter(|blob| blob.mailbox == mailbox).collect();
        let bytes: usize = here.iter().map(|blob| blob.bytes.len()).sum();
        here.len() < self.quotas.blobs && (bytes + more) as u64 <= self.quotas.bytes
    }

    /// Takes `next` in our place, unless the relay would grow beyond its quota.
    fn commit(&mut self, next: Self) -> Result<(), Error> {
        if next.total() > self.quotas.total && next.total() > self.total() {
            return Err(Error::RelayFull);
        }
        *self = next;
        Ok(())
    }

    pub(super) fn deliveries(
        &self,
        mailbox: usize,
        now: UnixTime,
        after: u64,
        limit: usize,
    ) -> Vec<Delivered> {
        let mut here: Vec<_> = self
            .blobs
            .iter()
            .filter(|blob| blob.mailbox == mailbox && blob.expires > now && blob.sequence > after)
            .map(|blob| (blob.sequence, blob.bytes.clone(), now.saturating_since(blob.stored)))
            .collect();
        here.sort();
        here.truncate(limit);
        here
    }

    pub(super) fn remove(&mut self, mailbox: usize, sequence: u64) {
        self.blobs.retain(|blob| blob.mailbox != mailbox || blob.sequence != sequence);
    }

    pub(super) fn expire(&mut self, now: UnixTime) {
        self.blobs.retain(|blob| blob.expires > now);
        self.prekeys.retain(|prekeys| prekeys.expires > now);
    }

    pub(super) fn publish(
        &mut self,
        mailbox: usize,
        now: UnixTime,
        bundle: Option<Vec<u8>>,
        one_time: Vec<Vec<u8>>,
        replace: bool,
    ) -> Result<usize, Error> {
        let old = self.prekeys.iter().find(|prekeys| prekeys.mailbox == mailbox);
        let old = old.filter(|prekeys| prekeys.expires > now).cloned();
        let bundle = bundle.or_else(|| old.as_ref().map(|old| old.bundle.clone()));
        let mut all = old.filter(|_| !replace).map_or_else(Vec::new, |old| old.one_time);
        all.extend(one_time);
        let bundle = bundle.ok_or(Error::NoPrekeys)?;
        let fits = |key: &Vec<u8>| !key.is_empty() && key.len() <= MAX_ONE_TIME_PREKEY;
        let bundle_fits = !bundle.is_empty() && bundle.len() <= MAX_BUNDLE;
        if !bundle_fits || all.len() > MAX_ONE_TIME_PREKEYS || !all.iter().all(fits) {
            return Err(Error::PrekeysTooLarge);
        }
        let left = all.len();
        let mut prekeys = self.prekeys.clone();
        prekeys.retain(|prekeys| prekeys.mailbox != mailbox);
        // To the next whole hour.
        let expires = (now + PREKEYS_TIME_TO_LIVE).as_millis().div_ceil(3_600_000) * 3_600_000;
        let expires = UnixTime::from_millis(expires);
        prekeys.push(Prekeys { mailbox, expires, bundle, one_time: all });
        self.commit(Self { blobs: self.blobs.clone(), prekeys, ..*self })?;
        Ok(left)
    }

    pub(super) fn fetch(
        &mut self,
        mailbox: usize,
        now: UnixTime,
    ) -> Result<(Vec<u8>, Option<Vec<u8>>), Error> {
        let prekeys = self
            .prekeys
            .iter_mut()
            .find(|prekeys| prekeys.mailbox == mailbox && prekeys.expires > now)
            .ok_or(Error::NoPrekeys)?;
        let one_time = (!prekeys.one_time.is_empty()).then(|| prekeys.one_time.remove(0));
        Ok((prekeys.bundle.clone(), one_time))
    }

    /// One of the mailbox's blobs.
    pub(super) fn sequence(&self, mailbox: usize, which: u8) -> Option<u64> {
        let here = self.entries(mailbox);
        let at = usize::from(which).checked_rem(here.len())?;
        here.get(at).map(|(sequence, _)| *sequence)
    }

    pub(super) fn entries(&self, mailbox: usize) -> Vec<(u64, usize)> {
        let here = self.blobs.iter().filter(|blob| blob.mailbox == mailbox);
        let mut here: Vec<_> = here.map(|blob| (blob.sequence, blob.bytes.len())).collect();
        here.sort_unstable();
        here
    }

    pub(super) fn total(&self) -> u64 {
        let blobs: u64 =
            self.blobs.iter().map(|blob| blob.bytes.len() as u64 + ENTRY_OVERHEAD).sum();
        blobs + self.prekeys.iter().map(Prekeys::size).sum::<u64>()
    }
}
