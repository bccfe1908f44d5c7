use tempfile::tempdir;

use crate::programs::{run, zentalk};

#[test]
fn an_identity_is_made_once_and_stays() {
    let folder = tempdir().unwrap();
    let id = |who: &str| {
        let ran = run(zentalk(&folder.path().join(who), &["id", "--relay", "ws://127.0.0.1:9/v1"]));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.out.starts_with("zentalk:"), "{ran:?}");
        ran.out
    };
    assert_eq!(id("alice"), id("alice"));
    assert_ne!(id("alice"), id("bob"));
}

#[test]
fn contacts_are_added_listed_and_removed() {
    let folder = tempdir().unwrap();
    let (alice, bob) = (folder.path().join("alice"), folder.path().join("bob"));
    let card = run(zentalk(&bob, &["id"])).out.trim().to_owned();
    let alice = |words: &[&str]| run(zentalk(&alice, words));
    assert_eq!(alice(&["contact", "add", "bob", &card]).code, Some(0));
    assert_eq!(alice(&["contact", "list"]).out, format!("bob\t{card}\n"));
    assert_eq!(alice(&["contact", "remove", "bob"]).code, Some(0));
    let again = alice(&["contact", "remove", "bob"]);
    assert_eq!(again.code, Some(3), "{again:?}");
    assert_eq!(alice(&["contact", "list"]).out, "");
}

#[test]
fn a_damaged_card_is_refused_before_it_is_kept() {
    let folder = tempdir().unwrap();
    let card = run(zentalk(&folder.path().join("bob"), &["id"])).out;
    let damaged = format!("{}AAAA", &card.trim()[..40]);
    let alice = folder.path().join("alice");
    let ran = run(zentalk(&alice, &["contact", "add", "bob", &damaged]));
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.err.contains("no contact card"), "{ran:?}");
    assert_eq!(run(zentalk(&alice, &["contact", "list"])).out, "");
}

#[test]
fn a_missing_contact_ends_with_the_names_that_are_known() {
    let folder = tempdir().unwrap();
    let card = run(zentalk(&folder.path().join("bob"), &["id"])).out;
    let alice = folder.path().join("alice");
    run(zentalk(&alice, &["contact", "add", "bob", card.trim()]));
    let ran = run(zentalk(&alice, &["call", "carol"]));
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.err.contains("\"carol\"") && ran.err.contains("Known are: bob"), "{ran:?}");
}

#[test]
fn a_data_folder_that_is_a_file_has_its_own_exit_code() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let ran = run(zentalk(file.path(), &["id"]));
    assert_eq!(ran.code, Some(10), "{ran:?}");
    assert!(ran.err.contains(file.path().to_str().unwrap()), "{ran:?}");
}

#[test]
fn a_key_that_is_lost_is_missed_and_not_replaced() {
    let folder = tempdir().unwrap();
    run(zentalk(folder.path(), &["id"]));
    let key = folder.path().join("storage.key");
    let another = std::fs::read(&key).unwrap().iter().map(|byte| byte ^ 1).collect::<Vec<_>>();
    std::fs::remove_file(&key).unwrap();
    let ran = run(zentalk(folder.path(), &["id"]));
    assert_eq!(ran.code, Some(10), "{ran:?}");
    assert!(ran.err.contains("storage.key is missing") && ran.err.contains("--data"), "{ran:?}");
    assert!(!key.exists());

    std::fs::write(&key, another).unwrap();
    let ran = run(zentalk(folder.path(), &["id"]));
    assert_eq!(ran.code, Some(10), "{ran:?}");
    assert!(ran.err.contains("storage.key") && ran.err.contains("--data"), "{ran:?}");
}

#[test]
fn an_identity_stays_with_its_relay_and_says_so_where_another_is_named() {
    let folder = tempdir().unwrap();
    let id = |relay| run(zentalk(folder.path(), &["id", "--relay", relay]));
    let first = id("ws://127.0.0.1:9/v1");
    let is_told = first.err.contains("stays with its relay");
    assert_eq!((first.code, is_told), (Some(0), false), "{first:?}");
    let other = id("ws://127.0.0.1:10/v1");
    assert_eq!((other.code, &other.out), (Some(0), &first.out), "{other:?}");
    assert!(other.err.contains("stays with its relay, ws://127.0.0.1:9/v1"), "{other:?}");
}

#[test]
fn what_is_no_relay_is_wrong_usage() {
    let folder = tempdir().unwrap();
    let ran = run(zentalk(folder.path(), &["id", "--relay", "relay.example"]));
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("\"relay.example\"") && ran.err.contains("wss://"), "{ran:?}");
}

#[test]
fn a_name_with_control_characters_is_refused() {
    let folder = tempdir().unwrap();
    let card = run(zentalk(&folder.path().join("bob"), &["id"])).out;
    let alice = folder.path().join("alice");
    let ran = run(zentalk(&alice, &["contact", "add", "bob\u{1b}[31m", card.trim()]));
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.err.contains("control characters") && !ran.err.contains('\u{1b}'), "{ran:?}");
}

#[test]
fn a_name_that_gets_another_card_is_told_as_that() {
    let folder = tempdir().unwrap();
    let card = |who: &str| run(zentalk(&folder.path().join(who), &["id"])).out.trim().to_owned();
    let (bob, mallory) = (card("bob"), card("mallory"));
    let alice = folder.path().join("alice");
    let add = |card: &str| run(zentalk(&alice, &["contact", "add", "bob", card])).out;
    assert_eq!(add(&bob), "added bob\n");
    assert_eq!(add(&bob), "bob has this card already\n");
    assert!(add(&mallory).starts_with("replaced bob: this is another card"));
}
