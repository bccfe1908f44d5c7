use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use tempfile::tempdir;

use crate::programs::{Running, media, node, run, zentalk};

fn demo(out: &Path, words: &[&str]) -> Command {
    node();
    let mut command = zentalk(out, &["demo"]);
    if !words.contains(&"--seconds") {
        command.args(["--seconds", if words.contains(&"--group") { "20" } else { "8" }]);
    }
    command.arg("--media").arg(media()).arg("--out").arg(out).args(words);
    command
}

/// What the demo leaves, by name.
fn left(out: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(out).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_call_between_two_processes_carries_speech_and_pictures() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("out");
    let ran = run(demo(&out, &[]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("what was sent arrived"), "{ran:?}");
    for said in ["CONNECTED", "DTLS version", "frame encryption", "packets lost", "set-up"] {
        assert!(ran.out.contains(said), "{said}: {ran:?}");
    }
    let files = [
        "received-by-alice.ivf",
        "received-by-alice.wav",
        "received-by-bob.ivf",
        "received-by-bob.wav",
        "report.html",
    ];
    assert_eq!(left(&out), files);
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("data:image/png"));
}

#[test]
fn an_attacker_with_a_certificate_of_its_own_gets_no_media_packet() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("out");
    std::fs::create_dir_all(&out).unwrap();
    // What an earlier demo left must not look like this one's.
    std::fs::write(out.join("received-by-bob.wav"), b"old").unwrap();
    let ran = run(demo(&out, &["--tamper", "fingerprint"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("FINGERPRINT MISMATCH"), "{ran:?}");
    assert!(ran.out.contains("no SRTP packet passed the tap: 0 seen"), "{ran:?}");
    assert_eq!(left(&out), ["report.html"]);
}

#[test]
fn a_call_of_two_becomes_a_group_whose_members_hear_and_see_each_other() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("out");
    let ran = run(demo(&out, &["--group", "3"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for said in ["Carol joined the running call", "left", "epoch", "compare with the others"] {
        assert!(ran.out.contains(said), "{said}: {ran:?}");
    }
    let files = left(&out);
    for wanted in ["received-by-carol-from-0-alice.wav", "received-by-carol-from-1-bob.ivf"] {
        assert!(files.iter().any(|file| file == wanted), "{files:?}");
    }
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    for section in ["Who saw and heard whom", "Keys over time", "What the forwarding server saw"] {
        assert!(page.contains(section), "{section}");
    }
}

/// With programs under glass it is tried what the one who left can still do, and the server's memory is looked through.
#[cfg(feature = "glass")]
#[test]
fn who_left_opens_nothing_any_more_and_nobody_opens_theirs() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("out");
    // Beside the program itself, and not older than it.
    let glass = std::fs::File::open(env!("CARGO_BIN_EXE_zentalk-glass")).unwrap();
    glass.set_modified(std::time::SystemTime::now()).unwrap();
    let ran = run(demo(&out, &["--group", "3", "--seconds", "20"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for said in [
        "ok    nobody opens what Bob seals after the goodbye: before ",
        "ok    Bob, who kept everything, opens nothing that the others seal",
        "keys that Bob ever had, tried by force: before ",
        "ok    the same look finds frames in the forwarding server's memory, but only sealed ones",
    ] {
        assert!(ran.out.contains(said), "{said}: {ran:?}");
    }
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    for section in ["After Bob left", "class=\"fails\"", "sealed for the members"] {
        assert!(page.contains(section), "{section}");
    }
}

/// A forwarding server is gone without a word in mid-call.
#[test]
fn a_group_survives_its_forwarding_server() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("out");
    let ran = run(demo(&out, &["--group", "3", "--kill-sfu", "--seconds", "20"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("the call survived its forwarding server"), "{ran:?}");
}

#[test]
fn a_taken_relay_port_is_named_with_the_cure() {
    let folder = tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ran = run(demo(folder.path(), &["--relay-port", &port]));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains(&port) && ran.err.contains("--relay-port"), "{ran:?}");
    assert!(left(folder.path()).is_empty());
}

#[test]
fn media_that_are_not_there_are_named() {
    let folder = tempdir().unwrap();
    node();
    let words = ["demo", "--media", "no/such/folder", "--out", folder.path().to_str().unwrap()];
    let ran = run(zentalk(folder.path(), &words));
    assert_eq!(ran.code, Some(9), "{ran:?}");
    assert!(ran.err.contains("no/such/folder") && ran.err.contains("--media"), "{ran:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_stops_every_process_and_removes_what_is_temporary() {
    let folder = tempdir().unwrap();
    let mut demo = Running::start(demo(folder.path(), &[]));
    demo.wait_for("CONNECTED");
    // The programs of Alice, Bob and the relay have the temporary folder in their arguments.
    let temporary = format!("{}/.demo-", folder.path().to_str().unwrap());
    assert_eq!(processes_with(&temporary), 3);
    demo.interrupt();
    let ran = demo.end();
    assert_eq!(ran.code, Some(130), "{ran:?}");
    assert!(!left(folder.path()).iter().any(|file| file.starts_with(".demo-")));
    assert_eq!(processes_with(&temporary), 0);
}

/// How many processes have this in their command line.
#[cfg(target_os = "linux")]
fn processes_with(text: &str) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    // A process may end while it is looked at.
    let arguments = processes.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    arguments.filter(|bytes| String::from_utf8_lossy(bytes).contains(text)).count()
}
