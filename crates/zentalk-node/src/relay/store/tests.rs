use std::ops::RangeInclusive;
use std::time::Duration;

use tempfile::{TempDir, tempdir};
use zentalk_onion_relay::limits::{EXPIRY_STEP, RINGING_TIME_TO_LIVE};
use zentalk_onion_relay::{
    Challenge, Delivery, Error, MailboxKey, Mailboxes, ProvenMailbox, Quota,
};
use zentalk_primitives::Secret;

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const RING: Duration = RINGING_TIME_TO_LIVE;
const MESSAGE: Duration = Duration::from_secs(120);

/// One relay with one mailbox, whose store is on a disk.
struct Relay {
    data: TempDir,
    store: Option<Store>,
    rules: Mailboxes,
    owner: ProvenMailbox,
    now: UnixTime,
}

impl Relay {
    fn new(quota: Quota) -> Self {
        let key = MailboxKey::from_secret(Secret::new([1; 32])).unwrap();
        let challenge = Challenge::from_bytes([2; 32]);
        let owner = key.prove(&challenge).unwrap().verify(&challenge).unwrap();
        let (data, now) = (tempdir().unwrap(), UnixTime::from_millis(1_800_000_123_456));
        let store = Some(Store::open(data.path(), now).unwrap());
        Self { data, store, rules: Mailboxes::new(quota), owner, now }
    }

    fn with<T>(
        &mut self,
        work: impl FnOnce(&Mailboxes, &mut Tables<'_>, &ProvenMailbox, UnixTime) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Self { store, rules, owner, now, .. } = self;
        let mut result = Err(Error::StoreFailed);
        store.as_mut().unwrap().transact(|tables| {
            result = work(rules, tables, owner, *now);
            if result.is_ok() { Ok(Durability::Now) } else { Err(StoreFailed) }
        })?;
        result
    }

    fn put(&mut self, blob: &[u8], time_to_live: Duration) -> u64 {
        self.with(|rules, tables, owner, now| {
            rules.put(tables, now, owner.mailbox(), blob, time_to_live)
        })
        .unwrap()
    }

    fn ack(&mut self, sequence: u64) {
        self.with(|rules, tables, owner, _| rules.ack(tables, owner, sequence)).unwrap();
    }

    fn deliveries(&mut self) -> Vec<Delivery> {
        self.with(|rules, tables, owner, now| rules.deliveries(tables, now, owner, 0, usize::MAX))
            .unwrap()
    }

    fn blobs(&mut self) -> Vec<Vec<u8>> {
        self.deliveries().into_iter().map(|delivery| delivery.blob).collect()
    }

    fn restart(&mut self) {
        self.store = None;
        self.store = Some(Store::open(self.data.path(), self.now).unwrap());
    }

    /// The file as a thief finds it.
    fn disk(&self) -> Vec<u8> {
        fs::read(self.data.path().join(FILE_NAME)).unwrap()
    }
}

/// The numbers in `window` that lie anywhere in `bytes`, in either byte order.
fn numbers(bytes: &[u8], window: &RangeInclusive<u64>) -> Vec<u64> {
    let eight = bytes.windows(8).map(|eight| <[u8; 8]>::try_from(eight).unwrap());
    let both = eight.flat_map(|eight| [u64::from_le_bytes(eight), u64::from_be_bytes(eight)]);
    both.filter(|number| window.contains(number)).collect()
}

fn millis(time: UnixTime) -> u64 {
    time.as_millis()
}

#[test]
fn of_a_blobs_times_the_disk_gets_an_expiry_to_the_next_whole_ten_minutes() {
    let mut relay = Relay::new(Quota::default());
    let begin = relay.now;
    for time_to_live in [RING, MESSAGE] {
        let sequence = relay.put(b"waits", time_to_live);
        relay.now = relay.now + SECOND;
        relay.put(b"waits, too", time_to_live);
        relay.ack(sequence);
    }
    let disk = relay.disk();
    // From the first put to the last exact expiry: in milliseconds, and in microseconds, as sequences count.
    let (from, to) = (millis(begin), millis(relay.now + MESSAGE));
    let step = EXPIRY_STEP.as_millis() as u64;
    assert_eq!(
        from.div_ceil(step),
        to.div_ceil(step),
        "the test's own times are between two steps"
    );
    assert_eq!(numbers(&disk, &(from..=to)), []);
    assert_eq!(numbers(&disk, &(from * 1_000..=to * 1_000)), []);
    // The search finds what is there.
    let coarse = to.div_ceil(step) * step;
    assert!(!numbers(&disk, &(coarse..=coarse)).is_empty());
}

#[test]
fn while_the_relay_runs_ages_and_expiries_are_exact() {
    let mut relay = Relay::new(Quota::default());
    relay.put(b"rings", RING);
    relay.put(b"message", MESSAGE);
    relay.now = relay.now + SECOND * 59;
    assert_eq!(relay.deliveries()[0].queued, SECOND * 59);
    relay.now = relay.now + SECOND;
    assert_eq!(relay.blobs(), [b"message".to_vec()]);
    assert_eq!(relay.with(|rules, tables, _, now| rules.sweep(tables, now, 10)), Ok(1));
}

#[test]
fn after_a_restart_a_blob_is_too_old_to_ring_and_stays_to_its_coarse_expiry() {
    let mut relay = Relay::new(Quota::default());
    let begin = relay.now;
    let before: Vec<_> = (0..3).map(|n| relay.put(&[n], RING)).collect();
    relay.ack(before[1]);
    relay.now = relay.now + SECOND;
    relay.restart();
    let waiting = relay.deliveries();
    let blobs: Vec<_> = waiting.iter().map(|delivery| delivery.blob.clone()).collect();
    assert_eq!(blobs, [[0], [2]]);
    assert!(waiting.iter().all(|delivery| delivery.queued > RING), "{waiting:?}");
    assert!(waiting.iter().all(|delivery| delivery.sequence > before[2]), "a number twice");
    // What comes now is of known age, and after what waited.
    relay.put(b"new", MESSAGE);
    let last = relay.deliveries().pop().unwrap();
    assert_eq!((last.blob.as_slice(), last.queued), (b"new".as_slice(), Duration::ZERO));
    let step = EXPIRY_STEP.as_millis() as u64;
    relay.now = UnixTime::from_millis(millis(begin + RING).div_ceil(step) * step - 1);
    assert_eq!(relay.blobs(), [[0], [2]]);
    relay.now = relay.now + SECOND;
    assert!(relay.blobs().is_empty());
    assert_eq!(relay.with(|rules, tables, _, now| rules.sweep(tables, now, 10)), Ok(3));
}

#[test]
fn quota_and_order_hold_across_a_restart() {
    let mut relay = Relay::new(Quota::default().per_mailbox(3, 1_000));
    let hour = Duration::from_secs(3_600);
    relay.put(b"message 1", hour);
    relay.put(b"rings", RING);
    relay.restart();
    relay.put(b"message 2", hour);
    // What rings makes room, also where its exact expiry is forgotten.
    relay.put(b"message 3", hour);
    let expected = [b"message 1", b"message 2", b"message 3"];
    assert_eq!(relay.blobs(), expected);
    relay.restart();
    assert_eq!(relay.blobs(), expected);
}

#[test]
fn a_transaction_that_fails_leaves_the_memory_as_it_was() {
    let mut relay = Relay::new(Quota::default());
    let kept = relay.put(b"kept", MESSAGE);
    let failed = relay.with(|rules, tables, owner, now| {
        rules.put(tables, now, owner.mailbox(), b"never", MESSAGE)?;
        rules.ack(tables, owner, kept)?;
        Err::<(), _>(Error::MailboxFull)
    });
    assert!(failed.is_err());
    assert_eq!(relay.blobs(), [b"kept".to_vec()]);
    relay.now = relay.now + MESSAGE;
    assert_eq!(relay.with(|rules, tables, _, now| rules.sweep(tables, now, 10)), Ok(1));
}
