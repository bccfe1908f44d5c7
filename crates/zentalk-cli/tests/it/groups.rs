//! Group calls by hand, through a forwarding server over TLS.

use std::path::Path;

use tempfile::tempdir;

use crate::certificate::certificate;
use crate::programs::{Ran, Running, media, relay_with_sfu, run, zentalk};

const PEOPLE: [&str; 3] = ["alice", "bob", "carol"];

/// Everybody has everybody's card.
fn acquainted(folder: &Path, relay: &str) {
    let id = |who: &str| run(zentalk(&folder.join(who), &["id", "--relay", relay])).out;
    let cards = PEOPLE.map(id);
    for who in PEOPLE {
        for (name, card) in PEOPLE.iter().zip(&cards).filter(|(name, _)| **name != who) {
            let ran = run(zentalk(&folder.join(who), &["contact", "add", name, card.trim()]));
            assert_eq!(ran.code, Some(0), "{ran:?}");
        }
    }
}

/// Alice calls Bob and Carol, who answer and record; with further words for all three.
fn group_call(folder: &Path, relay: &str, words: &[&str]) -> Vec<Ran> {
    acquainted(folder, relay);
    let words = [&["--loopback", "--json"], words].concat();
    let listen = |who: &str| {
        let record = folder.join(format!("by-{who}"));
        let own = ["listen", "--auto-accept", "--once", "--hang-up-after", "6", "--record"];
        let own = [&own[..], &[record.to_str().unwrap()], &words[..]].concat();
        let mut listening = Running::start(zentalk(&folder.join(who), &own));
        listening.wait_for("\"ready\"");
        listening
    };
    let listening = [listen("bob"), listen("carol")];
    let speech = media().join("speech-a-48k-mono.wav");
    let call =
        ["call", "bob", "carol", "--hang-up-after", "6", "--audio", speech.to_str().unwrap()];
    let called = run(zentalk(&folder.join("alice"), &[&call, &words[..]].concat()));
    if called.code == Some(0) {
        std::iter::once(called).chain(listening.map(Running::end)).collect()
    } else {
        vec![called]
    }
}

#[test]
fn three_people_talk_through_a_server_whose_authority_they_trust() {
    let folder = tempdir().unwrap();
    let [certificate, key] = certificate(folder.path());
    let (_servers, relay) = relay_with_sfu(folder.path(), [&certificate, &key]);
    let ran = group_call(folder.path(), &relay, &["--sfu-ca", certificate.to_str().unwrap()]);
    for side in &ran {
        assert_eq!(side.code, Some(0), "{side:?}");
        for told in
            [r#""event":"epoch""#, r#""event":"verification""#, r#""event":"sfu","url":"wss://"#]
        {
            assert!(side.out.contains(told), "{told}: {side:?}");
        }
    }
    assert_eq!(ran.len(), 3);
    let alice = r#""event":"first_media","kind":"audio","from":{"index":0,"name":"alice"}"#;
    assert!(ran[1].out.contains(alice) && ran[2].out.contains(alice), "{ran:?}");
    assert!(
        ran[1].out.contains(r#""event":"incoming","from":"alice","group":["alice"]"#),
        "{ran:?}"
    );
    // Each member has a file of their own.
    assert!(folder.path().join("by-carol-from-0-alice.wav").is_file());
    assert!(folder.path().join("by-carol-from-1-bob.wav").is_file());
    assert!(!folder.path().join("by-carol.wav").exists());
}

#[test]
fn server_with_an_unknown_authority_is_not_used() {
    let folder = tempdir().unwrap();
    let [certificate, key] = certificate(folder.path());
    let (_servers, relay) = relay_with_sfu(folder.path(), [&certificate, &key]);
    let ran = group_call(folder.path(), &relay, &[]);
    assert_ne!(ran[0].code, Some(0), "{ran:?}");
    assert!(!ran[0].out.contains(r#""state":"connected","#), "{ran:?}");
    assert!(!ran[0].out.contains(r#""event":"secured""#), "{ran:?}");
}
