use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tempfile::tempdir;

use crate::client::RelayClient;
use crate::support::{TTL, delivery, key};

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zentalk-node"));
    // What the developer has set must not change the tests.
    for name in [
        "LISTEN",
        "DATA",
        "TLS_CERT",
        "TLS_KEY",
        "MAX_CONNECTIONS",
        "MAX_STORE",
        "TURN_CONFIG",
        "SFU_CONFIG",
    ] {
        command.env_remove(format!("ZENTALK_RELAY_{name}"));
    }
    command.env_remove("ZENTALK_LOG");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A relay in its own process; killed if a test ends before it is stopped.
pub(crate) struct Process(Child);

impl Process {
    fn start(data: &Path, log: &str) -> (Self, String) {
        Self::start_with(data, log, &[])
    }

    /// With further options. The relay, and its URL.
    pub(crate) fn start_with(data: &Path, log: &str, options: &[&OsStr]) -> (Self, String) {
        let child = command()
            .args(["relay", "--listen", "127.0.0.1:0", "--log", log, "--data"])
            .arg(data)
            .args(options)
            .spawn()
            .unwrap();
        let mut process = Self(child);
        let mut line = String::new();
        BufReader::new(process.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let url = line.strip_prefix("listening ").expect("the line that programs read").trim_end();
        (process, url.to_owned())
    }

    #[cfg(unix)]
    pub(crate) fn stop(mut self, signal: &str) -> (Option<i32>, String) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let status = self.0.wait().unwrap();
        let mut log = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (status.code(), log)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command().args(args).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[cfg(unix)]
#[tokio::test]
async fn signals_stop_it_cleanly_and_what_was_stored_is_there_again() {
    let data = tempdir().unwrap();
    let (process, url) = Process::start(data.path(), "info");
    let alice = RelayClient::connect_anonymous(&url).await.unwrap();
    alice.put(key(2).mailbox(), b"offer".to_vec(), TTL).await.unwrap();
    let (code, log) = tokio::task::spawn_blocking(|| process.stop("-TERM")).await.unwrap();
    assert_eq!(code, Some(0), "{log}");

    let (process, url) = Process::start(data.path(), "info");
    let mut bob = RelayClient::connect(&url, key(2)).await.unwrap();
    assert_eq!(delivery(&mut bob).await.1, b"offer");
    let (code, log) = tokio::task::spawn_blocking(|| process.stop("-INT")).await.unwrap();
    assert_eq!(code, Some(0), "{log}");
}

#[cfg(unix)]
#[tokio::test]
async fn stored_blob_survives_a_kill() {
    let data = tempdir().unwrap();
    let (process, url) = Process::start(data.path(), "off");
    let alice = RelayClient::connect_anonymous(&url).await.unwrap();
    alice.put(key(2).mailbox(), b"offer".to_vec(), TTL).await.unwrap();
    let (code, _) = tokio::task::spawn_blocking(|| process.stop("-KILL")).await.unwrap();
    assert_eq!(code, None);

    let (_process, url) = Process::start(data.path(), "off");
    let mut bob = RelayClient::connect(&url, key(2)).await.unwrap();
    assert_eq!(delivery(&mut bob).await.1, b"offer");
}

#[cfg(unix)]
#[tokio::test]
async fn logs_at_trace_hold_no_mailbox_address_or_blob() {
    let data = tempdir().unwrap();
    let (process, url) = Process::start(data.path(), "trace");
    let mut bob = RelayClient::connect(&url, key(2)).await.unwrap();
    bob.put(key(2).mailbox(), b"sealed blob".to_vec(), TTL).await.unwrap();
    bob.publish_prekeys(b"bundle bytes".to_vec(), Vec::new()).await.unwrap();
    delivery(&mut bob).await;
    let (code, log) = tokio::task::spawn_blocking(|| process.stop("-TERM")).await.unwrap();
    assert_eq!(code, Some(0));

    assert!(log.contains("the relay listens"), "the log is on: {log}");
    let mailbox = key(2).mailbox();
    let decimal = format!("{:?}", mailbox.as_bytes());
    let middle = decimal.trim_matches(['[', ']']).split(", ").take(6).collect::<Vec<_>>();
    for secret in [
        mailbox.to_string(),
        middle.join(", "),
        "127.0.0.1".into(),
        "sealed blob".into(),
        format!("{:?}", b"sealed blob").trim_matches(['[', ']']).to_owned(),
        "bundle bytes".into(),
    ] {
        assert!(!log.contains(&secret), "{secret} in {log}");
    }
}

#[test]
fn taken_port_has_its_message_and_exit_code() {
    let (data, other) = (tempdir().unwrap(), tempdir().unwrap());
    let (_process, url) = Process::start(data.path(), "off");
    let address = url.trim_start_matches("ws://").trim_end_matches("/v1");
    let data = other.path().to_str().unwrap();
    let (code, out, err) = run(&["relay", "--listen", address, "--data", data]);
    assert_eq!((code, out.as_str()), (Some(3), ""));
    let message =
        format!("{address} is in use by another program: stop it or pass another --listen");
    assert!(err.contains(&message), "{err}");
}

#[test]
fn unusable_data_directory_has_its_exit_code() {
    let (code, _, err) = run(&["relay", "--listen", "127.0.0.1:0", "--data", "/dev/null/data"]);
    assert_eq!(code, Some(4), "{err}");
    assert!(err.contains("/dev/null/data cannot be used"), "{err}");
}

#[test]
fn wrong_options_are_explained() {
    for args in [
        &["relay"][..],
        &["relay", "--data", "x", "--listen", "nowhere"],
        &["relay", "--data", "x", "--tls-cert", "only.pem"],
        &["relay", "--data", "x", "--max-connections", "0"],
        &["serve"],
    ] {
        let (code, _, err) = run(args);
        assert_eq!(code, Some(2), "{args:?}");
        assert!(err.contains("--help"), "{err}");
    }
}

#[test]
fn help_teaches_the_line_for_programs_and_the_exit_codes() {
    let (code, help, _) = run(&["relay", "--help"]);
    assert_eq!(code, Some(0));
    for part in [
        "listening ws://127.0.0.1:8790/v1",
        "Exit codes:",
        "ZENTALK_RELAY_DATA",
        "Examples:",
        "[[server]]",
        "key_file",
        "zentalk-node sfu-key",
    ] {
        assert!(help.contains(part), "{part}");
    }
}
