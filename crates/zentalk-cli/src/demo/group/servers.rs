//! The servers of a group: a relay that grants tokens, and two forwarding servers, each with a wire in front of it.

use std::path::Path;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::wire::{Running, Wire};
use crate::demo::error::DemoError;
use crate::demo::processes::{Process, RelayProcess};

/// How long a server may take to start.
const START: Duration = Duration::from_secs(20);

/// All servers. Dropped, they end.
pub(super) struct Servers {
    pub(super) relay: RelayProcess,
    /// In the order in which they are tried.
    pub(super) forwarding: Vec<Forwarding>,
}

/// A forwarding server, and what passes in front of it.
pub(super) struct Forwarding {
    process: Option<Process>,
    url: String,
    pub(super) wire: Running,
}

impl Servers {
    /// Starts them, with `node` and a folder for their files.
    pub(super) async fn start(node: &Path, folder: &Path, port: u16) -> Result<Self, DemoError> {
        std::fs::create_dir_all(folder).map_err(DemoError::Sockets)?;
        let key = folder.join("sfu.key");
        let public = public_key(node, &key).await?;
        let mut forwarding = Vec::new();
        for _ in 0..2 {
            forwarding.push(Forwarding::start(node, &public).await?);
        }
        let urls: Vec<_> = forwarding.iter().map(|server| format!("{:?}", server.url)).collect();
        let file = folder.join("sfu.toml");
        let text = format!("key_file = \"sfu.key\"\nurls = [{}]\n", urls.join(", "));
        std::fs::write(&file, text)
            .map_err(|source| DemoError::Output { path: file.clone(), source })?;
        let relay = RelayProcess::start(node, port, &folder.join("relay"), Some(&file)).await?;
        Ok(Self { relay, forwarding })
    }
}

/// Makes the key that signs tokens; its public half.
async fn public_key(node: &Path, file: &Path) -> Result<String, DemoError> {
    let mut command = Command::new(node);
    command.arg("sfu-key").arg(file);
    let mut process = Process::start(command)?;
    let line = process.next_line().await;
    let ended = process.end().await;
    let key = line.as_deref().and_then(|line| line.strip_prefix("public ")).map(str::to_owned);
    key.ok_or(DemoError::ServerFailed { said: ended.said })
}

impl Forwarding {
    async fn start(node: &Path, public_key: &str) -> Result<Self, DemoError> {
        let wire = Wire::open().await.map_err(DemoError::Sockets)?;
        let mut command = Command::new(node);
        command.args(["sfu", "--plain", "--listen", "127.0.0.1:0", "--media", "127.0.0.1:0"]);
        command.args(["--key", public_key, "--advertise", &wire.address().to_string()]);
        // The demo shares a machine with everybody who takes part.
        command.args(["--workers", "1"]);
        let mut process = Process::start(command)?;
        let url = said(&mut process, "listening ").await;
        let media = said(&mut process, "media ").await.and_then(|text| text.parse().ok());
        match (url, media) {
            (Some(url), Some(media)) => {
                Ok(Self { process: Some(process), url, wire: wire.relay(media) })
            }
            _ => Err(DemoError::ServerFailed { said: process.kill().await.said }),
        }
    }

    /// The operating system's number for it; none once it is gone.
    pub(super) fn id(&self) -> Option<u32> {
        self.process.as_ref()?.id()
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Ends it without a word, as a power cut would.
    pub(super) async fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill().await;
        }
    }
}

/// What follows `word` in the next line.
async fn said(process: &mut Process, word: &str) -> Option<String> {
    let line = timeout(START, process.next_line()).await.ok()??;
    line.strip_prefix(word).map(str::to_owned)
}
