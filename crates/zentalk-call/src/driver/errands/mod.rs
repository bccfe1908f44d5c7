//! Requests to relays, one's own and others'. Each relay has a task of its own, so that one that is slow,
//! or that somebody hostile named, holds up neither the others nor what is to be saved.

mod foreign;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use zentalk_primitives::MailboxId;

use self::foreign::{Foreign, Pace};
use super::courier::Report;
use super::relay::{RelayError, RelayHandle};
use crate::engine::{FetchedPrekeys, Put};

/// What is asked of a relay.
pub(super) enum Errand {
    Put(Put),
    Fetch {
        mailbox: MailboxId,
    },
    Publish {
        bundle: Vec<u8>,
        one_time: Vec<Vec<u8>>,
    },
    /// See whether one's own prekeys are still there.
    Check {
        mailbox: MailboxId,
    },
}

/// Errands that wait for one relay; what is more fails at once.
const QUEUE: usize = 64;
/// Relays of others that are talked to at a time. Anybody who calls names one.
const MAX_FOREIGN_RELAYS: usize = 32;
/// How long the last errands may take once the driver ends.
const LAST_ERRANDS: Duration = Duration::from_secs(5);

/// The tasks, by relay.
pub(super) struct Errands {
    own_relay: String,
    own: mpsc::Sender<Errand>,
    foreign: HashMap<String, mpsc::Sender<Errand>>,
    tasks: JoinSet<()>,
    reports: mpsc::Sender<Report>,
    pace: watch::Sender<Pace>,
}

impl Errands {
    /// Errands to one's own relay go through `own`; other relays are connected to when they are needed.
    pub(super) fn new(own_relay: String, own: RelayHandle, reports: mpsc::Sender<Report>) -> Self {
        let (sender, errands) = mpsc::channel(QUEUE);
        let mut tasks = JoinSet::new();
        tasks.spawn(serve_own(own, errands, reports.clone()));
        let (foreign, pace) = (HashMap::new(), watch::Sender::default());
        Self { own_relay, own: sender, foreign, tasks, reports, pace }
    }

    /// Whether a call goes on: then a connection that is lost is dialled again at once, and none is given up.
    pub(super) fn hurry(&self, on: bool) {
        self.pace.send_modify(|pace| pace.hurry = on);
    }

    /// Addresses came or went: connections may be dead without a sign.
    pub(super) fn network_changed(&self) {
        self.pace.send_modify(|pace| pace.networks = pace.networks.wrapping_add(1));
    }

    /// Has one's own relay asked.
    pub(super) async fn send_own(&self, errand: Errand) {
        if let Err(refused) = self.own.try_send(errand) {
            self.fail(refused.into_inner()).await;
        }
    }

    /// Has the relay at `url` asked, after everything that it was to be asked before.
    pub(super) async fn send(&mut self, url: &str, errand: Errand) {
        if url == self.own_relay {
            return self.send_own(errand).await;
        }
        let refused = match self.foreign(url) {
            Some(task) => task.try_send(errand).err().map(TrySendError::into_inner),
            None => Some(errand),
        };
        if let Some(errand) = refused {
            self.fail(errand).await;
        }
    }

    /// Waits for the last answers, for a while.
    pub(super) async fn finish(self) {
        let Self { own, foreign, mut tasks, .. } = self;
        drop((own, foreign));
        let all = async { while tasks.join_next().await.is_some() {} };
        // What is not done by then is given up.
        let _ = timeout(LAST_ERRANDS, all).await;
    }

    /// The task for this relay; a new one where there is none (any more), unless there are too many.
    fn foreign(&mut self, url: &str) -> Option<&mpsc::Sender<Errand>> {
        self.foreign.retain(|_, task| !task.is_closed());
        while self.tasks.try_join_next().is_some() {}
        if !self.foreign.contains_key(url) {
            // One of the tasks is one's own relay's.
            if self.tasks.len() > MAX_FOREIGN_RELAYS {
                return None;
            }
            let (sender, errands) = mpsc::channel(QUEUE);
            let foreign = Foreign::new(url.to_owned(), errands, self.pace.subscribe());
            self.tasks.spawn(foreign.serve(self.reports.clone()));
            self.foreign.insert(url.to_owned(), sender);
        }
        self.foreign.get(url)
    }

    /// Reports an errand that cannot even be tried.
    async fn fail(&self, errand: Errand) {
        tracing::warn!("too many requests to relays");
        tell(&self.reports, failed(&errand)).await;
    }
}

async fn serve_own(
    relay: RelayHandle,
    mut errands: mpsc::Receiver<Errand>,
    reports: mpsc::Sender<Report>,
) {
    while let Some(errand) = errands.recv().await {
        let (_, report) = run(&relay, errand).await;
        tell(&reports, report).await;
    }
}

/// Runs an errand; what went wrong, and what there is to report.
async fn run(relay: &RelayHandle, errand: Errand) -> (Option<RelayError>, Option<Report>) {
    match errand {
        Errand::Put(put) => {
            let call = put.call;
            let error = relay.put(put.mailbox, put.blob, put.time_to_live).await.err();
            (warned(error), error.map(|_| Report::Undeliverable { call }))
        }
        Errand::Fetch { mailbox } => match relay.fetch_prekeys(mailbox).await {
            Ok(found) => {
                let found = FetchedPrekeys { bundle: found.bundle, one_time: found.one_time };
                (None, Some(Report::Fetched { mailbox, found: Some(found) }))
            }
            Err(error) => (warned(Some(error)), Some(Report::Fetched { mailbox, found: None })),
        },
        Errand::Publish { bundle, one_time } => {
            let error = relay.publish_prekeys(bundle, one_time).await.err();
            (warned(error), Some(Report::OwnPrekeys { published: error.is_none() }))
        }
        Errand::Check { mailbox } => match relay.fetch_prekeys(mailbox).await {
            Err(RelayError::NoPrekeys) => (None, Some(Report::OwnPrekeys { published: false })),
            _ => (None, None),
        },
    }
}

fn warned(error: Option<RelayError>) -> Option<RelayError> {
    if let Some(error) = &error {
        tracing::warn!(%error, "a relay did not do what was asked");
    }
    error
}

fn failed(errand: &Errand) -> Option<Report> {
    match errand {
        Errand::Put(put) => Some(Report::Undeliverable { call: put.call }),
        Errand::Fetch { mailbox } => Some(Report::Fetched { mailbox: *mailbox, found: None }),
        Errand::Publish { .. } => Some(Report::OwnPrekeys { published: false }),
        Errand::Check { .. } => None,
    }
}

async fn tell(reports: &mpsc::Sender<Report>, report: Option<Report>) {
    if let Some(report) = report {
        // Nobody listens any more only while everything ends.
        let _ = reports.send(report).await;
    }
}
