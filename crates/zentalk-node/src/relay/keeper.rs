use std::io;
use std::thread;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use zentalk_onion_relay::{
    Delivery, Error, FetchedPrekeys, Mailboxes, ProvenMailbox, StoreFailed, frames,
};
use zentalk_primitives::{MailboxId, UnixTime};

use super::clock::Clock;
use super::hub::Hub;
use super::store::{Durability, Store, Tables};

/// The thread that has the store, and the way to it.
///
/// Requests that arrive together share one transaction, and so one wait for the disk. Nobody gets an
/// answer before the commit; if the commit fails, everyone in it is told.
#[derive(Clone, Debug)]
pub(super) struct Keeper {
    jobs: mpsc::Sender<Job>,
    rules: Mailboxes,
    hub: Hub,
}

impl Keeper {
    /// Starts the thread. It ends, with a last durable commit, when all clones of the keeper are gone.
    pub(super) fn start(
        mut store: Store,
        rules: Mailboxes,
        hub: Hub,
        clock: Clock,
    ) -> io::Result<(Self, oneshot::Receiver<Result<(), StoreFailed>>)> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (done, ended) = oneshot::channel();
        thread::Builder::new().name("zentalk-store".into()).spawn(move || {
            let result = work(&mut store, clock, queue);
            // Unlocked before anyone is told that it is.
            drop(store);
            // The receiver is gone only if nobody waits for the end.
            let _ = done.send(result);
        })?;
        Ok((Self { jobs, rules, hub }, ended))
    }

    /// Stores a blob durably and wakes the mailbox's owner.
    pub(super) async fn put(
        &self,
        mailbox: MailboxId,
        blob: Vec<u8>,
        time_to_live: Duration,
    ) -> Result<(), Error> {
        let (rules, hub) = (self.rules, self.hub.clone());
        let put = move |tables: &mut Tables<'_>, now| {
            rules.put(tables, now, &mailbox, &blob, time_to_live).map(|_| ())
        };
        self.call(Durability::Now, put, move || hub.wake(&mailbox)).await
    }

    /// The next blobs of a mailbox.
    pub(super) async fn deliveries(
        &self,
        owner: ProvenMailbox,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Delivery>, Error> {
        let rules = self.rules;
        let read =
            move |tables: &mut Tables<'_>, now| rules.deliveries(tables, now, &owner, after, limit);
        self.call(Durability::Unchanged, read, || ()).await
    }

    /// Deletes a blob. After a crash it may come back, and be delivered again.
    pub(super) async fn ack(&self, owner: ProvenMailbox, sequence: u64) -> Result<(), Error> {
        let rules = self.rules;
        let ack = move |tables: &mut Tables<'_>, _| rules.ack(tables, &owner, sequence);
        self.call(Durability::Later, ack, || ()).await
    }

    /// How many one-time prekeys are left.
    pub(super) async fn one_time_left(&self, owner: ProvenMailbox) -> Result<usize, Error> {
        let rules = self.rules;
        let read = move |tables: &mut Tables<'_>, now| rules.one_time_left(tables, now, &owner);
        self.call(Durability::Unchanged, read, || ()).await
    }

    /// Keeps prekeys durably.
    pub(super) async fn publish(
        &self,
        owner: ProvenMailbox,
        frame: frames::Publish,
    ) -> Result<usize, Error> {
        let rules = self.rules;
        let publish = move |tables: &mut Tables<'_>, now| {
            let frames::Publish { bundle, one_time, replace_one_time, .. } = frame;
            rules.publish(tables, now, &owner, bundle, one_time, replace_one_time)
        };
        self.call(Durability::Now, publish, || ()).await
    }

    /// Takes prekeys; durably, or a crash would give the same one-time prekey to a second caller.
    pub(super) async fn fetch(&self, mailbox: MailboxId) -> Result<FetchedPrekeys, Error> {
        let rules = self.rules;
        let fetch = move |tables: &mut Tables<'_>, now| rules.fetch(tables, now, &mailbox);
        self.call(Durability::Now, fetch, || ()).await
    }

    /// Deletes what has expired; returns how many there were. Durably, so that acknowledgements never
    /// wait for the disk longer than until the next sweep.
    pub(super) async fn sweep(&self) -> Result<usize, Error> {
        let rules = self.rules;
        let sweep = move |tables: &mut Tables<'_>, now| rules.sweep(tables, now, SWEEP_AT_ONCE);
        self.call(Durability::Now, sweep, || ()).await
    }

    async fn call<T: Send + 'static>(
        &self,
        durability: Durability,
        work: impl FnOnce(&mut Tables<'_>, UnixTime) -> Result<T, Error> + Send + 'static,
        committed: impl FnOnce() + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let run = move |tables: &mut Tables<'_>, now| {
            let result = work(tables, now);
            let verdict = match result {
                Err(Error::StoreFailed) => Verdict::Abort,
                _ => Verdict::Commit,
            };
            let finish = move |commit: Result<(), StoreFailed>| {
                let result = commit.map_err(Error::from).and(result);
                if result.is_ok() {
                    committed();
                }
                // A client that has gone needs no answer.
                let _ = answer.send(result);
            };
            (verdict, Box::new(finish) as Finish)
        };
        let job = Job { durability, run: Box::new(run) };
        self.jobs.send(job).await.map_err(|_| Error::StoreFailed)?;
        answered.await.map_err(|_| Error::StoreFailed)?
    }
}

/// Work for the thread: done inside a transaction, finished after its commit.
struct Job {
    durability: Durability,
    run: Box<Run>,
}

type Run = dyn FnOnce(&mut Tables<'_>, UnixTime) -> (Verdict, Finish) + Send;

type Finish = Box<dyn FnOnce(Result<(), StoreFailed>) + Send>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Commit,
    /// The store failed half-way.
    Abort,
}

fn work(
    store: &mut Store,
    clock: Clock,
    mut queue: mpsc::Receiver<Job>,
) -> Result<(), StoreFailed> {
    let mut jobs = Vec::with_capacity(BATCH);
    while queue.blocking_recv_many(&mut jobs, BATCH) > 0 {
        let mut finishes = Vec::with_capacity(jobs.len());
        let (now, jobs) = (clock.unix_now(), jobs.drain(..));
        let outcome = store.transact(|tables| run(tables, now, jobs, &mut finishes));
        for finish in finishes {
            finish(outcome);
        }
    }
    // Acknowledgements that were committed without waiting for the disk.
    store.transact(|_| Ok(Durability::Now))
}

/// Runs the jobs of one transaction. What a failed transaction did not even run is dropped, which its
/// caller sees as a failed store.
fn run(
    tables: &mut Tables<'_>,
    now: UnixTime,
    jobs: impl Iterator<Item = Job>,
    finishes: &mut Vec<Finish>,
) -> Result<Durability, StoreFailed> {
    let mut durability = Durability::Unchanged;
    for job in jobs {
        durability = durability.max(job.durability);
        let (verdict, finish) = (job.run)(tables, now);
        finishes.push(finish);
        if verdict == Verdict::Abort {
            return Err(StoreFailed);
        }
    }
    Ok(durability)
}

/// Requests that wait for the thread; more wait at their connections.
const QUEUE: usize = 256;
/// Requests in one transaction.
const BATCH: usize = 64;
/// Expired blobs, and expired prekeys, that one sweep deletes; so requests never wait long for it.
pub(super) const SWEEP_AT_ONCE: usize = 256;
