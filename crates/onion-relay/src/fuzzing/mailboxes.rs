use core::time::Duration;
use std::sync::LazyLock;

use arbitrary::{Arbitrary, Unstructured};
use zentalk_primitives::{Secret, UnixTime};

use super::model::{Model, Quotas};
use crate::limits::MAX_BLOB;
use crate::{
    Challenge, Counter, Error, MailboxKey, MailboxStore, Mailboxes, MemoryStore, ProvenMailbox,
    Quota,
};

/// The most steps that one input takes.
const MAX_OPS: usize = 192;

/// One step. Few mailboxes and small quotas, so that they fill up.
#[derive(Arbitrary, Debug)]
enum Op {
    Put {
        mailbox: u8,
        len: u16,
        seconds: u16,
    },
    PutAnything {
        mailbox: u8,
        len: u16,
        millis: u64,
    },
    Deliver {
        mailbox: u8,
        after: u8,
        limit: u8,
    },
    Ack {
        mailbox: u8,
        which: u8,
    },
    Sweep {
        limit: u8,
    },
    Publish {
        mailbox: u8,
        bundle: Option<u8>,
        one_time: Vec<u8>,
        replace: bool,
    },
    Fetch {
        mailbox: u8,
    },
    /// The relay's clock goes on, or is set back.
    Clock {
        seconds: i32,
    },
}

/// Mailboxes under any requests, against a model that keeps everything in one list.
pub fn ops_mailboxes(data: &[u8]) {
    let Ok(ops) = Vec::<Op>::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let mut relay = Relay::new();
    for op in ops.iter().take(MAX_OPS) {
        relay.apply(op);
        relay.is_as_the_model_says();
    }
}

/// Proving takes a signature; once is enough.
static OWNERS: LazyLock<Vec<ProvenMailbox>> = LazyLock::new(|| {
    let challenge = Challenge::from_bytes([3; 32]);
    let owner = |seed: u8| {
        let key = MailboxKey::from_secret(Secret::new([seed; 32])).expect("any seed is a key");
        key.prove(&challenge).expect("signing works").verify(&challenge).expect("a right proof")
    };
    (0..3).map(owner).collect()
});

const QUOTAS: Quotas = Quotas { blobs: 5, bytes: 4_000, total: 12_000 };

struct Relay {
    now: UnixTime,
    rules: Mailboxes,
    store: MemoryStore,
    model: Model,
}

impl Relay {
    fn new() -> Self {
        let quota = Quota::default().per_mailbox(QUOTAS.blobs, QUOTAS.bytes).total(QUOTAS.total);
        Self {
            now: UnixTime::from_millis(1_700_000_000_000),
            rules: Mailboxes::new(quota),
            store: MemoryStore::default(),
            model: Model::new(QUOTAS),
        }
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::Put { mailbox, len, seconds } => {
                let life = Duration::from_secs(u64::from(*seconds) % 120 + 1);
                self.put(*mailbox, usize::from(len % 1_500) + 1, life);
            }
            Op::PutAnything { mailbox, len, millis } => {
                let len = usize::from(*len) % (MAX_BLOB + 2);
                self.put(*mailbox, len, Duration::from_millis(*millis));
            }
            Op::Deliver { mailbox, after, limit } => self.deliver(*mailbox, *after, *limit),
            Op::Ack { mailbox, which } => {
                let at = slot(*mailbox);
                let sequence = self.model.sequence(at, *which).unwrap_or(1);
                self.rules.ack(&mut self.store, &OWNERS[at], sequence).expect("memory is a store");
                self.model.remove(at, sequence);
            }
            Op::Sweep { limit } => {
                let limit = usize::from(*limit) + 1;
                let swept = self.rules.sweep(&mut self.store, self.now, limit).expect("memory");
                assert!(swept <= 2 * limit);
                // Which ones go first is the store's choice: all of them is no choice.
                while self.rules.sweep(&mut self.store, self.now, 64).expect("memory") > 0 {}
                self.model.expire(self.now);
            }
            Op::Publish { mailbox, bundle, one_time, replace } => {
                self.publish(slot(*mailbox), *bundle, one_time, *replace);
            }
            Op::Fetch { mailbox } => {
                let at = slot(*mailbox);
                let fetched = self.rules.fetch(&mut self.store, self.now, OWNERS[at].mailbox());
                let fetched = fetched.map(|prekeys| (prekeys.bundle, prekeys.one_time));
                assert_eq!(fetched, self.model.fetch(at, self.now));
            }
            Op::Clock { seconds } => {
                let millis = i64::from(*seconds % 100_000) * 1_000;
                let now = self.now.as_millis().saturating_add_signed(millis);
                self.now = UnixTime::from_millis(now.max(1_000));
            }
        }
    }

    fn put(&mut self, mailbox: u8, len: usize, life: Duration) {
        let (at, blob) = (slot(mailbox), vec![mailbox; len]);
        let stored = self.rules.put(&mut self.store, self.now, OWNERS[at].mailbox(), &blob, life);
        assert_eq!(stored, self.model.put(at, self.now, blob, life));
    }

    fn deliver(&self, mailbox: u8, after: u8, limit: u8) {
        let (at, limit) = (slot(mailbox), usize::from(limit));
        let after = self.model.sequence(at, after).unwrap_or(0);
        let delivered = self
            .rules
            .deliveries(&self.store, self.now, &OWNERS[at], after, limit)
            .expect("memory");
        let delivered: Vec<_> =
            delivered.into_iter().map(|one| (one.sequence, one.blob, one.queued)).collect();
        assert_eq!(delivered, self.model.deliveries(at, self.now, after, limit));
    }

    fn publish(&mut self, at: usize, bundle: Option<u8>, one_time: &[u8], replace: bool) {
        let bundle = bundle.map(|len| vec![1; usize::from(len)]);
        let one_time: Vec<_> =
            one_time.iter().take(40).map(|len| vec![*len; usize::from(*len)]).collect();
        let left = self.rules.publish(
            &mut self.store,
            self.now,
            &OWNERS[at],
            bundle.clone(),
            one_time.clone(),
            replace,
        );
        assert_eq!(left, self.model.publish(at, self.now, bundle, one_time, replace));
        if let Ok(left) = left {
            let counted = self.rules.one_time_left(&self.store, self.now, &OWNERS[at]);
            assert_eq!(counted, Ok::<_, Error>(left));
        }
    }

    fn is_as_the_model_says(&self) {
        for (at, owner) in OWNERS.iter().enumerate() {
            let entries = self.store.entries(owner.mailbox()).expect("memory is a store");
            let entries: Vec<_> =
                entries.iter().map(|entry| (entry.sequence, entry.bytes as usize)).collect();
            assert_eq!(entries, self.model.entries(at));
            assert!(entries.len() <= QUOTAS.blobs);
        }
        let total = self.store.counter(Counter::TotalBytes).expect("memory is a store");
        assert_eq!(total, self.model.total(), "the relay lost count of what it holds");
        assert!(total <= QUOTAS.total);
    }
}

fn slot(mailbox: u8) -> usize {
    usize::from(mailbox) % OWNERS.len()
}
