use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use tempfile::tempdir;

use crate::programs::{Ran, Running, media, relay, relay_at, run, zentalk};

/// Alice's data folder with Bob's card in it; Bob's identity lies at `relay`, Alice's too.
fn acquainted(folder: &Path, relay: &str) {
    let bob = run(zentalk(&folder.join("bob"), &["id", "--relay", relay])).out;
    run(zentalk(&folder.join("alice"), &["id", "--relay", relay]));
    let ran = run(zentalk(&folder.join("alice"), &["contact", "add", "bob", bob.trim()]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

fn call(folder: &Path, words: &[&str]) -> Ran {
    let words = [&["call", "bob", "--loopback"], words].concat();
    run(zentalk(&folder.join("alice"), &words))
}

#[test]
fn a_relay_that_cannot_be_reached_has_its_own_exit_code() {
    let folder = tempdir().unwrap();
    // A port that was free a moment ago: nothing listens there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("ws://127.0.0.1:{port}/v1");
    acquainted(folder.path(), &url);
    let ran = call(folder.path(), &[]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.err.contains(&url) && ran.err.contains("zentalk-node relay"), "{ran:?}");
}

#[test]
fn a_file_of_a_wrong_kind_is_named_before_anything_is_sent() {
    let folder = tempdir().unwrap();
    acquainted(folder.path(), "ws://127.0.0.1:9/v1");
    let song = folder.path().join("song.mp3");
    std::fs::write(&song, b"ID3\x03\0\0\0\0\0\0").unwrap();
    let song = song.to_str().unwrap();
    let speech = media().join("speech-a-48k-mono.wav");
    for (words, said) in [
        (["--audio", song], "an MP3 file; wanted is a WAV file"),
        (["--video", song], "an MP3 file; wanted is an IVF"),
        (["--video", speech.to_str().unwrap()], "a WAV file; wanted is an IVF"),
        (["--audio", "no-such-file.wav"], "no-such-file.wav"),
        (["--record", "no-such-folder/call"], "Name another place with --record"),
    ] {
        let ran = call(folder.path(), &words);
        // The relay's code would be 4: that it is not reached shows that nothing was tried.
        assert_eq!(ran.code, Some(9), "{ran:?}");
        assert!(ran.err.contains(said), "{ran:?}");
    }
}

#[test]
fn somebody_who_never_was_online_cannot_be_reached() {
    let folder = tempdir().unwrap();
    let (_relay, url) = relay(&folder.path().join("relay"));
    acquainted(folder.path(), &url);
    let ran = call(folder.path(), &[]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.err.contains("cannot be reached"), "{ran:?}");
}

#[test]
fn who_has_no_terminal_to_ask_declines() {
    let folder = tempdir().unwrap();
    let (_relay, url) = relay(&folder.path().join("relay"));
    acquainted(folder.path(), &url);
    let mut bob = Running::start(zentalk(&folder.path().join("bob"), &["listen", "--loopback"]));
    bob.wait_for("ready");
    let ran = call(folder.path(), &[]);
    assert_eq!(ran.code, Some(6), "{ran:?}");
    assert!(ran.err.contains("declined"), "{ran:?}");
    bob.wait_for("declined");
}

#[test]
fn a_call_by_hand_is_answered_recorded_and_hung_up() {
    let folder = tempdir().unwrap();
    let (_relay, url) = relay(&folder.path().join("relay"));
    acquainted(folder.path(), &url);
    let record = folder.path().join("heard.by.bob");
    let record_name = record.to_str().unwrap();
    let words = ["listen", "--auto-accept", "--once", "--loopback", "--record", record_name];
    let mut bob = Running::start(zentalk(&folder.path().join("bob"), &words));
    bob.wait_for("ready");
    let speech = media().join("speech-a-48k-mono.wav");
    let ran = call(folder.path(), &["--audio", speech.to_str().unwrap(), "--hang-up-after", "1"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for said in ["OFFERING", "CONNECTED", "fingerprint verified", "path: direct"] {
        assert!(ran.out.contains(said), "{said}: {ran:?}");
    }
    let bob = bob.end();
    assert_eq!(bob.code, Some(0), "{bob:?}");
    // A call without video leaves no film, and the name's own dots stay.
    assert!(folder.path().join("heard.by.bob.wav").is_file());
    assert!(!folder.path().join("heard.by.bob.ivf").exists());
}

#[cfg(unix)]
#[test]
fn ctrl_c_hangs_up_and_the_other_side_is_told() {
    let folder = tempdir().unwrap();
    let (_relay, url) = relay(&folder.path().join("relay"));
    acquainted(folder.path(), &url);
    let words = ["listen", "--auto-accept", "--once", "--loopback", "--json"];
    let mut bob = Running::start(zentalk(&folder.path().join("bob"), &words));
    bob.wait_for("\"ready\"");
    let words = ["call", "bob", "--loopback", "--json"];
    let mut alice = Running::start(zentalk(&folder.path().join("alice"), &words));
    alice.wait_for("\"CONNECTED\"");
    bob.wait_for("\"CONNECTED\"");
    alice.interrupt();
    let (alice, bob) = (alice.end(), bob.end());
    assert_eq!((alice.code, bob.code), (Some(0), Some(0)), "{alice:?} {bob:?}");
    assert!(bob.out.contains("The other side ended the call."), "{bob:?}");
}

/// Bob at his terminal, asked whether to take calls.
fn bob_at_his_terminal(folder: &Path) -> Running {
    let mut command = zentalk(&folder.join("bob"), &["listen", "--loopback"]);
    command.stdin(Stdio::piped());
    let mut bob = Running::start(command);
    bob.wait_for("waiting for a call");
    bob
}

#[test]
fn a_call_is_taken_only_after_the_user_says_yes() {
    let folder = tempdir().unwrap();
    let (_relay, url) = relay(&folder.path().join("relay"));
    acquainted(folder.path(), &url);
    let mut bob = bob_at_his_terminal(folder.path());
    // Typed before it rang: no answer to a question that had not been asked.
    bob.type_line("y");
    let words = ["call", "bob", "--loopback", "--hang-up-after", "0"];
    let mut alice = Running::start(zentalk(&folder.path().join("alice"), &words));
    bob.wait_for("[y/n]");
    alice.wait_for("it rings");
    bob.type_line("perhaps");
    bob.wait_for("[y/n]");
    bob.type_line("yes");
    bob.wait_for("CONNECTED");
    let alice = alice.end();
    assert_eq!(alice.code, Some(0), "{alice:?}");
}

#[test]
fn who_listens_is_told_that_the_relay_is_gone_and_that_it_is_back() {
    let folder = tempdir().unwrap();
    let (relay_process, url) = relay(&folder.path().join("relay"));
    acquainted(folder.path(), &url);
    let words = ["listen", "--auto-accept", "--once", "--loopback"];
    let mut bob = Running::start(zentalk(&folder.path().join("bob"), &words));
    bob.wait_for("waiting for a call");
    drop(relay_process);
    bob.wait_for("nobody can call");

    let address = url.strip_prefix("ws://").unwrap().strip_suffix("/v1").unwrap();
    let _relay = relay_at(&folder.path().join("relay"), address);
    bob.wait_for("the relay is there again");
    let ran = call(folder.path(), &["--hang-up-after", "0"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(bob.end().code, Some(0));
}

#[cfg(unix)]
#[test]
fn listening_goes_on_when_the_caller_gives_up() {
    let folder = tempdir().unwrap();
    let (_relay, url) = relay(&folder.path().join("relay"));
    acquainted(folder.path(), &url);
    let mut bob = bob_at_his_terminal(folder.path());
    let alice = zentalk(&folder.path().join("alice"), &["call", "bob", "--loopback"]);
    let mut alice = Running::start(alice);
    bob.wait_for("[y/n]");
    alice.wait_for("it rings");
    alice.interrupt();
    let alice = alice.end();
    assert_eq!(alice.code, Some(130), "{alice:?}");
    bob.wait_for("waiting for a call");
    let ran = run(zentalk(&folder.path().join("bob"), &["id"]));
    assert_eq!(ran.code, Some(10), "{ran:?}");
    assert!(ran.err.contains("in use by another program"), "{ran:?}");
    bob.interrupt();
    assert_eq!(bob.end().code, Some(0));
}

/// Without a forwarding server there is no group; that is said before anybody rings.
#[test]
fn a_group_needs_a_relay_that_knows_a_forwarding_server() {
    let folder = tempdir().unwrap();
    let (_relay, url) = relay(&folder.path().join("relay"));
    acquainted(folder.path(), &url);
    let carol = run(zentalk(&folder.path().join("carol"), &["id", "--relay", &url])).out;
    run(zentalk(&folder.path().join("alice"), &["contact", "add", "carol", carol.trim()]));
    let ran = call(folder.path(), &["carol"]);
    assert_eq!(ran.code, Some(7), "{ran:?}");
    assert!(ran.err.contains("server"), "{ran:?}");
}

#[test]
fn every_one_who_is_called_must_be_known_before_anything_is_sent() {
    let folder = tempdir().unwrap();
    acquainted(folder.path(), "ws://127.0.0.1:9/v1");
    for words in [&["carol"][..], &["--invite", "carol=3"]] {
        let ran = call(folder.path(), words);
        assert_eq!(ran.code, Some(3), "{ran:?}");
        assert!(ran.err.contains("carol") && ran.err.contains("Known are: bob"), "{ran:?}");
    }
}

#[test]
fn a_command_typed_in_mid_call_ends_it() {
    let folder = tempdir().unwrap();
    let (_relay, url) = relay(&folder.path().join("relay"));
    acquainted(folder.path(), &url);
    let words = ["listen", "--auto-accept", "--once", "--loopback"];
    let mut bob = Running::start(zentalk(&folder.path().join("bob"), &words));
    bob.wait_for("ready");
    let mut alice =
        zentalk(&folder.path().join("alice"), &["call", "bob", "--loopback", "--commands"]);
    alice.stdin(Stdio::piped());
    let mut alice = Running::start(alice);
    alice.wait_for("CONNECTED");
    alice.type_line("nonsense");
    alice.wait_for("type `invite NAME`");
    alice.type_line("members");
    alice.wait_for("a call of two");
    alice.type_line("end");
    let (alice, bob) = (alice.end(), bob.end());
    assert_eq!((alice.code, bob.code), (Some(0), Some(0)), "{alice:?} {bob:?}");
}

#[test]
fn a_stun_server_that_does_not_exist_is_named() {
    let folder = tempdir().unwrap();
    let ran = run(zentalk(folder.path(), &["listen", "--stun", "no-port-here"]));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("no-port-here") && ran.err.contains("HOST:PORT"), "{ran:?}");
}
