use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::door::Door;
use crate::error::Error;
use crate::stop::Stop;

/// A process that we started, and its door. Dropping it ends the process, and waits for that.
pub(crate) struct Peer {
    pub(crate) door: Door,
    who: &'static str,
    child: Child,
    log: PathBuf,
}

/// A browser on a busy machine takes this long to start.
const START: Duration = Duration::from_secs(60);
/// How long a process may take to end by itself, before it is killed.
const END: Duration = Duration::from_secs(10);
const STEP: Duration = Duration::from_millis(100);

impl Peer {
    /// Starts `command` with `environment` and waits until its door is open. It finds its port in `PORT`,
    /// and its output goes to `log`.
    pub(crate) fn start(
        who: &'static str,
        command: &str,
        environment: &[(&str, &Path)],
        log: PathBuf,
        stop: &Stop,
    ) -> Result<Self, Error> {
        let port = free_port()?;
        let output = File::create(&log).map_err(Error::io(&log))?;
        let errors = output.try_clone().map_err(Error::io(&log))?;
        // `exec`, so that the process that we end is the peer and not its shell.
        let child = Command::new("sh")
            .args(["-c", &format!("exec {command}")])
            .envs(environment.iter().copied())
            .env("PORT", port.to_string())
            .env("HOSTADDR", "127.0.0.1")
            // The scripts in `peers` end when this pipe does, even where this runner is killed.
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(|source| Error::Start { command: command.to_owned(), source })?;
        let mut peer = Self { door: Door::new(who, port), who, child, log };
        peer.wait_for_door(stop)?;
        Ok(peer)
    }

    fn wait_for_door(&mut self, stop: &Stop) -> Result<(), Error> {
        let end = Instant::now() + START;
        while Instant::now() < end {
            self.check()?;
            if self.door.is_open() {
                return Ok(());
            }
            stop.pause(STEP)?;
        }
        Err(Error::Closed { who: self.who, after: START, log: self.log.clone() })
    }

    /// # Errors
    /// [`Error::Ended`], if the process is no longer there.
    pub(crate) fn check(&mut self) -> Result<(), Error> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(self.ended(status.to_string())),
            Err(error) => Err(self.ended(error.to_string())),
        }
    }

    fn ended(&self, status: String) -> Error {
        Error::Ended { who: self.who, status, log: self.log.clone() }
    }

    fn has_ended_within(&mut self, time: Duration) -> bool {
        let end = Instant::now() + time;
        loop {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return true;
            }
            if Instant::now() >= end {
                return false;
            }
            std::thread::sleep(STEP);
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let pid = rustix::process::Pid::from_child(&self.child);
        // Whoever has ended already is not there to be asked: try_wait has seen it, or sees it now.
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        let _asked = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        if !self.has_ended_within(END) {
            let _killed = self.child.kill();
            let _reaped = self.child.wait();
        }
    }
}

/// A port that was free a moment ago.
fn free_port() -> Result<u16, Error> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(Error::Port)?;
    listener.local_addr().map(|address| address.port()).map_err(Error::Port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(command: &str, folder: &Path) -> Result<Peer, Error> {
        Peer::start("it", command, &[], folder.join("log"), &Stop::default())
    }

    #[test]
    fn a_peer_that_ends_by_itself_is_an_error_that_names_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let error = start("sh -c 'echo why; exit 3'", folder.path()).err().unwrap();
        assert!(error.to_string().contains("exit status: 3"), "{error}");
        assert_eq!(std::fs::read_to_string(folder.path().join("log")).unwrap(), "why\n");
    }

    #[test]
    fn a_peer_is_gone_when_it_is_dropped_even_if_nobody_waits_for_its_door() {
        let folder = tempfile::tempdir().unwrap();
        let stop = Stop::default();
        stop.ask();
        let log = folder.path().join("log");
        let error = Peer::start("it", "sleep 600", &[], log, &stop).err().unwrap();
        assert!(matches!(error, Error::Stopped));
        // Dropping it has waited for its end; a second of patience would not suffice for `sleep 600`.
    }
}
