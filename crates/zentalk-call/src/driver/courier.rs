//! Carries what the engine wants saved, sent and fetched, strictly in its order.
//!
//! The order is the point: a snapshot is durable before the message that depends on it leaves, and
//! before the relay may forget the message that it took in. So one task does all of it, one after the
//! other, away from the loop that media waits for.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::mpsc;
use zentalk_onion_relay::MailboxKey;
use zentalk_primitives::{CallId, MailboxId};

use super::error::DriverError;
use super::relay::{RelayClient, RelayError, RelayEvent};
use super::store::Store;
use crate::engine::{FetchedPrekeys, Put};

/// What the courier is to do.
pub(super) enum Job {
    Save(Vec<u8>),
    Put(Put),
    Acknowledge(u64),
    Fetch { relay: String, mailbox: MailboxId },
    Publish { bundle: Vec<u8>, one_time: Vec<Vec<u8>> },
}

/// What the courier has to say.
pub(super) enum Report {
    Delivered {
        sequence: u64,
        blob: Vec<u8>,
        queued: Duration,
    },
    Fetched {
        mailbox: MailboxId,
        found: Option<FetchedPrekeys>,
    },
    /// A message of this call could not be left at its relay.
    Undeliverable {
        call: CallId,
    },
    /// Nothing can be saved any more: the driver must stop.
    Failed(DriverError),
}

/// Jobs that wait; an engine that is further ahead waits itself.
pub(super) const QUEUE: usize = 256;
/// Relays of others that stay connected.
const MAX_FOREIGN_RELAYS: usize = 8;

/// The task's state.
pub(super) struct Courier<S> {
    store: Option<S>,
    own_relay: String,
    own: RelayClient,
    /// Connections to other people's relays, without a mailbox of ours.
    foreign: HashMap<String, RelayClient>,
    reports: mpsc::Sender<Report>,
}

impl<S: Store> Courier<S> {
    /// Connects to one's own relay.
    pub(super) async fn connect(
        store: S,
        relay: String,
        key: MailboxKey,
        reports: mpsc::Sender<Report>,
    ) -> Result<Self, DriverError> {
        let own = RelayClient::connect(&relay, key).await?;
        Ok(Self { store: Some(store), own_relay: relay, own, foreign: HashMap::new(), reports })
    }

    /// Works until the jobs end.
    pub(super) async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        loop {
            tokio::select! {
                // Jobs first: an acknowledgement that waits lets the relay deliver again.
                biased;
                job = jobs.recv() => match job {
                    Some(job) => {
                        if let Err(error) = self.work(job).await {
                            self.report(Report::Failed(error)).await;
                            return;
                        }
                    }
                    None => return,
                },
                event = self.own.next() => match event {
                    Some(event) => self.handle_event(event).await,
                    None => return,
                },
            }
        }
    }

    /// Does one job. Only what makes going on impossible is an error.
    pub(super) async fn work(&mut self, job: Job) -> Result<(), DriverError> {
        match job {
            Job::Save(snapshot) => return self.save(snapshot).await,
            Job::Put(put) => self.put(put).await,
            Job::Acknowledge(sequence) => self.own.ack(sequence),
            Job::Fetch { relay, mailbox } => self.fetch(&relay, mailbox).await,
            Job::Publish { bundle, one_time } => {
                if let Err(error) = self.own.publish_prekeys(bundle, one_time).await {
                    tracing::warn!(%error, "the prekeys could not be published");
                }
            }
        }
        Ok(())
    }

    async fn save(&mut self, snapshot: Vec<u8>) -> Result<(), DriverError> {
        let Some(mut store) = self.store.take() else { return Err(DriverError::Stopped) };
        // A disk takes its time; other tasks of this thread must not wait for it.
        let saved = tokio::task::spawn_blocking(move || {
            let saved = store.save(&snapshot);
            (store, saved)
        });
        let (store, saved) = saved.await.map_err(|_| DriverError::Stopped)?;
        self.store = Some(store);
        Ok(saved?)
    }

    async fn put(&mut self, put: Put) {
        let outcome = match self.relay(&put.relay).await {
            Ok(relay) => relay.put(put.mailbox, put.blob, put.time_to_live).await,
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            tracing::warn!(%error, "a message could not be delivered");
            self.report(Report::Undeliverable { call: put.call }).await;
        }
    }

    async fn fetch(&mut self, relay: &str, mailbox: MailboxId) {
        let outcome = match self.relay(relay).await {
            Ok(relay) => relay.fetch_prekeys(mailbox).await,
            Err(error) => Err(error),
        };
        let found = match outcome {
            Ok(found) => Some(FetchedPrekeys { bundle: found.bundle, one_time: found.one_time }),
            Err(error) => {
                tracing::warn!(%error, "prekeys could not be fetched");
                None
            }
        };
        self.report(Report::Fetched { mailbox, found }).await;
    }

    /// The client for this relay; connects where there is none yet.
    async fn relay(&mut self, url: &str) -> Result<&mut RelayClient, RelayError> {
        if url == self.own_relay {
            return Ok(&mut self.own);
        }
        if !self.foreign.contains_key(url) && self.foreign.len() >= MAX_FOREIGN_RELAYS {
            self.foreign.clear();
        }
        match self.foreign.entry(url.to_owned()) {
            std::collections::hash_map::Entry::Occupied(entry) => Ok(entry.into_mut()),
            std::collections::hash_map::Entry::Vacant(entry) => {
                Ok(entry.insert(RelayClient::connect_anonymous(url).await?))
            }
        }
    }

    async fn handle_event(&mut self, event: RelayEvent) {
        match event {
            RelayEvent::Delivered { sequence, blob, queued } => {
                self.report(Report::Delivered { sequence, blob, queued }).await;
            }
            RelayEvent::Disconnected { reason } => {
                tracing::warn!(%reason, "the relay's connection is lost; reconnecting");
            }
            _ => {}
        }
    }

    async fn report(&mut self, report: Report) {
        // Nobody listens any more only while everything ends.
        let _ = self.reports.send(report).await;
    }
}
