//! One call, and then everything that the servers have.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use zentalk_call::{PathKind, Privacy};
use zentalk_node::sfu::SfuCounts;
use zentalk_primitives::{CallId, UnixTime};

use crate::log::Log;
use crate::people::Person;
use crate::search::{Found, Search};
use crate::site::Site;

/// Three seconds.
const FRAMES: usize = 150;

/// What the servers told of one call.
struct Findings {
    /// Whatever was found, with where.
    found: Vec<(&'static str, Found)>,
    /// What was added to the usual log between the first client's coming and the last one's going.
    lines: Vec<String>,
}

/// A relay, an SFU and a TURN server serve a call of three, of whom one comes through TURN and leaves first; then all
/// that they have is searched for when the call was, how long it was and what it and its members are called: their logs at
/// the finest level, their counts, and each byte of the relay's folder, as it is while the relay runs and as it is left.
#[tokio::test(flavor = "multi_thread")]
async fn servers_keep_no_call_duration() {
    let log = Log::begin();
    let first = play(&log).await;
    assert_eq!(first.lines, Vec::<String>::new(), "the log tells of the call");
    let certain: Vec<_> = first.found.iter().filter(|(_, found)| !found.may_be_chance).collect();
    assert!(certain.is_empty(), "{certain:?}");
    if !first.found.is_empty() {
        // What a server writes down on purpose is there after a second call as well; ciphertext is another.
        let second = play(&log).await.found;
        let again: Vec<_> = first.found.iter().filter(|found| second.contains(found)).collect();
        assert!(again.is_empty(), "{again:?}");
    }
}

async fn play(log: &Log) -> Findings {
    let logged_before = log.text().len();
    let site = Site::start().await;
    log.listening(logged_before).await;
    let usual = log.usual_lines().len();
    let begin = SystemTime::now();
    let call = call_of_three(&site.relay_url).await;
    let end = SystemTime::now();
    let counts = site.sfu_counts();
    let search = Search::new(begin, end, names(&site, call));
    let mut found = named("the folder of a relay that runs", search.in_folder(site.data()));
    let lines = log.usual_lines().split_off(usual);
    let data = site.stop().await;
    found.extend(named("the folder of a relay that was stopped", search.in_folder(data.path())));
    let text = log.text().split_off(logged_before);
    assert!(text.contains("the TURN server stops"), "the log is on: {text}");
    found.extend(named("the log", search.in_bytes(text.as_bytes())));
    let length = end.duration_since(begin).unwrap().as_millis();
    check_counts(&counts, length);
    found.extend(named("the counts", search.in_bytes(format!("{counts:?}").as_bytes())));
    check_search(&search, data.path(), begin, call);
    found.sort();
    found.dedup();
    Findings { found, lines }
}

/// Alice calls Bob and Carol; Carol, who comes through TURN, leaves before the others.
async fn call_of_three(relay: &str) -> CallId {
    let (one, other) = ("speech-a-48k-mono.wav", "speech-b-48k-mono.wav");
    let mut alice = Person::at(relay, one, Privacy::default()).await;
    let mut bob = Person::at(relay, other, Privacy::default()).await;
    let mut carol = Person::at(relay, one, Privacy::RelayOnly).await;
    let call = alice.place_group(&[&bob, &carol]).await;
    tokio::join!(bob.accept(), carol.accept());
    tokio::join!(alice.hear(2, FRAMES), bob.hear(2, FRAMES), carol.hear(2, FRAMES));
    assert!(matches!(carol.path, Some(PathKind::Relay(_))), "{:?}", carol.path);
    carol.hang_up().await;
    tokio::join!(alice.hear(1, FRAMES / 3), bob.hear(1, FRAMES / 3));
    alice.hang_up().await;
    bob.hang_up().await;
    for person in [alice, bob, carol] {
        person.go().await;
    }
    call
}

/// What the call, its room and its participants are called.
fn names(site: &Site, call: CallId) -> Vec<(String, Vec<u8>)> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = UnixTime::from_millis(u64::try_from(now.as_millis()).unwrap());
    let claims = site.claims(now);
    assert!(claims.len() >= 3, "the SFU was shown {} tokens", claims.len());
    let mut names = vec![("the call's name".to_owned(), call.as_bytes().to_vec())];
    for claims in claims {
        names.push(("the room's name".to_owned(), claims.room.as_bytes().to_vec()));
        names.push(("a participant's name".to_owned(), claims.participant.as_bytes().to_vec()));
    }
    names
}

/// Counts are names of counts and whole numbers, none of which is the call's length in milliseconds.
fn check_counts(counts: &SfuCounts, length: u128) {
    let text = format!("{counts:?}");
    let numbers =
        text.split(|c: char| !c.is_ascii_digit()).filter_map(|text| text.parse::<u128>().ok());
    let near = |number: &u128| number.abs_diff(length) < 1_000;
    assert!(!numbers.into_iter().any(|number| near(&number)), "{length} ms: {text}");
    assert!(
        !["SystemTime", "Instant", "Duration", "Id("].iter().any(|kind| text.contains(kind)),
        "{text}"
    );
    assert!(counts.forwarding.received > 0, "nothing was forwarded");
}

/// In a copy of the folder to which a time or a name was added the search finds it.
fn check_search(search: &Search, folder: &std::path::Path, begin: SystemTime, call: CallId) {
    let copy = tempfile::tempdir().unwrap();
    let store = fs::read(folder.join("relay.redb")).unwrap();
    let millis = begin.duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    for needle in [&millis.to_le_bytes()[..], millis.to_string().as_bytes(), call.as_bytes()] {
        let middle = store.len() / 2;
        let planted = [&store[..middle], needle, &store[middle..]].concat();
        fs::write(copy.path().join("relay.redb"), planted).unwrap();
        let found = search.in_folder(copy.path());
        assert!(found.iter().any(|found| !found.may_be_chance), "{needle:x?}");
    }
}

fn named(place: &'static str, found: Vec<Found>) -> Vec<(&'static str, Found)> {
    found.into_iter().map(|found| (place, found)).collect()
}
