//! Calls through a real TURN server, with credentials that a real relay grants.

use std::path::Path;

use tempfile::tempdir;

use crate::certificate::certificate;
use crate::programs::{Ran, Running, media, relay_with_turn, run, turn, zentalk};

const SECRET: &str = "the-region-secret-of-2026";

/// Alice calls Bob, both relay-only, and hangs up after a second; with further words for both.
fn relayed_call(folder: &Path, relay: &str, words: &[&str]) -> (Ran, Ran) {
    let bob = run(zentalk(&folder.join("bob"), &["id", "--relay", relay])).out;
    run(zentalk(&folder.join("alice"), &["id", "--relay", relay]));
    let words = [&["--loopback", "--relay-only", "--json"], words].concat();
    let listen = [&["listen", "--auto-accept", "--once"], &words[..]].concat();
    let mut listening = Running::start(zentalk(&folder.join("bob"), &listen));
    listening.wait_for("\"ready\"");
    let speech = media().join("speech-a-48k-mono.wav");
    let call = ["call", bob.trim(), "--audio", speech.to_str().unwrap(), "--hang-up-after", "1"];
    let called = run(zentalk(&folder.join("alice"), &[&call, &words[..]].concat()));
    (called, listening.end())
}

#[test]
fn relay_only_call_goes_through_turn_and_says_why() {
    let folder = tempdir().unwrap();
    let (_turn, ports) = turn(folder.path(), SECRET, None);
    let (_relay, url) = relay_with_turn(folder.path(), SECRET, &ports);
    let (alice, bob) = relayed_call(folder.path(), &url, &[]);
    assert_eq!((alice.code, bob.code), (Some(0), Some(0)), "{alice:?} {bob:?}");
    for side in [&alice, &bob] {
        assert!(side.out.contains(r#""kind":"relay/udp""#), "{side:?}");
        assert!(!side.out.contains(r#""kind":"direct""#), "{side:?}");
        assert!(side.out.contains(r#""why":"relay-only"#), "{side:?}");
    }
    assert!(bob.out.contains(r#""event":"first_media","kind":"audio""#), "{bob:?}");
}

/// UDP is blocked, and TCP as well: the relay names TLS alone.
#[test]
fn call_over_tls_says_that_udp_is_blocked() {
    let folder = tempdir().unwrap();
    let [certificate, key] = certificate(folder.path());
    let (_turn, mut ports) = turn(folder.path(), SECRET, Some([&certificate, &key]));
    ports.retain(|(transport, _)| *transport == "tls");
    let (_relay, url) = relay_with_turn(folder.path(), SECRET, &ports);
    let authority = ["--turn-ca", certificate.to_str().unwrap()];
    let (alice, bob) = relayed_call(folder.path(), &url, &authority);
    assert_eq!((alice.code, bob.code), (Some(0), Some(0)), "{alice:?} {bob:?}");
    for side in [&alice, &bob] {
        assert!(side.out.contains(r#""kind":"relay/tls""#), "{side:?}");
        assert!(side.out.contains("connected over TLS"), "{side:?}");
    }
}

#[test]
fn relay_only_call_without_a_turn_server_does_not_leave() {
    let folder = tempdir().unwrap();
    let (_turn, ports) = turn(folder.path(), SECRET, None);
    // Granted, but refused by the server: nothing relays.
    let (_relay, url) = relay_with_turn(folder.path(), "another-secret-of-ours", &ports);
    let (alice, _) = relayed_call(folder.path(), &url, &[]);
    assert_eq!(alice.code, Some(7), "{alice:?}");
    assert!(!alice.out.contains(r#""event":"path""#), "{alice:?}");
    assert!(alice.err.contains("Relay-only needs a TURN server"), "{alice:?}");
}
