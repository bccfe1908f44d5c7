use std::convert::Infallible;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::{Errand, failed, run, tell};
use crate::driver::courier::Report;
use crate::driver::relay::{RelayClient, RelayError, RelayHandle};

/// How long a connection to somebody else's relay is kept for the next errand. While a call goes on, it is kept.
const IDLE: Duration = Duration::from_secs(120);
/// How long such a connection may take to come about while a call goes on: what is to be said then is said again soon, and a try
/// that began before the network came back would be waited for in vain.
const HURRIED_CONNECT: Duration = Duration::from_secs(3);

/// What all connections to others' relays should know.
#[derive(Clone, Copy, Default)]
pub(super) struct Pace {
    /// Whether a call goes on.
    pub(super) hurry: bool,
    /// How often addresses came or went.
    pub(super) networks: u64,
}

/// One of others' relays.
pub(super) struct Foreign {
    url: String,
    errands: mpsc::Receiver<Errand>,
    pace: Follower,
    client: Option<RelayClient>,
}

impl Foreign {
    pub(super) fn new(
        url: String,
        errands: mpsc::Receiver<Errand>,
        pace: watch::Receiver<Pace>,
    ) -> Self {
        Self { url, errands, pace: Follower::new(pace), client: None }
    }

    /// Ends after a while without errands, and after one that failed: a relay that does not answer is not
    /// dialled for ever, and the next errand tries anew.
    pub(super) async fn serve(mut self, reports: mpsc::Sender<Report>) {
        while let Some(errand) = self.next().await {
            let (error, report) = match self.connect().await {
                Ok(relay) => tokio::select! {
                    done = run(&relay, errand) => done,
                    never = self.pace.pass_on(&relay) => match never {},
                },
                Err(error) => {
                    tracing::warn!(%error, "a relay cannot be used");
                    (Some(error), failed(&errand))
                }
            };
            if error.is_some() {
                // What was queued before this is still worked off.
                self.errands.close();
            }
            tell(&reports, report).await;
        }
    }

    /// The connection; a new one where there is none.
    async fn connect(&mut self) -> Result<RelayHandle, RelayError> {
        if let Some(client) = &self.client {
            return Ok(client.handle());
        }
        let hurry = self.pace.take().hurry;
        let connected = RelayClient::connect_anonymous(&self.url);
        let client = if hurry {
            timeout(HURRIED_CONNECT, connected).await.map_err(|_| RelayError::TimedOut)??
        } else {
            connected.await?
        };
        client.hurry(hurry);
        Ok(self.client.insert(client).handle())
    }

    /// The next errand, if it comes in time. None is left behind.
    async fn next(&mut self) -> Option<Errand> {
        let Some(client) = &self.client else { return self.errands.recv().await };
        let relay = client.handle();
        loop {
            let hurry = self.pace.is_hurried();
            tokio::select! {
                errand = self.errands.recv() => return errand,
                () = self.pace.change(&relay) => {}
                () = tokio::time::sleep(IDLE), if !hurry => break,
            }
        }
        self.errands.close();
        self.errands.recv().await
    }
}

/// Follows the pace, and knows what has been passed on.
struct Follower {
    pace: watch::Receiver<Pace>,
    networks: u64,
}

impl Follower {
    fn new(mut pace: watch::Receiver<Pace>) -> Self {
        let networks = pace.borrow_and_update().networks;
        Self { pace, networks }
    }

    fn is_hurried(&self) -> bool {
        self.pace.borrow().hurry
    }

    /// The pace, for a connection that is made now.
    fn take(&mut self) -> Pace {
        let pace = *self.pace.borrow_and_update();
        self.networks = pace.networks;
        pace
    }

    /// Tells a connection every change.
    async fn pass_on(&mut self, relay: &RelayHandle) -> Infallible {
        loop {
            self.change(relay).await;
        }
    }

    /// Waits for a change, and tells it to a connection. Cancel-safe.
    async fn change(&mut self, relay: &RelayHandle) {
        if self.pace.changed().await.is_err() {
            // Everything ends; the last errands are still done.
            return std::future::pending().await;
        }
        let before = self.networks;
        let pace = self.take();
        relay.hurry(pace.hurry);
        if pace.networks != before {
            relay.reconnect_now();
        }
    }
}
