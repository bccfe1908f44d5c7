//! What a forwarding server learns of a group call, and what nobody learns before the accept.

use core::time::Duration;

use zentalk_call::Media;
use zentalk_tests::{ALICE, BOB, World};

use crate::group_scene::{crowd, group};
use crate::scene::FAST;

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// What would tell the server who takes part, in which call, and under which keys.
fn secrets(world: &World) -> Vec<(String, Vec<u8>)> {
    let mut secrets = Vec::new();
    for (place, person) in world.people.iter().enumerate() {
        let card = person.card();
        let identity = card.identity().keys().to_vec();
        secrets.push((format!("identity of {place}"), identity[..32].to_vec()));
        secrets.push((format!("second key of {place}"), identity[32..].to_vec()));
        secrets.push((format!("mailbox of {place}"), card.mailbox().as_bytes().to_vec()));
        secrets.push((format!("relay of {place}"), card.relay_url().as_bytes().to_vec()));
    }
    let call = world.people[ALICE].engine.active_call().unwrap();
    secrets.push(("call id".into(), call.as_bytes().to_vec()));
    secrets.push(("call id in digits".into(), call.to_string().into_bytes()));
    secrets
}

#[test]
fn the_forwarding_server_hears_no_name_and_no_call() {
    let mut world = crowd(3, 1, 200, FAST);
    world.sfu.hosts[0].keeps = true;
    world.place_group(ALICE, &[BOB, 2], Media::AudioVideo);
    world.run_for(Duration::from_secs(4));
    let kept = &world.sfu.hosts[0].kept;
    assert!(kept.len() > 500, "{} messages", kept.len());
    for (name, secret) in secrets(&world) {
        assert!(kept.iter().all(|message| !contains(message, &secret)), "{name}");
    }
}

#[test]
fn the_relay_hears_nothing_of_a_group_but_blobs() {
    let world = group(3, 1, 201, FAST, Media::Audio);
    let room_known = world.sfu.given;
    assert!(room_known >= 3, "everybody has a token");
    for blob in world.mail.seen() {
        for (name, secret) in secrets(&world) {
            // Mailboxes are how blobs are addressed; inside they name nobody.
            assert!(!contains(blob, &secret), "{name}");
        }
    }
}

#[test]
fn nothing_leaves_for_a_forwarding_server_before_the_accept() {
    let mut world = crowd(3, 1, 202, FAST);
    world.bob().accepts = false;
    world.place_group(ALICE, &[BOB, 2], Media::AudioVideo);
    world.run_for(Duration::from_secs(10));
    assert_eq!(world.bob().seen.rings.len(), 1, "it rings");
    assert!(world.bob().seen.rings[0].group.is_some(), "and says that it is a group");
    assert!(world.bob().sent.is_empty(), "{} datagrams", world.bob().sent.len());
    assert!(world.bob().seen.sfus.is_empty());
    // Alice and the third person.
    assert_eq!(world.sfu.given, 2);
}
