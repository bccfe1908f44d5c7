//! What a hostile network, relay or peer tries, and what comes of it: nothing. The failures that are known from
//! other programs have a file each, `attack_….rs`.

use core::time::Duration;

use zentalk_call::{EndReason, LocalAccept, Media, PublicState};
use zentalk_primitives::{Instant, Transmit};
use zentalk_tests::{ALICE, BOB, World};

use crate::scene::{FAST, assert_all_goes_well, call, talkers};

#[test]
fn no_packet_before_accept() {
    let mut world = talkers(1, FAST);
    world.bob().accepts = false;
    world.place(ALICE, BOB, Media::AudioVideo);
    world.run_for(Duration::from_secs(59));
    assert_eq!(world.bob().seen.rings.len(), 1);
    assert!(world.alice().sent.is_empty() && world.bob().sent.is_empty());
}

/// The relay that a caller's card names may be the caller's own: whoever speaks to it shows an address.
#[test]
fn nothing_goes_to_a_foreign_relay_before_accept() {
    let (own, foreign) = ("ws://bob.test/v1", "ws://stranger.test/v1");
    let mut world = World::on_relays(&[foreign, own, foreign], 11, FAST);
    world.bob().accepts = false;
    let call = world.place(ALICE, BOB, Media::Audio);
    world.run_for(Duration::from_secs(1));
    world.place(2, BOB, Media::Audio);
    world.run_for(Duration::from_secs(1));
    // The two offers went to Bob's relay; neither "it rings" nor "busy" went to the callers'.
    assert_eq!(world.mail.relays(), [own, own]);
    assert_eq!(world.bob().seen.rings.len(), 1);
    let now = world.now;
    world.bob().engine.accept(now, call, LocalAccept::by_user()).unwrap();
    world.run_for(Duration::from_secs(2));
    assert_eq!(world.alice().states().last(), Some(&PublicState::Connected));
    assert!(world.mail.relays().iter().any(|relay| relay == foreign));
}

#[test]
fn a_damaged_offer_never_rings() {
    let mut world = World::new(5, FAST);
    world.place(ALICE, BOB, Media::Audio);
    let bob = world.bob().mailbox();
    world.mail.tamper(bob, |blob| {
        let middle = blob.len() / 2;
        blob[middle] ^= 1;
    });
    world.run_for(Duration::from_secs(61));
    assert!(world.bob().seen.rings.is_empty());
    assert_eq!(world.bob().engine.dropped_messages(), 1);
    assert_eq!(world.alice().end(), Some(EndReason::NoAnswer));
}

#[test]
fn no_panic_under_garbage() {
    let mut world = talkers(8, FAST);
    let mut n = 0u32;
    world.network.attack(move |_: Instant, datagram| {
        n = n.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let garbage = (0..5u8).map(|kind| {
            let first = [0, 22, 128, 200, 64][usize::from(kind)];
            let mut payload = n.to_be_bytes().repeat(1 + (n % 40) as usize);
            payload[0] = first;
            Transmit { payload, ..datagram.clone() }
        });
        garbage.chain([datagram.clone()]).collect()
    });
    world.place(ALICE, BOB, Media::AudioVideo);
    world.run_for(Duration::from_secs(5));
    assert_all_goes_well(&mut world);
}

#[test]
fn server_sees_only_ciphertext() {
    let mut world = call(9, FAST, Media::AudioVideo);
    world.run_for(Duration::from_secs(2));
    world.hang_up(ALICE);
    world.run_for(Duration::from_secs(1));
    let secrets = secrets(&mut world);
    let buckets = [512, 1_024, 2_048, 4_096, 7_680];
    for blob in world.mail.seen() {
        for secret in &secrets {
            assert!(!contains(blob, secret), "{:?} in a blob", String::from_utf8_lossy(secret));
        }
    }
    // Prekey bundles, one for each, are public; every message has one of few sizes.
    let odd = world.mail.seen().iter().filter(|blob| !buckets.contains(&blob.len())).count();
    assert_eq!(odd, 2, "only the two bundles have sizes of their own");
}

/// Texts that no server may see and no log may hold: SDP, addresses, ufrags, fingerprints.
fn secrets(world: &mut World) -> Vec<Vec<u8>> {
    let mut secrets: Vec<Vec<u8>> =
        ["a=fingerprint", "sha-256", "10.0.0.1", "10.0.0.2", "candidate:", "ice-ufrag"]
            .map(|text| text.as_bytes().to_vec())
            .into();
    // The username of a check is both ufrags, joined by a colon (RFC 8445 §7.2.2).
    let check = world.alice().sent.iter().find_map(|(_, datagram)| username(&datagram.payload));
    let username = check.expect("a connectivity check");
    secrets.extend(username.split(|byte| *byte == b':').map(<[u8]>::to_vec));
    secrets
}

/// The USERNAME attribute (RFC 8489 §14.3) of a Binding request.
fn username(message: &[u8]) -> Option<Vec<u8>> {
    let mut rest = message.strip_prefix(&[0, 1]).and_then(|rest| rest.get(18..))?;
    loop {
        let (head, tail) = rest.split_at_checked(4)?;
        let len = usize::from(u16::from_be_bytes([head[2], head[3]]));
        if head[..2] == [0, 6] {
            return tail.get(..len).map(<[u8]>::to_vec);
        }
        rest = tail.get(len.next_multiple_of(4)..)?;
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn nothing_secret_in_logs() {
    let log = crate::log_capture::Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(zentalk_call::driver::logs::filter("trace"))
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    let secrets = tracing::subscriber::with_default(subscriber, || {
        let mut world = call(10, FAST, Media::AudioVideo);
        world.run_for(Duration::from_secs(3));
        world.hang_up(BOB);
        world.run_for(Duration::from_secs(1));
        assert_eq!(world.alice().end(), Some(EndReason::HungUpRemote));
        let mut secrets = secrets(&mut world);
        for place in [ALICE, BOB] {
            let identity = world.person(place).card().identity().signing_key().to_vec();
            secrets
                .push(identity.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into());
            let mailbox = world.person(place).mailbox();
            secrets.push(mailbox.to_string().into());
        }
        secrets
    });
    let text = log.text();
    assert!(text.contains("zentalk_"), "nothing was logged at all");
    for secret in &secrets {
        let shown = String::from_utf8_lossy(secret);
        let line = text.lines().find(|line| line.contains(&*shown));
        assert!(line.is_none(), "{shown:?} in the log: {line:?}");
    }
}
