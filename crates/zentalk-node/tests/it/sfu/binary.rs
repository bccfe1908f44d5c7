//! The operator's side of `zentalk-node sfu`.

use std::fs;
use std::net::UdpSocket;
use std::path::Path;

use tempfile::tempdir;
use zentalk_node::sfu_key::public_to_text;

use super::person::{Person, participant, room, signer};
use super::process::{Process, command};

fn outcome(arguments: &[&str], folder: &Path) -> (Option<i32>, String) {
    let output = command(arguments, folder).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_prints_where_it_listens_serves_and_stops() {
    let folder = tempdir().unwrap();
    let sfu = Process::start(&["--workers", "2", "--drain", "0"], folder.path());
    assert!(sfu.url.starts_with("ws://127.0.0.1:") && sfu.url.ends_with("/v1"), "{}", sfu.url);
    assert!(sfu.media.starts_with("127.0.0.1:"), "{}", sfu.media);
    Person::enter(&sfu.url, room(1), participant(1)).await;
    let (status, log) = tokio::task::spawn_blocking(|| sfu.stop()).await.unwrap();
    assert_eq!(status, Some(0), "{log}");
    assert!(log.contains("the SFU stops"), "the log is on: {log}");
}

/// Behind one-to-one NAT participants are told the outer address.
#[tokio::test(flavor = "multi_thread")]
async fn participants_are_told_the_advertised_address() {
    let folder = tempdir().unwrap();
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let media = format!("0.0.0.0:{port}");
    let key = public_to_text(&signer(1).public_key());
    let text = format!("media = \"{media}\"\nadvertise = [\"127.0.0.1\"]\nkeys = [\"{key}\"]\n");
    fs::write(folder.path().join("sfu.toml"), text).unwrap();
    let arguments = ["--config", "sfu.toml", "--plain", "--listen", "127.0.0.1:0"];
    let sfu = Process::start_as(command(&arguments, folder.path()));
    assert_eq!(sfu.media, media);
    Person::enter(&sfu.url, room(1), participant(1)).await;
}

#[test]
fn each_mistake_has_its_message_and_exit_code() {
    let folder = tempdir().unwrap();
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let key = public_to_text(&signer(1).public_key());
    fs::write(folder.path().join("wrong.toml"), "\nrooms = 3\n").unwrap();
    let any = "127.0.0.1:0";
    let with = ["--plain", "--key", &key, "--listen", any, "--media"];
    let with = |more: &[&str]| [&with[..], more].concat().iter().map(ToString::to_string).collect();
    let of = |arguments: &[&str]| arguments.iter().map(ToString::to_string).collect();
    let many = ["198.51.100.7"; 9].join(",");
    let cases: [(Vec<String>, i32, &str); 13] = [
        (of(&["--listen", any, "--media", any, "--plain"]), 4, "zentalk-node sfu-key"),
        (of(&["--key", "abc"]), 2, "64 hexadecimal digits"),
        (of(&["--workers", "1025"]), 2, "1..=1024"),
        (of(&["--listen", any, "--media", any, "--key", &key]), 5, "--tls-cert"),
        (of(&["--listen", "0.0.0.0:0", "--plain", "--key", &key]), 5, "loopback"),
        (of(&["--tls-cert", "x"]), 2, "--tls-key"),
        (with(&[&taken]), 3, "is in use by another program"),
        (with(&["0.0.0.0:0"]), 3, "--advertise"),
        (with(&[any, "--advertise", "0.0.0.0"]), 3, "--advertise"),
        (with(&[any, "--advertise", &many]), 3, "8 times at most"),
        (with(&["192.0.2.1:0"]), 3, "cannot listen on"),
        (with(&[any, "--config", "nowhere.toml"]), 6, "cannot be read"),
        (
            with(&[any, "--config", "wrong.toml"]),
            6,
            "wrong.toml, line 2: `rooms` is not known here",
        ),
    ];
    for (arguments, code, message) in cases {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (status, said) = outcome(&arguments, folder.path());
        assert_eq!(status, Some(code), "{arguments:?}: {said}");
        assert!(said.contains(message), "{arguments:?}: {said}");
    }
}

#[test]
fn help_teaches() {
    let folder = tempdir().unwrap();
    let output = command(&["--help"], folder.path()).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for part in
        ["listening wss://", "Exit codes:", "ZENTALK_SFU_CONFIG", "sfu-key", "drain_seconds"]
    {
        assert!(help.contains(part), "{part}");
    }
}
