//! `zentalk-node sfu` as a process.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use zentalk_node::sfu_key::public_to_text;

use super::person::signer;

pub(crate) fn command(arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zentalk-node"));
    // What the developer has set must not change the tests.
    let ours = std::env::vars_os().map(|(name, _)| name);
    for name in ours.filter(|name| name.to_string_lossy().starts_with("ZENTALK_")) {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1").current_dir(folder).arg("sfu").args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Killed if a test ends before it is stopped.
pub(crate) struct Process {
    child: Child,
    pub(crate) url: String,
    pub(crate) media: String,
}

impl Process {
    pub(crate) fn start(more: &[&str], folder: &Path) -> Self {
        let key = public_to_text(&signer(1).public_key());
        let own = ["--plain", "--listen", "127.0.0.1:0", "--media", "127.0.0.1:0", "--key", &key];
        Self::start_as(command(&[&own[..], more].concat(), folder))
    }

    pub(crate) fn start_as(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        let mut line =
            |prefix: &str| lines.next().unwrap().unwrap().strip_prefix(prefix).unwrap().to_owned();
        let (url, media) = (line("listening "), line("media "));
        Self { child, url, media }
    }

    /// Its exit code and what it logged, after SIGTERM.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let status = self.child.wait().unwrap();
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (status.code(), log)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
