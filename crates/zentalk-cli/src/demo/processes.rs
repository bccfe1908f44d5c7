//! The demo's processes. Each is killed when its handle is dropped.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::error::DemoError;
use crate::journal::Entry;

/// A process whose output lines are read one after the other.
pub(super) struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    complaints: JoinHandle<String>,
    /// Where it can be typed to.
    input: Option<ChildStdin>,
}

/// How a process ended.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    /// Its exit code; none if it was killed.
    pub(super) code: Option<i32>,
    /// What it wrote to standard error.
    pub(super) said: String,
}

/// More than this of what a process complains of is left out.
const MAX_COMPLAINTS: u64 = 64 * 1024;

impl Process {
    /// Starts a program whose arguments are set.
    pub(super) fn start(command: Command) -> Result<Self, DemoError> {
        Self::spawn(command, Stdio::null())
    }

    /// The same, of one that is typed to.
    pub(super) fn start_to_type(command: Command) -> Result<Self, DemoError> {
        Self::spawn(command, Stdio::piped())
    }

    fn spawn(mut command: Command, input: Stdio) -> Result<Self, DemoError> {
        let path = PathBuf::from(command.as_std().get_program());
        command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let failed = |source| DemoError::Start { path: path.clone(), source };
        let mut child = command.spawn().map_err(failed)?;
        let missing = || failed(std::io::ErrorKind::BrokenPipe.into());
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        let complaints = tokio::spawn(async move {
            let mut text = Vec::new();
            // What cannot be read was not said.
            let _ = stderr.take(MAX_COMPLAINTS).read_to_end(&mut text).await;
            String::from_utf8_lossy(&text).trim().to_owned()
        });
        let input = child.stdin.take();
        Ok(Self { child, lines: BufReader::new(stdout).lines(), complaints, input })
    }

    /// The operating system's number for it; none once it has ended.
    pub(super) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Takes out where it can be typed to.
    pub(super) fn take_input(&mut self) -> Option<Typist> {
        self.input.take().map(Typist)
    }

    /// The next line of its output; nothing at the end.
    pub(super) async fn next_line(&mut self) -> Option<String> {
        self.lines.next_line().await.ok().flatten()
    }

    /// The next entry of the journal that it writes; nothing at the end.
    pub(super) async fn next_entry(&mut self) -> Option<Entry> {
        loop {
            if let Ok(entry) = serde_json::from_str(&self.next_line().await?) {
                return Some(entry);
            }
        }
    }

    /// Waits for its end.
    pub(super) async fn end(mut self) -> Ended {
        let status = self.child.wait().await.ok();
        self.report(status).await
    }

    /// Ends it now.
    pub(super) async fn kill(mut self) -> Ended {
        // One that has just ended by itself is as good.
        let _ = self.child.kill().await;
        let status = self.child.try_wait().ok().flatten();
        self.report(status).await
    }

    async fn report(self, status: Option<ExitStatus>) -> Ended {
        let said = self.complaints.await.unwrap_or_default();
        Ended { code: status.and_then(|status| status.code()), said }
    }
}

/// Types to a process.
pub(super) struct Typist(ChildStdin);

impl Typist {
    /// Types a line. One that has ended does not read any more.
    pub(super) async fn line(&mut self, text: &str) {
        let _ = self.0.write_all(format!("{text}\n").as_bytes()).await;
    }
}

/// The signalling relay.
pub(super) struct RelayProcess {
    _process: Process,
    url: String,
}

/// How long the relay may take to start.
const START: Duration = Duration::from_secs(20);
/// `zentalk-node relay` ends with this code when its address is taken.
const ADDRESS_TAKEN: i32 = 3;

impl RelayProcess {
    /// Starts it and waits until it listens.
    ///
    /// `sfus` is the file that names forwarding servers for groups, and the key to their tokens.
    pub(super) async fn start(
        program: &Path,
        port: u16,
        data: &Path,
        sfus: Option<&Path>,
    ) -> Result<Self, DemoError> {
        let mut command = Command::new(program);
        command.args(["relay", "--listen", &format!("127.0.0.1:{port}"), "--data"]).arg(data);
        if let Some(file) = sfus {
            command.arg("--sfu-config").arg(file);
        }
        let mut process = Process::start(command)?;
        let line = timeout(START, process.next_line()).await;
        if let Ok(Some(line)) = &line
            && let Some(url) = line.strip_prefix("listening ")
        {
            return Ok(Self { url: url.to_owned(), _process: process });
        }
        // It has ended, or closed its output, or hangs.
        let ended = if line.is_ok() { process.end().await } else { process.kill().await };
        Err(match ended.code {
            Some(ADDRESS_TAKEN) => DemoError::PortTaken { port },
            _ => DemoError::RelayFailed { said: ended.said },
        })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }
}
