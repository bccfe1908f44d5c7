//! Calls that went wrong in one way each, by what the programs told of them.

use zentalk_group_keys::KeyId;

use super::*;
use crate::demo::group::cast::Cast;
use crate::demo::group::evidence::Marks;
use crate::demo::group::frame::Parts;
use crate::demo::group::wire::Seen;
use crate::journal::{Entry, Happening, Security, Who};

const KILLED: u64 = 10_000;
const LEFT: u64 = 15_000;
const MARKS: Marks = Marks {
    up: 1_000,
    invited: 5_000,
    joined: Some(5_500),
    killed: Some(KILLED),
    left: LEFT,
    ended: 20_000,
};

const ALICE: Person = Person(0);
const BOB: Person = Person(1);
const CAROL: Person = Person(2);

fn who(person: Person) -> Who {
    Who { index: person.0, name: person.to_string() }
}

fn entry(at_ms: u64, what: Happening) -> Entry {
    Entry { at_ms, what }
}

fn server(at_ms: u64, number: u8, state: &str) -> Entry {
    let url = format!("ws://127.0.0.1:{number}");
    entry(at_ms, Happening::Sfu { url, state: state.to_owned() })
}

fn secured(at_ms: u64) -> Entry {
    entry(at_ms, Happening::Secured(Security::default()))
}

fn gap(at_ms: u64, from: Person, gap_ms: u64) -> Entry {
    entry(at_ms, Happening::MediaGap { kind: "audio".to_owned(), gap_ms, from: Some(who(from)) })
}

fn received(from: Person, last_audio_ms: u64) -> Entry {
    let (who, last) = (who(from), Some(last_audio_ms));
    let (audio_frames, pictures) = (900, 400);
    let what = Happening::Received {
        who,
        audio_frames,
        pictures,
        last_audio_ms: last,
        last_picture_ms: Some(19_900),
    };
    entry(20_100, what)
}

/// What one of three tells of a call in which the second server took over after 0.4 s.
fn journal(person: Person) -> Vec<Entry> {
    let others = Cast::of(3).others(person);
    let before = [server(900, 1, "connected"), secured(901), server(KILLED + 300, 1, "lost")];
    let after = [
        server(KILLED + 310, 2, "connecting"),
        server(KILLED + 380, 2, "connected"),
        secured(KILLED + 381),
    ];
    let gaps = others.clone().map(|from| gap(KILLED + 410, from, 400));
    let tallies = others.map(|from| received(from, if from == BOB { LEFT + 20 } else { 19_900 }));
    before.into_iter().chain(after).chain(gaps).chain(tallies).collect()
}

fn evidence() -> Evidence {
    Evidence::told(MARKS, Cast::of(3).everybody().map(journal).collect())
}

fn failures(judge: impl FnOnce(&mut Findings)) -> Vec<String> {
    let mut findings = Findings::default();
    judge(&mut findings);
    findings.failures()
}

fn failover_failures(evidence: &Evidence) -> Vec<String> {
    failures(|findings| failover::judge(findings, evidence))
}

fn security_failures(evidence: &Evidence) -> Vec<String> {
    failures(|findings| judge_security(findings, evidence))
}

/// Changes what Carol told.
fn with_carol(change: impl FnOnce(&mut Vec<Entry>)) -> Evidence {
    let mut evidence = evidence();
    change(&mut evidence.journals[CAROL.place()]);
    evidence
}

fn is_gap(entry: &Entry) -> bool {
    matches!(entry.what, Happening::MediaGap { .. })
}

#[test]
fn a_call_that_is_heard_again_at_another_server_has_survived() {
    assert_eq!(failover_failures(&evidence()), [""; 0]);
    let failover = Failover::of(&evidence()).unwrap();
    assert_eq!(failover.longest(), 400);
    let unharmed = Marks { killed: None, ..MARKS };
    assert_eq!(Failover::of(&Evidence { marks: unharmed, ..evidence() }), None);
}

/// No gap is told of a sound that never comes back.
#[test]
fn a_call_in_which_nobody_is_heard_again_has_not_survived() {
    let mut silent = evidence();
    for journal in &mut silent.journals {
        journal.retain(|entry| !is_gap(entry));
        for entry in journal {
            if let Happening::Received { last_audio_ms, .. } = &mut entry.what {
                *last_audio_ms = Some(KILLED + 10);
            }
        }
    }
    let failed = failover_failures(&silent);
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(failed[0].contains("6 gaps") && failed[0].contains("longest 4.99 s"), "{failed:?}");
    assert!(failed[0].contains("Carol hears Bob no more"), "{failed:?}");
}

#[test]
fn one_pair_that_is_not_heard_again_is_named() {
    let one = with_carol(|journal| {
        journal.retain(|entry| !matches!(&entry.what, Happening::MediaGap { from: Some(who), .. } if who.index == 0));
        for entry in journal {
            match &mut entry.what {
                Happening::Received { who, last_audio_ms, .. } if who.index == ALICE.0 => {
                    *last_audio_ms = Some(KILLED + 10);
                }
                _ => {}
            }
        }
    });
    let failed = failover_failures(&one);
    assert!(failed[0].ends_with("longest 4.99 s, Carol hears Alice no more)"), "{failed:?}");
}

/// Sound that comes back when one has left already: the call of those who stay has new keys and slots by then.
#[test]
fn a_silence_that_outlasts_the_leave_counts_until_the_leave() {
    let late = with_carol(|journal| {
        journal.retain(|entry| !is_gap(entry));
        journal.push(gap(KILLED + 410, BOB, 400));
        journal.push(gap(LEFT + 500, ALICE, 5_400));
    });
    let failed = failover_failures(&late);
    assert!(failed[0].contains("6 gaps"), "{failed:?}");
    assert!(failed[0].ends_with("longest 4.90 s, Carol hears Alice no more)"), "{failed:?}");
}

/// The median would hide it.
#[test]
fn one_long_silence_is_judged() {
    let slow = with_carol(|journal| {
        journal.retain(|entry| !is_gap(entry));
        journal.extend([gap(KILLED + 410, BOB, 400), gap(KILLED + 2_100, ALICE, 2_050)]);
    });
    let failed = failover_failures(&slow);
    assert!(failed[0].contains("median 0.40 s, longest 2.05 s"), "{failed:?}");
}

/// The server that was killed was not the one in use, or somebody was lost altogether.
#[test]
fn who_is_at_no_other_server_before_the_leave_is_named() {
    let stranded = with_carol(|journal| {
        journal.retain(
            |entry| !matches!(&entry.what, Happening::Sfu { url, .. } if url.ends_with(":2")),
        );
    });
    let failed = failover_failures(&stranded);
    assert!(failed[0].contains("Carol found no other server"), "{failed:?}");
}

#[test]
fn each_connection_to_a_server_must_have_been_secured() {
    assert_eq!(security_failures(&evidence()), [""; 0]);
    // The first handshake says nothing of the second server.
    let once = with_carol(|journal| {
        journal
            .retain(|entry| !(matches!(entry.what, Happening::Secured(_)) && entry.at_ms > KILLED));
    });
    assert!(security_failures(&once)[0].ends_with("(5 of 6 by 3 people)"));
}

/// A call of two is secured as well, and never at a server.
#[test]
fn a_handshake_with_somebody_else_before_is_none_with_the_server() {
    let elsewhere = with_carol(|journal| {
        journal.retain(|entry| !matches!(entry.what, Happening::Secured(_)));
        journal.insert(0, secured(800));
    });
    assert!(security_failures(&elsewhere)[0].ends_with("(4 of 6 by 3 people)"));
    let never = with_carol(|journal| {
        journal.retain(|entry| !matches!(entry.what, Happening::Sfu { .. }));
    });
    assert_eq!(security_failures(&never).len(), 1);
}

#[test]
fn a_wrong_fingerprint_fails_the_demo_whoever_saw_it() {
    // Of the one who leaves the exit code is not looked at.
    let mut warned = evidence();
    let text = "FINGERPRINT MISMATCH. The certificate is not the one that was named.".to_owned();
    warned.journals[BOB.place()].push(entry(KILLED + 381, Happening::Warning { text }));
    assert!(security_failures(&warned)[0].contains("Bob WARNED of a fingerprint"));
}

#[test]
fn what_is_said_of_the_wires_is_about_servers_only_and_foreign_packets_fail_it() {
    let judge = |srtp, other| {
        let mut seen = Seen::default();
        (seen.census.srtp, seen.census.other) = (srtp, other);
        let evidence = Evidence { wires: vec![seen], ..evidence() };
        let mut findings = Findings::default();
        judge_wire(&mut findings, &evidence);
        findings
    };
    // A group of three begins over a path on which there is no server.
    assert!(!judge(9, 0).to_string().contains("all media"));
    assert!(judge(9, 0).are_good());
    assert!(!judge(0, 0).are_good() && !judge(9, 1).are_good());
}

/// RTP begins like SRTP, and is counted as such.
#[test]
fn a_frame_that_is_readable_in_its_packet_fails_the_demo() {
    let inside: Vec<u8> = (0..40).collect();
    let parts = Parts {
        header: 0..12,
        descriptor: 12..12,
        clear: 12..12,
        sframe: 12..14,
        ciphertext: 14..24,
        tag: 24..40,
        key: KeyId::from_kid(0).unwrap(),
        counter: 0,
    };
    let judge = |wire: Vec<u8>| {
        let specimen = Specimen {
            wire,
            inside: inside.clone(),
            address: 0,
            parts: parts.clone(),
            plain: Vec::new(),
            frames: 1,
            sealed_found: 1,
            plain_found: 0,
        };
        let mut seen = Seen::default();
        seen.census.srtp = 9;
        let evidence = Evidence { wires: vec![seen], specimen: Some(specimen), ..evidence() };
        failures(|findings| judge_wire(findings, &evidence))
    };
    let encrypted = inside.iter().take(12).copied().chain([0xee; 44]).collect();
    assert_eq!(judge(encrypted), [""; 0]);
    assert_eq!(judge([&inside[..], &[0; 16]].concat()).len(), 1);
}
