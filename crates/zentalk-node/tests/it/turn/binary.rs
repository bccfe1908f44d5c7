//! `zentalk-node turn` as a process.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use stun_types::attribute::XorMappedAddress;
use stun_types::message::{BINDING, Message, MessageWriteVec};
use stun_types::prelude::MessageWrite;
use tempfile::tempdir;

fn command(arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zentalk-node"));
    // What the developer has set must not change the tests.
    let ours = std::env::vars_os().map(|(name, _)| name);
    for name in ours.filter(|name| name.to_string_lossy().starts_with("ZENTALK_")) {
        command.env_remove(name);
    }
    command.current_dir(folder).arg("turn").args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn secret_file(folder: &Path, mode: u32) {
    fs::write(folder.join("secret"), "north secret of 24 bytes\n").unwrap();
    fs::set_permissions(folder.join("secret"), fs::Permissions::from_mode(mode)).unwrap();
}

fn outcome(arguments: &[&str], folder: &Path) -> (Option<i32>, String) {
    let output = command(arguments, folder).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Killed if a test ends before it is stopped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// RFC 7065: where it listens is a URI.
#[test]
fn it_prints_where_it_listens_answers_and_stops_without_naming_anybody() {
    let folder = tempdir().unwrap();
    secret_file(folder.path(), 0o600);
    let arguments = ["--secret-file", "secret", "--udp", "127.0.0.1:0", "--log", "trace"];
    let mut process = Process(command(&arguments, folder.path()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(process.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let address =
        line.strip_prefix("listening turn:").unwrap().strip_suffix("?transport=udp\n").unwrap();

    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    socket
        .send_to(&Message::builder_request(BINDING, MessageWriteVec::new()).finish(), address)
        .unwrap();
    let mut answer = [0; 512];
    let length = socket.recv(&mut answer).unwrap();
    let message = Message::from_bytes(&answer[..length]).unwrap();
    let mapped = message.attribute::<XorMappedAddress>().unwrap().addr(message.transaction_id());
    assert_eq!(mapped, socket.local_addr().unwrap());

    let id = process.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert_eq!(process.0.wait().unwrap().code(), Some(0));
    let mut log = String::new();
    process.0.stderr.as_mut().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.contains("the TURN server stops"), "the log is on: {log}");
    assert!(!log.contains("127.0.0.1") && !log.contains("north"), "{log}");
}

#[test]
fn each_mistake_has_its_message_and_exit_code() {
    let folder = tempdir().unwrap();
    secret_file(folder.path(), 0o600);
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let with = ["--secret-file", "secret", "--udp"];
    let cases: [(&[&str], i32, &str); 9] = [
        (&["--udp", "127.0.0.1:0"], 2, "--secret-file"),
        (&["--secret-file", "nowhere", "--udp", "127.0.0.1:0"], 4, "cannot be read"),
        (&[with[0], with[1], "--tls", "127.0.0.1:0"], 2, "--tls-cert"),
        (&[with[0], with[1], with[2], &taken], 3, "is in use by another program"),
        (&[with[0], with[1], with[2], "0.0.0.0:0"], 3, "pass --relay-ip"),
        (
            &[with[0], with[1], with[2], "127.0.0.1:0", "--relay-ip", "192.0.2.1"],
            3,
            "cannot relay from",
        ),
        (&[with[0], with[1], with[2], "127.0.0.1:0", "--realm", "a\"b"], 4, "printable ASCII"),
        (&[with[0], with[1], with[2], "127.0.0.1:0", "--max-port", "2000"], 3, "--min-port"),
        (&[with[0], with[1], with[2], "127.0.0.1:0", "--allow-peers", "ten"], 2, "not a range"),
    ];
    for (arguments, code, message) in cases {
        let (status, said) = outcome(arguments, folder.path());
        assert_eq!(status, Some(code), "{arguments:?}: {said}");
        assert!(said.contains(message), "{arguments:?}: {said}");
    }
    secret_file(folder.path(), 0o644);
    let (status, said) = outcome(&["--secret-file", "secret"], folder.path());
    assert_eq!((status, said.contains("chmod 600")), (Some(4), true), "{said}");
}

#[test]
fn help_teaches() {
    let folder = tempdir().unwrap();
    let output = command(&["--help"], folder.path()).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for part in [
        "listening turn:127.0.0.1:3478?transport=udp",
        "Exit codes:",
        "ZENTALK_TURN_REALM",
        "openssl rand",
        "Limits:",
    ] {
        assert!(help.contains(part), "{part}");
    }
}
