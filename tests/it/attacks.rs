//! What a hostile network, relay or peer tries, and what comes of it: nothing.

use core::time::Duration;

use zentalk_call::{EndReason, LocalAccept, Media, PublicState, Warning};
use zentalk_primitives::{Instant, Transmit};
use zentalk_tests::{ALICE, BOB, World};

use crate::man_in_the_middle::ManInTheMiddle;
use crate::scene::{FAST, call, talkers};

/// First byte of SRTP and SRTCP (RFC 7983 §7).
fn is_srtp(datagram: &Transmit) -> bool {
    matches!(datagram.payload.first(), Some(128..=191))
}

fn assert_all_goes_well(world: &mut World) {
    for place in [ALICE, BOB] {
        let person = world.person(place);
        assert_eq!(person.states().last(), Some(&PublicState::Connected), "{:?}", person.states());
        assert!(person.seen.sounds > 150, "{} sounds", person.seen.sounds);
        assert!(person.seen.pictures.len() > 40, "{} pictures", person.seen.pictures.len());
        assert!(person.seen.pictures.is_sorted_by(|a, b| a < b), "a picture came twice");
    }
}

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
fn no_keys_without_fingerprint() {
    let mut world = talkers(2, FAST);
    let (alice, bob) = (world.alice().address, world.bob().address);
    let mut attacker = ManInTheMiddle::new(alice, bob, world.now);
    world.network.attack(move |now, datagram| attacker.judge(now, datagram));
    world.place(ALICE, BOB, Media::AudioVideo);
    world.run_for(Duration::from_secs(10));
    for place in [ALICE, BOB] {
        let person = world.person(place);
        assert_eq!(person.end(), Some(EndReason::FingerprintMismatch));
        assert!(!person.seen.warnings.is_empty());
        assert!(person.seen.security.is_none() && person.seen.sounds == 0);
        assert!(!person.sent.iter().any(|(_, datagram)| is_srtp(datagram)), "media left");
    }
    let seen_here = Warning::FingerprintMismatch;
    assert!(world.people.iter().any(|person| person.seen.warnings.contains(&seen_here)));
}

#[test]
fn forged_packets_change_nothing() {
    let mut world = talkers(3, FAST);
    let mut count = 0usize;
    world.network.attack(move |_, datagram| {
        let mut all = vec![datagram.clone()];
        if is_srtp(&datagram) {
            count += 1;
            let mut flipped = datagram.clone();
            let bit = count % (flipped.payload.len() * 8);
            flipped.payload[bit / 8] ^= 1 << (bit % 8);
            let mut cut = datagram.clone();
            cut.payload.truncate(count % datagram.payload.len());
            // The forgeries come first, so that they could do the most harm.
            all = vec![flipped, cut, datagram.clone(), datagram];
        }
        all
    });
    world.place(ALICE, BOB, Media::AudioVideo);
    world.run_for(Duration::from_secs(5));
    assert_all_goes_well(&mut world);
    for place in [ALICE, BOB] {
        let stats = world.person(place).seen.stats.unwrap();
        assert!(stats.datagrams_refused > 500, "{} refused", stats.datagrams_refused);
        assert_eq!(stats.frames_refused, 0);
    }
}

#[test]
fn dtls_only_from_validated_addresses() {
    let mut world = talkers(4, FAST);
    let mut last = Vec::new();
    world.network.attack(move |_, datagram| {
        let mut stranger = datagram.clone();
        stranger.local = ([203, 0, 113, 9], 9).into();
        // The datagram before, of whatever kind, comes once more from an address that nobody validated.
        let payload = core::mem::replace(&mut last, datagram.payload.clone());
        vec![Transmit { payload, ..stranger }, datagram]
    });
    world.place(ALICE, BOB, Media::AudioVideo);
    world.run_for(Duration::from_secs(5));
    assert_all_goes_well(&mut world);
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
fn replayed_signalling_is_dropped_and_the_call_goes_on() {
    let mut world = talkers(6, FAST);
    world.place(ALICE, BOB, Media::AudioVideo);
    world.run_for(Duration::from_secs(2));
    let (now, everything) = (world.now, world.mail.seen().to_vec());
    for blob in everything {
        for place in [ALICE, BOB] {
            let mailbox = world.person(place).mailbox();
            world.mail.replay(now, mailbox, blob.clone());
        }
    }
    world.run_for(Duration::from_secs(3));
    assert_all_goes_well(&mut world);
    assert_eq!(world.bob().seen.rings.len(), 1);
    assert!(world.alice().engine.dropped_messages() > 3);
    assert!(world.bob().engine.dropped_messages() > 3);
}

#[test]
fn an_offer_that_was_held_back_for_61_seconds_never_rings() {
    let mut world = World::new(7, FAST);
    world.place(ALICE, BOB, Media::Audio);
    let (now, bob) = (world.now, world.bob().mailbox());
    world.mail.hold(now, bob, Duration::from_secs(61));
    world.run_for(Duration::from_secs(70));
    assert!(world.bob().seen.rings.is_empty());
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
