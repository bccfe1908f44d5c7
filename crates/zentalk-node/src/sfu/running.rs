use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::config::SfuServerConfig;
use super::counts::SfuCounts;
use super::error::SfuError;
use super::server::SfuServer;
use super::shared::Shared;

/// An SFU that runs until this is stopped or dropped; dropped, it still lets calls go elsewhere first.
#[derive(Debug)]
pub struct RunningSfu {
    url: String,
    media: SocketAddr,
    shared: Arc<Shared>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), SfuError>>,
}

impl RunningSfu {
    /// The URL that control connections are made to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it takes media.
    pub const fn media(&self) -> SocketAddr {
        self.media
    }

    /// What it has done so far; a tenth of a second old at most.
    pub fn counts(&self) -> SfuCounts {
        self.shared.counts()
    }

    /// Stops it as SIGTERM does.
    ///
    /// # Errors
    /// As [`SfuServer::run`].
    pub async fn stop(self) -> Result<(), SfuError> {
        // It is gone only if it has ended, which the task tells.
        let _ = self.stop.send(());
        self.task.await.map_err(io::Error::other)?
    }

    /// Ends it at once, as a crash would: nobody is told.
    pub async fn kill(self) {
        for worker in self.shared.workers() {
            worker.stop().await;
        }
        self.task.abort();
        // Aborted or ended: either way it is gone after this.
        let _ = self.task.await;
    }
}

impl SfuServer {
    /// Binds, and runs in a task of the current runtime until it is told to stop.
    ///
    /// # Errors
    /// As [`SfuServer::bind`].
    pub async fn start(config: SfuServerConfig) -> Result<RunningSfu, SfuError> {
        let server = Self::bind(config).await?;
        let (url, media, shared) = (server.url(), server.media(), server.shared());
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(server.run(async {
            // Dropped is stopped, too.
            let _ = stopped.await;
        }));
        Ok(RunningSfu { url, media, shared, stop, task })
    }
}
