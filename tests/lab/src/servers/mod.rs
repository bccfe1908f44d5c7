//! The servers of the public segment.

mod turn;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::timeout;

use crate::addresses::{RELAY_NAME, RELAY_PORT};
use crate::error::Error;
use crate::namespace::Namespace;
use crate::process::Process;

pub(crate) use turn::{TurnKind, TurnServer};

/// The signalling relay.
pub(crate) struct Relay {
    _process: Process,
}

/// How long a server may take to start on a busy machine.
const START: Duration = Duration::from_secs(20);

impl Relay {
    /// Starts it on port 443, the one that a network without UDP lets out too. With the file of a TURN
    /// server it issues credentials for that.
    pub(crate) async fn start(
        node: &Path,
        public: &Namespace,
        folder: &Path,
        turn_config: Option<&PathBuf>,
    ) -> Result<Self, Error> {
        let mut command = public.command(node);
        command.args(["relay", "--listen", &format!("[::]:{RELAY_PORT}"), "--data"]);
        command.arg(folder.join("relay"));
        if let Some(config) = turn_config {
            command.arg("--turn-config").arg(config);
        }
        let mut process = Process::start(command, folder, "relay")?;
        let listening = async {
            while let Some((_, line)) = process.lines.recv().await {
                if line.starts_with("listening ") {
                    return true;
                }
            }
            false
        };
        match timeout(START, listening).await {
            Ok(true) => Ok(Self { _process: process }),
            _ => Err(Error::NotReady {
                who: "the signalling relay",
                within: START,
                log: process.log.clone(),
            }),
        }
    }

    pub(crate) fn url() -> String {
        format!("ws://{RELAY_NAME}:{RELAY_PORT}/v1")
    }
}
