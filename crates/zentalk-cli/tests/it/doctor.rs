use std::fs;
use std::net::TcpListener;
use std::path::Path;

use serde_json::Value;
use tempfile::tempdir;

use crate::certificate::certificate;
use crate::programs::{Ran, relay, relay_with_turn, run, turn, zentalk};

const SECRET: &str = "the-region-secret-of-2026";

/// What the doctor says, and its findings: check, verdict.
fn doctor(folder: &Path, relay: &str, words: &[&str]) -> (Ran, Vec<(String, String)>) {
    let words = [&["doctor", "--json", "--relay", relay], words].concat();
    let ran = run(zentalk(&folder.join("nobody"), &words));
    let findings = ran.out.lines().map(|line| {
        let finding: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| finding[key].as_str().unwrap().to_owned();
        (text("check"), text("verdict"))
    });
    let findings = findings.collect();
    (ran, findings)
}

fn verdict<'a>(findings: &'a [(String, String)], check: &str) -> &'a str {
    let found = findings.iter().find(|(name, _)| name == check);
    &found.unwrap_or_else(|| panic!("no {check} in {findings:?}")).1
}

#[test]
fn no_relay_is_said_with_its_cure_and_exit_code() {
    let folder = tempdir().unwrap();
    // A port that was free a moment ago: nothing listens there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("ws://127.0.0.1:{port}");
    let (ran, findings) = doctor(folder.path(), &url, &[]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert_eq!(verdict(&findings, "relay"), "bad");
    assert!(
        ran.out.contains("nothing listens") && ran.out.contains("zentalk-node relay"),
        "{ran:?}"
    );
    assert!(!folder.path().join("nobody").exists(), "nothing is made");
}

#[test]
fn relay_without_turn_servers_is_worth_a_note() {
    let folder = tempdir().unwrap();
    let (_relay, url) = relay(&folder.path().join("relay"));
    let (ran, findings) = doctor(folder.path(), &url, &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(
        (verdict(&findings, "relay"), verdict(&findings, "turn credentials")),
        ("good", "note")
    );
    assert_eq!(verdict(&findings, "nat"), "note");
    assert!(ran.out.contains("--turn-config"), "{ran:?}");
}

#[test]
fn turn_server_is_examined_by_every_transport() {
    let folder = tempdir().unwrap();
    let [certificate, key] = certificate(folder.path());
    let (_turn, ports) = turn(folder.path(), SECRET, Some([&certificate, &key]));
    let (_relay, url) = relay_with_turn(folder.path(), SECRET, &ports);
    let authority = ["--turn-ca", certificate.to_str().unwrap()];
    let (ran, findings) = doctor(folder.path(), &url, &authority);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for check in ["relay", "turn credentials", "turn/udp", "turn/tcp", "turn/tls", "nat"] {
        assert_eq!(verdict(&findings, check), "good", "{ran:?}");
    }
    assert!(ran.out.contains("relays as IPv4") && !ran.out.contains("not released"), "{ran:?}");
    // STUN sees the machine as it is.
    assert!(ran.out.contains("none: others see this machine as it is"), "{ran:?}");

    // Without the authority: told, but calls have two other ways.
    let (ran, findings) = doctor(folder.path(), &url, &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!((verdict(&findings, "turn/tcp"), verdict(&findings, "turn/tls")), ("good", "note"));
    assert!(ran.out.contains("not trusted") && ran.out.contains("--turn-ca"), "{ran:?}");

    // For people it is a table.
    let ran = run(zentalk(folder.path(), &["doctor", "--relay", &url]));
    assert!(ran.out.contains("ok    turn/udp          127.0.0.1: relays"), "{ran:?}");
}

#[test]
fn turn_servers_that_refuse_or_are_gone_have_their_exit_code() {
    let folder = tempdir().unwrap();
    let (_turn, ports) = turn(folder.path(), SECRET, None);
    let (_relay, url) = relay_with_turn(folder.path(), "another-secret-of-ours", &ports);
    let (ran, findings) = doctor(folder.path(), &url, &[]);
    assert_eq!(ran.code, Some(7), "{ran:?}");
    assert_eq!((verdict(&findings, "turn/udp"), verdict(&findings, "turn/tcp")), ("bad", "bad"));
    assert!(ran.out.contains("same secret"), "{ran:?}");
}

#[test]
fn file_without_an_authority_is_named() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("empty.pem");
    fs::write(&file, "no certificate").unwrap();
    for (path, said) in
        [(file.as_path(), "holds no certificate"), (Path::new("/no/such.pem"), "/no/such.pem")]
    {
        let ran = run(zentalk(folder.path(), &["doctor", "--turn-ca", path.to_str().unwrap()]));
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.err.contains(said) && ran.err.contains("--turn-ca"), "{ran:?}");
    }
}
