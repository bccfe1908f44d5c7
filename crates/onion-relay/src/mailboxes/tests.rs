use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::limits::{
    EXPIRY_STEP, MAX_BLOB, MAX_ONE_TIME_PREKEYS, MAX_TIME_TO_LIVE, PREKEYS_TIME_TO_LIVE,
    QUOTA_BLOBS,
};
use crate::{Challenge, MailboxKey};

const SECOND: Duration = Duration::from_secs(1);
const RING: Duration = RINGING_TIME_TO_LIVE;
const HOUR: Duration = Duration::from_secs(3600);

/// One relay with one mailbox that the test looks at.
struct Relay {
    rules: Mailboxes,
    store: MemoryStore,
    owner: ProvenMailbox,
    now: UnixTime,
}

impl Relay {
    fn new(quota: Quota) -> Self {
        Self {
            rules: Mailboxes::new(quota),
            store: MemoryStore::default(),
            owner: owner(1),
            now: UnixTime::from_millis(1_800_000_000_000),
        }
    }

    fn put(&mut self, blob: &[u8], time_to_live: Duration) -> Result<u64, Error> {
        let mailbox = *self.owner.mailbox();
        self.rules.put(&mut self.store, self.now, &mailbox, blob, time_to_live)
    }

    fn deliveries(&self) -> Vec<Delivery> {
        self.rules.deliveries(&self.store, self.now, &self.owner, 0, usize::MAX).unwrap()
    }

    fn blobs(&self) -> Vec<Vec<u8>> {
        self.deliveries().into_iter().map(|delivery| delivery.blob).collect()
    }

    fn ack(&mut self, sequence: u64) {
        self.rules.ack(&mut self.store, &self.owner, sequence).unwrap();
    }

    fn publish(
        &mut self,
        bundle: Option<&[u8]>,
        keys: &[u8],
        replace: bool,
    ) -> Result<usize, Error> {
        let one_time = keys.iter().map(|key| vec![*key]).collect();
        let bundle = bundle.map(<[u8]>::to_vec);
        self.rules.publish(&mut self.store, self.now, &self.owner, bundle, one_time, replace)
    }

    fn fetch(&mut self) -> Result<FetchedPrekeys, Error> {
        let mailbox = *self.owner.mailbox();
        self.rules.fetch(&mut self.store, self.now, &mailbox)
    }

    fn total(&self) -> u64 {
        self.store.counter(Counter::TotalBytes).unwrap()
    }
}

fn owner(seed: u64) -> ProvenMailbox {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let key = MailboxKey::generate(&mut rng).unwrap();
    let challenge = Challenge::random(&mut rng);
    key.prove(&challenge).unwrap().verify(&challenge).unwrap()
}

fn small(blobs: usize) -> Quota {
    Quota::default().per_mailbox(blobs, 1 << 20)
}

#[test]
fn blobs_come_in_the_order_they_were_put() {
    let mut relay = Relay::new(Quota::default());
    for i in 0..10 {
        relay.put(&[i], HOUR).unwrap();
    }
    assert_eq!(relay.blobs(), (0..10).map(|i| vec![i]).collect::<Vec<_>>());
}

#[test]
fn seconds_queued_are_those_of_the_relays_clock() {
    let mut relay = Relay::new(Quota::default());
    relay.put(b"early", HOUR).unwrap();
    relay.now = relay.now + SECOND * 40;
    relay.put(b"late", HOUR).unwrap();
    relay.now = relay.now + SECOND * 2;
    let queued: Vec<_> = relay.deliveries().iter().map(|delivery| delivery.queued).collect();
    assert_eq!(queued, [SECOND * 42, SECOND * 2]);
}

#[test]
fn clock_that_was_set_back_makes_nothing_older_or_repeated() {
    let mut relay = Relay::new(Quota::default());
    let first = relay.put(b"one", HOUR).unwrap();
    relay.now = UnixTime::from_millis(1_700_000_000_000);
    let second = relay.put(b"two", HOUR).unwrap();
    assert!(second > first);
    assert_eq!(relay.deliveries()[0].queued, Duration::ZERO);
}

#[test]
fn sequences_are_not_repeated_after_a_lost_store() {
    let mut relay = Relay::new(Quota::default());
    let before = relay.put(b"one", HOUR).unwrap();
    relay.store = MemoryStore::default();
    relay.now = relay.now + SECOND;
    assert!(relay.put(b"two", HOUR).unwrap() > before);
}

#[test]
fn acknowledged_blob_is_gone_and_a_second_ack_is_no_error() {
    let mut relay = Relay::new(Quota::default());
    let (one, two) = (relay.put(b"1", HOUR).unwrap(), relay.put(b"2", HOUR).unwrap());
    relay.ack(one);
    relay.ack(one);
    relay.ack(two + 99);
    assert_eq!(relay.blobs(), [b"2".to_vec()]);
    relay.ack(two);
    assert_eq!(relay.total(), 0);
}

#[test]
fn ack_of_another_mailbox_deletes_nothing() {
    let mut relay = Relay::new(Quota::default());
    let sequence = relay.put(b"mine", HOUR).unwrap();
    relay.rules.ack(&mut relay.store, &owner(2), sequence).unwrap();
    assert_eq!(relay.blobs(), [b"mine".to_vec()]);
}

#[test]
fn expired_blob_is_not_delivered_and_is_swept() {
    let mut relay = Relay::new(Quota::default());
    relay.put(b"ring", RING).unwrap();
    relay.put(b"message", HOUR).unwrap();
    relay.now = relay.now + RING;
    assert_eq!(relay.blobs(), [b"message".to_vec()]);
    assert_eq!(relay.rules.sweep(&mut relay.store, relay.now, 10), Ok(1));
    assert_eq!(relay.rules.sweep(&mut relay.store, relay.now, 10), Ok(0));
    assert_eq!(relay.total(), 7 + ENTRY_OVERHEAD);
}

#[test]
fn the_257th_blob_is_refused_and_none_is_lost() {
    let mut relay = Relay::new(Quota::default());
    for _ in 0..QUOTA_BLOBS {
        relay.put(b"message", HOUR).unwrap();
    }
    let before = relay.store.clone();
    assert_eq!(relay.put(b"more", HOUR), Err(Error::MailboxFull));
    assert_eq!(relay.put(b"ring", RING), Err(Error::MailboxFull));
    assert_eq!(format!("{before:?}"), format!("{:?}", relay.store));
    assert_eq!(relay.blobs().len(), QUOTA_BLOBS);
}

#[test]
fn full_mailbox_lets_the_oldest_ringing_blob_go() {
    let mut relay = Relay::new(small(3));
    relay.put(b"message", HOUR).unwrap();
    relay.put(b"ring 1", RING).unwrap();
    relay.now = relay.now + SECOND;
    relay.put(b"ring 2", RING).unwrap();
    relay.put(b"ring 3", RING).unwrap();
    assert_eq!(relay.blobs(), [b"message".to_vec(), b"ring 2".to_vec(), b"ring 3".to_vec()]);
}

#[test]
fn shortest_remaining_life_goes_before_older_age() {
    let mut relay = Relay::new(small(2));
    relay.put(b"older, longer", RING).unwrap();
    relay.put(b"newer, shorter", SECOND * 5).unwrap();
    relay.put(b"third", RING).unwrap();
    assert_eq!(relay.blobs(), [b"older, longer".to_vec(), b"third".to_vec()]);
}

#[test]
fn newcomer_never_displaces_what_would_outlive_it() {
    let mut relay = Relay::new(small(1));
    relay.put(b"rings long", RING).unwrap();
    assert_eq!(relay.put(b"rings short", SECOND), Err(Error::MailboxFull));
    assert_eq!(relay.blobs(), [b"rings long".to_vec()]);
}

#[test]
fn bytes_count_as_well_as_blobs() {
    let mut relay = Relay::new(Quota::default().per_mailbox(100, 1_000));
    relay.put(&[1; 500], HOUR).unwrap();
    relay.put(&[2; 300], RING).unwrap();
    relay.put(&[3; 200], RING).unwrap();
    assert_eq!(relay.put(&[4; 501], HOUR), Err(Error::MailboxFull));
    relay.put(&[5; 250], HOUR).unwrap();
    assert_eq!(relay.blobs(), [vec![1; 500], vec![3; 200], vec![5; 250]]);
}

#[test]
fn expired_blobs_make_room_before_ringing_ones() {
    let mut relay = Relay::new(small(2));
    relay.put(b"short", SECOND).unwrap();
    relay.put(b"ring", RING).unwrap();
    relay.now = relay.now + SECOND;
    relay.put(b"message", HOUR).unwrap();
    assert_eq!(relay.blobs(), [b"ring".to_vec(), b"message".to_vec()]);
}

#[test]
fn flood_over_many_mailboxes_stops_at_the_relays_total() {
    let mut relay = Relay::new(Quota::default().total(10_000));
    let mut taken = 0;
    let refused = (0..100).find_map(|n| {
        let mailbox = MailboxId::from_bytes([n; 32]);
        let put = relay.rules.put(&mut relay.store, relay.now, &mailbox, &[0; 744], HOUR);
        taken += u32::from(put.is_ok());
        put.err()
    });
    assert_eq!((refused, taken), (Some(Error::RelayFull), 10));
    assert_eq!(relay.publish(Some(b"bundle"), &[], false), Err(Error::RelayFull));
}

#[test]
fn blob_and_time_to_live_out_of_bounds_are_refused() {
    let mut relay = Relay::new(Quota::default());
    assert_eq!(relay.put(&[], HOUR), Err(Error::BlobTooLarge));
    assert_eq!(relay.put(&[0; MAX_BLOB + 1], HOUR), Err(Error::BlobTooLarge));
    assert_eq!(relay.put(b"x", MAX_TIME_TO_LIVE + SECOND), Err(Error::TimeToLive));
    assert_eq!(relay.put(b"x", Duration::ZERO), Err(Error::TimeToLive));
}

#[test]
fn each_one_time_prekey_is_served_once() {
    let mut relay = Relay::new(Quota::default());
    assert_eq!(relay.publish(Some(b"bundle"), &[1, 2, 3], false), Ok(3));
    let served: Vec<_> = (0..3).map(|_| relay.fetch().unwrap().one_time.unwrap()).collect();
    assert_eq!(served, [vec![1], vec![2], vec![3]]);
    let empty = relay.fetch().unwrap();
    assert_eq!((empty.bundle, empty.one_time), (b"bundle".to_vec(), None));
}

#[test]
fn new_bundle_keeps_or_replaces_the_one_time_prekeys() {
    let mut relay = Relay::new(Quota::default());
    relay.publish(Some(b"old"), &[1, 2], false).unwrap();
    assert_eq!(relay.publish(Some(b"new"), &[3], false), Ok(3));
    assert_eq!(relay.publish(None, &[4], false), Ok(4));
    assert_eq!(relay.fetch().unwrap().bundle, b"new");
    assert_eq!(relay.publish(None, &[9], true), Ok(1));
    let last = relay.fetch().unwrap();
    assert_eq!((last.bundle, last.one_time), (b"new".to_vec(), Some(vec![9])));
}

#[test]
fn more_one_time_prekeys_than_the_bound_are_refused() {
    let mut relay = Relay::new(Quota::default());
    relay.publish(Some(b"bundle"), &[7; MAX_ONE_TIME_PREKEYS], false).unwrap();
    let before = format!("{:?}", relay.store);
    assert_eq!(relay.publish(None, &[8], false), Err(Error::PrekeysTooLarge));
    assert_eq!(before, format!("{:?}", relay.store));
}

#[test]
fn prekeys_without_a_bundle_are_refused() {
    let mut relay = Relay::new(Quota::default());
    assert_eq!(relay.publish(None, &[1], false), Err(Error::NoPrekeys));
    assert_eq!(relay.fetch(), Err(Error::NoPrekeys));
}

#[test]
fn abandoned_prekeys_expire_and_leave_no_trace() {
    let mut relay = Relay::new(Quota::default());
    relay.publish(Some(b"bundle"), &[1], false).unwrap();
    relay.now = relay.now + PREKEYS_TIME_TO_LIVE;
    assert_eq!(relay.fetch(), Err(Error::NoPrekeys));
    assert_eq!(relay.publish(None, &[2], false), Err(Error::NoPrekeys));
    assert_eq!(relay.rules.sweep(&mut relay.store, relay.now, 10), Ok(1));
    assert_eq!(relay.total(), 0);
}

#[test]
fn publishing_over_expired_prekeys_counts_them_once() {
    let mut relay = Relay::new(Quota::default());
    relay.publish(Some(b"bundle"), &[1], false).unwrap();
    let total = relay.total();
    relay.now = relay.now + PREKEYS_TIME_TO_LIVE;
    relay.publish(Some(b"bundle"), &[2], false).unwrap();
    assert_eq!(relay.total(), total);
}

#[test]
fn stored_prekeys_survive_their_bytes() {
    let mut relay = Relay::new(Quota::default());
    relay.publish(Some(b"bundle"), &[1, 2], false).unwrap();
    let stored = relay.store.prekeys(relay.owner.mailbox()).unwrap().unwrap();
    assert_eq!(StoredPrekeys::from_bytes(&stored.to_bytes()), Some(stored));
    assert_eq!(StoredPrekeys::from_bytes(b"\xff"), None);
}

#[test]
fn what_may_be_written_down_of_an_expiry_is_a_whole_ten_minutes_later() {
    let step = EXPIRY_STEP.as_millis() as u64;
    for (expires, coarse) in [(0, 0), (1, step), (step, step), (step + 1, 2 * step)] {
        let expires_at = UnixTime::from_millis(expires);
        let entry = Entry::of_unknown_age(1, expires_at, 1, true, expires_at);
        assert_eq!(entry.coarse_expiry(), UnixTime::from_millis(coarse));
    }
}

#[test]
fn entry_of_unknown_age_is_older_than_anything_that_may_ring() {
    let now = UnixTime::from_millis(1_800_000_000_000);
    let entry = Entry::of_unknown_age(1, now + HOUR, 1, true, now);
    assert!(now.saturating_since(entry.stored_at) > RINGING_TIME_TO_LIVE);
}

#[test]
fn prekeys_expire_at_a_whole_hour_and_not_early() {
    let mut relay = Relay::new(Quota::default());
    relay.now = relay.now + SECOND;
    relay.publish(Some(b"bundle"), &[1], false).unwrap();
    let stored = relay.store.prekeys(relay.owner.mailbox()).unwrap().unwrap();
    let hour = HOUR.as_millis() as u64;
    assert_eq!(stored.expires_at().as_millis() % hour, 0);
    let more = stored.expires_at().saturating_since(relay.now + PREKEYS_TIME_TO_LIVE);
    assert_eq!(more, HOUR - SECOND);
}

/// One step of a life of a mailbox.
#[derive(Clone, Debug)]
enum Op {
    Put { bytes: usize, seconds: u64 },
    Ack(prop::sample::Index),
    Wait(u64),
    Sweep,
    Publish { keys: usize, replace: bool },
    Fetch,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (1..400_usize, prop_oneof![1..=60_u64, 61..4_000_u64])
            .prop_map(|(bytes, seconds)| Op::Put { bytes, seconds }),
        2 => any::<prop::sample::Index>().prop_map(Op::Ack),
        1 => (0..90_u64).prop_map(Op::Wait),
        1 => Just(Op::Sweep),
        1 => (0..4_usize, any::<bool>()).prop_map(|(keys, replace)| Op::Publish { keys, replace }),
        1 => Just(Op::Fetch),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Whatever happens: quotas hold, order holds, `stored` is a promise unless the blob rings, the
    /// total is exact, and no one-time prekey is served twice.
    #[test]
    fn mailbox_keeps_its_promises(ops in proptest::collection::vec(op(), 1..120)) {
        let mut relay = Relay::new(Quota::default().per_mailbox(8, 1_500).total(20_000));
        let mut promised: Vec<(u64, UnixTime)> = Vec::new();
        let mut served = std::collections::BTreeSet::new();
        let mut next_key = 0_u16;
        for op in ops {
            match op {
                Op::Put { bytes, seconds } => {
                    let time_to_live = SECOND * u32::try_from(seconds).unwrap();
                    let expires_at = relay.now + time_to_live;
                    if let Ok(sequence) = relay.put(&vec![1; bytes], time_to_live)
                        && time_to_live > RING
                    {
                        promised.push((sequence, expires_at));
                    }
                }
                Op::Ack(index) => {
                    let waiting = relay.deliveries();
                    if !waiting.is_empty() {
                        let sequence = index.get(&waiting).sequence;
                        relay.ack(sequence);
                        promised.retain(|(other, _)| *other != sequence);
                    }
                }
                Op::Wait(seconds) => relay.now = relay.now + Duration::from_secs(seconds),
                Op::Sweep => {
                    relay.rules.sweep(&mut relay.store, relay.now, 100).unwrap();
                }
                Op::Publish { keys, replace } => {
                    let mailbox = relay.owner.clone();
                    let one_time = (0..keys).map(|_| {
                        next_key += 1;
                        next_key.to_be_bytes().to_vec()
                    });
                    let (bundle, one_time) = (Some(vec![0; 50]), one_time.collect());
                    let _ = relay.rules.publish(
                        &mut relay.store, relay.now, &mailbox, bundle, one_time, replace,
                    );
                }
                Op::Fetch => {
                    if let Ok(FetchedPrekeys { one_time: Some(key), .. }) = relay.fetch() {
                        prop_assert!(served.insert(key));
                    }
                }
            }
            promised.retain(|(_, expires_at)| *expires_at > relay.now);

            let waiting = relay.deliveries();
            let bytes: usize = waiting.iter().map(|delivery| delivery.blob.len()).sum();
            prop_assert!(waiting.len() <= 8 && bytes <= 1_500);
            prop_assert!(waiting.is_sorted_by_key(|delivery| delivery.sequence));
            for (sequence, _) in &promised {
                prop_assert!(waiting.iter().any(|delivery| delivery.sequence == *sequence));
            }
            prop_assert_eq!(relay.total(), exact_total(&relay));
            prop_assert!(relay.total() <= 20_000);
        }
    }
}

fn exact_total(relay: &Relay) -> u64 {
    let entries = relay.store.entries(relay.owner.mailbox()).unwrap();
    let prekeys = relay.store.prekeys(relay.owner.mailbox()).unwrap();
    let prekeys = prekeys.map_or(0, |prekeys| prekeys.footprint());
    entries.iter().map(Entry::footprint).sum::<u64>() + prekeys
}
