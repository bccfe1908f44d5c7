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
