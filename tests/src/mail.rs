//! A relay that exists only in memory: mailboxes, prekeys, and a delay.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use zentalk_call::engine::{FetchedPrekeys, Put};
use zentalk_primitives::{Instant, MailboxId};

/// Blobs and prekeys under way and at rest.
pub struct Mail {
    delay: Duration,
    sequence: u64,
    blobs: BTreeMap<MailboxId, VecDeque<Blob>>,
    prekeys: BTreeMap<MailboxId, Published>,
    /// Every byte that the relay ever saw.
    seen: Vec<Vec<u8>>,
    /// The relay of every put, in order.
    relays: Vec<String>,
}

struct Blob {
    sequence: u64,
    put_at: Instant,
    deliver_at: Instant,
    bytes: Vec<u8>,
}

struct Published {
    bundle: Vec<u8>,
    one_time: VecDeque<Vec<u8>>,
}

/// A blob as its owner gets it.
pub(crate) struct Delivery {
    pub(crate) sequence: u64,
    pub(crate) blob: Vec<u8>,
    pub(crate) queued: Duration,
}

impl Mail {
    /// A relay that takes `delay` from a put to its delivery.
    pub fn new(delay: Duration) -> Self {
        let (blobs, prekeys) = (BTreeMap::new(), BTreeMap::new());
        let (seen, relays) = (Vec::new(), Vec::new());
        Self { delay, sequence: 0, blobs, prekeys, seen, relays }
    }

    /// Every byte string that the relay ever saw.
    pub fn seen(&self) -> &[Vec<u8>] {
        &self.seen
    }

    /// Which relay each blob was put to, in order.
    pub fn relays(&self) -> &[String] {
        &self.relays
    }

    /// Changes what was put last, as a broken or hostile relay might.
    pub fn tamper(&mut self, mailbox: MailboxId, change: impl FnOnce(&mut Vec<u8>)) {
        if let Some(blob) = self.blobs.get_mut(&mailbox).and_then(VecDeque::back_mut) {
            change(&mut blob.bytes);
        }
    }

    /// Delivers what was put last once more, as a hostile relay might.
    pub fn replay(&mut self, now: Instant, mailbox: MailboxId, bytes: Vec<u8>) {
        self.queue(now, mailbox, bytes);
    }

    /// Has nothing to give to those who ask for this mailbox's prekeys.
    pub fn forget_prekeys(&mut self, mailbox: MailboxId) {
        self.prekeys.remove(&mailbox);
    }

    /// Everything that waits for this mailbox is held back until `now + hold`.
    pub fn hold(&mut self, now: Instant, mailbox: MailboxId, hold: Duration) {
        for blob in self.blobs.entry(mailbox).or_default() {
            blob.deliver_at = now + hold;
        }
    }

    /// Takes everything out of this mailbox: to read it elsewhere, or to lose it.
    pub fn take(&mut self, mailbox: MailboxId) -> Vec<Vec<u8>> {
        let blobs = self.blobs.remove(&mailbox).unwrap_or_default();
        blobs.into_iter().map(|blob| blob.bytes).collect()
    }

    pub(crate) fn put(&mut self, now: Instant, put: Put) {
        self.seen.push(put.blob.clone());
        self.relays.push(put.relay);
        self.queue(now, put.mailbox, put.blob);
    }

    fn queue(&mut self, now: Instant, mailbox: MailboxId, bytes: Vec<u8>) {
        self.sequence += 1;
        let (sequence, deliver_at) = (self.sequence, now + self.delay);
        let blob = Blob { sequence, put_at: now, deliver_at, bytes };
        self.blobs.entry(mailbox).or_default().push_back(blob);
    }

    pub(crate) fn publish(&mut self, mailbox: MailboxId, bundle: Vec<u8>, one_time: Vec<Vec<u8>>) {
        self.seen.push(bundle.clone());
        self.prekeys.insert(mailbox, Published { bundle, one_time: one_time.into() });
    }

    /// Gives out prekeys, a one-time prekey only once.
    pub fn fetch(&mut self, mailbox: MailboxId) -> Option<FetchedPrekeys> {
        let published = self.prekeys.get_mut(&mailbox)?;
        let bundle = published.bundle.clone();
        Some(FetchedPrekeys { bundle, one_time: published.one_time.pop_front() })
    }

    /// When the next blob is due in this mailbox.
    pub(crate) fn next_delivery(&self, mailbox: MailboxId) -> Option<Instant> {
        self.blobs.get(&mailbox)?.front().map(|blob| blob.deliver_at)
    }

    pub(crate) fn deliver(&mut self, now: Instant, mailbox: MailboxId) -> Option<Delivery> {
        if self.next_delivery(mailbox)? > now {
            return None;
        }
        let blob = self.blobs.get_mut(&mailbox)?.pop_front()?;
        let queued = now.saturating_since(blob.put_at);
        Some(Delivery { sequence: blob.sequence, blob: blob.bytes, queued })
    }
}
