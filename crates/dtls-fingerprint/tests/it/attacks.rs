//! What others can send, and what it must not do.

use std::time::Duration;

use zentalk_dtls_fingerprint::limits::MAX_DATAGRAM_LEN;
use zentalk_dtls_fingerprint::{DtlsVersions, Path};

use crate::world::{CLIENT, Faults, SERVER, World, address, assert_mirrored, path};

const LIMIT: Duration = Duration::from_secs(30);
const VERSIONS: [DtlsVersions; 3] =
    [DtlsVersions::Dtls12, DtlsVersions::Dtls13, DtlsVersions::Auto];

fn record(content_type: u8, epoch: u16, number: u64, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![content_type, 0xfe, 0xfd];
    bytes.extend_from_slice(&epoch.to_be_bytes());
    bytes.extend_from_slice(&number.to_be_bytes()[2..]);
    bytes.extend_from_slice(&u16::try_from(body.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(body);
    bytes
}

fn fragment(message_type: u8, message_seq: u16, length: u32, offset: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![message_type];
    bytes.extend_from_slice(&length.to_be_bytes()[1..]);
    bytes.extend_from_slice(&message_seq.to_be_bytes());
    bytes.extend_from_slice(&offset.to_be_bytes()[1..]);
    bytes.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes()[1..]);
    bytes.extend_from_slice(body);
    bytes
}

/// Spoofed datagrams of every kind that carries no valid protection.
fn forgeries() -> Vec<Vec<u8>> {
    let mut forgeries = Vec::new();
    for number in [0, 7, 0xffff_ffff] {
        for body in [&[2, 40][..], &[2, 0], &[1, 0], &[2, 10], &[2], &[], &[0xff; 100]] {
            forgeries.push(record(21, 0, number, body));
            forgeries.push(record(21, 1, number, body));
        }
        forgeries.push(record(23, 0, number, b"application data"));
        forgeries.push(record(23, 1, number, &[0x55; 60]));
        forgeries.push(record(20, 0, number, &[1]));
        forgeries.push(record(
            26,
            0,
            number,
            &[0, 16, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0],
        ));
        for (message_type, message_seq) in
            [(1, 0), (1, 1), (2, 0), (3, 0), (0, 3), (11, 2), (14, 5), (20, 6), (24, 9)]
        {
            forgeries.push(record(
                22,
                0,
                number,
                &fragment(message_type, message_seq, 60, 0, &[0x33; 60]),
            ));
            forgeries.push(record(
                22,
                1,
                number,
                &fragment(message_type, message_seq, 60, 0, &[0x33; 60]),
            ));
        }
        for content_type in 20..64 {
            forgeries.push(vec![content_type; 80]);
            forgeries.push(record(content_type, 2, number, &[0xaa; 40]));
        }
    }
    forgeries
}

/// Regression: dtls 0.17.2 lost the association to one spoofed plaintext record.
#[test]
fn spoofed_records_after_the_handshake_change_nothing() {
    for versions in VERSIONS {
        for victim in [CLIENT, SERVER] {
            let mut world = World::new([versions; 2], Faults::default(), 1);
            world.run(LIMIT);
            let before = world.ends[victim].keys();
            for forgery in forgeries() {
                let now = world.now;
                world.ends[victim].receive(now, path(victim), &forgery);
            }
            assert!(world.ends[victim].endpoint.is_established(), "{versions:?}");
            assert!(world.ends[victim].failed.is_none() && !world.ends[victim].closed);
            assert_eq!(world.ends[victim].keys().local().key(), before.local().key());
            assert_mirrored(&world);
            // The session itself still works: a true close_notify arrives.
            let now = world.now;
            world.ends[1 - victim].endpoint.close(now);
            world.run_until(LIMIT, |world| world.ends[victim].closed);
            assert!(world.ends[victim].closed, "{versions:?}");
        }
    }
}

/// RFC 6347 §4.2.1's concern, solved by ICE instead of cookies.
#[test]
fn client_hellos_from_unvalidated_addresses_are_dropped() {
    for versions in VERSIONS {
        let mut world = World::new([versions; 2], Faults::default(), 1);
        let hello =
            World::new([versions; 2], Faults::default(), 9).ends[CLIENT].drain().remove(0).1;
        let now = world.now;
        for i in 0..10_000u32 {
            let [.., high, low] = i.to_be_bytes();
            let off_path = Path::new(path(SERVER).local, address(high, 3_000 + u16::from(low)));
            assert!(world.ends[SERVER].receive(now, off_path, &hello).is_empty());
        }
        let stats = world.ends[SERVER].endpoint.stats();
        assert_eq!((stats.dropped_unvalidated, stats.received, stats.sent), (10_000, 0, 0));
        assert_eq!(world.ends[SERVER].timeout, None, "they start no clock either");
        world.run(LIMIT);
        assert!(world.established());
        assert_mirrored(&world);
    }
}

/// The same in the middle of a handshake and after it, with everything that could do harm if it got in.
#[test]
fn off_path_forgeries_never_disturb() {
    for versions in VERSIONS {
        let mut world = World::new([versions; 2], Faults::default(), 1);
        let off_path = [
            Path::new(path(CLIENT).local, address(66, 6)),
            Path::new(path(SERVER).local, address(66, 6)),
        ];
        for millis in (10..100).step_by(10) {
            let now = world.now;
            for (end, path) in off_path.iter().enumerate() {
                for forgery in forgeries() {
                    world.ends[end].receive(now, *path, &forgery);
                }
            }
            world.run_until(Duration::from_millis(millis), World::established);
        }
        assert!(world.established());
        assert_mirrored(&world);
    }
}

/// Regression: dtls 0.17.2 and rtc-dtls 0.21.1 overflow the stack.
#[test]
fn a_flood_of_one_byte_fragments_is_survived() {
    for versions in VERSIONS {
        for victim in [CLIENT, SERVER] {
            let message_type = if victim == SERVER { 1 } else { 2 };
            let mut world = World::new([versions; 2], Faults::default(), 1);
            world.flush();
            let now = world.now;
            for offset in (1..=20_000u32).rev() {
                let flood = record(
                    22,
                    0,
                    u64::from(offset),
                    &fragment(message_type, 0, 20_001, offset, &[0x41]),
                );
                world.ends[victim].receive(now, path(victim), &flood);
                let flood = record(
                    22,
                    0,
                    u64::from(offset),
                    &fragment(message_type, (offset % 20) as u16, 15_000, offset % 15_000, &[0x41]),
                );
                world.ends[victim].receive(now, path(victim), &flood);
            }
            world.run(LIMIT);
            assert!(
                world.established(),
                "{versions:?}, victim {victim}: {:?}",
                world.ends[victim].failed
            );
            assert_mirrored(&world);
        }
    }
}

/// The whole recipe: 60,000 of them in descending order, then offset 0.
#[test]
fn a_flood_that_completes_a_forged_message_ends_cleanly_at_worst() {
    for versions in VERSIONS {
        for length in [60_001u32, 15_000] {
            let mut world = World::new([versions; 2], Faults::default(), 1);
            let now = world.now;
            for offset in (0..length).rev() {
                let flood =
                    record(22, 0, u64::from(offset), &fragment(1, 0, length, offset, &[0x41]));
                world.ends[SERVER].receive(now, path(SERVER), &flood);
            }
            world.run(LIMIT);
            assert_eq!(
                world.ends[SERVER].established.is_some(),
                world.ends[SERVER].failed.is_none()
            );
            if length == 60_001 {
                assert!(world.established(), "a message beyond the bound is not even begun");
            }
        }
    }
}

/// One-byte fragments, forged hellos from elsewhere, and spoofed records before and after the handshake: what is held stays below the
/// documented 250 KiB, and after the handshake nothing is kept of them.
#[test]
fn floods_are_held_in_bounded_memory() {
    const KIB: i64 = 1_024;
    for versions in VERSIONS {
        for victim in [CLIENT, SERVER] {
            let mut world = World::new([versions; 2], Faults::default(), 1);
            world.flush();
            let during = allocation_counter::measure(|| flood(&mut world, victim));
            assert!(during.bytes_current < 128 * KIB, "{versions:?}: {during:?}");
            assert!(during.bytes_max < 250 * 1_024, "{versions:?}: {during:?}");
            world.run(LIMIT);
            assert!(world.established(), "{versions:?}: {:?}", world.ends[victim].failed);
            let after = allocation_counter::measure(|| flood(&mut world, victim));
            assert!(after.bytes_current < 16 * KIB, "{versions:?}: {after:?}");
            assert!(after.bytes_max < 64 * 1_024, "{versions:?}: {after:?}");
            assert!(world.ends[victim].endpoint.is_established(), "{versions:?}");
            assert_mirrored(&world);
        }
    }
}

fn flood(world: &mut World, victim: usize) {
    let now = world.now;
    let message_type = if victim == SERVER { 1 } else { 2 };
    let hello = fragment(1, 0, 60, 0, &[0x33; 60]);
    for number in 0..20_000u32 {
        let (message_seq, offset) = ((number % 20) as u16, number % 15_000);
        let body = fragment(message_type, message_seq, 15_001, offset, &[0x41]);
        let fragment = record(22, 0, u64::from(number), &body);
        world.ends[victim].receive(now, path(victim), &fragment);
        let elsewhere = address(77, 1 + (number % 10_000) as u16);
        let path = Path::new(path(victim).local, elsewhere);
        world.ends[victim].receive(now, path, &record(22, 0, u64::from(number), &hello));
    }
    if world.established() {
        for forgery in forgeries() {
            world.ends[victim].receive(now, path(victim), &forgery);
        }
    }
}

/// `dimpl` 0.9.0 takes anything but a hello for a fatal error while a client offers both versions.
#[test]
fn a_client_that_waits_for_the_servers_hello_survives_anything_else() {
    let mut world = World::new([DtlsVersions::Auto; 2], Faults::default(), 1);
    world.flush();
    let now = world.now;
    for forgery in forgeries() {
        world.ends[CLIENT].receive(now, path(CLIENT), &forgery);
    }
    world.run(LIMIT);
    assert!(world.established(), "{:?}", world.ends[CLIENT].failed);
}

/// `dimpl` 0.9.0 reads behind the datagram's end, and panics, when `supported_versions` ends with its header.
#[test]
fn a_truncated_supported_versions_extension_does_no_harm() {
    for versions in VERSIONS {
        let mut world = World::new([versions; 2], Faults::default(), 1);
        world.flush();
        let mut body = vec![0xfe, 0xfd];
        body.extend_from_slice(&[7; 32]);
        body.extend_from_slice(&[0, 0x13, 0x01, 0, 0, 4, 0, 0x2b, 0, 2]);
        let length = u32::try_from(body.len()).unwrap();
        let now = world.now;
        world.ends[CLIENT].receive(
            now,
            path(CLIENT),
            &record(22, 0, 0, &fragment(2, 0, length, 0, &body)),
        );
        world.run(LIMIT);
        assert!(world.established(), "{versions:?}: {:?}", world.ends[CLIENT].failed);
    }
}

#[test]
fn a_server_that_waits_for_a_client_hello_survives_anything_else() {
    for versions in VERSIONS {
        let mut world = World::new([versions; 2], Faults::default(), 1);
        let now = world.now;
        for forgery in forgeries() {
            if !(forgery[0] == 22
                && forgery.get(3..5) == Some(&[0, 0])
                && forgery.get(13) == Some(&1))
            {
                world.ends[SERVER].receive(now, path(SERVER), &forgery);
            }
        }
        world.run(LIMIT);
        assert!(world.established(), "{versions:?}: {:?}", world.ends[SERVER].failed);
    }
}

#[test]
fn what_cannot_be_dtls_is_dropped_and_counted() {
    let mut world = World::new([DtlsVersions::Auto; 2], Faults::default(), 1);
    let now = world.now;
    let stun = [0u8; 20];
    let rtp = [0x80u8; 20];
    let long = vec![22u8; MAX_DATAGRAM_LEN + 1];
    for payload in [&[][..], &stun, &rtp, &long] {
        world.ends[SERVER].receive(now, path(SERVER), payload);
    }
    assert_eq!(world.ends[SERVER].endpoint.stats().dropped_malformed, 4);
}

#[test]
fn nothing_is_taken_in_after_the_end() {
    let mut world = World::new([DtlsVersions::Auto; 2], Faults::default(), 1);
    world.run(LIMIT);
    let now = world.now;
    world.ends[SERVER].endpoint.close(now);
    world.ends[SERVER].drain();
    let received = world.ends[SERVER].endpoint.stats().received;
    for forgery in forgeries() {
        assert!(world.ends[SERVER].receive(now, path(SERVER), &forgery).is_empty());
    }
    let stats = world.ends[SERVER].endpoint.stats();
    assert_eq!(stats.received, received);
    assert!(stats.dropped_after_end > 0);
}

/// RFC 6347 §4.1.2.6: what has been seen once has no effect the second time.
#[test]
fn a_replayed_handshake_changes_nothing() {
    for versions in VERSIONS {
        let (log, mut world) = recorded(versions);
        world.run(LIMIT);
        let before = world.ends[SERVER].keys();
        let now = world.now;
        for (from, payload) in log.borrow().iter() {
            world.ends[1 - from].receive(now, path(1 - from), payload);
        }
        assert!(world.ends.iter().all(|end| end.endpoint.is_established()));
        assert_eq!(world.ends[SERVER].keys().local().key(), before.local().key());
        assert_mirrored(&world);
    }
}

type Log = std::rc::Rc<std::cell::RefCell<Vec<(usize, Vec<u8>)>>>;

fn recorded(versions: DtlsVersions) -> (Log, World) {
    let log = Log::default();
    let writer = log.clone();
    let world = World::new([versions; 2], Faults::default(), 1).tap(move |from, payload| {
        writer.borrow_mut().push((from, payload.to_vec()));
        vec![payload.to_vec()]
    });
    (log, world)
}
