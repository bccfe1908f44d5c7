//! `zentalk`, as a person runs it, and what its journal says.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::time::timeout_at;
use zentalk_cli::journal::{Entry, Happening};

use crate::error::Error;
use crate::namespace::Namespace;
use crate::process::Process;
use crate::servers::Relay;

/// A running `zentalk`.
pub(crate) struct Client {
    who: &'static str,
    process: Process,
    journal: Vec<Noted>,
    ended: bool,
}

/// An entry of the journal, and when it was read.
#[derive(Clone, Debug)]
pub(crate) struct Noted {
    pub(crate) at: Instant,
    pub(crate) what: Happening,
}

/// How a person's program is started.
pub(crate) struct Person<'a> {
    pub(crate) who: &'static str,
    pub(crate) namespace: &'a Namespace,
    /// Identity, journal's log and recording go there.
    pub(crate) folder: PathBuf,
    pub(crate) speech: &'a Path,
    /// For both commands: `--relay-only`, `--stun`, `--turn-ca` …
    pub(crate) options: &'a [String],
}

impl Person<'_> {
    /// What was heard is recorded there.
    pub(crate) fn recording(&self) -> PathBuf {
        self.folder.join("heard.wav")
    }

    /// Starts `zentalk listen` or `call`, with the words that follow.
    pub(crate) fn start(&self, zentalk: &Path, words: &[&str]) -> Result<Client, Error> {
        std::fs::create_dir_all(&self.folder).map_err(Error::io(&self.folder))?;
        let mut command = self.namespace.command(zentalk);
        command.arg("--data").arg(self.folder.join("data"));
        command.args(["--relay", &Relay::url()]).args(words).arg("--json");
        command.arg("--audio").arg(self.speech);
        command.arg("--record").arg(self.folder.join("heard"));
        command.args(self.options);
        command.env("ZENTALK_LOG", "debug");
        let process = Process::start(command, &self.folder, self.who)?;
        Ok(Client { who: self.who, process, journal: Vec::new(), ended: false })
    }
}

impl Client {
    /// Waits for an entry, or takes one that has come already.
    ///
    /// # Errors
    /// [`Error::Missed`] after that time; [`Error::Ended`], if the program ends before.
    pub(crate) async fn wait_for<T>(
        &mut self,
        what: &str,
        within: Duration,
        wanted: impl Fn(&Happening) -> Option<T>,
    ) -> Result<(Instant, T), Error> {
        self.wait_from(0, what, within, wanted).await
    }

    /// The same among the entries from `first` on.
    pub(crate) async fn wait_from<T>(
        &mut self,
        first: usize,
        what: &str,
        within: Duration,
        wanted: impl Fn(&Happening) -> Option<T>,
    ) -> Result<(Instant, T), Error> {
        let end = Instant::now() + within;
        let mut next = first;
        loop {
            while let Some(entry) = self.journal.get(next) {
                if let Some(found) = wanted(&entry.what) {
                    return Ok((entry.at, found));
                }
                next += 1;
            }
            if self.ended {
                return Err(self.ended_before(what).await);
            }
            if timeout_at(end.into(), self.read()).await.is_err() {
                let (who, what) = (self.who.to_owned(), what.to_owned());
                return Err(Error::Missed { who, what, within, log: self.process.log.clone() });
            }
        }
    }

    /// The journal so far.
    pub(crate) fn journal(&self) -> &[Noted] {
        &self.journal
    }

    /// Reads what has come since.
    pub(crate) fn catch_up(&mut self) {
        while let Ok((at, line)) = self.process.lines.try_recv() {
            self.note(at, &line);
        }
    }

    pub(crate) async fn type_line(&mut self, line: &str) {
        self.process.type_line(line).await;
    }

    /// Hangs up.
    pub(crate) fn interrupt(&self) {
        self.process.interrupt();
    }

    /// Waits for the program's end; what it ended with.
    pub(crate) async fn end(&mut self) -> String {
        let status = self.process.end().await;
        while !self.ended {
            self.read().await;
        }
        status
    }

    /// Cancel-safe: a line is noted as soon as it is taken.
    async fn read(&mut self) {
        match self.process.lines.recv().await {
            Some((at, line)) => self.note(at, &line),
            None => self.ended = true,
        }
    }

    /// A line that is no entry, or an entry of a kind that is not known here, says nothing.
    fn note(&mut self, at: Instant, line: &str) {
        if let Ok(Entry { what, .. }) = serde_json::from_str(line) {
            self.journal.push(Noted { at, what });
        }
    }

    async fn ended_before(&mut self, what: &str) -> Error {
        let status = self.process.end().await;
        let (who, before) = (self.who.to_owned(), what.to_owned());
        Error::Ended { who, status, before, log: self.process.log.clone() }
    }
}
