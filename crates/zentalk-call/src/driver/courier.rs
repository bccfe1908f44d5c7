//! Carries what the engine wants saved and sent, in its order.
//!
//! The order is the point: a snapshot is durable before the message that depends on it leaves, and
//! before the relay may forget the message that it took in. So one task saves and sends off, one after
//! the other, away from the loop that media waits for; the answers of relays are waited for elsewhere.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use zentalk_onion_relay::MailboxKey;
use zentalk_primitives::{CallId, MailboxId};

use super::errands::{Errand, Errands};
use super::error::DriverError;
use super::relay::{RelayClient, RelayError, RelayEvent};
use super::relay_link::RelayLink;
use super::store::Store;
use crate::engine::{FetchedPrekeys, Put};

/// What the courier is to do.
pub(super) enum Job {
    Save(Vec<u8>),
    Put(Put),
    Acknowledge(u64),
    Fetch {
        relay: String,
        mailbox: MailboxId,
    },
    Publish {
        bundle: Vec<u8>,
        one_time: Vec<Vec<u8>>,
    },
    /// Whether a call needs the relays now.
    Hurry(bool),
    /// Addresses came or went: connections may be dead without a sign.
    NetworkChanged,
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
    /// Whether one's own prekeys lie at one's own relay.
    OwnPrekeys {
        published: bool,
    },
    /// A message of this call could not be left at its relay.
    Undeliverable {
        call: CallId,
    },
    /// Nothing can be saved or received any more: the driver must stop.
    Failed(DriverError),
}

/// Reports that wait for the engine; then the courier waits, and with it the relay. Jobs need no bound: they
/// come of deliveries, of which the relay leaves few unacknowledged, and of what the user does.
pub(super) const REPORTS: usize = 256;

/// The task's state.
pub(super) struct Courier<S> {
    store: Option<S>,
    mailbox: MailboxId,
    own: RelayClient,
    /// Why one's own relay is gone, while it is.
    lost: watch::Sender<Option<RelayError>>,
    errands: Errands,
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
        let mailbox = key.mailbox();
        let own = RelayClient::connect(&relay, key).await?;
        let errands = Errands::new(relay, own.handle(), reports.clone());
        let lost = watch::Sender::new(None);
        Ok(Self { store: Some(store), mailbox, own, lost, errands, reports })
    }

    /// Tells how it stands with one's own relay.
    pub(super) fn link(&self) -> RelayLink {
        RelayLink::new(self.lost.subscribe())
    }

    /// Works until the jobs end.
    pub(super) async fn run(mut self, mut jobs: mpsc::UnboundedReceiver<Job>) {
        match self.serve(&mut jobs).await {
            Ok(()) => self.errands.finish().await,
            Err(error) => self.report(Report::Failed(error)).await,
        }
    }

    async fn serve(&mut self, jobs: &mut mpsc::UnboundedReceiver<Job>) -> Result<(), DriverError> {
        loop {
            tokio::select! {
                // Jobs first: an acknowledgement that waits lets the relay deliver again.
                biased;
                job = jobs.recv() => match job {
                    Some(job) => self.work(job).await?,
                    None => return Ok(()),
                },
                event = self.own.next() => match event {
                    Some(event) => self.handle_event(event).await,
                    None => return Err(self.gone().into()),
                },
            }
        }
    }

    /// Does one job, or sends it on its way. Only what makes going on impossible is an error.
    async fn work(&mut self, job: Job) -> Result<(), DriverError> {
        match job {
            Job::Save(snapshot) => return self.save(snapshot).await,
            Job::Put(put) => self.errands.send(&put.relay.clone(), Errand::Put(put)).await,
            Job::Acknowledge(sequence) => self.own.ack(sequence),
            Job::Fetch { relay, mailbox } => {
                self.errands.send(&relay, Errand::Fetch { mailbox }).await;
            }
            Job::Publish { bundle, one_time } => {
                self.errands.send_own(Errand::Publish { bundle, one_time }).await;
            }
            Job::Hurry(on) => {
                self.own.hurry(on);
                self.errands.hurry(on);
            }
            Job::NetworkChanged => {
                self.own.reconnect_now();
                self.errands.network_changed();
            }
        }
        Ok(())
    }

    pub(super) async fn save(&mut self, snapshot: Vec<u8>) -> Result<(), DriverError> {
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

    /// Publishes one's own prekeys, and waits until they are there.
    pub(super) async fn publish(
        &mut self,
        bundle: Vec<u8>,
        one_time: Vec<Vec<u8>>,
    ) -> Result<(), DriverError> {
        self.own.publish_prekeys(bundle, one_time).await?;
        Ok(())
    }

    async fn handle_event(&mut self, event: RelayEvent) {
        match event {
            RelayEvent::Delivered { sequence, blob, queued } => {
                self.report(Report::Delivered { sequence, blob, queued }).await;
            }
            RelayEvent::Disconnected { reason } => {
                tracing::warn!(%reason, "the relay's connection is lost");
                self.lost.send_replace(Some(reason));
            }
            RelayEvent::Connected { one_time_left } => {
                self.lost.send_if_modified(|lost| lost.take().is_some());
                // None left: they are used up, or the relay has lost everything.
                if one_time_left == Some(0) {
                    self.errands.send_own(Errand::Check { mailbox: self.mailbox }).await;
                }
            }
        }
    }

    /// Why one's own relay is gone for good.
    fn gone(&self) -> RelayError {
        (*self.lost.borrow()).unwrap_or(RelayError::ConnectionLost)
    }

    async fn report(&mut self, report: Report) {
        // Nobody listens any more only while everything ends.
        let _ = self.reports.send(report).await;
    }
}
