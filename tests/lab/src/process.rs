//! Programs that run in a namespace. Each is ended when its handle is dropped.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin};
use tokio::sync::mpsc;

use crate::error::Error;

/// A program. Each line that it prints comes with the time at which it was read, and is kept in a file.
pub(crate) struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    pub(crate) lines: mpsc::UnboundedReceiver<(Instant, String)>,
    pub(crate) log: PathBuf,
}

/// How long a program may take to end when asked.
const END: Duration = Duration::from_secs(8);

impl Process {
    /// Starts a command whose arguments are set. What it prints goes to `<name>.out` in `folder`, and what it complains of
    /// to `<name>.log`.
    pub(crate) fn start(command: Command, folder: &Path, name: &str) -> Result<Self, Error> {
        let log = folder.join(format!("{name}.log"));
        let complaints = File::create(&log).map_err(Error::io(&log))?;
        let program = command.get_args().nth(3).unwrap_or(command.get_program()).into();
        let mut command = tokio::process::Command::from(command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(complaints).kill_on_drop(true);
        let mut child = command.spawn().map_err(|source| Error::Start { program, source })?;
        let stdin = child.stdin.take();
        let (line, lines) = mpsc::unbounded_channel();
        let stdout = child.stdout.take().ok_or(Error::Broken("a program without output"))?;
        let kept = folder.join(format!("{name}.out"));
        let mut kept = File::create(&kept).map_err(Error::io(&kept))?;
        tokio::spawn(async move {
            let mut output = BufReader::new(stdout).lines();
            while let Ok(Some(text)) = output.next_line().await {
                // For people to read afterwards: nothing depends on it.
                let _full = writeln!(kept, "{text}");
                // Reading goes on where nobody listens: a full pipe would stop the program.
                let _ = line.send((Instant::now(), text));
            }
        });
        Ok(Self { child, stdin, lines, log })
    }

    /// Types a line.
    pub(crate) async fn type_line(&mut self, line: &str) {
        if let Some(stdin) = &mut self.stdin {
            // A program that has ended is found out by whoever waits for what it does.
            let _ended = stdin.write_all(format!("{line}\n").as_bytes()).await;
        }
    }

    /// As Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        let pid = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        if let Some(pid) = pid {
            let _ended = kill_process(pid, Signal::INT);
        }
    }

    /// Waits for its end, and brings it about in the end. What it ended with.
    pub(crate) async fn end(&mut self) -> String {
        match tokio::time::timeout(END, self.child.wait()).await {
            Ok(Ok(status)) => status.to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => {
                let _killed = self.child.kill().await;
                format!("did not end within {} s", END.as_secs())
            }
        }
    }
}
